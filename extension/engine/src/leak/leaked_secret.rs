//! The detector of secrets of known kinds in outputs: keys that open something of somebody's.
//! It never tries a secret, and never keeps one.
//!
#![doc = include_str!("leaked_secret.md")]
use super::{Leak, LeakDetector, Leaks, OutputText};
use crate::detector::Rule;
use crate::detector::leaked_credential::kind;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-secret",
    class: "secret",
    cwe: 200,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: include_str!("leaked_secret.md"),
};

/// What the one pass looks for.
pub(super) const ANCHORS: &[&str] = &[
    concat!("gh", "p_"),
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    concat!("github", "_pat_"),
    "glpat-",
    "npm_",
    concat!("xo", "xb-"),
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "SG.",
    "AIza",
    "GOCSPX-",
    "sk-ant-",
    "sk-proj-",
    "pypi-AgEI",
    "dop_v1_",
    "shpat_",
    "dckr_pat_",
    "AccountKey=",
    "hooks.slack.com/",
];

/// Finds secrets of known kinds.
#[derive(Debug)]
pub struct LeakedSecret;

impl LeakDetector for LeakedSecret {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, text: &OutputText<'_>, _: usize, at: usize, leaks: &mut Leaks) {
        let at = if text.from(at).starts_with(b"hooks.") {
            at.saturating_sub(8)
        } else {
            at
        };
        let before = text.before(at, 1).first();
        let is_inside =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if text.was_judged(at) || before.is_some_and(is_inside) {
            return;
        }
        let Some((kind, len)) = kind::at_start(text.from(at)) else {
            return;
        };
        let end = at.saturating_add(len);
        leaks.looked_at(len);
        if !text.is_cut(at, end) {
            leaks.add(Leak {
                rule: &RULE,
                kind: kind.name,
                confidence: Confidence::High,
                start: at,
                end,
            });
        }
    }
}
