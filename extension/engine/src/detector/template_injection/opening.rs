//! The signs that open an expression in one of the engines.
//! It never reads what stands inside.
use super::meaning::opens_smarty;

/// The signs around an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{ … }}`
    Mustache,
    /// `{% … %}`
    Tag,
    /// `${ … }`
    Dollar,
    /// `#{ … }`
    Hash,
    /// `*{ … }`, `@{ … }`, `~{ … }`, `%{ … }`, `$!{ … }`
    Brace,
    /// `<% … %>`
    Angle,
    /// `<#assign … >`
    Directive,
    /// `[=…]`, `[#assign …]`
    Square,
    /// `@( … )`
    Razor,
    /// `#set( … )`
    Set,
    /// `$name.member( … )`
    Reference,
    /// `{system( … )}`, `{$smarty.…}`
    Smarty,
    /// `[[3*3]]`, beside which another expression must stand.
    Pair,
}

impl Kind {
    /// The signs in findings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mustache => "mustache",
            Self::Tag => "tag",
            Self::Dollar => "dollar-brace",
            Self::Hash => "hash-brace",
            Self::Brace => "brace",
            Self::Angle => "angle-percent",
            Self::Directive | Self::Square => "directive",
            Self::Razor => "at-parenthesis",
            Self::Set | Self::Reference => "reference",
            Self::Pair => "pair",
            Self::Smarty => "smarty",
        }
    }

    /// True if the gate does not know the opening sign: a word must have made it look.
    pub(super) fn is_shown_by_words(self) -> bool {
        matches!(self, Self::Set | Self::Reference | Self::Smarty)
    }
}

// Limit: a name of Velocity; a longer one is a text.
const NAME_BYTES_MAX: usize = 48;

/// The expression that opens here, and the length of its opening sign.
pub(super) fn at(text: &[u8], at: usize, byte: u8) -> Option<(Kind, usize)> {
    let behind = text.get(at.saturating_add(1)..).unwrap_or(&[]);
    let next = behind.first().copied().unwrap_or(0);
    let third = behind.get(1).copied().unwrap_or(0);
    match (byte, next) {
        (b'$' | b'{', b'{') if third == b'{' => Some((Kind::Mustache, 3)),
        (b'{', b'{') => Some((Kind::Mustache, 2)),
        (b'{', b'%') if !is_format(behind) => Some((Kind::Tag, 2)),
        (b'$', b'{') => Some((Kind::Dollar, 2)),
        (b'#', b'{') => Some((Kind::Hash, 2)),
        (b'*' | b'@' | b'~' | b'%', b'{') => Some((Kind::Brace, 2)),
        (b'$', b'!') if third == b'{' => Some((Kind::Brace, 3)),
        (b'<', b'%') if !is_format(behind) => Some((Kind::Angle, 2)),
        (b'<', b'#') if third.is_ascii_alphabetic() => Some((Kind::Directive, 2)),
        (b'[', b'=' | b'#') if next == b'=' || third.is_ascii_alphabetic() => {
            Some((Kind::Square, 2))
        }
        (b'[', b'[') if third.is_ascii_digit() => Some((Kind::Pair, 2)),
        (b'@', b'(') => Some((Kind::Razor, 2)),
        (b'#', b's') if behind.starts_with(b"set($") => Some((Kind::Set, 5)),
        (b'{', b'$' | b'a'..=b'z' | b'A'..=b'Z')
            if behind.starts_with(b"$smarty.") || opens_smarty(behind) =>
        {
            Some((Kind::Smarty, 1))
        }
        (b'$', b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
            let len = name_len(behind);
            (behind.get(len) == Some(&b'.')).then_some((Kind::Reference, 1))
        }
        _ => None,
    }
}

/// True for the first byte of an opening sign.
#[inline]
pub(super) fn is_opening(byte: u8) -> bool {
    OPENINGS.contains(&byte)
}

/// Those first bytes.
pub(super) const OPENINGS: [u8; 9] = *b"{$#*@~%<[";

fn name_len(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    text.iter().take(NAME_BYTES_MAX).take_while(is_part).count()
}

/// True for `%s`, `%(name)s` and `%-10d`: a format, and no tag.
fn is_format(behind: &[u8]) -> bool {
    let third = behind.get(2).copied().unwrap_or(0);
    match behind.get(1) {
        Some(b's' | b'd' | b'r' | b'i' | b'f' | b'x' | b'u' | b'c' | b'p') => {
            !third.is_ascii_alphanumeric() && third != b'_'
        }
        Some(b'(' | b')' | b'0'..=b'9' | b'+' | b'.' | b'*' | b'\'' | b'"') => true,
        Some(b'-') => third.is_ascii_digit(),
        _ => false,
    }
}
