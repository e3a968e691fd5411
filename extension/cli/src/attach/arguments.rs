//! What `attach` and `detach` are told.
//! It never reads a file or the environment.
use std::path::PathBuf;

use clap::Args;

use crate::arguments::ModeName;

/// Which functions are meant.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// All functions of the account in the region.
    #[arg(long, conflicts_with = "from")]
    pub(crate) all: bool,
    /// A file with names or ARNs, one a line; `#` begins a comment, `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<String>,
    /// Only functions whose name begins so; may be given several times.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Vec<String>,
    /// Only functions with this tag; given several times, with all of them.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) tag: Vec<String>,
    /// Not this function; `shop-*` is all whose name begins so.
    #[arg(long, value_name = "NAME")]
    pub(crate) except: Vec<String>,
}

/// Whether anything is changed, and where it is remembered.
#[derive(Args, Debug)]
pub(crate) struct How {
    /// Print the plan and change nothing; so it is without `--apply` and `--yes`, too.
    #[arg(long, conflicts_with_all = ["apply", "yes"])]
    pub(crate) dry_run: bool,
    /// Print the plan, ask, and carry it out.
    #[arg(long)]
    pub(crate) apply: bool,
    /// Print the plan and carry it out without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// What was changed and is to come back; the same file goes on after a run that was ended.
    #[arg(long, value_name = "FILE", default_value = "credenza-journal.jsonl")]
    pub(crate) journal: PathBuf,
}

/// Which account, and how fast it is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Account")]
pub(crate) struct Where {
    /// The region; without it that of the environment or of the profile.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The profile in `~/.aws`; without it the environment, the default profile, and the roles of
    /// containers and instances.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Another address of the Lambda API, such as an emulator's.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Calls a second; AWS allows 15 to all callers of an account in a region together.
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    pub(crate) rate: f64,
}

/// What `attach` does, and with which functions.
#[derive(Args, Debug)]
#[command(after_help = AFTER_ATTACH)]
pub(crate) struct AttachArguments {
    /// Names or ARNs of functions; or templates of SAM or CloudFormation (a name with a dot or a
    /// slash), for which a patch is printed.
    #[arg(value_name = "FUNCTION|TEMPLATE")]
    pub(crate) subjects: Vec<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only functions that no stack deploys, as far as their tags tell.
    #[arg(long)]
    pub(crate) unmanaged: bool,
    /// A version of the layer; given twice, one for each architecture. Without it the newest
    /// versions of credenza-x86-64 and credenza-arm64 in the account.
    #[arg(long, value_name = "ARN")]
    pub(crate) layer: Vec<String>,
    /// The mode of all functions; without it `monitor`, and that of a function that has one stays.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeName>,
    /// Have our wrapper start the one that a function has; without it such a function is left.
    #[arg(long)]
    pub(crate) chain: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) account: Where,
}

/// What `detach` does, and with which functions.
#[derive(Args, Debug)]
#[command(after_help = AFTER_DETACH)]
pub(crate) struct DetachArguments {
    /// Names or ARNs of functions.
    #[arg(value_name = "FUNCTION")]
    pub(crate) subjects: Vec<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Also functions that the journal does not know: what is ours by its name is taken off.
    #[arg(long)]
    pub(crate) lost_journal: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) account: Where,
}

const AFTER_ATTACH: &str = "\
Examples:
  credenza attach --all                     what would be done with every function; changes nothing
  credenza attach --prefix shop- --apply    the plan, a question, and then the work
  credenza attach --tag team=checkout --except shop-admin --yes
  credenza attach --from functions.txt --mode monitor --yes
  credenza attach template.yaml | patch     the lines for a template of SAM or CloudFormation

What cannot be done is said with why: images, OS-only runtimes, five layers, another wrapper,
variables near 4 KB. Deployment tools that would take the layer away again are named, with the
lines that keep it. If the work ends in the middle, the same command goes on.

Exit codes: 0 every function is or could be attached, 1 some are left or failed, 2 usage or I/O.";

const AFTER_DETACH: &str = "\
Examples:
  credenza detach --all                     what would come back; changes nothing
  credenza detach --all --yes               every function of the journal as it was before
  credenza detach orders --apply            one function, after a question

What somebody else has changed since is told and stays as it is.

Exit codes: 0 every function is or could be detached, 1 some are left or failed, 2 usage or I/O.";
