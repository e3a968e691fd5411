//! Languages in which functions are written: their files, and the texts in them that may be sent.
//! It never parses a program: where a text of many lines begins and ends is all that it asks.
use crate::sought;

/// How a language writes texts of many lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Between three quotes of either kind.
    Python,
    /// Between back-ticks.
    Script,
    /// Between three double quotes.
    Block,
    /// Behind `<<NAME`, up to a line of that name.
    Shell,
    /// The same, and everything outside of `<?php … ?>`.
    Php,
    /// Not at all.
    Plain,
}

impl Language {
    /// The language of a file, by its name; `None` if it is no program text.
    pub fn of_file(name: &[u8]) -> Option<Self> {
        let dot = memchr::memrchr(b'.', name)?;
        let extension = name.get(dot.saturating_add(1)..)?;
        Some(match extension {
            b"py" => Self::Python,
            b"js" | b"mjs" | b"cjs" | b"ts" | b"mts" | b"cts" | b"tsx" | b"jsx" | b"go" => {
                Self::Script
            }
            b"java" | b"kt" | b"kts" | b"scala" | b"groovy" | b"cs" | b"fs" | b"swift" => {
                Self::Block
            }
            b"rb" | b"sh" | b"bash" | b"pl" | b"ex" | b"exs" => Self::Shell,
            b"php" => Self::Php,
            b"rs" | b"lua" | b"r" | b"R" | b"clj" | b"hs" | b"ml" | b"sql" | b"tf" => Self::Plain,
            _ => return None,
        })
    }

    pub(super) fn reader(self) -> Reader {
        Reader {
            language: self,
            is_text: self == Self::Php,
            name: [0; NAME_BYTES],
            len: 0,
        }
    }
}

// Limit: `HTML`, `EOF`, `SQL`: a longer name is compared by its beginning.
const NAME_BYTES: usize = 16;

/// Reads a file line by line, and tells which lines are program text.
pub(super) struct Reader {
    language: Language,
    /// The line at hand stands in a text.
    is_text: bool,
    /// What ends a text that has a name.
    name: [u8; NAME_BYTES],
    len: usize,
}

impl Reader {
    /// True for a line of which nothing stands in a text of many lines.
    pub(super) fn is_program(&mut self, line: &[u8]) -> bool {
        let was_text = self.is_text;
        match self.language {
            Language::Plain => return true,
            Language::Python => {
                self.toggle(count(line, b"\"\"\"").saturating_add(count(line, b"'''")));
            }
            Language::Block => self.toggle(count(line, b"\"\"\"")),
            Language::Script => {
                let escaped = count(line, b"\\`");
                self.toggle(count(line, b"`").saturating_sub(escaped));
            }
            Language::Shell => self.here(line),
            Language::Php if self.len > 0 => self.here(line),
            Language::Php => {
                self.toggle(count(line, b"<?php").saturating_add(count(line, b"<?=")));
                self.toggle(count(line, b"?>"));
                if !self.is_text {
                    self.here(line);
                }
            }
        }
        !was_text && !self.is_text
    }

    fn toggle(&mut self, marks: usize) {
        self.is_text ^= marks % 2 == 1;
    }

    /// A text behind `<<NAME` begins or ends.
    fn here(&mut self, line: &[u8]) {
        if self.len > 0 {
            let name = self.name.get(..self.len).unwrap_or(&[]);
            let line = line.trim_ascii_start();
            let behind = line.strip_prefix(name).unwrap_or(b"_");
            if !behind
                .first()
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            {
                self.len = 0;
                self.is_text = false;
            }
            return;
        }
        let Some(mark) = sought::find(line, b"<<") else {
            return;
        };
        let behind = line.get(mark.saturating_add(2)..).unwrap_or(&[]);
        let start = behind.iter().position(|byte| !b"<~-'\"".contains(byte));
        let behind = start.and_then(|start| behind.get(start..)).unwrap_or(&[]);
        let is_name = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'_';
        for byte in behind.iter().take_while(is_name).take(NAME_BYTES) {
            if let Some(slot) = self.name.get_mut(self.len) {
                *slot = *byte;
                self.len = self.len.saturating_add(1);
            }
        }
        self.is_text = self.len > 0;
    }
}

fn count(line: &[u8], mark: &[u8]) -> usize {
    sought::find_all(line, mark).count()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Language;

    #[test]
    fn lines_of_texts_that_a_program_sends_are_none_of_its_lines() {
        for (language, file, program) in [
            (
                Language::Python,
                "a\nx = \"\"\"\nb\n\"\"\"\nc\n'''d'''",
                "a\nc\n'''d'''",
            ),
            (Language::Script, "a\nx = `\nb\n`\nc = `d`", "a\nc = `d`"),
            (Language::Block, "a\nx = \"\"\"\nb\n\"\"\";\nc", "a\nc"),
            (
                Language::Shell,
                "a\ncat <<~HTML\nb\n  HTML\nc << d",
                "a\nc << d",
            ),
            (
                Language::Php,
                "b\n<?php\na\necho <<<HTML\nb\nHTML;\nc\n?>\nd",
                "a\nc",
            ),
            (Language::Plain, "a\n\"\"\"\nb", "a\n\"\"\"\nb"),
        ] {
            let mut reader = language.reader();
            let lines = file
                .split('\n')
                .filter(|line| reader.is_program(line.as_bytes()));
            let found: Vec<&str> = lines.collect();
            let wanted: Vec<&str> = program.split('\n').collect();
            assert_eq!(found, wanted, "{language:?}");
        }
    }

    #[test]
    fn the_language_of_a_file_is_told_by_its_name() {
        assert_eq!(Language::of_file(b"app.py"), Some(Language::Python));
        assert_eq!(Language::of_file(b"index.mjs"), Some(Language::Script));
        for name in [
            "page.html",
            "style.css",
            "data.json",
            "README",
            "a.pyc",
            ".env",
        ] {
            assert_eq!(Language::of_file(name.as_bytes()), None, "{name}");
        }
    }
}
