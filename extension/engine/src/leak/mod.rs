//! What must not leave: the function's own secrets, in whatever spelling.
//! It never looks at events.
use crate::detector::Rule;
use crate::report::Confidence;

mod own;
mod spelling;
mod variables;

pub use own::{OwnLeak, OwnSecrets, RUN_BYTES_MIN};
pub use variables::secret_in;

/// The function's own secrets in its answer.
pub static OWN_SECRET: Rule = Rule {
    id: "own-secret",
    class: "secret",
    cwe: 200,
    ceiling: Confidence::High,
    page: include_str!("own_secret.md"),
};

/// The rules of what leaves.
pub static RULES: &[&Rule] = &[&OWN_SECRET];
