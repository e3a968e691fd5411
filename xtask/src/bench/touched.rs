//! How much memory of the program one inspection touches: its tables and its code.
//! It never counts the event, the heap or the stack, which no build can make smaller.
use std::collections::BTreeSet;
use std::ops::Range;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::programs;
use crate::layer::Source;
use crate::{debian, project};

/// The most that the tables of one inspection may fill.
// Limit: 128 KiB, the first bar of goal 10; caches of the second level hold some 512 KiB.
const TABLE_BYTES_MAX: usize = 128 << 10;

/// The unit in which caches load.
const LINE_BYTES: u64 = 64;

/// The event whose inspection is traced: an ordinary order of 1 KB.
const EVENT: &str = "order-1k";

/// What one inspection touches of the program itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    /// Bytes of cache lines with constants that were read.
    pub(crate) table_bytes: usize,
    /// Bytes of cache lines with instructions that ran.
    pub(crate) code_bytes: usize,
}

/// Traces one inspection; `None` where valgrind cannot be installed.
pub(crate) fn measure() -> Result<Option<Touched>> {
    if debian::need("valgrind", &["valgrind"]).is_err() {
        return Ok(None);
    }
    let program = programs("credenza-bench", &Source::here())?.join("credenza-bench-instructions");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=lackey", "--trace-mem=yes"]);
    let output = valgrind
        .arg(&program)
        .args([EVENT, "2", "where"])
        .output()
        .context("cannot start valgrind")?;
    ensure!(
        output.status.success(),
        "{} ended with {}",
        project::spelling(&valgrind),
        output.status
    );
    let said = String::from_utf8_lossy(&output.stdout);
    let trace = String::from_utf8_lossy(&output.stderr);
    let places = Places::read(&said, &program.to_string_lossy())
        .context("the program did not say where it lies")?;
    Ok(Some(places.count(&trace)))
}

/// Traces, prints and judges.
pub(crate) fn gate() -> Result<()> {
    if let Some(touched) = measure()? {
        println!(
            "{:<22}{:>14}{:>14}",
            "table bytes", touched.table_bytes, TABLE_BYTES_MAX
        );
        println!("{:<22}{:>14}", "code bytes", touched.code_bytes);
        ensure!(
            touched.table_bytes <= TABLE_BYTES_MAX,
            "one inspection touches {} bytes of tables, more than {TABLE_BYTES_MAX}",
            touched.table_bytes
        );
    }
    Ok(())
}

/// Where the program lies in its own memory.
#[derive(Debug)]
struct Places {
    mark: u64,
    /// Where its constants and instructions lie.
    program: Vec<Range<u64>>,
}

impl Places {
    /// Out of the mark and the map that the program printed.
    fn read(said: &str, program: &str) -> Option<Self> {
        let mark = said.lines().find_map(|line| line.strip_prefix("mark "))?;
        let mark = u64::from_str_radix(mark, 16).ok()?;
        let ranges = said
            .lines()
            .filter(|line| line.ends_with(program))
            .filter(|line| {
                line.split(' ')
                    .nth(1)
                    .is_some_and(|mode| !mode.contains('w'))
            })
            .filter_map(|line| {
                let (first, end) = line.split(' ').next()?.split_once('-')?;
                let address = |text| u64::from_str_radix(text, 16).ok();
                Some(address(first)?..address(end)?)
            });
        let program: Vec<Range<u64>> = ranges.collect();
        (!program.is_empty()).then_some(Self { mark, program })
    }

    /// The cache lines that the trace touches after the mark was read.
    fn count(&self, trace: &str) -> Touched {
        let accesses = trace.lines().filter_map(access);
        let after = accesses.skip_while(|(kind, at, _)| *kind != 'L' || *at != self.mark);
        let (mut tables, mut code) = (BTreeSet::new(), BTreeSet::new());
        for (kind, at, bytes) in after {
            if !self.program.iter().any(|range| range.contains(&at)) {
                continue;
            }
            let lines = at / LINE_BYTES..=(at + bytes.saturating_sub(1)) / LINE_BYTES;
            match kind {
                'I' => code.extend(lines),
                _ => tables.extend(lines),
            }
        }
        let bytes = |lines: &BTreeSet<u64>| lines.len() * usize::try_from(LINE_BYTES).unwrap_or(64);
        Touched {
            table_bytes: bytes(&tables),
            code_bytes: bytes(&code),
        }
    }
}

/// One access of a trace: `I`, `L`, `S` or `M`, the address, and how many bytes.
pub(super) fn access(line: &str) -> Option<(char, u64, u64)> {
    let (kind, rest) = line.trim_start().split_at_checked(1)?;
    let kind = kind.chars().next().filter(|kind| "ILSM".contains(*kind))?;
    let (at, bytes) = rest.trim_start().split_once(',')?;
    Some((kind, u64::from_str_radix(at, 16).ok()?, bytes.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Places, Touched};

    const SAID: &str = "mark 5010\n\
        1000-3000 r--p 00000000 00:00 1   /x/program\n\
        3000-5000 r-xp 00002000 00:00 1   /x/program\n\
        5000-6000 rw-p 00004000 00:00 1   /x/program\n\
        8000-9000 r--p 00000000 00:00 2   /lib/other\n";

    #[test]
    fn lines_of_the_program_are_counted_once_and_only_after_the_mark() {
        let places = Places::read(SAID, "/x/program").unwrap();
        let trace = "==1== words\n L 1000,8\nI  3000,4\n L 5010,1\n\
                     I  3040,4\nI  3044,4\n L 2000,8\n L 2008,8\n L 203c,8\n\
                     \x20S 5020,8\n L 8000,8\n L 7fff,1\n M 2010,4\n";
        let expected = Touched {
            table_bytes: 128,
            code_bytes: 64,
        };
        assert_eq!(places.count(trace), expected);
    }

    #[test]
    fn a_program_that_does_not_say_where_it_lies_is_not_counted() {
        assert!(Places::read("mark 10\n", "/x/program").is_none());
        assert!(Places::read(SAID, "/y/program").is_none());
    }
}
