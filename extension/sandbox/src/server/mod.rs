//! The HTTP server of the Runtime, Extensions and Telemetry API, held to the platform's limits.
//! It never closes an idle connection and never listens beyond loopback.

mod answer;
mod connection;
mod extensions;
mod failure;
mod render;
mod route;
mod runtime;
mod wire;

pub(crate) use answer::{Arrival, PAYLOAD_BYTES_MAX};
pub(crate) use connection::{Connection, Connections};
pub(crate) use extensions::EXTENSIONS_MAX;
pub(crate) use failure::platform;

use crate::{core::Core, ledger::ViolationKind};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use wire::Wire;

/// Limit: header sections of 1,050,000 bytes are accepted and larger ones get 431 (V19).
/// Go's server allows 1 MiB and 4 KiB of slack: 1,048,576 + 4,096 bytes.
const HEAD_BYTES_MAX: usize = 1_052_672;

/// Accepts connections until the sandbox ends.
pub(crate) async fn serve(listener: TcpListener, core: Weak<Core>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Descriptors may be short for a moment; the listener itself does not fail.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let Some(core) = core.upgrade() else { return };
        tokio::spawn(converse(stream, core));
    }
}

async fn converse(stream: TcpStream, core: Arc<Core>) {
    let _ = stream.set_nodelay(true);
    let connection = core.connections.open();
    let wire = Wire::new(stream, Arc::clone(&connection), core.config.faults.clone());
    let weak = Arc::downgrade(&core);
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| route::answer(weak.clone(), Arc::clone(&connection), request))
    };
    let mut builder = http1::Builder::new();
    builder
        .title_case_headers(true)
        .max_headers(4096)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .header_read_timeout(None);
    let conversation = builder.serve_connection(TokioIo::new(wire), service);
    let core = Arc::downgrade(&core);
    let ended = tokio::select! {
        ended = conversation => ended,
        () = connection.cut() => Ok(()),
    };
    let Some(core) = core.upgrade() else { return };
    core.connections.close(&connection);
    if let Err(error) = ended
        && error.is_parse()
    {
        core.violate(
            ViolationKind::MalformedRequest,
            connection.number,
            error.to_string(),
        );
    }
}
