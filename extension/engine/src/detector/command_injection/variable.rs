//! Variables where a command may stand: what the same value gave them.
//! It never looks further back than a name and its value are long.
use super::command::{self, Kind};
use super::word::{self, Word};

// Limit: an assignment and what uses it stand side by side.
const BEFORE_BYTES: usize = 96;

/// The command that a variable was given in the same value: `X=id;$X`.
pub(super) fn kind(text: &[u8], sign: usize, word: &Word<'_>, blank: u8, opens: bool) -> Kind {
    if is_cut_out(word.text) || cuts_out(word.text) {
        return Kind::SURE;
    }
    let name = word.text.get(1..).unwrap_or_default();
    let letters = name.iter().take_while(|b| b.is_ascii_alphanumeric());
    let name = name.get(..letters.count());
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Kind::default();
    };
    let start = sign.saturating_sub(BEFORE_BYTES);
    let before = text.get(start..sign).unwrap_or_default();
    let found = before.windows(name.len().saturating_add(1)).position(|w| {
        w.split_last()
            .is_some_and(|(last, n)| *last == b'=' && n == name)
    });
    // Where the form of a value was opened, the name is not in it any more.
    let value = found.map_or(start, |found| {
        let behind = found.saturating_add(name.len()).saturating_add(1);
        start.saturating_add(behind)
    });
    if found.is_none() && start > 0 {
        return Kind::default();
    }
    if opens_quoted(text.get(value..sign).unwrap_or_default()) {
        return Kind::SURE;
    }
    let value = word::read(text, value, blank);
    let is_whole = command::kind(&value).is_command() && value.end == sign;
    // A value that begins with a sign and runs what it has put together.
    let is_put_together = opens && found.is_some() && !value.is_empty();
    if is_whole || is_put_together {
        Kind::SURE
    } else {
        Kind::default()
    }
}

/// `X=$'cat /etc/hosts'`: a command line in the quotes in which shells undo escapes.
fn opens_quoted(given: &[u8]) -> bool {
    let inner = given.strip_prefix(b"$'");
    let inner = inner.and_then(|inner| inner.trim_ascii_end().strip_suffix(b"'"));
    inner.is_some_and(|inner| command::kind(&word::read(inner, 0, 0)).is_command())
}

/// `%programfiles:~10,1%`: a letter that Windows' shell cuts out of something else.
pub(super) fn cuts_out(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"%") else {
        return false;
    };
    matches!(behind_name(inner), [b':', b'~', b'0'..=b'9' | b'-', ..])
}

/// How a value begins that gives a command another name.
pub(super) const ALIAS: &[u8] = b"alias ";

/// `alias e=env&e`: the other name that a value has just given to a command.
pub(super) fn is_alias(text: &[u8], word: &Word<'_>) -> bool {
    let Some(name) = text.strip_prefix(ALIAS) else {
        return false;
    };
    let behind = name.strip_prefix(word.text).unwrap_or_default();
    word.start > ALIAS.len() && !word.is_empty() && behind.first() == Some(&b'=')
}

/// `${PATH:0:1}bin`: letters that are cut out of something else.
fn is_cut_out(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"${") else {
        return false;
    };
    matches!(behind_name(inner), [b':', b'0'..=b'9' | b'-' | b' ', ..])
}

/// What stands behind the name of a variable; nothing where there is no name.
fn behind_name(text: &[u8]) -> &[u8] {
    let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name = text.iter().take(32).take_while(is_of_name).count();
    text.get(name..).filter(|_| name > 0).unwrap_or_default()
}
