//! The policy that is fetched from loopback, beside everything else: AWS AppConfig's extension, or
//! whatever else answers there.
//! It never delays or fails an invocation or INIT: what cannot be had, read or trusted is a record,
//! and the last good policy stays in force.
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use credenza_policy::{Names, Policy, PolicyUrl, Problem};

use crate::lifecycle::call::Call;
use crate::live::Live;
use crate::telemetry::{FaultNote, Sink};
use crate::upstream::Upstream;

mod signature;

// Limit: AppConfig's extension asks its service every 45 seconds by default; a kill switch that
// stands in it is in force at most half a minute later.
const POLL_SECONDS: u16 = 30;

// Limit: loopback answers in milliseconds; a source that takes longer than two seconds is down.
const PATIENCE: Duration = Duration::from_secs(2);

// Limit: the policy's reader nests no deeper than its tree, sixteen levels of some 500 bytes, and
// the TOML reader's own eighty; verifying a signature takes some 20 KiB.
const STACK_BYTES: usize = 512 * 1024;

/// Where problems of a fetched policy are.
const AT: &str = "CREDENZA_POLICY_URL";

/// Fetches policies.
pub struct Remote {
    url: PolicyUrl,
    key: Option<[u8; 32]>,
    /// What is laid under whatever is fetched.
    base: Policy,
    function: String,
    live: Arc<Live>,
    sink: Arc<dyn Sink>,
    /// The version that was accepted last.
    version: u64,
    /// What was fetched last, good or not, so that nothing is told twice.
    seen: Option<Vec<u8>>,
    is_failing: bool,
    names: Names,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Remote {
    /// Whoever will fetch policies from `url` and lay them over `base`.
    pub fn new(
        url: PolicyUrl,
        key: Option<[u8; 32]>,
        base: Policy,
        function: String,
        live: Arc<Live>,
        sink: Arc<dyn Sink>,
    ) -> Self {
        Self {
            url,
            key,
            version: base.version,
            base,
            function,
            live,
            sink,
            seen: None,
            is_failing: false,
            names: Names::default(),
        }
    }

    /// Polls from now on, on a thread of its own; without one the policy of the files stays.
    pub fn start(mut self) {
        let sink = Arc::clone(&self.sink);
        let spawned = thread::Builder::new()
            .name("policy".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                loop {
                    self.poll();
                    thread::sleep(self.pause());
                }
            });
        if let Err(error) = spawned {
            sink.fault(&unreachable(&error.to_string()));
        }
    }

    /// How long until the next poll.
    fn pause(&self) -> Duration {
        let seconds = match self.live.now().poll_seconds {
            0 => POLL_SECONDS,
            seconds => seconds,
        };
        Duration::from_secs(seconds.into())
    }

    /// Fetches once, and puts into force what may be.
    pub fn poll(&mut self) {
        match self.fetch() {
            Ok(body) => {
                self.is_failing = false;
                if self.seen.as_deref() != Some(body.as_slice()) {
                    self.take(&body);
                    self.seen = Some(body);
                }
            }
            // Told once, until it works again.
            Err(error) if !self.is_failing => {
                self.is_failing = true;
                self.sink.fault(&unreachable(&error.to_string()));
            }
            Err(_) => {}
        }
    }

    fn fetch(&self) -> io::Result<Vec<u8>> {
        let refused = || io::Error::from(io::ErrorKind::InvalidInput);
        let upstream = Upstream::parse(&self.url.address.to_string()).ok_or_else(refused)?;
        // After a thaw a kept connection is dead, so there is none.
        let header = "Accept: */*\r\nConnection: close";
        let mut call = Call::new(upstream);
        let reply = call.send("GET", &self.url.path, header, "", Some(PATIENCE))?;
        if reply.status == 200 {
            return Ok(reply.body);
        }
        Err(io::Error::other(format!("status {}", reply.status)))
    }

    /// Puts a fetched policy into force, or says why not.
    fn take(&mut self, body: &[u8]) {
        match self.read(body) {
            Ok(policy) => {
                let is_weaker = policy.is_weaker_than(&self.live.now());
                self.version = policy.version;
                self.live.swap(policy.clone());
                self.sink.policy(&policy, is_weaker);
            }
            Err(why) => self.sink.problem(&Problem {
                at: AT.into(),
                message: format!("{why}; the last good policy stays in force"),
            }),
        }
    }

    /// The policy in a body, or why it is not taken.
    fn read(&mut self, body: &[u8]) -> Result<Policy, String> {
        let text = match self.key {
            Some(key) => signature::signed(body, &key)?,
            None => body,
        };
        let Ok(text) = std::str::from_utf8(text) else {
            return Err("not UTF-8".into());
        };
        let base = self.base.clone();
        let (mut policy, problems) = base.laid_under_knowing(text, &mut self.names);
        if policy.shadow_file.take().is_some() {
            // Whoever may answer on loopback is not asked to have files read.
            self.sink.problem(&Problem {
                at: AT.into(),
                message: "a fetched policy cannot name a `file`; write the candidate under \
                          `shadow` itself"
                    .into(),
            });
        }
        for problem in &problems {
            self.sink.problem(&Problem {
                at: format!("{AT}:{}", problem.at),
                ..problem.clone()
            });
        }
        // Who says `kill` is understood, whatever else was not.
        let is_understood = policy.is_killed || !(policy.broken || policy.is_held);
        if !is_understood && !problems.is_empty() {
            return Err("not all of it was understood".into());
        }
        let (version, last) = (policy.version, self.version);
        if version < last {
            return Err(format!("version {version} is older than {last}"));
        }
        if self.key.is_some() && version == last {
            return Err(format!(
                "a signed policy needs a `version` above {last}, so that an old one cannot be \
                 played again"
            ));
        }
        Ok(policy.for_function(&self.function))
    }
}

fn unreachable(detail: &str) -> FaultNote<'_> {
    FaultNote {
        kind: "policy-unreachable",
        family: "platform",
        behaviour: "last good policy kept",
        detail,
        request_id: b"",
    }
}

#[cfg(test)]
mod tests;
