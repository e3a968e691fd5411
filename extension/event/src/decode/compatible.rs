//! Which character is folded to what: the compatibility forms of Unicode that end in ASCII, and the
//! best fits of Windows code pages that end in a sign of some grammar.
//! It never folds a typographic quote or an ellipsis, which prose is full of.

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// It stays.
    Kept,
    /// Nobody sees it: it goes.
    Gone,
    /// One ASCII character stands in its place.
    Char(u8),
    /// Several do.
    Text(&'static str),
}

/// What becomes of a character.
pub(super) fn fold(code: u32) -> Fold {
    if is_invisible(code) {
        return Fold::Gone;
    }
    match run(code).or_else(|| sign(code)).or_else(|| letter(code)) {
        Some(byte) => Fold::Char(byte),
        None => text(code).map_or(Fold::Kept, Fold::Text),
    }
}

/// True for characters that prose of some language is full of: they call for nothing alone.
pub(super) fn is_common(code: u32) -> bool {
    matches!(
        code,
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3002
    )
}

/// Zero-width characters, marks of direction, the soft hyphen (Unicode Standard 23.2, 23.3).
fn is_invisible(code: u32) -> bool {
    matches!(
        code,
        0xad | 0x34f
            | 0x61c
            | 0x180e
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x2064
            | 0x2066..=0x2069
            | 0xfeff
    )
}

/// The character at an offset from `first`.
fn from(first: u8, offset: u32) -> Option<u8> {
    first.checked_add(u8::try_from(offset).ok()?)
}

/// Forms that stand in the order of ASCII.
fn run(code: u32) -> Option<u8> {
    match code {
        0xff01..=0xff5e => from(b'!', code - 0xff01),
        0x2460..=0x2468 => from(b'1', code - 0x2460),
        0x24b6..=0x24cf => from(b'A', code - 0x24b6),
        0x24d0..=0x24e9 => from(b'a', code - 0x24d0),
        0x2074..=0x2079 => from(b'4', code - 0x2074),
        0x2080..=0x2089 => from(b'0', code - 0x2080),
        0x1f130..=0x1f149 => from(b'A', code - 0x1f130),
        // Mathematical letters in thirteen styles of 52, then digits in five styles of ten.
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            upper @ 0..26 => from(b'A', upper),
            lower => from(b'a', lower - 26),
        },
        0x1d7ce..=0x1d7ff => from(b'0', (code - 0x1d7ce) % 10),
        // Tags, an invisible copy of ASCII.
        0xe0020..=0xe007e => from(b' ', code - 0xe0020),
        _ => None,
    }
}

/// Signs and spaces.
fn sign(code: u32) -> Option<u8> {
    Some(match code {
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => b' ',
        0x2b9 | 0x2bc | 0x2c8 | 0x2032 => b'\'',
        0x2ba | 0x2033 => b'"',
        0x2035 => b'`',
        0x2024 | 0x3002 | 0xfe52 | 0xff61 => b'.',
        0x2044 | 0x2215 => b'/',
        0x2216 | 0xfe68 => b'\\',
        0x2236 | 0xfe13 | 0xfe55 => b':',
        0xfe14 | 0xfe54 => b';',
        0x2223 => b'|',
        0x2217 | 0xfe61 => b'*',
        0x2212 | 0x207b | 0x208b | 0xfe63 => b'-',
        0x207a | 0x208a | 0xfe62 => b'+',
        0x207c | 0x208c | 0xfe66 => b'=',
        0x207d | 0x208d | 0xfe35 | 0xfe59 => b'(',
        0x207e | 0x208e | 0xfe36 | 0xfe5a => b')',
        0x2039 | 0x2329 | 0xfe64 => b'<',
        0x203a | 0x232a | 0xfe65 => b'>',
        0xfe37 | 0xfe5b => b'{',
        0xfe38 | 0xfe5c => b'}',
        0xfe47 => b'[',
        0xfe48 => b']',
        0xfe10 | 0xfe50 => b',',
        0xfe15 | 0xfe57 => b'!',
        0xfe16 | 0xfe56 => b'?',
        0xfe33 | 0xfe4d..=0xfe4f => b'_',
        0xfe5f => b'#',
        0xfe60 => b'&',
        0xfe69 => b'$',
        0xfe6a => b'%',
        0xfe6b => b'@',
        _ => return None,
    })
}

/// Letters and digits that stand alone.
fn letter(code: u32) -> Option<u8> {
    Some(match code {
        0xb9 => b'1',
        0xb2 => b'2',
        0xb3 => b'3',
        0x2070 | 0x24ea => b'0',
        0x130 | 0x2110 | 0x2111 | 0x2160 => b'I',
        0x131 | 0x2071 | 0x2139 | 0x2148 | 0x2170 | 0x1d6a4 => b'i',
        0x17f | 0x2e2 => b's',
        0x212a => b'K',
        0x212c => b'B',
        0x2102 | 0x212d | 0x216d => b'C',
        0x2145 | 0x216e => b'D',
        0x2130 => b'E',
        0x2131 => b'F',
        0x210b..=0x210d => b'H',
        0x2112 | 0x216c => b'L',
        0x2133 | 0x216f => b'M',
        0x2115 => b'N',
        0x2119 => b'P',
        0x211a => b'Q',
        0x211b..=0x211d => b'R',
        0x2164 => b'V',
        0x2169 => b'X',
        0x2124 | 0x2128 => b'Z',
        0x1d43 => b'a',
        0x1d47 => b'b',
        0x1d9c | 0x217d => b'c',
        0x1d48 | 0x2146 | 0x217e => b'd',
        0x1d49 | 0x212f | 0x2147 => b'e',
        0x1da0 => b'f',
        0x1d4d | 0x210a => b'g',
        0x2b0 | 0x210e => b'h',
        0x2b2 | 0x2149 | 0x1d6a5 => b'j',
        0x1d4f => b'k',
        0x2e1 | 0x2113 | 0x217c => b'l',
        0x1d50 | 0x217f => b'm',
        0x207f => b'n',
        0x1d52 | 0x2134 => b'o',
        0x1d56 => b'p',
        0x2b3 => b'r',
        0x1d57 => b't',
        0x1d58 => b'u',
        0x1d5b | 0x2174 => b'v',
        0x2b7 => b'w',
        0x2e3 | 0x2179 => b'x',
        0x2b8 => b'y',
        0x1dbb => b'z',
        _ => return None,
    })
}

/// Characters that stand for several.
fn text(code: u32) -> Option<&'static str> {
    const TENS: [&str; 11] = [
        "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    ];
    Some(match code {
        0x2025 => "..",
        0x2469..=0x2473 => TENS.get(usize::try_from(code - 0x2469).ok()?)?,
        0xfb00 => "ff",
        0xfb01 => "fi",
        0xfb02 => "fl",
        0xfb03 => "ffi",
        0xfb04 => "ffl",
        0xfb05 | 0xfb06 => "st",
        _ => return None,
    })
}
