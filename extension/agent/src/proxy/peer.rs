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
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(ours), Ok(theirs)) => inode_of(theirs, ours).is_some(),
        _ => false,
    }
}

/// The inode of the socket that leads from `theirs` to `ours`, if a process holds it.
pub(crate) fn inode_of(theirs: SocketAddr, ours: SocketAddr) -> Option<String> {
    let table = if ours.is_ipv4() {
        "/proc/net/tcp"
    } else {
        "/proc/net/tcp6"
    };
    let text = fs::read_to_string(table).ok()?;
    inode_in(&text, &spelling(theirs), &spelling(ours)).map(str::to_owned)
}

/// The inode in the row of `table` from `local` to `remote`, if it belongs to some process.
fn inode_in<'t>(table: &'t str, local: &str, remote: &str) -> Option<&'t str> {
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        if words.next() != Some(local) || words.next() != Some(remote) {
            return None;
        }
        // State, queues, timer, retransmits, user and timeout stand before the inode; a socket
        // that nobody holds has none.
        words.nth(6).filter(|inode| *inode != "0")
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

    use super::{inode_in, is_held};

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
        assert_eq!(inode_in(row, theirs, ours), Some("12345"));
        assert_eq!(inode_in(row, ours, theirs), None);
        assert_eq!(inode_in(&row.replace("12345", "0"), theirs, ours), None);
        assert_eq!(inode_in("", theirs, ours), None);
        assert_eq!(inode_in("garbage\n1: 2", theirs, ours), None);
    }
}
