//! The command line, declared once: usage errors, help and defaults all come from here.
//! It never reads a file or the environment.
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use credenza_policy::Mode;

use crate::attach::{AttachArguments, DetachArguments};

/// Tastes every event before a serverless function sees it; this is the engine at a desk.
#[derive(Debug, Parser)]
#[command(name = "credenza", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 usage or I/O.")]
pub(crate) struct Arguments {
    /// How results are written; `sarif` and `junit` are for `replay`.
    #[arg(long, global = true, value_enum, default_value_t = Written::Text)]
    pub(crate) format: Written,
    /// When colour is used; `auto` means on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are written, as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Written {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For code scanning.
    Sarif,
    /// For build servers.
    Junit,
}

impl Written {
    /// The format of every command; `None` for those that one command alone has.
    pub(crate) fn format(self) -> Option<Format> {
        match self {
            Self::Text => Some(Format::Text),
            Self::Json => Some(Format::Json),
            Self::Sarif | Self::Junit => None,
        }
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the rules.
    Rules,
    /// Show the page of a rule, or tell the decision behind a finding again.
    Explain {
        /// A rule id such as `sql-injection`, or a finding: a JSON line, a file that holds one, or
        /// `-` for stdin.
        #[arg(value_name = "RULE|FINDING")]
        rule: String,
        /// The policy to judge a finding by; without one, the built-in policy.
        #[arg(long, value_name = "FILE")]
        policy: Option<String>,
        /// The event of the finding, to see whether it leads to the same decision again.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
    },
    /// Inspect events from files or stdin, and say what a policy in block mode would do.
    Inspect {
        /// Each line is an object with `id` and `event` or `output`; one verdict a line comes out.
        #[arg(long)]
        jsonl: bool,
        /// The policy file; without one, the built-in policy.
        #[arg(long, value_name = "FILE")]
        policy: Option<String>,
        /// From which verdict on the exit code is 1.
        #[arg(long, value_enum, default_value_t = FailOn::Flag)]
        fail_on: FailOn,
        /// Files that hold one event each; `-` reads stdin.
        #[arg(required = true, value_name = "FILE|-")]
        files: Vec<String>,
    },
    /// Check a policy file and say what is wrong with it.
    Check {
        /// The policy file; `-` reads stdin.
        policy: String,
    },
    /// Write a page from records: what would happen in block mode, and which rules are ready.
    Report(ReportArguments),
    /// Say which rules may block, proven by records, and write the policy that lets them.
    Promote(PromoteArguments),
    /// Find probable false alarms, and propose the narrowest exemptions.
    Propose(ProposeArguments),
    /// Judge recorded events under two policies, and say what differs.
    Replay(ReplayArguments),
    /// Look at a function's configuration, and say what would go wrong and how to mend it.
    Doctor(DoctorArguments),
    /// Put the layer on functions of an account, in monitor mode; without --apply only the plan.
    Attach(AttachArguments),
    /// Take off what `attach` put on, exactly; without --apply only the plan.
    Detach(DetachArguments),
    /// Write findings and leaks in the form of other systems.
    Export(ExportArguments),
    /// Ask records with SQL, as Athena answers it over the lake of a fleet.
    Query(QueryArguments),
    /// Run a function in a local Lambda, behind the agent.
    Dev(DevArguments),
    /// See a vulnerable function attacked, alone and behind the agent.
    Demo(DemoArguments),
}

/// What `report` reads and writes.
#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// Records: the agent's lines, exports of CloudWatch Logs, results of Logs Insights, sandbox
    /// runs; files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
    /// The page; `-` writes it to stdout.
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    pub(crate) output: PathBuf,
    /// The policy file, for its confidences and for what it watches.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<String>,
    /// What people have said of findings: an object a line, such as
    /// `{"request_id":"…","label":"attack"}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// The most false alarms that a rule may have to block, as a share of invocations.
    #[arg(long, value_name = "RATE", default_value = "1e-5")]
    pub(crate) false_alarms_max: Rate,
}

/// What `promote` reads and writes.
#[derive(Args, Debug)]
pub(crate) struct PromoteArguments {
    /// Records of a time in monitor mode: files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
    /// The policy in force.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: String,
    /// The most false alarms that a rule may have to block, as a share of invocations.
    #[arg(long, value_name = "RATE", default_value = "1e-5")]
    pub(crate) false_alarms_max: Rate,
    /// What people have said of findings: an object a line, such as
    /// `{"request_id":"…","label":"attack"}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Records of an attack run: their hits are no false alarms, their invocations no proof.
    #[arg(long, value_name = "RECORDS")]
    pub(crate) attacks: Vec<String>,
    /// How many invocations there were, if the records do not tell.
    #[arg(long, value_name = "N")]
    pub(crate) invocations: Option<u64>,
    /// The promoted policy; `-` writes it to stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What `propose` reads and writes.
#[derive(Args, Debug)]
pub(crate) struct ProposeArguments {
    /// Records of a time in monitor mode: files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
    /// The policy in force; the change is one to it.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<String>,
    /// What people have said of findings: an object a line, such as
    /// `{"request_id":"…","label":"false-alarm"}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Records of an attack run: where attacks were tried nothing is proposed.
    #[arg(long, value_name = "RECORDS")]
    pub(crate) attacks: Vec<String>,
    /// Who answers for the exemptions; without it `EMAIL` or `USER` of the environment.
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// The last day on which the exemptions hold, as 2027-01-31; without it in 90 days.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) expires: Option<String>,
    /// The policy with the exemptions at its end; `-` writes it to stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// A date as TOML has it.
fn date(text: &str) -> Result<String, &'static str> {
    let is_date =
        text.len() == 10 && crate::records::clock::seconds(&format!("{text}T00:00:00Z")).is_some();
    is_date
        .then(|| text.to_owned())
        .ok_or("write a date such as 2027-01-31")
}

/// What `replay` judges and how.
#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    /// The policy in force; `default` is the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) old: String,
    /// The policy to come.
    #[arg(long, value_name = "FILE")]
    pub(crate) new: String,
    /// From which difference on the exit code is 1.
    #[arg(long, value_enum, default_value_t = Differs::Change)]
    pub(crate) fail_on: Differs,
    /// Recorded events, as `inspect --jsonl` takes them; with `label` (`attack` or `benign`) they
    /// count for the tables. Files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
}

/// Which differences of verdicts matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Differs {
    /// Any.
    Change,
    /// The new policy is stricter somewhere.
    Stricter,
    /// The new policy is milder somewhere.
    Milder,
    /// None.
    Never,
}

/// What `doctor` looks at.
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// The output of `aws lambda get-function-configuration`, a template of SAM or
    /// CloudFormation, or the output of `terraform show -json`; `-` is stdin, and without it the
    /// environment is looked at.
    #[arg(value_name = "FUNCTION.json|TEMPLATE")]
    pub(crate) file: Option<String>,
    /// The output of `aws lambda list-event-source-mappings`.
    #[arg(long, value_name = "FILE")]
    pub(crate) mappings: Option<PathBuf>,
    /// The value that a parameter of the template will have, else its default; may be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
}

/// What `query` asks, and of what.
#[derive(Args, Debug)]
pub(crate) struct QueryArguments {
    /// One SELECT of the table `records`.
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,
    /// Records: files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
}

/// What `export` reads and writes.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// Records: files, folders, or `-` for stdin.
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<String>,
    /// The form: one object a line, for ASFF one batch of at most 100 a line.
    #[arg(long, value_enum)]
    pub(crate) to: Target,
    /// The account of the functions, which records do not tell.
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
    /// Their region.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The file; without it, stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// An account as AWS writes it.
fn account(text: &str) -> Result<String, &'static str> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account
        .then(|| text.to_owned())
        .ok_or("write the twelve digits of an account")
}

/// Forms of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Open Cybersecurity Schema Framework, Detection Finding.
    Ocsf,
    /// AWS Security Finding Format.
    Asff,
    /// Elastic Common Schema.
    Ecs,
}

/// A share of invocations, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(pub(crate) f64);

impl std::str::FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(Self(rate)),
            _ => Err("write a share above 0 and at most 1, such as 1e-5"),
        }
    }
}

/// What `dev` starts and how.
#[derive(Args, Debug)]
pub(crate) struct DevArguments {
    /// Open the HTTP front door here; without it the door is 127.0.0.1:8080 or the next free
    /// port, and stays shut when there are --events.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) http: Option<SocketAddr>,
    /// Play the events of this file or folder (.json: one event, .jsonl: one a line; - is stdin).
    #[arg(long, value_name = "PATH")]
    pub(crate) events: Vec<PathBuf>,
    /// The agent's policy file.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The agent's mode, whatever the policy says.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeName>,
    /// Emulate the CPU share of a function with this much memory.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=32_768))]
    pub(crate) memory: Option<u32>,
    /// Time limit of one invocation, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=900))]
    pub(crate) timeout: u64,
    /// Run this many invocations at a time, as Managed Instances do.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: Option<u16>,
    /// The agent's binary; otherwise it is looked for beside this program.
    #[arg(long, value_name = "PATH")]
    pub(crate) agent: Option<PathBuf>,
    /// Run the function alone.
    #[arg(long, conflicts_with_all = ["agent", "policy", "mode"])]
    pub(crate) no_agent: bool,
    /// Exit with 1 if a verdict is this or stronger.
    #[arg(long, value_enum, default_value_t = FailOn::Block)]
    pub(crate) fail_on: FailOn,
    /// The function: a program that speaks the Runtime API, and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// What `demo` shows.
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// Stay up afterwards, with a front door for each side, until Ctrl-C.
    #[arg(long)]
    pub(crate) http: bool,
    /// Pairs of round trips to measure.
    #[arg(long, value_name = "N", default_value_t = 300,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) pairs: u16,
    /// The agent's binary; otherwise it is looked for beside this program.
    #[arg(long, value_name = "PATH")]
    pub(crate) agent: Option<PathBuf>,
}

/// An address as people write it: whole, or a port of loopback alone.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.strip_prefix(':').unwrap_or(text).parse();
    match port {
        Ok(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        Err(_) => text
            .parse()
            .map_err(|_| "write a port, or an address such as 127.0.0.1:8080"),
    }
}

/// The modes of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// Do not look.
    Off,
    /// Look and report.
    Monitor,
    /// Refuse attacks.
    Block,
}

impl ModeName {
    /// The mode itself.
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::Off => Mode::Off,
            Self::Monitor => Mode::Monitor,
            Self::Block => Mode::Block,
        }
    }
}

/// From which verdict on the exit code is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Anything worth a record.
    Flag,
    /// What block mode would refuse.
    Block,
    /// Nothing.
    Never,
}
