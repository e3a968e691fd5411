//! The process made opaque to its neighbours: no dumps, no tracing by the same user, no new
//! privileges.
//! It never runs in the wrapper: what an exec'd program inherits would bind the customer's code.
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::set_no_new_privs;

/// Closes `/proc/PID/{mem,environ}`, `ptrace` and `process_vm_readv` to processes of the same user,
/// and gives up gaining privileges by exec.
///
/// Says what could not be done: a kernel that refuses leaves the process as it was, and running
/// on is better than not running.
pub fn harden() -> Vec<&'static str> {
    let mut undone = Vec::new();
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        undone.push("PR_SET_DUMPABLE");
    }
    if set_no_new_privs(true).is_err() {
        undone.push("PR_SET_NO_NEW_PRIVS");
    }
    undone
}

#[cfg(test)]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    use rustix::thread::no_new_privs;

    #[test]
    fn the_process_is_opaque_and_gains_nothing_any_more() {
        assert_eq!(super::harden(), Vec::<&str>::new());
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert!(no_new_privs().unwrap());
    }
}
