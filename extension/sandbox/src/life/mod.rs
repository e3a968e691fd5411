//! The supervisors: INIT, INVOKE and SHUTDOWN of the execution environment.
//! They never speak HTTP; they change the state that the server shows.

mod init;
mod invoke;
mod shutdown;

pub use init::{InitReport, InitStatus};
pub use shutdown::{ExtensionExit, Shutdown, ShutdownReason};

pub(crate) use init::init;
pub(crate) use invoke::invoke;
pub(crate) use shutdown::shutdown;

use crate::{child::Child, core::Core, generation::Generation};

/// The processes of one life of the environment.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    pub(crate) runtime: Option<Child>,
    pub(crate) extensions: Vec<(String, Child)>,
}

pub(crate) fn runtime_pid(core: &Core) -> Option<u32> {
    let generation = core.generation()?;
    let processes = generation.processes();
    let child = processes.runtime.as_ref()?;
    child.is_alive().then_some(child.pid)
}

/// The highest resident memory of the runtime process so far, rounded up to MB.
pub(crate) fn memory_used_mb(core: &Core) -> Option<u64> {
    let pid = runtime_pid(core)?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

pub(crate) fn extension_pid(core: &Core, name: &str) -> Option<u32> {
    let generation = core.generation()?;
    let processes = generation.processes();
    let (_, child) = processes.extensions.iter().find(|(n, _)| n == name)?;
    child.is_alive().then_some(child.pid)
}

impl Generation {
    /// Whether invocations can still be given to this life.
    pub(crate) fn is_alive(&self) -> bool {
        self.read(|state| !state.closing && state.failure.is_none())
    }
}
