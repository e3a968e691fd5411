//! Two fields of one head that each say how long the body is: proxies disagree which one counts.
//! It never looks further than a head is long.
use credenza_event::{Form, Part, Role, Span};
use memchr::{memchr, memrchr};

use super::place::Found;
use crate::report::Confidence;

// Limit: heads have 2 KiB; what stands behind that is another part of the event.
const HEAD_BYTES_MAX: usize = 2048;

/// `Transfer-Encoding` with a `Content-Length` before or behind it in the same head.
pub(super) fn of(form: &Form<'_>) -> Option<Found> {
    let is_coding = form.part == Part::Key
        && form.role == Role::Header
        && form.text.eq_ignore_ascii_case(b"transfer-encoding");
    if !is_coding {
        return None;
    }
    let before = form.path.before();
    let start = before.len().saturating_sub(HEAD_BYTES_MAX);
    let before = before.get(start..).unwrap_or(&[]);
    let start = memrchr(b'{', before).unwrap_or(0);
    let before = before.get(start..).unwrap_or(&[]);
    let behind = form.path.operand();
    let behind = behind.get(..HEAD_BYTES_MAX).unwrap_or(behind);
    let end = memchr(b'}', behind).unwrap_or(behind.len());
    let behind = behind.get(..end).unwrap_or(behind);
    let is_doubled = [before, behind].iter().any(|head| names_length(head));
    is_doubled.then_some(Found {
        confidence: Confidence::Medium,
        context: "head",
        production: "two-lengths",
        span: Span {
            start: 0,
            end: u32::try_from(form.text.len()).unwrap_or(u32::MAX),
        },
    })
}

fn names_length(head: &[u8]) -> bool {
    let name = b"\"content-length\"";
    head.windows(name.len())
        .any(|window| window.eq_ignore_ascii_case(name))
}
