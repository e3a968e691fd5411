//! One HTTP/1.1 message off a blocking socket.
//! It never knows more of HTTP than heads that end with an empty line and `content-length`.
use std::io::{self, Read};

/// One message in a buffer that is used again.
#[derive(Debug, Default)]
pub struct Message {
    bytes: Vec<u8>,
    head_bytes: usize,
}

/// How much is read at once, and how far the buffer grows at a time.
// Limit: 256 KiB, more than a loopback socket hands over in one read.
const READ_BYTES: usize = 256 << 10;

impl Message {
    /// Reads one message to its last byte; `false` at the end of the stream.
    pub fn read(&mut self, stream: &mut impl Read) -> io::Result<bool> {
        let mut filled = 0;
        let mut whole = None;
        loop {
            if whole.is_some_and(|whole| filled >= whole) {
                self.bytes.truncate(filled);
                return Ok(true);
            }
            let wanted = whole.unwrap_or(0).max(filled + READ_BYTES);
            if self.bytes.len() < wanted {
                self.bytes.resize(wanted, 0);
            }
            let room = self.bytes.get_mut(filled..).unwrap_or_default();
            let read = stream.read(room)?;
            if read == 0 {
                return if filled == 0 {
                    Ok(false)
                } else {
                    Err(cut_off())
                };
            }
            let seen = filled.saturating_sub(3);
            filled += read;
            if whole.is_none() {
                whole = self.find_end(seen, filled);
            }
        }
    }

    /// Where the message ends, once its head is complete.
    fn find_end(&mut self, from: usize, filled: usize) -> Option<usize> {
        let fresh = self.bytes.get(from..filled)?;
        let at = fresh.windows(4).position(|window| window == b"\r\n\r\n")?;
        self.head_bytes = from + at + 4;
        let length = self
            .header("content-length")
            .and_then(|text| text.parse().ok());
        Some(self.head_bytes + length.unwrap_or(0_usize))
    }

    /// The value of a header, white space removed.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.bytes.get(..self.head_bytes)?).ok()?;
        head.split("\r\n").find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The first line: method, target and version, or version and status.
    pub fn first_line(&self) -> &str {
        let head = self.bytes.get(..self.head_bytes).unwrap_or_default();
        let head = std::str::from_utf8(head).unwrap_or_default();
        head.split("\r\n").next().unwrap_or_default()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.head_bytes..).unwrap_or_default()
    }
}

fn cut_off() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the stream ended inside a message",
    )
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::Message;

    /// Hands out its text in pieces of a fixed size.
    struct Pieces(&'static [u8], usize);

    impl Read for Pieces {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let piece = self.1.min(self.0.len());
            room[..piece].copy_from_slice(&self.0[..piece]);
            self.0 = &self.0[piece..];
            Ok(piece)
        }
    }

    #[test]
    fn a_message_is_whole_however_it_arrives() {
        let text = b"POST /x HTTP/1.1\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello";
        for piece in 1..text.len() {
            let mut message = Message::default();
            assert!(message.read(&mut Pieces(text, piece)).unwrap());
            assert_eq!(message.first_line(), "POST /x HTTP/1.1");
            assert_eq!(message.header("x-y"), Some("z"));
            assert_eq!(message.body(), b"hello");
        }
    }

    #[test]
    fn an_end_inside_a_message_is_an_error_and_before_it_is_none() {
        let mut message = Message::default();
        assert!(!message.read(&mut Pieces(b"", 1)).unwrap());
        let cut = message.read(&mut Pieces(
            b"GET / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc",
            4,
        ));
        assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
