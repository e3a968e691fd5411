//! The wrapper of a function, and those that it starts: one has the variable, the others follow.
//! It never says that a wrapper is missing where it cannot see all layers.
use credenza_attach::start::Start;

use super::checks::{Finding, GIVE, Level, kind, say};
use super::function::Function;
use super::surroundings::{asks_through_us, is_adapter};

const WRAPPER: &str = "/opt/credenza-wrapper";
const VARIABLE: &str = "AWS_LAMBDA_EXEC_WRAPPER";
const NEXT: &str = "CREDENZA_NEXT_WRAPPER";

/// Wrappers of others, and what the names of the layers hold that bring them.
const OTHERS: [(&str, &[&str]); 6] = [
    ("/opt/datadog_wrapper", &["datadog"]),
    ("/opt/otel-handler", &["otel", "opentelemetry"]),
    ("/opt/otel-instrument", &["otel", "opentelemetry"]),
    ("/opt/newrelic_lambda_wrapper", &["newrelic"]),
    ("/opt/dynatrace", &["dynatrace"]),
    ("/opt/bootstrap", &["adapter"]),
];

/// The policy's variable for a chain, and ours before it.
fn chained(other: &str) -> String {
    format!("{VARIABLE}={WRAPPER}\n{NEXT}={other}")
}

pub(super) fn wrapper(function: &Function, all: &mut Vec<Finding>) {
    if kind(function) == Start::OsOnly {
        return;
    }
    for name in [VARIABLE, NEXT] {
        if let Some(on) = function.later.get(name) {
            let message = format!("{name} depends on {on}");
            all.push(say(Level::Note, "wrapper", &message, GIVE));
            return;
        }
    }
    let set = function.variable(VARIABLE);
    let next = function.variable(NEXT);
    all.push(match (set, next) {
        (WRAPPER, WRAPPER) => say(
            Level::Wrong,
            "wrapper",
            "our wrapper is told to start itself",
            "remove CREDENZA_NEXT_WRAPPER, or name the other wrapper in it",
        ),
        (WRAPPER, "") => say(Level::Good, "wrapper", "ours is set", ""),
        (WRAPPER, next) => return followed(function, next, all),
        ("", _) if kind(function) == Start::Image => return,
        ("", _) => say(
            Level::Wrong,
            "wrapper",
            "no wrapper is set: the runtime would go past the agent",
            &format!("{VARIABLE}={WRAPPER}"),
        ),
        (other, WRAPPER) => say(
            Level::Wrong,
            "wrapper",
            &format!("the order is turned round: {other} knows nothing of {NEXT}"),
            &chained(other),
        ),
        // The adapter asks for events itself, and has its own variable to be sent to us.
        ("/opt/bootstrap", _) if is_adapter(function) => {
            if !asks_through_us(function) {
                return;
            }
            let message = "the web adapter's is set, and the adapter asks through the agent";
            say(Level::Good, "wrapper", message, "")
        }
        (other, _) => say(
            Level::Wrong,
            "wrapper",
            &format!("the place of the wrapper is taken by {other}"),
            &chained(other),
        ),
    });
}

/// Ours starts another one, which must be there.
fn followed(function: &Function, next: &str, all: &mut Vec<Finding>) {
    let known = OTHERS.iter().find(|(wrapper, _)| *wrapper == next);
    let sees_all = function.live.is_none() && function.layers.iter().all(|one| one.on.is_empty());
    all.push(match known {
        Some((_, words)) if sees_all && function.layer(words).is_none() => say(
            Level::Wrong,
            "wrapper",
            &format!("ours would start {next}, and no layer brings it: INIT would fail"),
            &format!("attach the layer that brings it, or remove {NEXT}"),
        ),
        _ => say(
            Level::Good,
            "wrapper",
            &format!("ours is set, and starts {next}"),
            "",
        ),
    });
}
