//! The rules that a policy brings with it: they find nothing until it says what to find.
//! It never judges a text: callers, sizes, rates and loops are facts of an invocation.
use credenza_engine::Confidence;
use credenza_engine::detector::Rule;

/// A page of the book, for whoever reads it; the agent shows none and goes without.
#[cfg(any(test, feature = "pages"))]
macro_rules! page {
    ($file:literal) => {
        include_str!($file)
    };
}

#[cfg(not(any(test, feature = "pages")))]
macro_rules! page {
    ($file:literal) => {
        ""
    };
}

/// A caller whom the policy keeps out.
pub static DENIED_CALLER: Rule = Rule {
    id: "denied-caller",
    class: "caller",
    cwe: 284,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("rules/denied_caller.md"),
};

/// A larger event than the policy allows.
pub static REQUEST_SIZE: Rule = Rule {
    id: "request-size",
    class: "limit",
    cwe: 770,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("rules/request_size.md"),
};

/// A caller who calls more often than the policy allows.
pub static REQUEST_RATE: Rule = Rule {
    id: "request-rate",
    class: "limit",
    cwe: 770,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("rules/request_rate.md"),
};

/// A function that calls itself.
pub static INVOCATION_LOOP: Rule = Rule {
    id: "invocation-loop",
    class: "limit",
    cwe: 674,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("rules/invocation_loop.md"),
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
