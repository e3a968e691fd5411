//! What the process was told: its environment, and the policy file that it names.
//! It never fails and never makes the process exit: what cannot be used is a problem.
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use credenza_policy::{Mode, Policy, Problem, Settings};

use crate::upstream::Upstream;

/// Where runtimes find us unless told otherwise; no known neighbour uses this port.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9077);

/// Where a policy file lies when no variable names one: in the package, then in a layer.
pub const POLICY_PATHS: [&str; 2] = ["/var/task/credenza.toml", "/opt/credenza.toml"];

// Limit: a rule takes about 60 bytes of policy; 1 MiB is 17,000 of them, and is read in 1 ms.
const POLICY_BYTES_MAX: u64 = 1024 * 1024;

/// The variables of a process, as it got them.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The first value of `name`, if there is one and it is not empty.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        (!found.1.is_empty()).then_some(&*found.1)
    }

    /// The first value of `name` as text; what is not UTF-8 in it is replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name)
            .map(|value| value.to_string_lossy().into_owned())
    }

    /// The names and values.
    pub fn bytes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let each = self.0.iter();
        each.map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }

    /// The settings in it.
    pub fn settings(&self) -> (Settings, Vec<Problem>) {
        Settings::read(self.bytes())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// What the environment asks for, made complete with what holds where it is silent.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings as read.
    pub settings: Settings,
    /// Where to listen; the port may turn out to be taken.
    pub listen: SocketAddr,
    /// False where another proxy must have that address (R28): then we stay out of the way.
    pub chainable: bool,
    /// The platform's Runtime API, where we register; `None` outside of Lambda.
    pub platform: Option<Upstream>,
    /// Where events come from, unless a wrapper hands over another place.
    pub upstream: Option<Upstream>,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version: String,
    /// True on Managed Instances.
    pub is_managed_instance: bool,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`; 0 where nobody says.
    pub memory_bytes: usize,
    /// What is not as its author meant it.
    pub problems: Vec<Problem>,
}

impl Config {
    /// Reads an environment; touches no file but the one that tells of a neighbour.
    pub fn read(environment: &Environment) -> Self {
        let (settings, mut problems) = environment.settings();
        let platform = environment
            .text(RUNTIME_API)
            .and_then(|text| Upstream::parse(&text));
        let upstream = match &settings.upstream {
            Some(text) => Upstream::parse(text).or_else(|| {
                problems.push(unreadable_upstream(text));
                platform.clone()
            }),
            None => platform.clone(),
        };
        let adapter = adapter_proxy(environment, &mut problems);
        let listen = listen(&settings, adapter, &mut problems);
        let chainable = adapter.is_none() || !datadog_is_present(environment);
        if !chainable {
            problems.push(not_chainable(listen));
        }
        Self {
            listen,
            chainable,
            platform,
            upstream,
            function: environment
                .text("AWS_LAMBDA_FUNCTION_NAME")
                .unwrap_or_default(),
            version: environment
                .text("AWS_LAMBDA_FUNCTION_VERSION")
                .unwrap_or_default(),
            is_managed_instance: environment
                .value("AWS_LAMBDA_INITIALIZATION_TYPE")
                .is_some_and(|kind| kind == "lambda-managed-instances"),
            memory_bytes: environment
                .text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
                .and_then(|megabytes| megabytes.parse::<usize>().ok())
                .map_or(0, |megabytes| megabytes.saturating_mul(1024 * 1024)),
            settings,
            problems,
        }
    }

    /// The version of telemetry to ask for: Managed Instances know no older one (Telemetry API
    /// reference), and what we read is the same in both.
    pub(crate) fn telemetry_schema(&self) -> &'static str {
        if self.is_managed_instance {
            "2025-01-29"
        } else {
            "2022-12-13"
        }
    }

    /// The policy of the files, with the environment's choices laid over it: what the function's
    /// own file says wins over what a layer's file says.
    ///
    /// `defaults` are the paths of both, the function's own first; the settings may name another
    /// file in its place.
    pub fn policy(&mut self, defaults: &[&str]) -> Policy {
        let named = self.settings.policy.as_deref().map(OsStr::from_bytes);
        let (own, layers) = match defaults.split_first() {
            Some((own, layers)) => (Some(PathBuf::from(own)), layers),
            None => (None, defaults),
        };
        let own = match named {
            Some(path) => Some((PathBuf::from(path), true)),
            None => own.map(|path| (path, false)),
        };
        let layers = layers.iter().rev().map(|path| (PathBuf::from(path), false));
        let layers = layers.filter(|(layer, _)| own.as_ref().is_none_or(|(own, _)| own != layer));
        let paths: Vec<_> = layers.chain(own.clone()).collect();
        let mut policy = Policy::default();
        for (path, must_exist) in paths {
            policy = self.layer(policy, &path, must_exist);
        }
        let (policy, problem) = policy.for_function(&self.function).under(&self.settings);
        self.problems.extend(problem);
        policy
    }

    /// A policy with a file laid over it, and beside it the candidate that the file names.
    fn layer(&mut self, policy: Policy, path: &Path, must_exist: bool) -> Policy {
        let text = match read_file(path) {
            Err(Unread::Missing) if !must_exist => return policy,
            Ok(text) => text,
            Err(unread) => {
                self.problems.push(unread.problem(path, NOTHING_BLOCKED));
                // Its exemptions are unknown, so nothing may be blocked.
                return Policy {
                    broken: true,
                    mode: policy.mode.min(Mode::Monitor),
                    ..policy
                };
            }
        };
        let (mut read, problems) = policy.clone().laid_under(&text);
        self.add_problems(path, problems);
        match read.shadow_file.take() {
            Some(file) => self.candidate(read, policy, &path.with_file_name(file)),
            None => read,
        }
    }

    /// A policy with the one in a file judged beside it, as if that stood in its place over
    /// `below`; without it where that cannot be.
    fn candidate(&mut self, policy: Policy, below: Policy, path: &Path) -> Policy {
        let text = match read_file(path) {
            Ok(text) => text,
            Err(unread) => {
                self.problems.push(unread.problem(path, NO_CANDIDATE));
                return policy;
            }
        };
        let (candidate, problems) = below.laid_under(&text);
        self.add_problems(path, problems);
        let before = policy.clone();
        policy.beside(candidate).unwrap_or_else(|why| {
            self.problems.push(Problem {
                at: path.display().to_string(),
                message: format!("{why}; {NO_CANDIDATE}"),
            });
            before
        })
    }

    fn add_problems(&mut self, path: &Path, problems: Vec<Problem>) {
        let place = |problem: Problem| Problem {
            at: format!("{}:{}", path.display(), problem.at),
            ..problem
        };
        self.problems.extend(problems.into_iter().map(place));
    }
}

/// What a policy that cannot be read means.
const NOTHING_BLOCKED: &str = "nothing is blocked until the policy can be read";

/// What a candidate that cannot be read means.
const NO_CANDIDATE: &str = "no candidate is judged beside the policy";

/// The variable that names the Runtime API.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

const ADAPTER_PROXY: &str = "AWS_LWA_LAMBDA_RUNTIME_API_PROXY";

/// Why a policy file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unread {
    Missing,
    NotAFile,
    TooLarge(u64),
    NotUtf8(usize),
    Failed(String),
}

impl Unread {
    fn problem(&self, path: &Path, means: &str) -> Problem {
        let why = match self {
            Self::Missing => "the file does not exist".to_owned(),
            Self::NotAFile => "not a regular file".to_owned(),
            Self::TooLarge(bytes) => {
                format!("the file has {bytes} bytes; at most {POLICY_BYTES_MAX} are read")
            }
            Self::NotUtf8(byte) => format!("not UTF-8 from byte {byte} on"),
            Self::Failed(error) => format!("the file cannot be read: {error}"),
        };
        Problem {
            at: path.display().to_string(),
            message: format!("{why}; {means}"),
        }
    }
}

/// Reads a small regular file; a pipe or a device is not even opened, because that may block.
fn read_file(path: &Path) -> Result<String, Unread> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Failed(error.to_string()),
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Unread::NotAFile);
    }
    if metadata.len() > POLICY_BYTES_MAX {
        return Err(Unread::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(POLICY_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > POLICY_BYTES_MAX {
        return Err(Unread::TooLarge(bytes.len() as u64));
    }
    String::from_utf8(bytes).map_err(|error| Unread::NotUtf8(error.utf8_error().valid_up_to()))
}

/// Where to listen: our own variable, else where the web adapter will look, else the default.
fn listen(
    settings: &Settings,
    adapter: Option<SocketAddr>,
    problems: &mut Vec<Problem>,
) -> SocketAddr {
    if let (Some(own), Some(adapter)) = (settings.listen, adapter)
        && own != adapter
    {
        problems.push(Problem {
            at: "CREDENZA_LISTEN".into(),
            message: format!(
                "{own} is not where {ADAPTER_PROXY} sends the web adapter ({adapter}), so its \
                 events are not inspected; set both to the same address"
            ),
        });
    }
    settings.listen.or(adapter).unwrap_or(LISTEN)
}

/// The loopback address in `AWS_LWA_LAMBDA_RUNTIME_API_PROXY` (R27).
fn adapter_proxy(environment: &Environment, problems: &mut Vec<Problem>) -> Option<SocketAddr> {
    let text = environment.text(ADAPTER_PROXY)?;
    let address = Upstream::parse(&text).and_then(|proxy| {
        let host = if proxy.host() == "localhost" {
            "127.0.0.1"
        } else {
            proxy.host()
        };
        Some(SocketAddr::new(host.parse().ok()?, proxy.port()))
    });
    let address = address.filter(|address| address.is_ipv4() && address.ip().is_loopback());
    if address.is_none() {
        problems.push(Problem {
            at: ADAPTER_PROXY.into(),
            message: "not an IPv4 loopback address that we could listen on; expected \
                      `http://127.0.0.1:9077`"
                .into(),
        });
    }
    address
}

/// True if Datadog's extension is here: it binds the web adapter's proxy address itself.
fn datadog_is_present(environment: &Environment) -> bool {
    const SIGNS: [&str; 3] = [
        "DD_SERVERLESS_APPSEC_ENABLED",
        "DD_EXPERIMENTAL_ENABLE_PROXY",
        "DD_API_KEY_SECRET_ARN",
    ];
    SIGNS.iter().any(|sign| environment.value(sign).is_some())
        || environment.value("DD_API_KEY").is_some()
        || Path::new("/opt/extensions/datadog-agent").exists()
}

fn not_chainable(listen: SocketAddr) -> Problem {
    Problem {
        at: ADAPTER_PROXY.into(),
        message: format!(
            "not chainable: Datadog's extension binds the address in this variable itself and \
             stops if it is taken, so {listen} is left to it and nothing is inspected; remove one \
             of the two, or unset the variable"
        ),
    }
}

fn unreadable_upstream(text: &str) -> Problem {
    let text: String = text.chars().take(60).collect();
    Problem {
        at: "CREDENZA_UPSTREAM".into(),
        message: format!(
            "`{text}`, ignored; expected `host:port`, with `http://` before it or a path behind \
             it where needed"
        ),
    }
}

#[cfg(test)]
mod tests;
