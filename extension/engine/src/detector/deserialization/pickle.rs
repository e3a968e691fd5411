//! Python's pickle, its opcodes read one after the other to the first call.
//! It never runs one: it keeps the last names that were pushed, and no stack.
use super::Find;
use super::class::{self, Worth};
use crate::report::Confidence;

/// The program, as far as it was read.
struct Machine<'p> {
    program: &'p [u8],
    at: usize,
    /// The last two texts that were pushed, the newest first.
    texts: [&'p [u8]; 2],
    /// True for a program that says its protocol.
    is_binary: bool,
    /// The most that a callable on the stack is worth.
    callable: Option<Worth>,
}

/// Reads a program.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let is_binary = text.first() == Some(&0x80);
    let mut machine = Machine {
        program: text,
        at: 0,
        texts: [&[], &[]],
        is_binary,
        callable: None,
    };
    let worth = machine.run()?;
    let confidence = match worth {
        Worth::Gadget => Confidence::High,
        // A text of letters may read as a few opcodes.
        Worth::Unknown if is_binary => Confidence::Medium,
        _ => return None,
    };
    Some(Find {
        confidence,
        start: 0,
        end: machine.at,
        format: "python",
        mark: "pickle",
        is_whole: true,
    })
}

impl<'p> Machine<'p> {
    /// Reads to the end; the most that a callable is worth which was called.
    fn run(&mut self) -> Option<Worth> {
        let mut called = None;
        while let Some(&opcode) = self.program.get(self.at) {
            self.at = self.at.saturating_add(1);
            match opcode {
                // REDUCE, BUILD, OBJ, NEWOBJ, NEWOBJ_EX.
                b'R' | b'b' | b'o' | 0x81 | 0x92 => called = called.max(self.callable),
                // INST, GLOBAL.
                b'i' | b'c' => {
                    let (Some(module), Some(name)) = (self.line(), self.line()) else {
                        break;
                    };
                    if !self.names(module, name) {
                        break;
                    }
                    if opcode == b'i' {
                        called = called.max(self.callable);
                    }
                }
                // STACK_GLOBAL.
                0x93 if self.is_binary => {
                    let [name, module] = self.texts;
                    if !self.names(module, name) {
                        break;
                    }
                }
                b'.' => break,
                _ => {
                    if self.passes(opcode).is_none() {
                        break;
                    }
                }
            }
            if called == Some(Worth::Gadget) {
                break;
            }
        }
        called
    }

    /// Notes a callable; false for what is no name.
    fn names(&mut self, module: &[u8], name: &[u8]) -> bool {
        let is_name = |text: &[u8]| {
            !text.is_empty()
                && text
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        };
        if !is_name(module) || !is_name(name) {
            return false;
        }
        self.callable = self.callable.max(Some(class::python(module, name)));
        true
    }

    /// Passes what stands behind an opcode; `None` for what is none.
    fn passes(&mut self, opcode: u8) -> Option<()> {
        match opcode {
            b'('
            | b')'
            | b']'
            | b'}'
            | b'l'
            | b'd'
            | b't'
            | b'a'
            | b'e'
            | b's'
            | b'u'
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'Q'
            | 0x85..=0x89
            | 0x8f
            | 0x90
            | 0x91
            | 0x94
            | 0x97
            | 0x98 => Some(()),
            b'S' | b'V' => {
                let line = self.line()?;
                let text = line
                    .strip_prefix(b"'")
                    .and_then(|text| text.strip_suffix(b"'"));
                self.push(text.unwrap_or(line));
                Some(())
            }
            b'I' | b'L' | b'F' | b'p' | b'g' | b'P' => self.line().map(|_| ()),
            b'K' | b'q' | b'h' | 0x80 | 0x82 => self.bytes(1).map(|_| ()),
            b'M' | 0x83 => self.bytes(2).map(|_| ()),
            b'J' | b'r' | b'j' | 0x84 => self.bytes(4).map(|_| ()),
            b'G' | 0x95 => self.bytes(8).map(|_| ()),
            b'U' | b'C' | 0x8a | 0x8c => self.counted(1, opcode == b'U' || opcode == 0x8c),
            b'X' | b'T' | b'B' | 0x8b => self.counted(4, opcode == b'X' || opcode == b'T'),
            0x8d | 0x8e | 0x96 => self.counted(8, opcode == 0x8d),
            _ => None,
        }
    }

    /// The rest of the line.
    fn line(&mut self) -> Option<&'p [u8]> {
        let rest = self.program.get(self.at..)?;
        let len = memchr::memchr(b'\n', rest)?;
        self.at = self.at.saturating_add(len).saturating_add(1);
        rest.get(..len)
    }

    /// The next bytes.
    fn bytes(&mut self, len: usize) -> Option<&'p [u8]> {
        let end = self.at.checked_add(len)?;
        let bytes = self.program.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// Passes bytes behind their little-endian count of `width` bytes.
    fn counted(&mut self, width: usize, is_text: bool) -> Option<()> {
        let count = self
            .bytes(width)?
            .iter()
            .rev()
            .try_fold(0_usize, |count, byte| {
                Some(count.checked_mul(256)? | usize::from(*byte))
            })?;
        let text = self.bytes(count)?;
        if is_text {
            self.push(text);
        }
        Some(())
    }

    fn push(&mut self, text: &'p [u8]) {
        let [newest, _] = self.texts;
        self.texts = [text, newest];
    }
}
