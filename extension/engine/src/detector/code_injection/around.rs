//! What stands before and behind a call: nothing, a tag, an open quote, data, or a program.
//! It never reads further than what tells one from the other.

/// What stands before a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing but signs.
    Nothing,
    /// A tag that opens program text: `<?php`, `<?=`, `<%`, `${`, `#{`, `{{`.
    Tag,
    /// A text that ends in a quote left open, and a sign.
    Quote,
    /// One token of data and a sign that ends it.
    Data,
    /// A program, or words.
    Program,
}

impl Before {
    /// The name in explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "value",
            Self::Tag => "tag",
            Self::Quote => "quoted",
            Self::Data => "argument",
            Self::Program => "program",
        }
    }
}

// Limit: what a call breaks out of shows in the 96 bytes before it.
const BEFORE_BYTES: usize = 96;

/// What the text before a call is.
pub(super) fn before(text: &[u8]) -> Before {
    let is_whole = text.len() <= BEFORE_BYTES;
    let start = text.len().saturating_sub(BEFORE_BYTES);
    let near = text.get(start..).unwrap_or_default().trim_ascii_end();
    let line = near.iter().rposition(|byte| *byte == b'\n');
    let near = match line {
        Some(line) if !is_whole => near.get(line..).unwrap_or(near),
        _ => near,
    };
    if opens(near) {
        return Before::Tag;
    }
    let is_bare = is_whole && !near.iter().any(u8::is_ascii_alphanumeric);
    let signs = near
        .iter()
        .rev()
        .take_while(|byte| b";|&+.,()!@~- ".contains(byte))
        .count();
    let cut = near.len().saturating_sub(signs);
    let (kept, signs) = near.split_at_checked(cut).unwrap_or((near, &[]));
    let has_sign = signs.iter().any(|byte| b";|&+.".contains(byte));
    let last = kept.last().copied().unwrap_or(0);
    if has_sign && matches!(last, b'\'' | b'"') {
        let quotes = memchr::memchr_iter(last, kept).count();
        if quotes % 2 == 1 {
            return Before::Quote;
        }
    }
    if is_bare {
        // A quote that opened a JSON string is gone where that was undone.
        let is_ended = near.first() == Some(&b';');
        return if is_ended {
            Before::Data
        } else {
            Before::Nothing
        };
    }
    let is_token = is_whole
        && kept.len() <= 48
        && !kept
            .iter()
            .any(|b| b.is_ascii_whitespace() || b"(){}=<>\"'`".contains(b));
    let is_ended = signs.iter().any(|byte| b";|&".contains(byte));
    if is_token && is_ended {
        Before::Data
    } else {
        Before::Program
    }
}

/// True if a text ends in a tag, with nothing of a program behind it yet.
fn opens(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let text = text.strip_suffix(b"@").unwrap_or(text).trim_ascii_end();
    let ends = [
        b"<?php".as_slice(),
        b"<?=",
        b"<?",
        b"<%=",
        b"<%",
        b"${",
        b"#{",
        b"{{",
        b"{%",
        b"[php]",
        b"{php}",
        b"<?php echo",
        b"<?php print",
        b"<? echo",
        b"<?php return",
    ];
    let len = text.len();
    ends.iter().any(|end| {
        text.get(len.saturating_sub(end.len())..)
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    })
}

/// True if nothing but signs, a closing tag or a comment stands behind a call.
pub(super) fn is_end(text: &[u8]) -> bool {
    let near = text.get(..64).unwrap_or(text);
    let stop = near
        .windows(2)
        .position(|two| matches!(two, b"?>" | b"%>" | b"//" | b"/*" | b"--"));
    let hash = near.iter().position(|byte| *byte == b'#');
    let stop = stop.unwrap_or(near.len()).min(hash.unwrap_or(near.len()));
    let until = near.get(..stop).unwrap_or(near);
    !until.iter().any(u8::is_ascii_alphanumeric) && (stop < near.len() || near.len() < 64)
}

/// `res.end(`: the argument of one call, with nothing before it.
pub(super) fn in_call(text: &[u8]) -> bool {
    let name = text.trim_ascii().strip_suffix(b"(").unwrap_or_default();
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    (1..=BEFORE_BYTES).contains(&name.len()) && name.iter().all(is_of_name)
}

// Limit: what a call gave is asked for two members, or three.
const MEMBERS_MAX: usize = 3;

/// What stands behind `.read()` and `.text`, members of what a call gave.
pub(super) fn behind_members(text: &[u8]) -> &[u8] {
    let mut rest = text;
    for _ in 0..MEMBERS_MAX {
        let Some(member) = rest.strip_prefix(b".") else {
            break;
        };
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let name = member.iter().take(32).take_while(is_of_name).count();
        let behind = member.get(name..).unwrap_or_default();
        if name == 0 {
            break;
        }
        rest = behind;
        if let Some(inner) = behind.strip_prefix(b"(") {
            let window = inner.get(..64).unwrap_or(inner);
            let Some(close) = window.iter().position(|byte| matches!(byte, b')' | b'(')) else {
                break;
            };
            rest = inner.get(close.saturating_add(1)..).unwrap_or_default();
        }
    }
    rest
}

// Limit: four lines that are not empty are a document.
const LINES_MIN: usize = 4;

/// True for a text of many lines.
pub(super) fn is_document(text: &[u8]) -> bool {
    let mut lines = 0_usize;
    for line in text.split(|byte| *byte == b'\n') {
        if line.iter().any(|byte| !byte.is_ascii_whitespace()) {
            lines = lines.saturating_add(1);
            if lines >= LINES_MIN {
                return true;
            }
        }
    }
    false
}
