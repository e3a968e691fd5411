//! The string form of LDAP filters (RFC 4515), read from where a value closes its assertion.
//! It never reads on behind the first assertion or operator that decides.
use memchr::memchr2;

use crate::cursor::Cursor;
use crate::report::Confidence;

/// What a value does to the filter around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breakout {
    /// How sure it is.
    pub(super) confidence: Confidence,
    /// The first byte that decided.
    pub(super) start: usize,
    /// One past the last byte that decided.
    pub(super) end: usize,
    /// What stands behind the break-out.
    pub(super) production: &'static str,
    /// True for a filter that breaks out of nothing.
    pub(super) is_whole: bool,
}

// Limit: an assertion is read for at most so many bytes; attributes and values are shorter.
const ASSERTION_BYTES_MAX: usize = 256;
// Limit: values of an assertion are names and patterns; behind more text nobody closes one.
const VALUE_BYTES_MAX: usize = 256;

/// The offset of the first parenthesis, or the length of the text.
pub(super) fn first_parenthesis(text: &[u8]) -> usize {
    memchr2(b'(', b')', text).unwrap_or(text.len())
}

/// Reads the text from its first parenthesis on.
pub(super) fn read(text: &[u8], first: usize) -> Option<Breakout> {
    let end = first.saturating_add(ASSERTION_BYTES_MAX).min(text.len());
    let near = text.get(..end)?;
    match near.get(first)? {
        b')' => break_out(near, first, text.len()),
        _ => whole_filter(near, first),
    }
}

/// Reads what stands behind the parenthesis that closes the value's assertion.
fn break_out(text: &[u8], first: usize, text_len: usize) -> Option<Breakout> {
    let value = text.get(..first)?;
    // A back-slash before it, and it is a part of the value; a line break, and it is a text.
    if first > VALUE_BYTES_MAX || value.contains(&b'\n') || value.ends_with(b"\\") {
        return None;
    }
    let mut cursor = Cursor::at(text, first);
    cursor.skip(1);
    let mut spaced = cursor.space();
    let mut closes_all = value.is_empty() || value.ends_with(b"*");
    while cursor.eat(b")") {
        spaced = cursor.space();
        closes_all = true;
    }
    let behind = cursor.offset();
    let breakout = |confidence, end, production| {
        Some(Breakout {
            confidence,
            start: first,
            end,
            production,
            is_whole: false,
        })
    };
    let is_name = value
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if cuts(&mut cursor, text_len, closes_all) && is_name {
        return breakout(Confidence::High, cursor.offset(), "cut");
    }
    let outside = cursor.eat(b"&") || cursor.eat(b"|") || cursor.eat(b"!");
    cursor.space();
    if !cursor.eat(b"(") {
        return None;
    }
    spaced |= cursor.space() && !outside;
    let starred = bare_star(&mut cursor);
    if operator(&mut cursor, text_len) {
        return breakout(Confidence::High, cursor.offset(), "boolean");
    }
    let mut negated = cursor.eat(b"!");
    // `)((|uid=*`: one parenthesis too many, and the operator before its assertion.
    if !negated && cursor.eat(b"(") {
        negated = cursor.eat(b"|") || cursor.eat(b"&");
    }
    let assertion = Assertion::read(&mut cursor)?;
    let assertion_end = cursor.offset();
    if closes_all && cursor.eat(b")") && cuts(&mut cursor, text_len, true) {
        return breakout(Confidence::High, cursor.offset(), "cut");
    }
    let is_pattern = assertion.is_pattern || value.ends_with(b"*") || starred;
    let confidence = if assertion.is_directory() || (is_pattern && !spaced) || negated {
        Confidence::High
    } else if spaced || assertion.is_spaced || value.contains(&b' ') || behind == first {
        return None;
    } else {
        Confidence::Medium
    };
    breakout(confidence, assertion_end, "assertion")
}

/// Reads `*)(`: a star where an assertion should stand, which lenient directories take for any, and
/// the next one behind it.
fn bare_star(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat(b"*)(")
}

// Limit: what a zero byte cuts off is the end of one filter.
const CUT_BYTES_MAX: usize = 64;

/// Reads closing parentheses and the zero byte that cuts the rest off: the end of the value, or
/// behind a value that closes all it can, letters and digits that are to be lost.
fn cuts(cursor: &mut Cursor<'_>, text_len: usize, closes_all: bool) -> bool {
    let mut ahead = *cursor;
    while ahead.eat(b")") {}
    if !ahead.eat(b"\0") {
        return false;
    }
    let rest = ahead.eat_while(|byte| byte.is_ascii_alphanumeric());
    let lost = rest.is_empty() || closes_all && rest.len() <= CUT_BYTES_MAX;
    let reads = lost && ahead.offset() == text_len;
    if reads {
        *cursor = ahead;
    }
    reads
}

/// Reads `&`, `|` or `!` with what must stand behind it: a filter, the end of the list, or of the
/// value.
fn operator(cursor: &mut Cursor<'_>, text_len: usize) -> bool {
    let mut ahead = *cursor;
    if !(ahead.eat(b"&") || ahead.eat(b"|") || ahead.eat(b"!")) {
        return false;
    }
    ahead.space();
    let reads = match ahead.peek() {
        None => ahead.offset() == text_len,
        Some(b'(') => {
            ahead.skip(1);
            opens_filter(ahead) || ahead.offset() == text_len
        }
        Some(b')') => {
            ahead.skip(1);
            // `)(&)`: the filter that is always true. Code has a name behind it.
            !ahead
                .peek()
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
        }
        Some(_) => false,
    };
    if reads {
        *cursor = ahead;
    }
    reads
}

/// True if a filter stands behind an opening parenthesis: an operator, or an assertion.
fn opens_filter(cursor: Cursor<'_>) -> bool {
    let mut ahead = cursor;
    ahead.space();
    let _ = bare_star(&mut ahead);
    if matches!(ahead.peek(), Some(b'&' | b'|' | b'!')) {
        ahead.skip(1);
        ahead.space();
        return matches!(ahead.peek(), Some(b'(' | b')') | None);
    }
    Assertion::read(&mut ahead).is_some()
}

/// Reads a filter that is the value itself, with nothing it breaks out of.
fn whole_filter(text: &[u8], first: usize) -> Option<Breakout> {
    let mut cursor = Cursor::at(text, first);
    cursor.skip(1);
    if !(cursor.eat(b"&") || cursor.eat(b"|")) {
        return None;
    }
    cursor.space();
    if !cursor.eat(b"(") || !opens_filter(cursor) {
        return None;
    }
    let asks = guesses(text.get(first..).unwrap_or(&[]));
    // `*(|(mail=*))`: a pattern with a filter behind it is a value that tries to be one.
    let tries = first > 0
        && text.get(first.saturating_sub(1)) == Some(&b'*')
        && first <= VALUE_BYTES_MAX
        && text
            .get(..first)
            .is_some_and(|value| value.iter().all(u8::is_ascii_graphic));
    Some(Breakout {
        confidence: if tries || asks {
            Confidence::High
        } else {
            Confidence::Medium
        },
        start: first,
        end: cursor.offset(),
        production: if asks { "guess" } else { "filter" },
        is_whole: !tries,
    })
}

/// True for a filter that guesses: a pattern for a password, which no directory is asked for, or a
/// comparison of numbers, which says nothing of anybody.
fn guesses(filter: &[u8]) -> bool {
    let mut cursor = Cursor::at(filter, 0);
    loop {
        let _ = cursor.eat_while(|byte| byte != b'(');
        if !cursor.eat(b"(") {
            return false;
        }
        let mut ahead = cursor;
        let Some(found) = Assertion::read(&mut ahead) else {
            continue;
        };
        let secret = SECRETS
            .iter()
            .any(|known| found.attribute.eq_ignore_ascii_case(known));
        let constant = found.attribute.iter().all(u8::is_ascii_digit)
            && !found.is_spaced
            && found.value.iter().all(u8::is_ascii_digit);
        if secret && found.is_pattern && ahead.eat(b")") || constant && !found.value.is_empty() {
            return true;
        }
    }
}

/// Attributes that a directory compares, and never gives away.
const SECRETS: [&[u8]; 5] = [
    b"userPassword",
    b"password",
    b"unicodePwd",
    b"passwd",
    b"pwd",
];

/// `attribute=value`, in one of its forms.
struct Assertion<'t> {
    attribute: &'t [u8],
    value: &'t [u8],
    /// A matching rule stands in it.
    is_extended: bool,
    /// The value is `*`, or has one in it.
    is_pattern: bool,
    /// White space stands around the operator.
    is_spaced: bool,
}

impl<'t> Assertion<'t> {
    /// Reads it to the end of its value.
    fn read(cursor: &mut Cursor<'t>) -> Option<Self> {
        let attribute = cursor.eat_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b';')
        });
        if !attribute.first().is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut is_spaced = cursor.space();
        let mut is_extended = false;
        if cursor.eat(b":") {
            let rule = cursor
                .eat_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':'));
            is_extended = rule.ends_with(b":");
            if !is_extended && cursor.peek() == Some(b'=') && !rule.is_empty() {
                return None;
            }
        } else {
            let _ = cursor.eat(b"~") || cursor.eat(b">") || cursor.eat(b"<");
        }
        // `==`, `=>` and `=~` are of programs.
        if !cursor.eat(b"=") || matches!(cursor.peek(), Some(b'=' | b'>' | b'~')) {
            return None;
        }
        is_spaced |= cursor.space();
        let value = cursor.eat_while(|byte| !matches!(byte, b'(' | b')' | b'\n'));
        Some(Self {
            attribute,
            value,
            is_extended,
            is_pattern: value.contains(&b'*'),
            is_spaced,
        })
    }

    /// True if only a directory has this attribute or this kind of match.
    fn is_directory(&self) -> bool {
        let is_known = ATTRIBUTES
            .iter()
            .any(|known| self.attribute.eq_ignore_ascii_case(known));
        self.is_extended || is_known
    }
}

/// Attributes that mean little outside of a directory.
const ATTRIBUTES: [&[u8]; 48] = [
    b"accountExpires",
    b"adminCount",
    b"badPwdCount",
    b"carLicense",
    b"cn",
    b"dc",
    b"department",
    b"displayName",
    b"distinguishedName",
    b"dNSHostName",
    b"employeeNumber",
    b"employeeType",
    b"entryDN",
    b"entryUUID",
    b"gidNumber",
    b"givenName",
    b"groupType",
    b"homeDirectory",
    b"krbPrincipalName",
    b"lastLogon",
    b"lockoutTime",
    b"loginShell",
    b"mail",
    b"mailNickname",
    b"member",
    b"memberOf",
    b"memberUid",
    b"msDS-AllowedToDelegateTo",
    b"nsAccountLock",
    b"objectCategory",
    b"objectClass",
    b"objectGUID",
    b"objectSid",
    b"ou",
    b"primaryGroupID",
    b"pwdLastSet",
    b"sAMAccountName",
    b"sAMAccountType",
    b"servicePrincipalName",
    b"shadowLastChange",
    b"sn",
    b"telephoneNumber",
    b"uid",
    b"uidNumber",
    b"uniqueMember",
    b"userAccountControl",
    b"userPassword",
    b"userPrincipalName",
];
