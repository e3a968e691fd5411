//! A runtime client of plain sockets: fast, exact, and free to break the rules.
//! It never reconnects by itself; a lost connection is for the test to see.
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::DEADLINE;
use super::http::{Body, Head, message, read_body, read_head};

/// One connection to a Runtime API.
pub(crate) struct Runtime {
    pub(crate) reader: BufReader<TcpStream>,
    host: String,
}

/// An event as the function receives it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: Head,
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
}

impl Runtime {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the agent or platform must accept");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self {
            reader: BufReader::with_capacity(1 << 16, stream),
            host: address.to_string(),
        }
    }

    /// Another limit for each read, in place of the usual deadline.
    pub(crate) fn set_patience(&self, patience: Duration) {
        let stream = self.reader.get_ref();
        stream.set_read_timeout(Some(patience)).unwrap();
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    pub(crate) fn reply(&mut self) -> io::Result<(Head, Body)> {
        let head = read_head(&mut self.reader)?;
        let body = read_body(&mut self.reader, &head)?;
        Ok((head, body))
    }

    /// Asks for the next event without waiting for it.
    pub(crate) fn ask_next(&mut self) -> io::Result<()> {
        let head = format!(
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {}\r\n\
             User-Agent: raw-runtime/1\r\n\r\n",
            self.host
        );
        self.send(head.as_bytes())
    }

    /// Waits for the event that was asked for.
    pub(crate) fn receive(&mut self) -> io::Result<Received> {
        let (head, body) = self.reply()?;
        if head.status() != 200 {
            return Err(io::Error::other(format!("next: {}", head.start)));
        }
        let id = head
            .text("lambda-runtime-aws-request-id")
            .unwrap_or_default();
        Ok(Received {
            id: id.to_owned(),
            head,
            body: body.bytes,
        })
    }

    pub(crate) fn next(&mut self) -> io::Result<Received> {
        self.ask_next()?;
        self.receive()
    }

    /// Posts to `/runtime/invocation/{id}/{what}` and gives back the reply.
    pub(crate) fn post(
        &mut self,
        id: &str,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<(Head, Body)> {
        let start = format!("POST /2018-06-01/runtime/invocation/{id}/{what} HTTP/1.1");
        let mut all = vec![("Host", self.host.as_str())];
        all.extend_from_slice(headers);
        let bytes = message(&start, &all, body);
        self.send(&bytes)?;
        self.reply()
    }

    /// Answers buffered; anything but a 202 is an error.
    pub(crate) fn respond(&mut self, id: &str, body: &[u8]) -> io::Result<()> {
        let (head, _) = self.post(id, "response", &[], body)?;
        match head.status() {
            202 => Ok(()),
            _ => Err(io::Error::other(format!("response: {}", head.start))),
        }
    }

    /// One call of any kind, as given.
    pub(crate) fn call(&mut self, bytes: &[u8]) -> io::Result<(Head, Body)> {
        self.send(bytes)?;
        self.reply()
    }
}
