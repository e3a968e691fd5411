//! The least that an extension must do at start: bind, register, wait.
//! It never proxies anything.
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use anyhow::Result;

const REGISTER: &[u8] = b"POST /2020-01-01/extension/register HTTP/1.1\r\nhost: bench\r\n\
    lambda-extension-name: peer-plain\r\ncontent-length: 23\r\n\r\n{\"events\":[\"SHUTDOWN\"]}";

fn main() -> Result<()> {
    let (upstream, listen) = credenza_peers::addresses()?;
    let listener = TcpListener::bind(listen)?;
    let mut platform = TcpStream::connect(upstream)?;
    platform.write_all(REGISTER)?;
    let mut answer = [0; 1024];
    let _ = platform.read(&mut answer)?;
    for stream in listener.incoming() {
        drop(stream?);
    }
    Ok(())
}
