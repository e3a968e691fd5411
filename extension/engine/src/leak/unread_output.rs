//! The rule of outputs that nobody could read: whoever takes an output apart says what that was.
//! It never looks at a text, and never says that one holds anything.
//!
#![doc = include_str!("unread_output.md")]
use crate::detector::Rule;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "unread-output",
    class: "unread",
    cwe: 693,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("unread_output.md"),
};
