//! How wrapper and agent find each other: two lines over an abstract Unix socket.
//! It never opens a TCP port, never leaves the environment, and never changes anything once a
//! runtime has asked for its first event.
//!
//! The name of the socket is made of what both were told: the port of the platform's Runtime API,
//! and, for wrappers that run behind another redirecting wrapper, the configured listen address.
//! See `docs/decisions/0002-hand-over.md`.
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::decoy;
use crate::upstream::{Route, Upstream};

// Limit: a host name of 253 bytes, a port and a path prefix of 200 bytes, twice, and the words.
const LINE_BYTES_MAX: usize = 1024;

// Limit: the agent answers from memory in well under a millisecond, but others may have the CPU:
// on a function with 7 % of one, beside a runtime that loads, it may not run for a tenth of a
// second. A wrapper that gives up leaves the function without inspection for its whole life, and
// nobody waits where there is no agent; a second is ten such waits, and a tenth of INIT.
const PATIENCE: Duration = Duration::from_secs(1);

// Limit: the thread formats one line; 64 KiB of stack is ten times what that takes.
const STACK_BYTES: usize = 64 * 1024;

/// The names under which an agent can be found, the surest first.
///
/// `api` is the platform's Runtime API as the process was told it.
/// Port 0 asks for any port and names nobody.
pub fn names(api: Option<&Upstream>, listen: SocketAddr) -> Vec<String> {
    let by_api = api.map(|api| format!("credenza-agent/api/{}", api.port()));
    let by_listen = (listen.port() != 0).then(|| format!("credenza-agent/listen/{listen}"));
    by_api.into_iter().chain(by_listen).collect()
}

/// What the agent says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where runtimes find it; `None` if it got no port and inspects nothing.
    pub listen: Option<SocketAddr>,
    /// Where it takes events from.
    pub upstream: Upstream,
    /// True if the upstream cannot be changed any more.
    pub sealed: bool,
    /// What decoys are made of, where some are wanted.
    pub decoy: Option<String>,
}

impl Answer {
    fn line(&self) -> String {
        let listen = self
            .listen
            .map_or_else(|| "-".to_owned(), |listen| listen.to_string());
        let sealed = if self.sealed { "sealed" } else { "open" };
        let decoy = self.decoy.as_deref().unwrap_or("-");
        format!("credenza 1 {listen} {} {sealed} {decoy}\n", self.upstream)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line
            .strip_suffix('\n')?
            .strip_prefix("credenza 1 ")?
            .split(' ');
        let (listen, upstream, sealed) = (words.next()?, words.next()?, words.next()?);
        let listen = match listen {
            "-" => None,
            text => Some(
                text.parse::<SocketAddr>()
                    .ok()
                    .filter(|at| at.ip().is_loopback())?,
            ),
        };
        let sealed = match sealed {
            "sealed" => true,
            "open" => false,
            _ => return None,
        };
        let decoy = words.next().filter(|word| decoy::is_seed(word));
        Some(Self {
            listen,
            upstream: Upstream::parse(upstream)?,
            sealed,
            decoy: decoy.map(str::to_owned),
        })
    }
}

/// Binds `names` and answers wrappers on a thread of its own; says which names were taken.
///
/// Both are done before the agent registers, so that a wrapper, which runs later, finds it.
pub fn serve(
    names: &[String],
    listen: Option<SocketAddr>,
    decoy: Option<String>,
    route: Arc<Route>,
) -> io::Result<Vec<String>> {
    let mut listeners = Vec::new();
    let mut taken = Vec::new();
    for name in names {
        match bind(name) {
            Ok(listener) => listeners.push(listener),
            Err(_) => taken.push(name.clone()),
        }
    }
    thread::Builder::new()
        .name("hand-over".into())
        .stack_size(STACK_BYTES)
        .spawn(move || attend(&listeners, listen, decoy.as_deref(), &route))?;
    Ok(taken)
}

fn bind(name: &str) -> io::Result<UnixListener> {
    let listener = UnixListener::bind_addr(&UnixAddress::from_abstract_name(name)?)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn attend(
    listeners: &[UnixListener],
    listen: Option<SocketAddr>,
    decoy: Option<&str>,
    route: &Route,
) {
    loop {
        let mut ready: Vec<PollFd<'_>> = listeners
            .iter()
            .map(|listener| PollFd::new(listener, PollFlags::IN))
            .collect();
        if poll(&mut ready, None).is_err() {
            continue;
        }
        for listener in listeners {
            if let Ok((stream, _)) = listener.accept() {
                // A wrapper that says nothing, or goes away, costs its own time only.
                let _ = answer(stream, listen, decoy, route);
            }
        }
    }
}

/// Reads one line and answers it: `hello` asks, `upstream ADDRESS` changes what may be changed.
fn answer(
    mut stream: UnixStream,
    listen: Option<SocketAddr>,
    decoy: Option<&str>,
    route: &Route,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let line = read_line(&mut stream)?;
    let mut sealed = route.is_sealed();
    if let Some(text) = line.strip_prefix("credenza 1 upstream ")
        && let Some(upstream) = Upstream::parse(text)
        && is_local(&upstream, &route.current())
        && !listen.is_some_and(|listen| leads_to(&upstream, listen))
    {
        sealed = !route.hand_over(upstream);
    }
    let upstream = route.current().as_ref().clone();
    stream.write_all(
        Answer {
            listen,
            upstream,
            sealed,
            decoy: decoy.map(str::to_owned),
        }
        .line()
        .as_bytes(),
    )
}

/// True if `upstream` is the agent's own door: a runtime that was wrapped twice names it, and
/// events fetched from there would be waited for without end.
pub fn leads_to(upstream: &Upstream, listen: SocketAddr) -> bool {
    let is_loopback = match upstream.host().parse::<IpAddr>() {
        Ok(host) => host.is_loopback(),
        Err(_) => upstream.host() == "localhost",
    };
    is_loopback && upstream.port() == listen.port()
}

/// True for what can be a proxy or a platform of this environment: loopback, link-local, or the
/// host that we were told already.
fn is_local(upstream: &Upstream, known: &Upstream) -> bool {
    let near = match upstream.host().parse() {
        Ok(IpAddr::V4(host)) => host.is_loopback() || host.is_link_local(),
        Ok(IpAddr::V6(host)) => host.is_loopback(),
        Err(_) => upstream.host() == "localhost",
    };
    near || upstream.host() == known.host()
}

/// Asks the agent who it is; `None` if nobody answers in time.
pub fn hello(names: &[String]) -> Option<Answer> {
    names
        .iter()
        .find_map(|name| ask(name, "credenza 1 hello\n").ok())
}

/// Tells the agent where events come from (R26); the answer says what holds now.
pub fn hand_over(names: &[String], upstream: &Upstream) -> Option<Answer> {
    let line = format!("credenza 1 upstream {upstream}\n");
    names.iter().find_map(|name| ask(name, &line).ok())
}

fn ask(name: &str, line: &str) -> io::Result<Answer> {
    // Not blocking while it connects: a queue that is full would hold the wrapper up.
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(
        socket.as_fd(),
        &SocketAddrUnix::new_abstract_name(name.as_bytes())?,
    )?;
    let mut stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(line.as_bytes())?;
    let answer = read_line(&mut stream)?;
    Answer::parse(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Reads up to a line break, for [`PATIENCE`] at most a read and for a line at most in all.
fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = Vec::new();
    let mut piece = [0; LINE_BYTES_MAX];
    while !line.ends_with(b"\n") {
        let read = stream.read(&mut piece)?;
        line.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 || line.len() > LINE_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{Answer, bind, hand_over, hello, names, serve};
    use crate::upstream::{Route, Upstream};

    fn at(text: &str) -> Upstream {
        Upstream::parse(text).unwrap()
    }

    /// Names that no other test and no agent on this machine uses.
    fn fresh() -> Vec<String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        vec![format!("credenza-test/{}/{count}", std::process::id())]
    }

    #[test]
    fn a_wrapper_learns_where_the_agent_listens_and_hands_the_upstream_over() {
        let (names, listen): (_, SocketAddr) = (fresh(), "127.0.0.1:9123".parse().unwrap());
        let route = Arc::new(Route::new(at("127.0.0.1:9001")));
        assert!(
            serve(
                &names,
                Some(listen),
                Some("0123456789abcdef".repeat(2)),
                Arc::clone(&route)
            )
            .unwrap()
            .is_empty()
        );

        let answer = hello(&names).unwrap();
        let expected = Answer {
            listen: Some(listen),
            upstream: at("127.0.0.1:9001"),
            sealed: false,
            decoy: Some("0123456789abcdef".repeat(2)),
        };
        assert_eq!(answer, expected);

        let answer = hand_over(&names, &at("http://127.0.0.1:9000/x")).unwrap();
        assert_eq!(
            (answer.sealed, answer.upstream),
            (false, at("127.0.0.1:9000/x"))
        );
        assert_eq!(*route.current(), at("127.0.0.1:9000/x"));
    }

    #[test]
    fn nothing_changes_after_the_first_next() {
        let names = fresh();
        let route = Arc::new(Route::new(at("127.0.0.1:9001")));
        serve(&names, None, None, Arc::clone(&route)).unwrap();
        route.seal();
        let answer = hand_over(&names, &at("127.0.0.1:9000")).unwrap();
        assert_eq!((answer.sealed, answer.listen), (true, None));
        assert_eq!(*route.current(), at("127.0.0.1:9001"));
    }

    #[test]
    fn the_agent_never_becomes_its_own_upstream() {
        let (names, listen): (_, SocketAddr) = (fresh(), "127.0.0.1:9123".parse().unwrap());
        let route = Arc::new(Route::new(at("127.0.0.1:9001")));
        serve(&names, Some(listen), None, Arc::clone(&route)).unwrap();
        for own in ["127.0.0.1:9123", "localhost:9123/x", "[::1]:9123"] {
            let answer = hand_over(&names, &at(own)).unwrap();
            assert_eq!(answer.upstream, at("127.0.0.1:9001"), "{own}");
        }
        let other = hand_over(&names, &at("169.254.100.1:9123")).unwrap();
        assert_eq!(other.upstream, at("169.254.100.1:9123"));
    }

    #[test]
    fn events_are_never_fetched_from_outside_the_environment() {
        let names = fresh();
        let route = Arc::new(Route::new(at("platform.local:9001")));
        serve(&names, None, None, Arc::clone(&route)).unwrap();
        for far in ["10.0.0.1:80", "example.org:80", "[2001:db8::1]:80"] {
            assert_eq!(
                hand_over(&names, &at(far)).unwrap().upstream,
                at("platform.local:9001")
            );
        }
        for near in [
            "169.254.100.1:9001",
            "[::1]:9",
            "localhost:9",
            "localhost:9/.rt/f",
        ] {
            assert_eq!(hand_over(&names, &at(near)).unwrap().upstream, at(near));
        }
    }

    #[test]
    fn nobody_and_a_mute_neighbour_are_no_answer() {
        assert_eq!(hello(&fresh()), None);
        let names = fresh();
        let _mute = bind(&names[0]).unwrap();
        assert_eq!(hello(&names), None);
    }

    #[test]
    fn a_taken_name_is_said_and_harms_nothing() {
        let names = fresh();
        let _other = bind(&names[0]).unwrap();
        let route = Arc::new(Route::new(at("127.0.0.1:9001")));
        assert_eq!(serve(&names, None, None, route).unwrap(), names);
    }

    #[test]
    fn names_come_from_what_both_sides_were_told() {
        let api = at("http://169.254.100.1:9001/.rt/name");
        assert_eq!(
            names(Some(&api), "127.0.0.1:9077".parse().unwrap()),
            [
                "credenza-agent/api/9001",
                "credenza-agent/listen/127.0.0.1:9077"
            ]
        );
        assert!(names(None, "127.0.0.1:0".parse().unwrap()).is_empty());
    }

    #[test]
    fn answers_that_are_not_ours_are_refused() {
        for line in [
            "",
            "HTTP/1.1 400 Bad Request\r\n",
            "credenza 1 10.0.0.1:9077 127.0.0.1:9001 open\n",
            "credenza 1 127.0.0.1:9077 127.0.0.1:9001\n",
            "credenza 2 127.0.0.1:9077 127.0.0.1:9001 open\n",
            "credenza 1 127.0.0.1:9077 127.0.0.1:9001 ajar\n",
        ] {
            assert_eq!(Answer::parse(line), None, "{line:?}");
        }
        bolero::check!().with_type::<String>().for_each(|line| {
            let _ = Answer::parse(line);
        });
    }
}
