//! A proxy over raw sockets on tokio's current-thread runtime.
//! It never inspects, retries or times out.
use std::io;
use std::net::SocketAddr;

use anyhow::Result;
use credenza_peers::{READ_BYTES, addresses, message_bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (upstream, listen) = addresses()?;
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // The bench ends the process; a broken connection ends its task alone.
        tokio::spawn(async move { relay(stream, upstream).await.unwrap_or_default() });
    }
}

async fn relay(mut runtime: TcpStream, upstream: SocketAddr) -> io::Result<()> {
    let mut platform = TcpStream::connect(upstream).await?;
    platform.set_nodelay(true)?;
    runtime.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        if !message(&mut runtime, &mut buffer, true).await? {
            return Ok(());
        }
        platform.write_all(&buffer).await?;
        message(&mut platform, &mut buffer, false).await?;
        runtime.write_all(&buffer).await?;
    }
}

/// Reads one message whole; `false` at the end of the stream.
async fn message(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    is_request: bool,
) -> io::Result<bool> {
    buffer.clear();
    let mut whole = None;
    loop {
        if whole.is_none() {
            whole = message_bytes(buffer, is_request);
        }
        let filled = buffer.len();
        if let Some(whole) = whole {
            if filled >= whole {
                return Ok(true);
            }
            buffer.reserve(whole - filled);
        } else {
            buffer.reserve(READ_BYTES);
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(false);
        }
    }
}
