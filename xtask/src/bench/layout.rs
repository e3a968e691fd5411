//! In which order the agent's functions are to lie: as a traced invocation runs them.
//! It never asks for the order by hand, and never measures a time.
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::programs;
use super::touched::access;
use crate::layer::{self, Architecture, Source, layout};
use crate::{debian, project};

/// A function that runs for each head that is read: the request for an event, the event, its
/// answer, and what the platform says to that.
const HEAD: &str = "4wire4Wire9read_head17h";

/// The head with which the second invocation begins to be looked at: its request for an event and
/// the event itself, behind the four of the first.
const HEADS: usize = 6;

/// Traces a few invocations of the agent, and writes the linker's script.
pub(super) fn write() -> Result<()> {
    debian::need("valgrind", &["valgrind"])?;
    debian::need("nm", &["binutils"])?;
    eprintln!("building the agent with the names of its functions");
    let agent = layer::agent(Architecture::X86, &Source::named())?;
    let harness = programs("credenza-bench", &Source::here())?.join("credenza-bench");
    let folder = project::target().join("layout");
    eprintln!("tracing a few invocations of it");
    let mut walk = Command::new(harness);
    walk.arg("--agent").arg(&agent).arg("--peers").arg(&folder);
    project::run(walk.arg("--walk").arg(&folder))?;
    let symbols = Symbols::read(&project::output(Command::new("nm").arg("-n").arg(&agent))?);
    let entry = entry(&fs::read(&agent)?).context("the agent is no 64-bit program")?;
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    let mut traces: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    traces.sort_by_key(fs::DirEntry::file_name);
    for trace in traces {
        follow(&trace.path(), entry, &symbols, &mut seen, &mut order)?;
        fs::remove_file(trace.path())?;
    }
    ensure!(!order.is_empty(), "the trace shows no invocation");
    let names = order.iter().flat_map(|place| symbols.names(*place));
    let stable: Vec<String> = names.filter_map(|name| layout::stable(name)).collect();
    let file = project::root().join(layout::FILE);
    let script = layout::script(stable.iter().map(String::as_str));
    fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{} functions in {}", order.len(), file.display());
    Ok(())
}

/// Where a program begins to run.
fn entry(program: &[u8]) -> Option<u64> {
    let field = program.get(0x18..0x20)?.try_into().ok()?;
    Some(u64::from_le_bytes(field))
}

/// Adds the functions of one trace that are not yet in the order.
fn follow(
    trace: &Path,
    entry: u64,
    symbols: &Symbols,
    seen: &mut BTreeSet<usize>,
    order: &mut Vec<usize>,
) -> Result<()> {
    let mut lines = BufReader::new(File::open(trace)?);
    let (mut line, mut base, mut heads) = (Vec::new(), None, 0);
    // Not every byte that valgrind says is text, so lines are read as bytes.
    while lines.read_until(b'\n', &mut line)? > 0 {
        let ran = str::from_utf8(&line)
            .ok()
            .and_then(|line| access(line.trim_end()));
        if let Some(('I', at, _)) = ran {
            let base = *base.get_or_insert_with(|| at.wrapping_sub(entry));
            let at = at.wrapping_sub(base);
            if let Some(place) = symbols.place(at) {
                heads += usize::from(symbols.begins(place, at, HEAD));
                if heads > HEADS && seen.insert(place) {
                    order.push(place);
                }
            }
        }
        line.clear();
    }
    Ok(())
}

/// The functions of a program, by address; equal ones share one.
#[derive(Debug, Default)]
struct Symbols {
    functions: Vec<(u64, Vec<String>)>,
}

impl Symbols {
    /// Out of what `nm -n` says.
    fn read(said: &str) -> Self {
        let mut functions: Vec<(u64, Vec<String>)> = Vec::new();
        for line in said.lines() {
            let mut words = line.splitn(3, ' ');
            let (Some(at), Some(kind), Some(name)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let Ok(at) = u64::from_str_radix(at, 16) else {
                continue;
            };
            if !"tTwWi".contains(kind) {
                continue;
            }
            match functions.last_mut() {
                Some((last, names)) if *last == at => names.push(name.to_owned()),
                _ => functions.push((at, vec![name.to_owned()])),
            }
        }
        Self { functions }
    }

    /// The function that an address lies in.
    fn place(&self, at: u64) -> Option<usize> {
        self.functions
            .partition_point(|(from, _)| *from <= at)
            .checked_sub(1)
    }

    fn names(&self, place: usize) -> impl Iterator<Item = &String> {
        self.functions
            .get(place)
            .into_iter()
            .flat_map(|(_, names)| names)
    }

    /// Whether a function with this in its name begins at an address.
    fn begins(&self, place: usize, at: u64, name: &str) -> bool {
        self.functions
            .get(place)
            .is_some_and(|(from, _)| *from == at)
            && self.names(place).any(|one| one.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::{HEADS, Symbols, entry, follow};
    use crate::project;

    const SAID: &str = "                 U malloc\n\
        0000000000000100 T _start\n\
        0000000000000200 t _ZN4wire4Wire9read_head17h0123456789abcdefE\n\
        0000000000000300 t one\n\
        0000000000000300 t its_twin\n\
        0000000000000400 t other\n\
        0000000000000500 D data\n";

    #[test]
    fn functions_are_taken_in_the_order_in_which_they_run_and_only_of_a_warm_invocation() {
        let symbols = Symbols::read(SAID);
        let head = "I  1200,4\n L 1500,8\nI  1204,2\n";
        let trace = [
            "==1== words\nI  1100,4\nI  1300,4\n",
            &head.repeat(HEADS + 1),
            "I  1408,4\nI  1300,1\nI  1408,4\n",
        ];
        let folder = project::target().join("layout-test");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("one.trace");
        fs::write(&file, trace.concat()).unwrap();
        let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
        follow(&file, 0x100, &symbols, &mut seen, &mut order).unwrap();
        let names: Vec<&String> = order.iter().flat_map(|at| symbols.names(*at)).collect();
        let head = "_ZN4wire4Wire9read_head17h0123456789abcdefE";
        assert_eq!(names, [head, "other", "one", "its_twin"]);
    }

    #[test]
    fn a_program_says_where_it_begins() {
        let mut program = vec![0; 0x18];
        assert_eq!(entry(&program), None);
        program.extend(0x00a0_0200_u64.to_le_bytes());
        assert_eq!(entry(&program), Some(0x00a0_0200));
    }
}
