//! The most trivial proxy there is: bytes go to and fro, whatever they mean.
//! It never reads HTTP, and its target may change between two connections.
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// One relay; it accepts for as long as the process lives, as a sibling extension would.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    /// How many connections went through.
    pub(crate) connections: Arc<AtomicUsize>,
    target: Arc<Mutex<Option<SocketAddr>>>,
}

impl Relay {
    /// A relay to `target`; without one, connections are closed at once.
    pub(crate) fn start(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            target: Arc::new(Mutex::new(target)),
        };
        let (count, target) = (Arc::clone(&relay.connections), Arc::clone(&relay.target));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let target = *target.lock().unwrap();
                let Some(far) = target.and_then(|target| TcpStream::connect(target).ok()) else {
                    continue;
                };
                count.fetch_add(1, Ordering::AcqRel);
                pipe(near.try_clone().unwrap(), far.try_clone().unwrap());
                pipe(far, near);
            }
        });
        relay
    }

    /// Where connections go from now on.
    pub(crate) fn set_target(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = Some(target);
    }
}

fn pipe(mut from: TcpStream, mut to: TcpStream) {
    let _ = to.set_nodelay(true);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
