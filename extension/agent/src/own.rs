//! The function's own secrets, as the environment of this process has them, and its files.
//! It never says one, and keeps none beyond what is needed to find them again.
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use credenza_engine::leak::{OwnSecrets, secret_in};
use credenza_exchange::Guard;
use credenza_policy::Policy;

use crate::config::Environment;
use crate::decoy;
use crate::files::Files;
use crate::telemetry::{LeakNote, Sink, TamperNote};

// Limit: spelling and sorting a whole environment takes a heap of its own and little stack.
const STACK_BYTES: usize = 128 * 1024;

// Limit: whoever reads records learns nothing from a fifth leak of one line.
const LEAKS_MAX: usize = 4;

/// The secrets and the names of their variables.
#[derive(Debug)]
pub struct Own {
    names: Vec<String>,
    /// The values, until the table is made of them.
    values: Mutex<Values>,
    secrets: OnceLock<OwnSecrets>,
    /// Those that nobody uses: the first of them, and their table.
    decoys: Option<(usize, OwnSecrets)>,
    /// The function's files.
    pub(crate) files: Arc<Files>,
}

/// Values that nobody prints.
struct Values(Vec<Vec<u8>>);

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Values({})", self.0.len())
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        for value in &mut self.0 {
            value.fill(0);
        }
        std::hint::black_box(&self.0);
    }
}

impl Own {
    /// The secrets of an environment; the table is made when it is first asked for.
    pub fn of(environment: &Environment) -> Self {
        Self::with_decoys(environment, &[], None)
    }

    /// The same, and decoys: the values of the variables `wanted`, and those made of `seed`.
    pub(crate) fn with_decoys(
        environment: &Environment,
        wanted: &[String],
        seed: Option<&str>,
    ) -> Self {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let is_decoy = |name: &[u8]| wanted.iter().any(|decoy| decoy.as_bytes() == name);
        for (name, value) in environment.bytes().filter(|(name, _)| !is_decoy(name)) {
            if let Some(secret) = secret_in(name, value) {
                names.push(String::from_utf8_lossy(name).into_owned());
                values.push(secret.to_vec());
            }
        }
        let own = names.len();
        let planted = seed.map(|seed| decoy::NAMES.into_iter().zip(decoy::credentials(seed)));
        for (name, value) in planted.into_iter().flatten() {
            names.push(name.to_owned());
            values.push(value.into_bytes());
        }
        for (name, value) in environment.bytes().filter(|(name, _)| is_decoy(name)) {
            names.push(String::from_utf8_lossy(name).into_owned());
            values.push(value.to_vec());
        }
        let decoys = values.get(own..).filter(|decoys| !decoys.is_empty());
        let decoys = decoys.map(|decoys| OwnSecrets::new(decoys.iter().map(Vec::as_slice)));
        Self {
            decoys: decoys.map(|table| (own, table)),
            names,
            values: Mutex::new(Values(values)),
            secrets: OnceLock::new(),
            files: Arc::new(Files::of(environment)),
        }
    }

    /// True if there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Makes the table beside everything else, while INIT lasts; without a thread the first answer
    /// waits for it.
    pub fn prepare(self: &Arc<Self>) {
        if self.is_empty() {
            return;
        }
        let own = Arc::clone(self);
        let _ = thread::Builder::new()
            .name("own secrets".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                own.secrets();
            });
    }

    /// The table.
    pub fn secrets(&self) -> &OwnSecrets {
        self.secrets.get_or_init(|| {
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = std::mem::replace(&mut *values, Values(Vec::new()));
            OwnSecrets::new(taken.0.iter().map(Vec::as_slice))
        })
    }

    /// The table, if there is anything in it.
    pub fn known(&self) -> Option<&OwnSecrets> {
        (!self.is_empty()).then(|| self.secrets())
    }

    /// Looks at a line that the function printed, as the bytes of a JSON value, and tells of what
    /// stands in it; nobody can take a line back.
    pub(crate) fn look_at_line(&self, line: &[u8], policy: &Policy, sink: &dyn Sink) {
        let guard = Guard::new(self.known(), policy);
        for found in credenza_exchange::log_line(line, &guard)
            .iter()
            .take(LEAKS_MAX)
        {
            self.tell_decoy(found.secret, "log", b"", sink);
            sink.leaked(&LeakNote {
                request_id: b"",
                channel: "log",
                secret: found.secret.map_or("", |secret| self.name(secret)),
                found,
                applied: false,
                under: None,
            });
        }
    }

    /// Tells if a secret that was found is a decoy: whoever has it has read the environment.
    pub(crate) fn tell_decoy(
        &self,
        secret: Option<usize>,
        place: &'static str,
        request_id: &[u8],
        sink: &dyn Sink,
    ) {
        let first = self.decoys.as_ref().map_or(usize::MAX, |(first, _)| *first);
        if let Some(secret) = secret.filter(|secret| *secret >= first) {
            sink.tampered(&TamperNote {
                rule: "decoy-credential",
                why: place,
                request_id,
                detail: self.name(secret),
            });
        }
    }

    /// Looks for decoys in an event: somebody tries what he has stolen.
    pub(crate) fn look_at_event(&self, event: &[u8], request_id: &[u8], sink: &dyn Sink) {
        if let Some((first, table)) = &self.decoys
            && let Some(leak) = table.leaks(event).next()
        {
            let secret = first.saturating_add(leak.secret);
            self.tell_decoy(Some(secret), "event", request_id, sink);
        }
    }

    /// The variable whose value the secret is.
    pub fn name(&self, secret: usize) -> &str {
        self.names.get(secret).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use std::sync::Mutex;

    use credenza_exchange::Inspected;
    use credenza_policy::{Mode, Policy, Problem};

    use super::Own;
    use crate::config::Environment;
    use crate::telemetry::{FaultNote, Invocation, LeakNote, Sink, TamperNote};

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Sink for Told {
        fn leaked(&self, leak: &LeakNote<'_>) {
            let found = leak.found;
            let verdict = found.verdict.name();
            let span = format!("{}..{}", found.start, found.end);
            let told = format!("{} {} {span} {verdict}", leak.channel, leak.secret);
            self.0.lock().unwrap().push(told);
        }

        fn inspected(&self, _: &Invocation<'_>, _: &Inspected, _: u64) {}
        fn dealt_with(&self, _: u64) {}
        fn tampered(&self, _: &TamperNote<'_>) {}
        fn fault(&self, _: &FaultNote<'_>) {}
        fn problem(&self, _: &Problem) {}
    }

    #[test]
    fn the_secrets_of_an_environment_are_known_by_the_names_of_their_variables() {
        let key = ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u"].concat();
        let environment: Environment = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_SECRET_ACCESS_KEY", key.as_str()),
        ]
        .into_iter()
        .collect();
        let own = Arc::new(Own::of(&environment));
        assert!(!own.is_empty());
        own.prepare();
        let leak = own.secrets().leaks(key.as_bytes()).next().unwrap();
        assert_eq!(own.name(leak.secret), "AWS_SECRET_ACCESS_KEY");
        assert!(!format!("{own:?}").contains(&key[..4]));
    }

    #[test]
    fn what_stands_in_a_log_line_is_told_by_the_name_of_its_variable() {
        let key = ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u"].concat();
        let environment = [("AWS_SECRET_ACCESS_KEY", key.as_str())];
        let own = Arc::new(Own::of(&environment.into_iter().collect()));
        let told = Told::default();
        for line in [
            format!("\"using {}\"", &key[3..]),
            "\"all is well\"".to_owned(),
        ] {
            own.look_at_line(line.as_bytes(), &Policy::default(), &told);
        }
        let off = Policy {
            mode: Mode::Off,
            ..Policy::default()
        };
        own.look_at_line(key.as_bytes(), &off, &told);
        assert_eq!(
            *told.0.lock().unwrap(),
            ["log AWS_SECRET_ACCESS_KEY 7..28 flag"]
        );
    }

    #[test]
    fn an_environment_without_secrets_leaves_nothing_to_do() {
        assert!(Own::of(&Environment::default()).is_empty());
    }
}
