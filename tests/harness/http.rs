//! HTTP/1.1 as bytes: heads and bodies are read exactly, nothing is normalised.
//! It never repairs what a peer sent, so that a test sees every difference.
use std::io::{self, BufRead, Read as _};

/// The head of a request or a reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Request line or status line, without its line end.
    pub(crate) start: String,
    /// Names as sent, values without surrounding blanks.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Every byte of the head, the empty line included.
    pub(crate) raw: Vec<u8>,
}

impl Head {
    /// The first header of this name, whatever the case of its letters.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        find(&self.headers, name)
    }

    /// The same as text; invalid UTF-8 reads as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.header(name)
            .and_then(|value| str::from_utf8(value).ok())
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The target of a request, as sent.
    pub(crate) fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of a reply; 0 if it is none.
    pub(crate) fn status(&self) -> u16 {
        let word = self.start.split(' ').nth(1);
        word.and_then(|word| word.parse().ok()).unwrap_or_default()
    }

    fn is_chunked(&self) -> bool {
        self.text("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().ends_with("chunked"))
    }
}

/// The body behind a head.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// The sizes of the chunks, if it was chunked.
    pub(crate) chunks: Vec<usize>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) chunked: bool,
}

impl Body {
    /// The first trailer of this name, whatever the case of its letters.
    pub(crate) fn trailer(&self, name: &str) -> Option<&[u8]> {
        find(&self.trailers, name)
    }
}

fn find<'a>(fields: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

/// Reads one head; `UnexpectedEof` if the peer closed before it was whole.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Head> {
    let mut head = Head::default();
    head.start = line(reader, &mut head.raw)?;
    head.headers = fields(reader, &mut head.raw)?;
    Ok(head)
}

/// Reads the body that `head` announces; a reply without a length has none.
pub(crate) fn read_body(reader: &mut impl BufRead, head: &Head) -> io::Result<Body> {
    let mut body = Body::default();
    if head.is_chunked() {
        body.chunked = true;
        while let Some(chunk) = read_chunk(reader)? {
            body.chunks.push(chunk.len());
            body.bytes.extend_from_slice(&chunk);
        }
        body.trailers = fields(reader, &mut Vec::new())?;
    } else if let Some(length) = head.text("content-length") {
        let length: usize = length.parse().map_err(io::Error::other)?;
        body.bytes.resize(length, 0);
        reader.read_exact(&mut body.bytes)?;
    }
    Ok(body)
}

/// Reads one chunk; none for the last one, behind which the trailers follow.
pub(crate) fn read_chunk(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let size = line(reader, &mut Vec::new())?;
    let size = size.split(';').next().unwrap_or_default().trim();
    let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
    if size == 0 {
        return Ok(None);
    }
    let mut chunk = vec![0; size + 2];
    reader.read_exact(&mut chunk)?;
    if chunk.split_off(size) != b"\r\n" {
        return Err(io::Error::other("a chunk does not end with its line end"));
    }
    Ok(Some(chunk))
}

/// Reads header lines or trailer lines up to and with the empty line.
pub(crate) fn fields(
    reader: &mut impl BufRead,
    raw: &mut Vec<u8>,
) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut fields = Vec::new();
    loop {
        let begun = raw.len();
        line(reader, raw)?;
        let bytes = raw[begun..].trim_ascii();
        if bytes.is_empty() {
            return Ok(fields);
        }
        let colon = bytes.iter().position(|byte| *byte == b':');
        let colon = colon.ok_or_else(|| io::Error::other("a header line without a colon"))?;
        let name = String::from_utf8_lossy(&bytes[..colon]).into_owned();
        fields.push((name, bytes[colon + 1..].trim_ascii().to_vec()));
    }
}

fn line(reader: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<String> {
    let begun = raw.len();
    // Limit: 4 MiB for one line, above every header the contract knows (1.25 MiB).
    reader.take(4 << 20).read_until(b'\n', raw)?;
    let read = &raw[begun..];
    if !read.ends_with(b"\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(read.trim_ascii_end()).into_owned())
}

/// A message with a `Content-Length`, ready to be written in one piece.
pub(crate) fn message(start: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{start}\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}
