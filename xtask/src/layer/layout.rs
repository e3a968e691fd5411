//! Where functions lie in the agent: those that an ordinary invocation runs, side by side.
//! It never decides what a program does, and a name that is nowhere any more does no harm.
//!
//! After a pause nothing of the agent is in the processor's caches, so an invocation waits for
//! each page of addresses and for each line of code that it runs through. Side by side they are
//! half as many pages.
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::{Architecture, archive};

/// The linker's script, which `cargo xtask bench --layout` writes.
pub(crate) const FILE: &str = "xtask/layout.ld";

/// The section that the script makes.
const SECTION: &str = ".text.hot";

/// The least that must lie there.
// Limit: 150 KB, half of what the script named when it was written; names of another compiler,
// or of a program that was much changed, are too many to go unnoticed then.
const BYTES_MIN: u64 = 150_000;

/// The functions of the C library that run in each invocation, by the file that each stands in.
const LIBRARY: [&str; 9] = [
    "malloc",
    "send",
    "syscall",
    "clock_gettime",
    "errno-loc",
    "cancellation",
    "memmove-avx-unaligned-erms",
    "memcmp-avx2-movbe",
    "memset-avx2-unaligned-erms",
];

/// The script of a tree of sources.
pub(super) fn of(root: &Path) -> Result<Vec<u8>> {
    let file = root.join(FILE);
    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// What the linker is told of this script.
pub(super) fn words(script: &[u8]) -> [String; 2] {
    let digest: String = archive::sha256(script).chars().take(8).collect();
    [
        // Cargo links in the root of the workspace, and a name that is the same wherever that is
        // keeps two builds equal.
        format!("-Clink-arg=-Wl,-T,{FILE}"),
        // Cargo does not know of the file; with another content the program is built anew.
        format!("--cfg=layout_{digest}"),
    ]
}

/// The script for these functions, in this order.
pub(crate) fn script<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut lines = vec![
        "/* The functions that an ordinary invocation runs, in the order in which it does.".into(),
        " * `cargo xtask bench --layout` writes it; a name that is nowhere is passed over. */"
            .into(),
        "SECTIONS {".into(),
        format!("  {SECTION} : {{"),
    ];
    for file in LIBRARY {
        lines.push(format!("    *libc.a:{file}.o(.text .text.*)"));
    }
    for name in names {
        let line = format!("    *(.text.{name} .text.unlikely.{name})");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.push("  }".into());
    lines.push("} INSERT BEFORE .text;".into());
    lines.push(String::new());
    lines.join("\n")
}

/// What a symbol is called whatever compiler or version of a crate wrote it; `None` for names of
/// other languages.
pub(crate) fn stable(symbol: &str) -> Option<String> {
    if symbol.starts_with("_R") {
        return Some(without_crate_hashes(symbol));
    }
    let (name, hash) = symbol.rsplit_once("17h")?;
    let is_hash = hash
        .get(..16)
        .is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (symbol.starts_with("_ZN") && is_hash).then(|| format!("{name}17h*"))
}

/// The newer form of names has a hash before the name of each crate: `Cs`, it, and `_`.
fn without_crate_hashes(symbol: &str) -> String {
    let mut parts = symbol.split("Cs");
    let mut stable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        stable.push_str("Cs");
        match part.split_once('_') {
            Some((hash, rest)) if hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                stable.push_str("*_");
                stable.push_str(rest);
            }
            _ => stable.push_str(part),
        }
    }
    stable
}

/// Refuses an agent whose functions are not where the script wants them.
pub(super) fn check(architecture: Architecture, program: &[u8]) -> Result<()> {
    if architecture != Architecture::X86 {
        return Ok(());
    }
    let bytes = section_bytes(program, SECTION).unwrap_or_default();
    ensure!(
        bytes >= BYTES_MIN,
        "only {bytes} bytes of the agent lie in {SECTION}: the names in {FILE} are stale, and \
         `cargo xtask bench --layout` writes it anew"
    );
    Ok(())
}

/// How large a section of a 64-bit ELF program is.
fn section_bytes(program: &[u8], name: &str) -> Option<u64> {
    let at = |from: u64, bytes: usize| {
        let from = usize::try_from(from).ok()?;
        let field = program.get(from..from.checked_add(bytes)?)?;
        let mut wide = [0; 8];
        wide.get_mut(..bytes)?.copy_from_slice(field);
        Some(u64::from_le_bytes(wide))
    };
    let (headers, size) = (at(0x28, 8)?, at(0x3a, 2)?);
    let header = |place: u64| headers + place * size;
    let (count, spellings) = (at(0x3c, 2)?, at(header(at(0x3e, 2)?) + 0x18, 8)?);
    (0..count).map(header).find_map(|header| {
        let from = usize::try_from(spellings + at(header, 4)?).ok()?;
        let said = program.get(from..)?.split(|byte| *byte == 0).next()?;
        (said == name.as_bytes()).then(|| at(header + 0x20, 8))?
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::super::Architecture;
    use super::{BYTES_MIN, FILE, SECTION, check, script, section_bytes, stable, words};
    use crate::project;

    #[test]
    fn a_name_is_free_of_what_another_compiler_would_write() {
        let is_called = |symbol, name: Option<&str>| assert_eq!(stable(symbol).as_deref(), name);
        is_called(
            "_ZN5event4walk17h0123456789abcdefE",
            Some("_ZN5event4walk17h*"),
        );
        is_called(
            "_ZN5event4walk17h0123456789abcdefE.llvm.77",
            Some("_ZN5event4walk17h*"),
        );
        is_called(
            "_RNvNtCsgEmfK2I1SDS_4core3fooCsduwmD7cSIQq_5gimli",
            Some("_RNvNtCs*_4core3fooCs*_5gimli"),
        );
        for foreign in [
            "malloc",
            "_ZN3foo",
            "_ZN3foo17hxyzE",
            "x17h0123456789abcdefE",
        ] {
            is_called(foreign, None);
        }
    }

    #[test]
    fn a_name_stands_in_the_script_once() {
        let script = script(["a", "b", "a"].into_iter());
        let lines: Vec<&str> = script
            .lines()
            .filter(|line| line.contains(".text."))
            .collect();
        assert_eq!(
            lines.last().copied(),
            Some("    *(.text.b .text.unlikely.b)")
        );
        assert_eq!(script.matches("(.text.a ").count(), 1);
    }

    #[test]
    fn a_program_is_built_anew_with_another_script_and_not_with_another_folder() {
        assert_eq!(words(b"one"), words(b"one"));
        assert_ne!(words(b"one"), words(b"other"));
    }

    #[test]
    fn a_script_of_nothing_but_stale_names_links_a_program_that_runs() {
        let folder = project::target().join("layer/stale");
        fs::create_dir_all(&folder).unwrap();
        let (source, program) = (folder.join("main.rs"), folder.join("main"));
        fs::write(&source, "fn main() { println!(\"runs\"); }").unwrap();
        let linked = Command::new("rustc")
            .arg(format!(
                "-Clink-arg=-Wl,-T,{}",
                project::root().join(FILE).display()
            ))
            .arg("-Ctarget-feature=+crt-static")
            .args(["--target", Architecture::X86.triple(), "-o"])
            .arg(&program)
            .arg(&source)
            .output()
            .unwrap();
        assert!(linked.status.success(), "{linked:?}");
        let said = Command::new(&program).output().unwrap();
        assert_eq!(said.stdout, b"runs\n");
        let bytes = fs::read(&program).unwrap();
        assert!(section_bytes(&bytes, ".text").unwrap() > 0);
        assert!(section_bytes(&bytes, SECTION).unwrap_or_default() < BYTES_MIN);
        let told = check(Architecture::X86, &bytes).unwrap_err().to_string();
        assert!(told.contains("bench --layout"), "{told}");
        assert!(check(Architecture::X86, b"no program").is_err());
    }
}
