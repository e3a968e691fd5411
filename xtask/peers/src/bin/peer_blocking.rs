//! A proxy of blocking threads over raw sockets: the floor of what a proxy costs.
//! It never inspects, retries or times out.
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;
use credenza_peers::{READ_BYTES, addresses, message_bytes};

fn main() -> Result<()> {
    let (upstream, listen) = addresses()?;
    for stream in TcpListener::bind(listen)?.incoming().flatten() {
        // The bench ends the process; a broken connection ends its thread alone.
        thread::spawn(move || relay(stream, upstream).unwrap_or_default());
    }
    Ok(())
}

fn relay(mut runtime: TcpStream, upstream: SocketAddr) -> io::Result<()> {
    let mut platform = TcpStream::connect(upstream)?;
    platform.set_nodelay(true)?;
    runtime.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        if !message(&mut runtime, &mut buffer, true)? {
            return Ok(());
        }
        platform.write_all(&buffer)?;
        message(&mut platform, &mut buffer, false)?;
        runtime.write_all(&buffer)?;
    }
}

/// Reads one message whole; `false` at the end of the stream.
fn message(stream: &mut TcpStream, buffer: &mut Vec<u8>, is_request: bool) -> io::Result<bool> {
    buffer.clear();
    let mut whole = None;
    loop {
        if whole.is_none() {
            whole = message_bytes(buffer, is_request);
        }
        let filled = buffer.len();
        if whole.is_some_and(|whole| filled >= whole) {
            return Ok(true);
        }
        buffer.resize(whole.unwrap_or(filled + READ_BYTES), 0);
        let read = stream.read(buffer.get_mut(filled..).unwrap_or_default())?;
        buffer.truncate(filled + read);
        if read == 0 {
            return Ok(false);
        }
    }
}
