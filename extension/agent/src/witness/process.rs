//! Which program is at the other end of a runtime's connection, as far as the kernel tells.
//! It never opens anything of that program but the names of its files.
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::proxy::inode_of;

// Limit: an environment has a handful of processes; 256 are more than its limit of threads allows
// to be of use.
const PROCESSES_MAX: usize = 256;

/// The program whose socket leads from `theirs` to `ours`; `None` where it is gone already, or
/// hides its files from us.
pub(crate) fn program(theirs: SocketAddr, ours: SocketAddr) -> Option<PathBuf> {
    let socket = format!("socket:[{}]", inode_of(theirs, ours)?);
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbered = processes
        .filter(|entry| {
            let name = entry.file_name();
            name.to_str()
                .is_some_and(|name| name.parse::<u32>().is_ok())
        })
        .take(PROCESSES_MAX);
    let owner = numbered.find(|process| {
        let files = fs::read_dir(process.path().join("fd"));
        files.is_ok_and(|files| {
            files
                .flatten()
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|target| target.as_os_str() == socket.as_str())
        })
    })?;
    fs::read_link(owner.path().join("exe")).ok()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::program;

    #[test]
    fn the_program_behind_a_connection_is_this_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (theirs, ours) = (near.local_addr().unwrap(), near.peer_addr().unwrap());
        assert_eq!(program(theirs, ours), std::env::current_exe().ok());
        drop(near);
        let nobody = "127.0.0.1:1".parse().unwrap();
        assert_eq!(program(nobody, ours), None);
    }
}
