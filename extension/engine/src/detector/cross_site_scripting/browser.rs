//! What a browser runs, for those who know where in a page a text stands.
//! It never judges a text that stands alone: the rule of events does.
use super::scheme::{self, Url};
use super::{attribute, script};

/// True for the name of an attribute whose value is a script.
pub(crate) fn handles_event(name: &[u8]) -> bool {
    attribute::is_event(name)
}

/// True for an address that is a script, or carries a document with scripts in it.
pub(crate) fn runs_as_address(address: &[u8]) -> bool {
    matches!(
        scheme::of(address),
        Url::Script | Url::Document | Url::Vector
    )
}

/// True for program text that calls or writes something; what closes and joins expressions before
/// it does not matter.
pub(crate) fn acts(program: &[u8]) -> bool {
    let joins = |byte: &u8| byte.is_ascii_whitespace() || b";)]}+-*/,&|^%?:.".contains(byte);
    let start = program.iter().position(|byte| !joins(byte));
    let program = program.get(start.unwrap_or(program.len())..);
    script::read(program.unwrap_or(&[])).acts()
}
