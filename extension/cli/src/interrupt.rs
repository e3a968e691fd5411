//! Ctrl-C and its kin: how a person or a supervisor says that it is enough.
//! It never ends the process itself; the one who waits cleans up first.
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn wait() -> anyhow::Result<()> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::new("signals", error, "run it on Linux or macOS"))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => (),
        _ = terminate.recv() => (),
    }
    Ok(())
}
