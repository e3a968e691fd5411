//! The spellings in which a secret may leave: as it is, escaped, packed, backwards.
//! It never keeps more of a secret than its spellings, and never shows one.
use alloc::vec::Vec;

/// One spelling of one secret.
pub(super) struct Spelling {
    /// The bytes to look for.
    pub(super) bytes: Vec<u8>,
    /// For each of them, and for the end, how many bytes of the secret are whole before it.
    before: Vec<u16>,
    /// Its name in findings.
    pub(super) name: &'static str,
}

// Limit: a session token has some 1,000 bytes, an environment at most 4,096 in all.
const SECRET_BYTES_MAX: usize = 4096;

impl Spelling {
    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.before.len().saturating_sub(1)
    }

    /// How many bytes of the secret stand whole in `start..end` of the spelling.
    pub(super) fn whole(&self, start: usize, end: usize) -> usize {
        let at = |offset: usize| self.before.get(offset).copied().map_or(0, usize::from);
        // The first byte counts only where it begins with the run.
        let begins = self.first_whole_from(start);
        at(end).saturating_sub(begins)
    }

    /// The first byte of the secret whose spelling begins at `start` or behind it.
    fn first_whole_from(&self, start: usize) -> usize {
        let Some(here) = self.before.get(start).copied() else {
            return usize::MAX;
        };
        let is_first = start == 0
            || start
                .checked_sub(1)
                .and_then(|before| self.before.get(before))
                .is_some_and(|before| *before < here);
        usize::from(here).saturating_add(usize::from(!is_first))
    }

    /// A spelling of one piece for each byte of the secret.
    fn by_byte(secret: &[u8], name: &'static str, spell: impl Fn(u8, &mut Vec<u8>)) -> Self {
        let (mut bytes, mut before) = (Vec::new(), Vec::new());
        for (index, byte) in secret.iter().enumerate() {
            spell(*byte, &mut bytes);
            before.resize(bytes.len(), u16::try_from(index).unwrap_or(u16::MAX));
        }
        before.push(u16::try_from(secret.len()).unwrap_or(u16::MAX));
        Self {
            bytes,
            before,
            name,
        }
    }

    /// The base64 of a secret that stands behind `shift` other bytes: only what does not depend on
    /// its neighbours.
    fn base64(secret: &[u8], shift: usize, alphabet: &[u8; 64], name: &'static str) -> Self {
        let bit = |at: usize| -> u8 {
            let byte = secret.get(at / 8).copied().unwrap_or(0);
            (byte >> (7_usize.saturating_sub(at % 8))) & 1
        };
        let bits = secret.len().saturating_mul(8);
        // The first character that holds bits of the secret alone.
        let skipped = (6_usize.saturating_sub(shift.saturating_mul(8) % 6)) % 6;
        let (mut bytes, mut before) = (Vec::new(), Vec::new());
        let mut at = skipped;
        while at.saturating_add(6) <= bits {
            let value = (0..6).fold(0, |value, offset| {
                (value << 1) | bit(at.saturating_add(offset))
            });
            bytes.extend(alphabet.get(usize::from(value)));
            before.push(u16::try_from(at / 8).unwrap_or(u16::MAX));
            at = at.saturating_add(6);
        }
        before.push(u16::try_from(at / 8).unwrap_or(u16::MAX));
        Self {
            bytes,
            before,
            name,
        }
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All spellings of a secret, each once.
pub(super) fn all(secret: &[u8]) -> Vec<Spelling> {
    let secret = secret.get(..SECRET_BYTES_MAX).unwrap_or(secret);
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    let mut all = Vec::from([
        Spelling::by_byte(secret, "plain", |byte, out| out.push(byte)),
        Spelling::by_byte(&reversed, "reversed", |byte, out| out.push(byte)),
        Spelling::by_byte(secret, "hex", |byte, out| {
            hex(byte, b"0123456789abcdef", out);
        }),
        Spelling::by_byte(secret, "hex", |byte, out| {
            hex(byte, b"0123456789ABCDEF", out);
        }),
        Spelling::by_byte(secret, "json", json),
        Spelling::by_byte(secret, "json", slashed),
        Spelling::by_byte(secret, "json", |byte, out| {
            coded(byte, b"0123456789abcdef", out);
        }),
        Spelling::by_byte(secret, "json", |byte, out| {
            coded(byte, b"0123456789ABCDEF", out);
        }),
        Spelling::by_byte(secret, "url", |byte, out| {
            url(byte, b"0123456789ABCDEF", out);
        }),
        Spelling::by_byte(secret, "url", |byte, out| {
            url(byte, b"0123456789abcdef", out);
        }),
        Spelling::by_byte(secret, "html", |byte, out| html(byte, true, out)),
        Spelling::by_byte(secret, "html", |byte, out| html(byte, false, out)),
    ]);
    for shift in 0..3 {
        all.push(Spelling::base64(secret, shift, STANDARD, "base64"));
        all.push(Spelling::base64(secret, shift, URL_SAFE, "base64"));
    }
    let mut each: Vec<Spelling> = Vec::new();
    for spelling in all {
        if !each.iter().any(|other| other.bytes == spelling.bytes) {
            each.push(spelling);
        }
    }
    each
}

fn hex(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    out.extend(digits.get(usize::from(byte >> 4)));
    out.extend(digits.get(usize::from(byte & 15)));
}

/// As JSON writes a string.
fn json(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\t' => out.extend(b"\\t"),
        0..0x20 => {
            out.extend(b"\\u00");
            hex(byte, b"0123456789abcdef", out);
        }
        _ => out.push(byte),
    }
}

/// As those write JSON who escape slashes, too.
fn slashed(byte: u8, out: &mut Vec<u8>) {
    if byte == b'/' {
        out.extend(b"\\/");
    } else {
        json(byte, out);
    }
}

/// As those write JSON who want it to stand in HTML: by number what is a sign there.
fn coded(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    if matches!(byte, b'"' | b'&' | b'\'' | b'+' | b'<' | b'>' | b'`' | b'=') {
        out.extend(b"\\u00");
        hex(byte, digits, out);
    } else {
        json(byte, out);
    }
}

fn url(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        out.push(byte);
    } else {
        out.push(b'%');
        hex(byte, digits, out);
    }
}

/// As templates write text into HTML: by name, or all that is no letter by number.
fn html(byte: u8, by_name: bool, out: &mut Vec<u8>) {
    let name: &[u8] = match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\'' => b"&#39;",
        b'/' if !by_name => b"&#x2F;",
        b'=' if !by_name => b"&#x3D;",
        b'+' if !by_name => b"&#43;",
        b'`' if !by_name => b"&#x60;",
        _ => {
            out.push(byte);
            return;
        }
    };
    out.extend(name);
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::all;

    #[test]
    fn every_spelling_of_a_secret_is_there() {
        let spelled: Vec<String> = all(b"a/b+c=\"d")
            .into_iter()
            .map(|spelling| alloc::format!("{} {}", spelling.name, spelling.bytes.escape_ascii()))
            .collect();
        for expected in [
            r#"plain a/b+c=\"d"#,
            r#"reversed d\"=c+b/a"#,
            "hex 612f622b633d2264",
            "hex 612F622B633D2264",
            r#"json a/b+c=\\\"d"#,
            r#"json a\\/b+c=\\\"d"#,
            r#"json a/b\\u002bc\\u003d\\u0022d"#,
            r#"json a/b\\u002Bc\\u003D\\u0022d"#,
            "url a%2Fb%2Bc%3D%22d",
            "url a%2fb%2bc%3d%22d",
            "html a/b+c=&quot;d",
            "html a&#x2F;b&#43;c&#x3D;&quot;d",
            "base64 YS9iK2M9Im",
        ] {
            assert!(
                spelled.iter().any(|found| found == expected),
                "{expected}: {spelled:#?}"
            );
        }
    }

    #[test]
    fn a_run_counts_the_bytes_that_it_holds_whole() {
        let spellings = all(b"0123456789");
        let of = |name: &str| spellings.iter().find(|found| found.name == name).unwrap();
        assert_eq!(of("plain").whole(2, 9), 7);
        assert_eq!(of("hex").whole(0, 20), 10);
        assert_eq!(of("hex").whole(1, 19), 8);
        assert_eq!(of("base64").whole(0, 12), 9);
        assert_eq!(of("base64").whole(1, 12), 8);
    }
}
