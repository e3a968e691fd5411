//! A text at some place of an event: a query, a header, a cookie, a body of any kind, a name.
//! It never asks whether a client could send it so.
use crate::dice::Dice;
use crate::spelling;

/// An event with a text in it.
pub(crate) fn event(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    let string = quoted(text);
    let around =
        |head: &str, tail: &str| [head.as_bytes(), string.as_slice(), tail.as_bytes()].concat();
    match dice.below(16) {
        0 => around("{\"queryStringParameters\":{\"q\":", "}}"),
        1 => around("{\"headers\":{\"x-a\":", "}}"),
        2 => around("{\"headers\":{\"cookie\":", "}}"),
        3 => around("{\"cookies\":[", "]}"),
        4 => around("{\"rawPath\":", ",\"rawQueryString\":\"a=1\"}"),
        5 => around("{\"rawQueryString\":", "}"),
        6 => around("{\"body\":{", ":1}}"),
        7 => around(
            "{\"multiValueQueryStringParameters\":{\"a\":[\"1\",",
            ",\"2\"]}}",
        ),
        8 => around("{\"Records\":[{\"s3\":{\"object\":{\"key\":", "}}}]}"),
        9 => around("{\"Records\":[{\"kinesis\":{\"data\":", "}}]}"),
        10 => body(&[b"a=1&q=", text, b"&q=2"].concat()),
        11 => body(&[b"{\"q\":", string.as_slice(), b",\"r\":[", &string, b"]}"].concat()),
        12 => body(&[b"<r><q a='1'>", text, b"</q></r>"].concat()),
        13 => body(
            &[
                b"--b\r\nContent-Disposition: form-data; name=\"q\"; filename=\"",
                text,
                b"\"\r\n\r\n",
                text,
                b"\r\n--b--\r\n",
            ]
            .concat(),
        ),
        14 => body(&spelling::base64(text)),
        _ => body(text),
    }
}

fn body(text: &[u8]) -> Vec<u8> {
    [b"{\"body\":", quoted(text).as_slice(), b"}"].concat()
}

/// A text as a string of JSON; bytes that are no UTF-8 stay as they are.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
    out
}
