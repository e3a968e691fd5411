//! What decoders of marked texts share: everything but the marks is copied as it stands.
//! It never copies a text in which nothing was undone.
use alloc::vec::Vec;

/// Appends `input` with `one` applied at each offset that `find` gives; false if it never applied.
///
/// `one` appends what it reads at the start of its text and gives what stands behind; on `None` the
/// byte stays as it is.
pub(super) fn rewrite(
    input: &[u8],
    find: impl Fn(&[u8]) -> Option<usize>,
    one: impl for<'t> Fn(&'t [u8], &mut Vec<u8>) -> Option<&'t [u8]>,
    out: &mut Vec<u8>,
) -> bool {
    // Nothing is copied before `one` applies for the first time: in most texts it never does.
    let start = out.len();
    let mut rest = input;
    loop {
        let Some((_, marked)) = find(rest).and_then(|at| rest.split_at_checked(at)) else {
            return false;
        };
        let applies = one(marked, out).is_some();
        out.truncate(start);
        if applies {
            let passed = input.len().saturating_sub(marked.len());
            out.extend_from_slice(input.get(..passed).unwrap_or(&[]));
            rest = marked;
            break;
        }
        rest = marked.get(1..).unwrap_or(&[]);
    }
    while let Some((before, marked)) = find(rest).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(before);
        if let Some(behind) = one(marked, out) {
            rest = behind;
        } else if let Some((byte, behind)) = marked.split_first() {
            out.push(*byte);
            rest = behind;
        }
    }
    out.extend_from_slice(rest);
    true
}
