//! What stands in a document without quotes: literals and numbers.
//! It never reads a value, only whether it is one.

/// True for a byte that ends a literal or a number.
pub(super) fn ends_bare(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b' ' | b'\n' | b'\r' | b'\t'
    )
}

/// The literals of JSON and those that Python reads besides.
pub(super) fn is_literal(token: &[u8]) -> bool {
    matches!(
        token,
        b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity"
    )
}

/// A number of JSON, of any length.
pub(super) fn is_number(token: &[u8]) -> bool {
    let rest = token.strip_prefix(b"-").unwrap_or(token);
    let Some(rest) = digits(rest) else {
        return false;
    };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => match digits(fraction) {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            digits(exponent).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// What stands behind at least one digit.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if len == 0 { None } else { text.get(len..) }
}
