//! What the caller of each source gets when an event is refused.
//! It never carries a value or names a rule.
use alloc::vec::Vec;

use credenza_event::Source;

use crate::Refusal;

pub(crate) fn refusal(source: Source) -> Refusal {
    let _ = source;
    Refusal { body: Vec::new(), content_type: "application/json", error_type: None }
}
