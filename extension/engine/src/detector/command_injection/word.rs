//! One word of a command line, unquoted as shells unquote it.
//! It never allocates and never reads further than a word may be long.

// Limit: the longest name of a command in the vocabulary has 17 letters.
const NAME_BYTES_MAX: usize = 24;
// Limit: an argument is told by how it begins; a quoted program of 256 bytes holds any one-liner.
const WORD_BYTES_MAX: usize = 256;
// Limit: commands that there are not have names of a letter or two.
const NOTHING_BYTES_MAX: usize = 2;

/// A word of a command line.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    /// As it stands.
    pub(super) text: &'t [u8],
    name: [u8; NAME_BYTES_MAX],
    len: usize,
    /// Where it begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Spelled so that filters do not know it.
    pub(super) is_odd: bool,
    /// A path to what it names.
    pub(super) has_path: bool,
    /// `?` or `[` stand where letters should.
    pub(super) is_glob: bool,
    /// All of it in one pair of quotes.
    pub(super) is_quoted: bool,
    /// `$IFS` stands behind it, for a space.
    pub(super) has_ifs: bool,
    /// What says nothing stands between its letters: `p${u}ing`, `w`u`hoami`.
    pub(super) is_threaded: bool,
}

impl Word<'_> {
    /// The last component of the word, unquoted and in lower case.
    pub(super) fn name(&self) -> &[u8] {
        self.name.get(..self.len).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes out of the name what stands between its letters and says nothing.
    fn unthread(&mut self) {
        let letters = self.name();
        let ends = [letters.first(), letters.last()];
        let is_own = ends.iter().all(|end| end.is_some_and(|byte| *byte != b'$'));
        if !is_own || self.len > NAME_BYTES_MAX || !letters.contains(&b'$') {
            return;
        }
        let mut joined = [0; NAME_BYTES_MAX];
        let mut len = 0_usize;
        for byte in letters.iter().filter(|byte| **byte != b'$') {
            if let Some(slot) = joined.get_mut(len) {
                *slot = *byte;
            }
            len = len.saturating_add(1);
        }
        self.name = joined;
        self.len = len;
        self.is_threaded = true;
    }
}

/// Skips blanks, and a sign that stands for one: `+` in a query, `,` in braces.
pub(super) fn skip_blank(text: &[u8], at: usize, blank: u8) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let blanks = rest
        .iter()
        .take(WORD_BYTES_MAX)
        .take_while(|byte| {
            matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | 0) || blank != 0 && **byte == blank
        })
        .count();
    let at = at.saturating_add(blanks);
    at.saturating_add(terminal_escape(rest.get(blanks..).unwrap_or_default()))
}

/// The length of a sequence that moves the cursor of a terminal and means nothing to a shell.
fn terminal_escape(text: &[u8]) -> usize {
    let Some(rest) = text.strip_prefix(b"\x1b[") else {
        return 0;
    };
    let digits = rest
        .iter()
        .take(8)
        .take_while(|b| b.is_ascii_digit())
        .count();
    digits.saturating_add(3).min(text.len())
}

/// The length of `$IFS`, `${IFS}`, `$IFS$9`, `${IFS%??}` at the start of a text.
pub(super) fn ifs(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"$IFS") {
        let is_more = matches!(text.get(4..6), Some([b'$', b'1'..=b'9']));
        return Some(if is_more { 6 } else { 4 });
    }
    if let Some(quoted) = text.strip_prefix(b"$'") {
        // `$' '`, `$'\x20'`, `$'\t'`: a blank that shells make of an escape.
        let blanks = [
            b" '".as_slice(),
            b"\t'",
            b"\\x20'",
            b"\\x09'",
            b"\\040'",
            b"\\t'",
        ];
        let blank = blanks.iter().find(|blank| quoted.starts_with(blank))?;
        return blank.len().checked_add(2);
    }
    if text.starts_with(b"${IFS") {
        let close = text.iter().take(24).position(|byte| *byte == b'}')?;
        return close.checked_add(1);
    }
    None
}

/// Reads the word at `at`, which ends at a blank, an operator or a quote that nobody closes.
pub(super) fn read(text: &[u8], at: usize, blank: u8) -> Word<'_> {
    let mut reader = Reader {
        text,
        at,
        blank,
        word: Word {
            text: &[],
            name: [0; NAME_BYTES_MAX],
            len: 0,
            start: at,
            end: at,
            is_odd: false,
            has_path: false,
            is_glob: false,
            is_quoted: false,
            has_ifs: false,
            is_threaded: false,
        },
        quotes: 0,
    };
    let limit = at.saturating_add(WORD_BYTES_MAX);
    while reader.at < limit && reader.step() {}
    let Reader {
        at: end,
        mut word,
        quotes,
        ..
    } = reader;
    let whole = text.get(at..end).unwrap_or_default();
    word.text = whole;
    word.end = end;
    let first = whole.first().copied().unwrap_or(0);
    let last = whole.last().copied().unwrap_or(0);
    word.is_quoted = quotes == 1 && matches!(first, b'\'' | b'"') && first == last;
    word.is_odd |= quotes > 0 && !word.is_quoted;
    word.unthread();
    word
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    blank: u8,
    word: Word<'t>,
    quotes: u32,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) -> bool {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
        true
    }

    fn push(&mut self, byte: u8) {
        if byte == 0 {
            return;
        }
        if let Some(slot) = self.word.name.get_mut(self.word.len) {
            *slot = byte.to_ascii_lowercase();
        }
        // A name that is too long is no command's.
        self.word.len = self.word.len.saturating_add(1);
    }

    /// True if the word goes on behind what was read.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some((&byte, behind)) = rest.split_first() else {
            return false;
        };
        let next = behind.first().copied().unwrap_or(0);
        match byte {
            0 => {
                self.word.is_odd = true;
                self.skip(1)
            }
            b'}' if self.blank == b',' => false,
            1..=b' ' | b';' | b'|' | b'&' | b'<' | b'>' | b'(' | b')' => false,
            _ if byte == self.blank => false,
            b'`' if next == b'`' => {
                self.word.is_odd = true;
                self.skip(2)
            }
            b'`' => self.between(1, b'`'),
            b'\'' | b'"' => self.quoted(byte),
            b'\\' => self.escaped(next),
            b'$' => self.variable(),
            b'^' if next.is_ascii_alphanumeric() && self.word.len > 0 => {
                self.word.is_odd = true;
                self.skip(1)
            }
            b'?' | b'[' | b'*' => {
                self.word.is_glob |= byte != b'*';
                self.push(b'?');
                self.skip(1)
            }
            b'/' => {
                self.separated();
                self.skip(1)
            }
            _ => {
                self.push(byte);
                self.skip(1)
            }
        }
    }

    /// What stood before a slash is the folder of what comes.
    fn separated(&mut self) {
        self.word.has_path = true;
        self.word.len = 0;
    }

    /// `` p`u`ing ``, `p$(u)ing`: a command that there is not, between letters of a name.
    fn between(&mut self, open: usize, close: u8) -> bool {
        let inner = self.rest().get(open..).unwrap_or_default();
        let letters = inner.iter().take(NOTHING_BYTES_MAX);
        let letters = letters.take_while(|byte| byte.is_ascii_lowercase()).count();
        let is_closed = letters > 0 && inner.get(letters) == Some(&close);
        let behind = inner.get(letters.saturating_add(1));
        if !is_closed || self.word.len == 0 || !behind.is_some_and(u8::is_ascii_lowercase) {
            return false;
        }
        self.push(b'$');
        self.skip(open.saturating_add(letters).saturating_add(1))
    }

    fn quoted(&mut self, quote: u8) -> bool {
        let inner = self.rest().get(1..).unwrap_or_default();
        let window = inner.get(..WORD_BYTES_MAX).unwrap_or(inner);
        let is_close = |at: &usize| {
            let before = at.checked_sub(1).and_then(|at| window.get(at));
            quote == b'\'' || before != Some(&b'\\')
        };
        let Some(close) = memchr::memchr_iter(quote, window).find(is_close) else {
            return false;
        };
        let start = self.at.saturating_add(1);
        for offset in 0..close.min(NAME_BYTES_MAX) {
            match self.text.get(start.saturating_add(offset)).copied() {
                Some(b'/' | b'\\') => self.separated(),
                Some(byte) => self.push(byte),
                None => break,
            }
        }
        if close > NAME_BYTES_MAX {
            self.word.len = NAME_BYTES_MAX.saturating_add(1);
        }
        self.quotes = self.quotes.saturating_add(1);
        self.skip(close.saturating_add(2))
    }

    fn escaped(&mut self, next: u8) -> bool {
        // `C:\windows\system32\cmd.exe`, `\\host\share`, `..\x`: no escapes.
        let word = self.text.get(self.word.start..self.at).unwrap_or_default();
        let is_windows = word.get(1) == Some(&b':')
            || self.word.has_path
            || word.is_empty() && next == b'\\'
            || word.ends_with(b".")
            || word.ends_with(b"%");
        if is_windows {
            self.separated();
            return self.skip(1);
        }
        if next.is_ascii_alphabetic() {
            self.word.is_odd = true;
        }
        if next != 0 && !matches!(next, b'\'' | b'"') {
            self.push(next);
        }
        self.skip(if next == 0 { 1 } else { 2 })
    }

    fn variable(&mut self) -> bool {
        let rest = self.rest();
        if ifs(rest).is_some() {
            self.word.has_ifs = true;
            self.word.is_odd = true;
            return false;
        }
        let behind = rest.get(1..).unwrap_or_default();
        let skipped = match behind {
            [b'\'' | b'"', ..] | [b'\\', b'\'' | b'"', ..] => 1,
            [
                b'@' | b'*' | b'!' | b'#' | b'?' | b'-' | b'0'..=b'9' | b'_',
                ..,
            ] => {
                self.word.is_odd = true;
                2
            }
            [b'(', b')', ..] => {
                self.word.is_odd = true;
                3
            }
            [b'(', ..] => return self.between(2, b')'),
            [b'{', inner @ ..] => {
                let close = inner.iter().take(48).position(|byte| *byte == b'}');
                self.push(b'$');
                close.map_or(2, |close| close.saturating_add(3))
            }
            _ => {
                let name = behind
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                self.push(b'$');
                name.saturating_add(1)
            }
        };
        self.skip(skipped)
    }
}
