//! An event with every value masked: names, structure, lengths and kinds of letters stay.
//! It never lets four characters of a value in a row through, and never makes what is no JSON.
//!
//! Letters become `x` and `X`, digits `9`, what is no ASCII `?` for each byte; of signs and spaces
//! at most three stay in a row. A name that may be a value, as one with a number in it, is masked
//! like one. `true`, `false` and `null` stay.

// Limit: as deep as readers of JSON go by default; a deeper event is left out.
const DEPTH_MAX: usize = 100;

// Limit: the longest name that the platform writes has 40 letters.
const NAME_BYTES_MAX: usize = 48;

// Limit: what is promised is that no four stay.
const RUN_MAX: usize = 3;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// Or the end of an array.
    Element,
    Name,
    /// Or the end of an object.
    Member,
    /// A comma, or the end of whatever is open.
    Comma,
}

/// The event masked, as JSON of the same length on one line; `None` if it is no JSON.
pub(crate) fn masked(event: &[u8]) -> Option<String> {
    let mut masker = Masker {
        rest: event,
        out: String::with_capacity(event.len()),
        open: Vec::new(),
        next: Next::Value,
    };
    while let Some((&byte, behind)) = masker.rest.split_first() {
        if byte.is_ascii_whitespace() {
            masker.rest = behind;
            masker.out.push(' ');
        } else {
            masker.token(byte, behind)?;
        }
    }
    let is_whole = masker.next == Next::Comma && masker.open.is_empty();
    is_whole.then_some(masker.out)
}

struct Masker<'e> {
    rest: &'e [u8],
    out: String,
    /// The bytes that close what is open.
    open: Vec<u8>,
    next: Next,
}

impl<'e> Masker<'e> {
    fn token(&mut self, byte: u8, behind: &'e [u8]) -> Option<()> {
        let is_value = matches!(self.next, Next::Value | Next::Element);
        match (byte, self.next) {
            (b'{' | b'[', _) if is_value && self.open.len() < DEPTH_MAX => {
                let (close, next) = match byte {
                    b'{' => (b'}', Next::Member),
                    _ => (b']', Next::Element),
                };
                self.open.push(close);
                self.sign(byte, behind, next);
            }
            (b'}', Next::Member | Next::Comma) | (b']', Next::Element | Next::Comma) => {
                self.open.pop().filter(|close| *close == byte)?;
                self.sign(byte, behind, Next::Comma);
            }
            (b',', Next::Comma) => {
                let next = match self.open.last()? {
                    b'}' => Next::Name,
                    _ => Next::Value,
                };
                self.sign(byte, behind, next);
            }
            (b'"', Next::Name | Next::Member) => self.name(behind)?,
            (b'"', _) if is_value => {
                let text = self.text(behind)?;
                self.quote(text, false)?;
                self.next = Next::Comma;
            }
            _ if is_value => self.literal()?,
            _ => return None,
        }
        Some(())
    }

    fn sign(&mut self, byte: u8, behind: &'e [u8], next: Next) {
        self.out.push(char::from(byte));
        self.rest = behind;
        self.next = next;
    }

    /// The bytes up to the quote that ends a text; what follows it is left.
    fn text(&mut self, behind: &'e [u8]) -> Option<&'e [u8]> {
        let mut is_escaped = false;
        let end = behind.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        })?;
        self.rest = behind.get(end.checked_add(1)?..)?;
        behind.get(..end)
    }

    fn name(&mut self, behind: &'e [u8]) -> Option<()> {
        let name = self.text(behind)?;
        self.quote(name, is_plain(name))?;
        let spaces = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let spaces = spaces.count();
        self.out.extend(std::iter::repeat_n(' ', spaces));
        let (colon, behind) = self.rest.get(spaces..)?.split_first()?;
        (*colon == b':').then(|| self.sign(b':', behind, Next::Value))
    }

    /// Writes a text in quotes; a plain one as it stands.
    fn quote(&mut self, text: &[u8], is_plain: bool) -> Option<()> {
        self.out.push('"');
        // Signs that stayed in a row.
        let mut run = 0;
        let mut bytes = text.iter();
        while let Some(byte) = bytes.next() {
            let keeps = is_plain || run < RUN_MAX;
            run = run.checked_add(1)?;
            match byte {
                b'\\' => match bytes.next()? {
                    b'u' => {
                        let is_hex = bytes.by_ref().take(4).filter(|hex| hex.is_ascii_hexdigit());
                        (is_hex.count() == 4).then(|| self.out.push_str("\\u0078"))?;
                        run = 0;
                    }
                    sign @ (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') if keeps => {
                        self.out.push('\\');
                        self.out.push(char::from(*sign));
                    }
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                        self.out.push_str("~~");
                        run = 0;
                    }
                    _ => return None,
                },
                _ if is_plain => self.out.push(char::from(*byte)),
                _ => {
                    let mask = mask_of(*byte);
                    let sign = if keeps { char::from(*byte) } else { '~' };
                    if mask.is_some() || !keeps {
                        run = 0;
                    }
                    self.out.push(mask.unwrap_or(sign));
                }
            }
        }
        self.out.push('"');
        Some(())
    }

    /// A number, or a word of JSON's.
    fn literal(&mut self) -> Option<()> {
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (literal, behind) = self.rest.split_at_checked(end)?;
        match literal {
            b"true" | b"false" | b"null" => {
                self.out
                    .extend(literal.iter().map(|byte| char::from(*byte)));
            }
            number if is_number(number) => {
                let digit = |byte: &u8| {
                    if byte.is_ascii_digit() {
                        '9'
                    } else {
                        char::from(*byte)
                    }
                };
                self.out.extend(number.iter().map(digit));
            }
            _ => return None,
        }
        self.rest = behind;
        self.next = Next::Comma;
        Some(())
    }
}

/// What a byte of a value becomes; `None` for a sign.
fn mask_of(byte: u8) -> Option<char> {
    match byte {
        b'a'..=b'z' => Some('x'),
        b'A'..=b'Z' => Some('X'),
        b'0'..=b'9' => Some('9'),
        b' '..=b'~' => None,
        _ => Some('?'),
    }
}

/// True for what somebody called a member, and no number, address or path that became one.
pub(super) fn is_plain(name: &[u8]) -> bool {
    let is_letter = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'$' | b':')
    };
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    name.len() <= NAME_BYTES_MAX && digits <= 3 && name.iter().all(is_letter)
}

/// True if a text is a number of JSON's, once its digits are nines.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let (rest, power) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => match text.split_at_checked(at) {
            Some((rest, [_, b'+' | b'-', power @ ..] | [_, power @ ..])) => (rest, Some(power)),
            _ => return false,
        },
        None => (text, None),
    };
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let mut parts = rest.split(|byte| *byte == b'.');
    let whole = parts.next().is_some_and(digits);
    let part = parts.next().is_none_or(digits);
    whole && part && parts.next().is_none() && power.is_none_or(digits)
}

#[cfg(test)]
mod tests;
