//! HTML character references: named, decimal and hexadecimal, with or without a semicolon.
//! It never knows names of letters that no attack is made of.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite::rewrite;
use crate::text;

/// Names that stand for characters with a meaning in some grammar (HTML Living Standard 13.5).
const NAMES: [(&[u8], u8); 47] = [
    (b"DiacriticalGrave", b'`'),
    (b"Hat", b'^'),
    (b"NewLine", b'\n'),
    (b"NonBreakingSpace", b' '),
    (b"Tab", b'\t'),
    (b"UnderBar", b'_'),
    (b"VerticalLine", b'|'),
    (b"amp", b'&'),
    (b"AMP", b'&'),
    (b"apos", b'\''),
    (b"ast", b'*'),
    (b"bsol", b'\\'),
    (b"colon", b':'),
    (b"comma", b','),
    (b"commat", b'@'),
    (b"dollar", b'$'),
    (b"equals", b'='),
    (b"excl", b'!'),
    (b"grave", b'`'),
    (b"gt", b'>'),
    (b"GT", b'>'),
    (b"lbrace", b'{'),
    (b"lbrack", b'['),
    (b"lcub", b'{'),
    (b"lowbar", b'_'),
    (b"lpar", b'('),
    (b"lsqb", b'['),
    (b"lt", b'<'),
    (b"LT", b'<'),
    (b"midast", b'*'),
    (b"nbsp", b' '),
    (b"num", b'#'),
    (b"percnt", b'%'),
    (b"period", b'.'),
    (b"plus", b'+'),
    (b"quest", b'?'),
    (b"quot", b'"'),
    (b"QUOT", b'"'),
    (b"rbrace", b'}'),
    (b"rbrack", b']'),
    (b"rcub", b'}'),
    (b"rpar", b')'),
    (b"rsqb", b']'),
    (b"semi", b';'),
    (b"sol", b'/'),
    (b"vert", b'|'),
    (b"verbar", b'|'),
];

// Limit: `DiacriticalGrave`, the longest name, has 16 letters.
const NAME_BYTES_MAX: usize = 16;

/// Names that browsers read without a semicolon too.
const BARE: [&[u8]; 9] = [
    b"lt", b"LT", b"gt", b"GT", b"amp", b"AMP", b"quot", b"QUOT", b"nbsp",
];

/// True if a reference may start at some ampersand.
pub(super) fn may_be(text: &[u8]) -> bool {
    memchr::memchr_iter(b'&', text).any(|at| {
        let next = text.get(at.saturating_add(1));
        next.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'#')
    })
}

/// Appends `input` with its references undone; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(b'&', text), one, out)
}

fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    match text.get(1..)? {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16, out),
        [b'#', digits @ ..] => number(digits, 10, out),
        name => named(name, out),
    }
}

/// A numeric reference of any length: leading zeros are unbounded.
fn number<'t>(digits: &'t [u8], base: u32, out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let mut code = 0_u32;
    let mut len = 0;
    while let Some(digit) = digits
        .get(len)
        .and_then(|byte| char::from(*byte).to_digit(base))
    {
        code = code.saturating_mul(base).saturating_add(digit);
        len += 1;
    }
    if len == 0 {
        return None;
    }
    text::push_code(code, out);
    let rest = digits.get(len..)?;
    Some(rest.strip_prefix(b";").unwrap_or(rest))
}

fn named<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let len = text
        .iter()
        .take(NAME_BYTES_MAX)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let word = text.get(..len)?;
    let rest = text.get(len..)?;
    if let Some(rest) = rest.strip_prefix(b";") {
        let (_, byte) = NAMES.iter().find(|(name, _)| *name == word)?;
        out.push(*byte);
        return Some(rest);
    }
    let bare = BARE.iter().find(|name| word.starts_with(name))?;
    let (_, byte) = NAMES.iter().find(|(name, _)| name == bare)?;
    out.push(*byte);
    text.get(bare.len()..)
}
