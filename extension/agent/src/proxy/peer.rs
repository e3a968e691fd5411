//! Who closed only its own direction of a connection, and who is gone.
//! It never sends a byte to find out.
//!
//! Both look the same on the wire until somebody writes; but both ends of our connections are in
//! this environment, and the kernel's table of sockets says whether a process still holds the
//! other one.
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};

/// True if a process still holds the other end; false too where the kernel does not tell.
pub(super) fn is_held(stream: &TcpStream) -> bool {
    let (Ok(ours), Ok(theirs)) = (stream.local_addr(), stream.peer_addr()) else {
        return false;
    };
    let table = if ours.is_ipv4() {
        "/proc/net/tcp"
    } else {
        "/proc/net/tcp6"
    };
    fs::read_to_string(table).is_ok_and(|text| holds(&text, &spelling(theirs), &spelling(ours)))
}

/// True if `table` has a row from `local` to `remote` that belongs to a file of some process.
fn holds(table: &str, local: &str, remote: &str) -> bool {
    table.lines().any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        if words.next() != Some(local) || words.next() != Some(remote) {
            return false;
        }
        // State, queues, timer, retransmits, user and timeout stand before the inode; a socket
        // that nobody holds has none.
        words.nth(6).is_some_and(|inode| inode != "0")
    })
}

/// An address as the kernel's table spells it: 32-bit words in the machine's own order.
fn spelling(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) => format!("{:08X}", u32::from_ne_bytes(ip.octets())),
        IpAddr::V6(ip) => {
            let words = ip.octets();
            let words = words.chunks_exact(4).map(|word| {
                let word = word.try_into().map_or(0, u32::from_ne_bytes);
                format!("{word:08X}")
            });
            words.collect()
        }
    };
    format!("{host}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::{holds, is_held};

    fn pair(address: &str) -> Option<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind(address).ok()?;
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Some((near, listener.accept().unwrap().0))
    }

    #[test]
    fn a_peer_is_held_until_it_closes_both_directions() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Some((near, far)) = pair(address) else {
                continue;
            };
            assert!(is_held(&near), "{address}: open");
            far.shutdown(Shutdown::Write).unwrap();
            assert!(is_held(&near), "{address}: half closed");
            drop(far);
            assert!(!is_held(&near), "{address}: gone");
        }
    }

    #[test]
    fn a_row_counts_only_with_its_own_addresses_and_an_inode() {
        let row = "   1: 0100007F:9C40 0100007F:2375 05 00000000:00000000 00:00000000 00000000  \
                   1000        0 12345 1 0000000000000000 20 4 0 10 -1";
        let (theirs, ours) = ("0100007F:9C40", "0100007F:2375");
        assert!(holds(row, theirs, ours));
        assert!(!holds(row, ours, theirs));
        assert!(!holds(&row.replace("12345", "0"), theirs, ours));
        assert!(!holds("", theirs, ours));
        assert!(!holds("garbage\n1: 2", theirs, ours));
    }
}
