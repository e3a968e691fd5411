//! What the peers share: their two addresses, and where a message ends.
//! It never looks at a body.
use std::env;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};

/// Where the platform is, and where to listen; from the variables that the agent takes too.
pub fn addresses() -> Result<(SocketAddr, SocketAddr)> {
    let read = |name: &str| -> Result<SocketAddr> {
        let text = env::var(name).with_context(|| format!("{name} is not set"))?;
        text.parse()
            .with_context(|| format!("{name} is no address: {text}"))
    };
    Ok((read("AWS_LAMBDA_RUNTIME_API")?, read("CREDENZA_LISTEN")?))
}

/// How much is read at once.
// Limit: 64 KiB, the usual size of a read in proxies.
pub const READ_BYTES: usize = 64 << 10;

/// How many headers a message may have.
const HEADERS_MAX: usize = 64;

/// The length of the first message in `bytes`, once its head is complete.
pub fn message_bytes(bytes: &[u8], is_request: bool) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let (status, headers) = if is_request {
        let mut request = httparse::Request::new(&mut headers);
        (request.parse(bytes).ok()?, request.headers)
    } else {
        let mut response = httparse::Response::new(&mut headers);
        (response.parse(bytes).ok()?, response.headers)
    };
    let httparse::Status::Complete(head) = status else {
        return None;
    };
    let length = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| {
            std::str::from_utf8(header.value)
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        });
    Some(head + length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::message_bytes;

    #[test]
    fn a_message_ends_after_its_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(message_bytes(request, true), Some(request.len()));
        assert_eq!(message_bytes(&request[..20], true), None);
        let response = b"HTTP/1.1 202 Accepted\r\n\r\n";
        assert_eq!(message_bytes(response, false), Some(response.len()));
    }
}
