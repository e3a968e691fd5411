//! The rules that a policy brings with it: they find nothing until it says what to find.
//! It never judges a text: callers, sizes, rates and loops are facts of an invocation.
use credenza_engine::Confidence;
use credenza_engine::detector::Rule;

/// A caller whom the policy keeps out.
pub static DENIED_CALLER: Rule = Rule {
    id: "denied-caller",
    class: "caller",
    cwe: 284,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: include_str!("rules/denied_caller.md"),
};

/// A larger event than the policy allows.
pub static REQUEST_SIZE: Rule = Rule {
    id: "request-size",
    class: "limit",
    cwe: 770,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: include_str!("rules/request_size.md"),
};

/// A caller who calls more often than the policy allows.
pub static REQUEST_RATE: Rule = Rule {
    id: "request-rate",
    class: "limit",
    cwe: 770,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: include_str!("rules/request_rate.md"),
};

/// A function that calls itself.
pub static INVOCATION_LOOP: Rule = Rule {
    id: "invocation-loop",
    class: "limit",
    cwe: 674,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: include_str!("rules/invocation_loop.md"),
};

/// All of them.
pub static RULES: [&Rule; 4] = [
    &DENIED_CALLER,
    &REQUEST_SIZE,
    &REQUEST_RATE,
    &INVOCATION_LOOP,
];

/// Every rule that a policy may name, the engine's and these.
pub fn all_rules() -> impl Iterator<Item = &'static Rule> {
    credenza_engine::rules().chain(RULES.iter().copied())
}
