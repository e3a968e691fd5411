//! Where in program text of a browser a byte stands: code, a string, a comment.
//! It never understands a program: strings and comments are all that decides what a value can do.

/// A place in program text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::leak) enum Part {
    /// Between strings and comments.
    Plain,
    /// In a string that this byte ends.
    Text(u8),
    /// In a comment up to the end of the line.
    Line,
    /// In a comment up to `*/`.
    Block,
    /// In an expression, or in a class of it.
    Expression { class: bool },
}

/// A reader of program text, byte by byte.
#[derive(Clone, Copy, Debug)]
pub(in crate::leak) struct Code {
    pub(in crate::leak) part: Part,
    /// The byte before.
    last: u8,
    /// The last byte of code that is no white space.
    sign: u8,
    is_escaped: bool,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            part: Part::Plain,
            last: 0,
            sign: 0,
            is_escaped: false,
        }
    }
}

impl Code {
    /// Reads one byte.
    pub(in crate::leak) fn step(&mut self, byte: u8) {
        if self.is_escaped {
            self.is_escaped = false;
            self.last = 0;
            return;
        }
        let last = self.last;
        self.last = byte;
        if byte == b'\\' && matches!(self.part, Part::Text(_) | Part::Expression { .. }) {
            self.is_escaped = true;
            return;
        }
        self.part = match self.part {
            Part::Plain => return self.plain(last, byte),
            Part::Text(end) if byte == end => self.back(end),
            // A line ends what nobody closed.
            Part::Text(b'"' | b'\'') | Part::Line | Part::Expression { .. } if byte == b'\n' => {
                Part::Plain
            }
            Part::Block if last == b'*' && byte == b'/' => self.back(b' '),
            Part::Expression { class: false } if byte == b'/' => self.back(b')'),
            Part::Expression { .. } if byte == b'[' => Part::Expression { class: true },
            Part::Expression { .. } if byte == b']' => Part::Expression { class: false },
            part => part,
        };
    }

    /// Back in code, behind something that ends with `sign`.
    fn back(&mut self, sign: u8) -> Part {
        if sign > b' ' {
            self.sign = sign;
        }
        self.last = 0;
        Part::Plain
    }

    fn plain(&mut self, last: u8, byte: u8) {
        match byte {
            b'/' if last == b'/' => self.part = Part::Line,
            b'*' if last == b'/' => {
                self.part = Part::Block;
                self.last = 0;
            }
            // `a / b` divides; behind a sign an expression begins, but for `//` and `/*`, which
            // are told with the next byte.
            _ if last == b'/' && begins_expression(self.sign) => {
                self.part = Part::Expression {
                    class: byte == b'[',
                };
                self.is_escaped = byte == b'\\';
            }
            b'"' | b'\'' | b'`' => self.part = Part::Text(byte),
            b'/' | 0..=b' ' => {}
            _ => self.sign = byte,
        }
    }
}

/// True if a slash behind this byte begins an expression and does not divide.
fn begins_expression(sign: u8) -> bool {
    matches!(
        sign,
        0 | b'('
            | b'='
            | b','
            | b':'
            | b'['
            | b'!'
            | b'&'
            | b'|'
            | b'?'
            | b'{'
            | b'}'
            | b';'
            | b'+'
    )
}

#[cfg(test)]
mod tests {
    use super::{Code, Part};

    fn part(text: &str) -> Part {
        let mut code = Code::default();
        for byte in text.bytes() {
            code.step(byte);
        }
        code.part
    }

    #[test]
    fn a_byte_of_a_script_stands_where_a_browser_would_read_it() {
        for (text, expected) in [
            ("a = 1", Part::Plain),
            ("a = \"b", Part::Text(b'"')),
            ("a = \"b\"", Part::Plain),
            ("a = \"b\\\"", Part::Text(b'"')),
            ("a = \"b\\\\\"", Part::Plain),
            ("a = \"b\nc", Part::Plain),
            ("a = `b\nc", Part::Text(b'`')),
            ("a = '\"", Part::Text(b'\'')),
            ("a // b'", Part::Line),
            ("a // b\n", Part::Plain),
            ("a /* b'", Part::Block),
            ("a /*/ b", Part::Block),
            ("a /* b */", Part::Plain),
            ("a = /\"/; b", Part::Plain),
            ("a = /[/\"", Part::Expression { class: true }),
            ("a = /\\//; 'x", Part::Text(b'\'')),
            ("a = b / c; 'x", Part::Text(b'\'')),
            ("a = (b) / 2 / '", Part::Text(b'\'')),
        ] {
            assert_eq!(part(text), expected, "{text}");
        }
    }
}
