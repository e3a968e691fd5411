//! The keeper: a tiny process that kills the children if this process dies without warning.
//! It never kills a group that was not told to it, or that has been taken back.

use std::{
    io::Write as _,
    os::unix::process::CommandExt as _,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

/// The keeper reads group numbers until its input ends, which it does when we die.
/// A `--` before the group would be clearer, but not every shell's own `kill` knows it.
const SCRIPT: &str = r#"
groups=
while read -r sign group; do
  kept=
  for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done
  groups=$kept
  [ "$sign" = + ] && groups="$groups $group"
done
for one in $groups; do kill -9 "-$one"; done
"#;

/// One keeper for the whole process, started with the first child.
static KEEPER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// From now on this group dies with us.
pub(crate) fn add(group: i32) {
    tell('+', group);
}

/// This group has ended.
pub(crate) fn remove(group: i32) {
    tell('-', group);
}

fn tell(sign: char, group: i32) {
    let Some(keeper) = KEEPER.get_or_init(start) else {
        return;
    };
    let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
    // Without a keeper the children are still killed by every ordinary end.
    let _ = writeln!(keeper, "{sign} {group}");
}

fn start() -> Option<Mutex<ChildStdin>> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn().ok()?.stdin.map(Mutex::new)
}
