//! Harmless events of any size, as API Gateway would deliver them.
//! They never hold an attack, and never a value copied from elsewhere.

/// A benign HTTP API event (payload 2.0) of about `bytes` bytes, never fewer than one kilobyte.
pub fn benign(bytes: usize) -> Vec<u8> {
    let mut event = HEAD.to_owned();
    let tail = "],\\\"note\\\":\\\"Please ring O'Brien & Sons; select the blue one.\\\"}\",\
                \"isBase64Encoded\":false}";
    let mut line = 0_usize;
    while event.len() + tail.len() + LINE_BYTES < bytes {
        if line > 0 {
            event.push(',');
        }
        event.push_str(&order_line(line));
        line += 1;
    }
    event.push_str(tail);
    event.into_bytes()
}

/// Fills a piece of about 64 KiB with the rows from `line` on, as a function makes them; the next
/// row.
pub fn rows(line: usize, piece: &mut Vec<u8>) -> usize {
    let mut line = line;
    while piece.len() < 64 * 1024 {
        piece.extend_from_slice(order_line(line).replace('\\', "").as_bytes());
        piece.push(b'\n');
        line += 1;
    }
    line
}

/// About what one order line adds.
const LINE_BYTES: usize = 130;

const HEAD: &str = "{\"version\":\"2.0\",\"routeKey\":\"POST /orders\",\"rawPath\":\"/orders\",\
    \"rawQueryString\":\"page=2&sort=price&q=blue+jeans\",\"headers\":{\"accept\":\"*/*\",\
    \"content-type\":\"application/json\",\"host\":\"shop.example.com\",\
    \"user-agent\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\",\
    \"x-forwarded-for\":\"203.0.113.7\"},\
    \"queryStringParameters\":{\"page\":\"2\",\"sort\":\"price\",\"q\":\"blue jeans\"},\
    \"requestContext\":{\"http\":{\"method\":\"POST\",\"path\":\"/orders\",\
    \"protocol\":\"HTTP/1.1\",\"sourceIp\":\"203.0.113.7\"},\"stage\":\"$default\"},\
    \"body\":\"{\\\"customer\\\":\\\"Zo\\u00eb\\\",\\\"lines\\\":[";

/// One line of the order inside the JSON body inside the event.
fn order_line(line: usize) -> String {
    let article = [
        "jeans, blue",
        "shirt (white)",
        "socks 3-pack",
        "belt & buckle",
    ][line % 4];
    let number = line.wrapping_mul(2_654_435_761) % 1_000_000;
    format!(
        "{{\\\"id\\\":{line},\\\"article\\\":\\\"{article}\\\",\\\"code\\\":\\\"A-{number:06}\\\",\
         \\\"price\\\":{}.99,\\\"gift\\\":{}}}",
        number % 90 + 9,
        line.is_multiple_of(7)
    )
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES, benign};

    #[test]
    fn an_event_is_nearly_as_large_as_was_asked() {
        for bytes in [1_500, 10_000, 1_000_000] {
            let size = benign(bytes).len();
            assert!(
                size <= bytes && bytes - size < 2 * LINE_BYTES,
                "{bytes}: {size}"
            );
        }
    }
}
