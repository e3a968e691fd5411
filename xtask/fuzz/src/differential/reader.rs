//! Another parser, kept running beside this process and asked in batches.
//! It never is waited for while it waits: it answers only once it has a whole batch.
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// One string that a parser sees.
pub(super) struct Seen {
    pub(super) text: Vec<u8>,
    /// True if it is a document, whose own strings follow.
    pub(super) is_document: bool,
}

/// A parser.
pub(super) struct Reader {
    pub(super) name: &'static str,
    /// How many documents it has accepted.
    pub(super) accepted: usize,
    child: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

const REFUSED: u32 = u32::MAX;
const DOCUMENT: u32 = 1 << 31;

impl Reader {
    /// Those parsers whose programs are here; tells which are not.
    pub(super) fn all() -> Result<Vec<Self>> {
        let programs = [
            ("python3", "-c", include_str!("reader.py")),
            ("node", "-e", include_str!("reader.js")),
        ];
        let mut readers = Vec::new();
        for (program, option, source) in programs {
            match Self::start(program, option, source) {
                Ok(reader) => readers.push(reader),
                Err(error) => {
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "skipped: differential against {program}: {error:#}")?;
                }
            }
        }
        if readers.is_empty() {
            bail!("neither python3 nor node is here to compare with");
        }
        Ok(readers)
    }

    fn start(program: &'static str, option: &str, source: &str) -> Result<Self> {
        let mut child = Command::new(program)
            .args([option, source])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        let to = child.stdin.take().context("no way to the parser")?;
        let from = child.stdout.take().context("no way from the parser")?;
        Ok(Self {
            name: program,
            accepted: 0,
            child,
            to: BufWriter::new(to),
            from: BufReader::new(from),
        })
    }

    /// Sends a batch.
    pub(super) fn ask(&mut self, documents: &[Vec<u8>]) -> Result<()> {
        let number = |length: usize| u32::try_from(length).map(u32::to_le_bytes);
        self.to.write_all(&number(documents.len())?)?;
        for document in documents {
            self.to.write_all(&number(document.len())?)?;
            self.to.write_all(document)?;
        }
        self.to.flush().context("the parser has ended")
    }

    /// The strings of the next document of the batch; `None` if the parser refuses it.
    pub(super) fn answer(&mut self) -> Result<Option<Vec<Seen>>> {
        let count = self.number()?;
        if count == REFUSED {
            return Ok(None);
        }
        let mut strings = Vec::new();
        for _ in 0..count {
            let head = self.number()?;
            let mut text = vec![0; usize::try_from(head & !DOCUMENT)?];
            self.from.read_exact(&mut text)?;
            strings.push(Seen {
                text,
                is_document: head & DOCUMENT != 0,
            });
        }
        Ok(Some(strings))
    }

    fn number(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        let read = self.from.read_exact(&mut bytes);
        read.with_context(|| format!("{} has ended before its answer", self.name))?;
        Ok(u32::from_le_bytes(bytes))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It ends by itself at the end of its input; that it may have ended before is no news.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
