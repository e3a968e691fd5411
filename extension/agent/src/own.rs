//! The function's own secrets, as the environment of this process has them, and its files.
//! It never says one, and keeps none beyond what is needed to find them again.
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use credenza_engine::leak::{OwnSecrets, secret_in};
use credenza_exchange::Guard;
use credenza_policy::Policy;

use crate::config::Environment;
use crate::files::Files;
use crate::telemetry::{LeakNote, Sink};

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
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (name, value) in environment.bytes() {
            if let Some(secret) = secret_in(name, value) {
                names.push(String::from_utf8_lossy(name).into_owned());
                values.push(secret.to_vec());
            }
        }
        Self {
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
