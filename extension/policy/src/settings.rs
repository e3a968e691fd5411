//! The environment's settings: `CREDENZA_*` variables in, settings and problems out.
//! It never reads the environment itself, and never fails for what it holds.
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use crate::suggestion::{did_you_mean, nearest, one_of};
use crate::{Mode, OnError, OnPartial, Problem};

const PREFIX: &str = "CREDENZA_";

const NAMES: [&str; 12] = [
    "CREDENZA_MODE",
    "CREDENZA_POLICY",
    "CREDENZA_POLICY_URL",
    "CREDENZA_POLICY_KEY",
    "CREDENZA_LISTEN",
    "CREDENZA_UPSTREAM",
    "CREDENZA_NEXT_WRAPPER",
    "CREDENZA_ON_ERROR",
    "CREDENZA_ON_PARTIAL",
    "CREDENZA_LOG_LEVEL",
    "CREDENZA_LOGS",
    "CREDENZA_WITNESS",
];

/// Which records are written: each level includes those above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Faults and problems: something is not as its author meant.
    Error,
    /// And findings.
    Warn,
    /// And one line at INIT.
    #[default]
    Info,
    /// And a line for each inspected event.
    Debug,
}

impl LogLevel {
    /// All levels, the quietest first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The name in records and the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// How lines name their time and level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `time`, and levels in small letters.
    #[default]
    Text,
    /// `timestamp`, and levels in capitals, as in a function's own lines under
    /// `AWS_LAMBDA_LOG_FORMAT=JSON`.
    Json,
}

/// What the environment asks for; `None` where it asks for nothing.
///
/// Paths are bytes, because a path need not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `CREDENZA_MODE`.
    pub mode: Option<Mode>,
    /// `CREDENZA_ON_ERROR`.
    pub on_error: Option<OnError>,
    /// `CREDENZA_ON_PARTIAL`.
    pub on_partial: Option<OnPartial>,
    /// `CREDENZA_POLICY`: the path of the policy file.
    pub policy: Option<Vec<u8>>,
    /// `CREDENZA_POLICY_URL`: where another policy is fetched from; always loopback.
    pub policy_url: Option<PolicyUrl>,
    /// `CREDENZA_POLICY_KEY`: the ed25519 key by which a fetched policy has to be signed.
    pub policy_key: Option<[u8; 32]>,
    /// `CREDENZA_LISTEN`: where the runtime finds us; always IPv4 loopback.
    pub listen: Option<SocketAddr>,
    /// `CREDENZA_UPSTREAM`: another proxy between us and the platform.
    pub upstream: Option<String>,
    /// `CREDENZA_NEXT_WRAPPER`: the wrapper that runs after ours.
    pub next_wrapper: Option<Vec<u8>>,
    /// `CREDENZA_LOG_LEVEL`, else `AWS_LAMBDA_LOG_LEVEL`.
    pub log_level: LogLevel,
    /// `CREDENZA_LOGS=inspect`: the function's log lines are looked at for what must not leave.
    pub inspects_logs: bool,
    /// `CREDENZA_WITNESS=on`: the platform is asked to tell of every invocation, so that one that
    /// goes past us is reported.
    pub has_witness: bool,
    /// `AWS_LAMBDA_LOG_FORMAT`.
    pub log_format: LogFormat,
}

/// Where a policy is fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyUrl {
    /// An address of loopback.
    pub address: SocketAddr,
    /// The path, from its slash on.
    pub path: String,
}

impl Settings {
    /// Reads the variables of a process; never fails.
    ///
    /// Variables that are not ours are ignored, as are empty ones; a name that looks like ours and
    /// is not is a problem with a suggestion.
    pub fn read<'a>(
        variables: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> (Self, Vec<Problem>) {
        let mut reader = Reader::default();
        for (name, value) in variables {
            reader.variable(name, value);
        }
        let Reader {
            mut settings,
            own_level,
            platform_level,
            problems,
            key_is_bad,
            ..
        } = reader;
        if key_is_bad {
            // Whoever gave a key wants nothing that is not signed by it.
            settings.policy_url = None;
        }
        settings.log_level = own_level.or(platform_level).unwrap_or_default();
        (settings, problems)
    }
}

#[derive(Default)]
struct Reader<'a> {
    settings: Settings,
    own_level: Option<LogLevel>,
    platform_level: Option<LogLevel>,
    key_is_bad: bool,
    seen: Vec<&'a str>,
    problems: Vec<Problem>,
}

// Limit: an environment is 4 KB of names and values on the platform, so a few dozen variables; 32
// problems name them all without flooding the log of a process started elsewhere.
const PROBLEMS_MAX: usize = 32;

impl<'a> Reader<'a> {
    fn variable(&mut self, name: &'a [u8], value: &'a [u8]) {
        if name == b"AWS_LAMBDA_LOG_LEVEL" {
            self.platform_level = platform_level(value);
            return;
        }
        if name == b"AWS_LAMBDA_LOG_FORMAT" && value.eq_ignore_ascii_case(b"JSON") {
            self.settings.log_format = LogFormat::Json;
            return;
        }
        let prefix = name.get(..PREFIX.len()).unwrap_or_default();
        if !prefix.eq_ignore_ascii_case(PREFIX.as_bytes()) {
            return;
        }
        let Some(known) = NAMES.iter().find(|known| known.as_bytes() == name) else {
            let name = String::from_utf8_lossy(name);
            // The common prefix would make any two names look alike.
            let ends = NAMES.map(|name| name.strip_prefix(PREFIX).unwrap_or(name));
            let end = name.get(PREFIX.len()..).unwrap_or_default();
            let hint = nearest(end, &ends).map_or_else(String::new, |end| {
                format!("; did you mean `{PREFIX}{end}`?")
            });
            let message = format!("unknown variable, ignored{hint}");
            self.problem(clipped(&name), message);
            return;
        };
        if self.seen.contains(known) {
            self.problem(known, "set more than once; the first value counts".into());
            return;
        }
        self.seen.push(known);
        if !value.is_empty() {
            self.known(known, value);
        }
    }

    fn known(&mut self, name: &str, value: &[u8]) {
        match name {
            "CREDENZA_POLICY" => self.settings.policy = Some(value.to_owned()),
            "CREDENZA_NEXT_WRAPPER" => self.settings.next_wrapper = Some(value.to_owned()),
            _ => match core::str::from_utf8(value) {
                Ok(value) => self.text(name, value.trim()),
                Err(_) => self.problem(name, "the value is not UTF-8, ignored".into()),
            },
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        match name {
            "CREDENZA_MODE" => {
                self.settings.mode = self.choice(name, value, &Mode::ALL, Mode::name);
            }
            "CREDENZA_ON_ERROR" => {
                self.settings.on_error = self.choice(name, value, &OnError::ALL, OnError::name);
            }
            "CREDENZA_ON_PARTIAL" => {
                self.settings.on_partial =
                    self.choice(name, value, &OnPartial::ALL, OnPartial::name);
            }
            "CREDENZA_LOG_LEVEL" => {
                self.own_level = self.choice(name, value, &LogLevel::ALL, LogLevel::name);
            }
            "CREDENZA_LOGS" => {
                let choices = [("off", false), ("inspect", true)];
                self.settings.inspects_logs = self.switch(name, value, choices);
            }
            "CREDENZA_WITNESS" => {
                let choices = [("off", false), ("on", true)];
                self.settings.has_witness = self.switch(name, value, choices);
            }
            "CREDENZA_LISTEN" => self.settings.listen = self.listen(name, value),
            "CREDENZA_UPSTREAM" => self.settings.upstream = Some(value.to_owned()),
            "CREDENZA_POLICY_URL" => self.settings.policy_url = self.policy_url(name, value),
            "CREDENZA_POLICY_KEY" => self.settings.policy_key = self.policy_key(name, value),
            _ => {}
        }
    }

    /// One of `all` by its name; letter case is forgiven here, where a shell may have made it.
    fn choice<T: Copy>(
        &mut self,
        at: &str,
        value: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all
            .iter()
            .copied()
            .find(|choice| name(*choice).eq_ignore_ascii_case(value));
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|choice| name(*choice)).collect();
            let (expected, hint) = (one_of(&names), did_you_mean(value, &names));
            let message = format!("`{}`, ignored; expected {expected}{hint}", clipped(value));
            self.problem(at, message);
        }
        found
    }

    /// One of two words; the first where it is neither.
    fn switch(&mut self, name: &str, value: &str, choices: [(&'static str, bool); 2]) -> bool {
        let chosen = self.choice(name, value, &choices, |(word, _)| word);
        chosen.is_some_and(|(_, is_on)| is_on)
    }

    /// `http://127.0.0.1:2772/applications/A/environments/E/configurations/C`.
    fn policy_url(&mut self, name: &str, value: &str) -> Option<PolicyUrl> {
        let url = loopback_url(value);
        if url.is_none() {
            let message = format!(
                "`{}` is refused: the agent speaks to loopback alone; expected `http://`, an \
                 address of loopback with its port, and a path, as in \
                 `http://127.0.0.1:2772/applications/A/environments/E/configurations/C`",
                clipped(value)
            );
            self.problem(name, message);
        }
        url
    }

    /// 64 hexadecimal digits.
    fn policy_key(&mut self, name: &str, value: &str) -> Option<[u8; 32]> {
        let key = hexadecimal(value);
        if key.is_none() {
            self.key_is_bad = true;
            let message = "no ed25519 public key, so that no policy is fetched; expected 64 \
                           hexadecimal digits";
            self.problem(name, message.into());
        }
        key
    }

    /// `127.0.0.1:9077`, `localhost:9077` or a port alone.
    fn listen(&mut self, name: &str, value: &str) -> Option<SocketAddr> {
        let address = loopback_address(value);
        if address.is_none() {
            let message = format!(
                "`{}`, ignored; expected an IPv4 loopback address and port, as in `127.0.0.1:9077`",
                clipped(value)
            );
            self.problem(name, message);
        }
        address
    }

    fn problem(&mut self, at: &str, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                at: at.to_owned(),
                message,
            });
        }
    }
}

/// Plain HTTP to an address of loopback, by number or as `localhost`: nobody is asked for names.
fn loopback_url(value: &str) -> Option<PolicyUrl> {
    let rest = value.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/')?);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    let address = match authority.strip_prefix("localhost:") {
        Some(port) => SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port.parse().ok()?)),
        None => authority.parse::<SocketAddr>().ok()?,
    };
    (address.ip().is_loopback() && path.bytes().all(is_plain)).then(|| PolicyUrl {
        address,
        path: path.to_owned(),
    })
}

/// The bytes of a key.
fn hexadecimal(value: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let pairs = value.as_bytes().chunks(2);
    if value.len() != 64 || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

/// IPv4 only: some runtimes find the port behind the first colon of their Runtime API (R21).
fn loopback_address(value: &str) -> Option<SocketAddr> {
    let digits = value.strip_prefix("localhost:").unwrap_or(value);
    let address = match digits.parse::<u16>() {
        Ok(port) => SocketAddrV4::new(Ipv4Addr::LOCALHOST, port),
        Err(_) => value.parse::<SocketAddrV4>().ok()?,
    };
    address
        .ip()
        .is_loopback()
        .then_some(SocketAddr::V4(address))
}

/// The platform's levels, which are the customer's for the function's own log: no problem is made
/// of an unknown one.
fn platform_level(value: &[u8]) -> Option<LogLevel> {
    let is = |name: &[u8]| value.eq_ignore_ascii_case(name);
    match value {
        _ if is(b"TRACE") || is(b"DEBUG") => Some(LogLevel::Debug),
        _ if is(b"INFO") => Some(LogLevel::Info),
        _ if is(b"WARN") => Some(LogLevel::Warn),
        _ if is(b"ERROR") || is(b"FATAL") => Some(LogLevel::Error),
        _ => None,
    }
}

/// The first letters of a name or value, enough to recognise it.
fn clipped(word: &str) -> &str {
    let end = word
        .char_indices()
        .nth(40)
        .map_or(word.len(), |(index, _)| index);
    word.get(..end).unwrap_or(word)
}

#[cfg(test)]
mod tests;
