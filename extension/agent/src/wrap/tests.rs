//! How the wrapper reads its command line and decides where the runtime finds its API.
//! It never execs: what it becomes is tested with the real binary in `tests/wrapper.rs`.
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use super::{Redirection, Way, is_inner, redirection, with_host};
use crate::config::{Config, Environment};
use crate::handover;
use crate::upstream::{Route, Upstream};

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

fn way(text: &str) -> Way {
    Way::read(&words(text))
}

#[test]
fn each_way_in_is_told_apart() {
    let script =
        way("/opt/extensions/credenza-agent wrap /opt/credenza-wrapper /usr/bin/python3 -m x --");
    assert_eq!(
        script.script.as_deref(),
        Some("/opt/credenza-wrapper".as_ref())
    );
    assert_eq!(script.command, words("/usr/bin/python3 -m x --"));

    let plain = way("credenza-agent wrap -- ./bootstrap --flag");
    assert_eq!(
        (plain.script, plain.given, plain.command),
        (None, None, words("./bootstrap --flag"))
    );

    let inner = way("agent wrap --inner 127.0.0.1:9001 -- node index.js");
    assert_eq!(inner.given.as_deref(), Some("127.0.0.1:9001".as_ref()));
    assert_eq!(inner.command, words("node index.js"));

    for nothing in [
        "agent wrap",
        "agent wrap --",
        "agent wrap /opt/w",
        "agent wrap --inner a --",
    ] {
        assert!(way(nothing).command.is_empty(), "{nothing}");
    }
}

#[test]
fn empty_and_strange_arguments_pass_untouched() {
    let mut arguments = words("agent wrap /opt/w");
    let odd: Vec<OsString> = vec!["python".into(), "".into(), " a\n'\"".into(), "é".into()];
    arguments.extend(odd.clone());
    assert_eq!(Way::read(&arguments).command, odd);
}

#[test]
fn our_own_inner_stage_is_recognised() {
    assert!(is_inner(&words(
        "/opt/extensions/credenza-agent wrap --inner 127.0.0.1:1 -- x"
    )));
    assert!(!is_inner(&words("python wrap")));
    assert!(!is_inner(&[]));
}

#[test]
fn the_agents_host_is_added_to_the_list_once() {
    let agent: SocketAddr = "127.0.0.1:9077".parse().unwrap();
    let check = |list: Option<&str>, expected: &str| {
        assert_eq!(
            with_host(list.map(OsStr::new), agent),
            OsString::from(expected)
        );
    };
    check(None, "127.0.0.1");
    check(Some("a.b"), "a.b,127.0.0.1");
    check(Some("a.b, 127.0.0.1 ,c"), "a.b, 127.0.0.1 ,c");
    check(Some("*"), "*");
}

/// An agent that says where it listens, for a platform on a port of its own.
struct Agent {
    platform: TcpListener,
    route: Arc<Route>,
    listen: SocketAddr,
}

impl Agent {
    fn start(listen: Option<SocketAddr>) -> Self {
        let platform = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Upstream::parse(&platform.local_addr().unwrap().to_string()).unwrap();
        let route = Arc::new(Route::new(upstream.clone()));
        let names = handover::names(Some(&upstream), "127.0.0.1:0".parse().unwrap());
        assert!(
            handover::serve(&names, listen, None, Arc::clone(&route))
                .unwrap()
                .is_empty()
        );
        let listen = listen.unwrap_or_else(|| "127.0.0.1:9".parse().unwrap());
        Self {
            platform,
            route,
            listen,
        }
    }

    fn address(&self) -> String {
        self.platform.local_addr().unwrap().to_string()
    }
}

fn decide(now: &str, given: &str, more: &[(&str, &str)]) -> Redirection {
    let mut variables = vec![
        ("AWS_LAMBDA_RUNTIME_API", now),
        ("CREDENZA_LISTEN", "127.0.0.1:0"),
    ];
    variables.extend(more);
    let environment: Environment = variables.into_iter().collect();
    redirection(
        &Config::read(&environment),
        &environment,
        Some(given.as_ref()),
    )
}

/// An address at which nobody listens, and the socket that keeps it so: whatever port this process
/// lets go of may be given to another test at once.
fn nobody() -> (OwnedFd, String) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    (socket, address.to_string())
}

#[test]
fn a_runtime_is_sent_to_the_agent_that_answers() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    let platform = agent.address();
    assert_eq!(
        decide(&platform, &platform, &[]),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(agent.route.current().to_string(), platform);
}

#[test]
fn a_runtime_that_is_wrapped_twice_does_not_make_the_agent_its_own_upstream() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    let platform = agent.address();
    assert_eq!(
        decide("127.0.0.1:9222", &platform, &[]),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(agent.route.current().to_string(), platform);
}

#[test]
fn without_an_agent_the_address_stays_and_one_line_says_so() {
    let (_socket, alone) = nobody();
    let Redirection::None(why) = decide(&alone, &alone, &[]) else {
        panic!("redirected")
    };
    assert_eq!(
        why,
        "credenza-agent does not answer: the address is kept, nothing is inspected"
    );

    let portless = Agent::start(None);
    let platform = portless.address();
    let Redirection::None(why) = decide(&platform, &platform, &[]) else {
        panic!("redirected")
    };
    assert!(why.starts_with("credenza-agent has no port"), "{why}");
}

#[test]
fn a_proxy_that_another_wrapper_put_before_us_becomes_the_agents_upstream() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    let neighbour = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = neighbour.local_addr().unwrap().to_string();
    assert_eq!(
        decide(&theirs, &agent.address(), &[]),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(agent.route.current().to_string(), theirs);
}

#[test]
fn an_upstream_that_was_set_by_hand_wins_over_a_wrappers() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    let neighbour = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = neighbour.local_addr().unwrap().to_string();
    let by_hand = [("CREDENZA_UPSTREAM", "127.0.0.1:9333")];
    assert_eq!(
        decide(&theirs, &agent.address(), &by_hand),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(agent.route.current().to_string(), agent.address());
}

#[test]
fn a_dead_address_that_another_wrapper_left_is_not_used() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    let platform = agent.address();
    let (_socket, dead) = nobody();
    assert_eq!(
        decide(&dead, &platform, &[]),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(
        agent.route.current().to_string(),
        platform,
        "the dead proxy is no upstream"
    );

    let (_socket, alone) = nobody();
    let (_other, dead) = nobody();
    let Redirection::Back(address, _) = decide(&dead, &alone, &[]) else {
        panic!("kept")
    };
    assert_eq!(address, OsString::from(alone));
}

#[test]
fn after_the_first_next_the_upstream_stays_and_the_runtime_still_gets_the_agent() {
    let agent = Agent::start("127.0.0.1:9222".parse().ok());
    agent.route.seal();
    let neighbour = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = neighbour.local_addr().unwrap().to_string();
    assert_eq!(
        decide(&theirs, &agent.address(), &[]),
        Redirection::To(agent.listen, None)
    );
    assert_eq!(agent.route.current().to_string(), agent.address());
}

#[test]
fn without_a_runtime_api_nothing_is_redirected() {
    let environment = Environment::default();
    let seen = redirection(&Config::read(&environment), &environment, None);
    assert!(matches!(seen, Redirection::None(why) if why.contains("is not set")));
}
