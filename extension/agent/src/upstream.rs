//! Where the platform's Runtime API is: the address forms of the environment, and the one change
//! that a wrapper may make before the first `next`.
//! It never asks a name server: what is not an address is looked up in the environment's own table.
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An address of a Runtime API: `host:port`, with an optional scheme and path prefix (R21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    host: String,
    port: u16,
    prefix: String,
}

impl Upstream {
    /// Reads `host`, `host:port`, `[v6]:port`, each with an optional `http://` before it and an
    /// optional path prefix behind it; `None` if it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return None,
            None => text,
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (host, port) = split_port(authority)?;
        let plain =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@' | b'/');
        if host.is_empty() || !host.bytes().all(plain) {
            return None;
        }
        if !path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'))
        {
            return None;
        }
        let prefix = path.trim_end_matches('/').to_owned();
        Some(Self {
            host: host.to_owned(),
            port,
            prefix,
        })
    }

    /// Host without brackets, for connecting.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port; 80 where the text named none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where to connect, the likeliest first; empty for a name that nobody here knows.
    ///
    /// The resolver of the C library would bring name servers, plugins and a third of a megabyte
    /// into a process that talks to its own environment only.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let hosts = match self.host.parse::<IpAddr>() {
            Ok(ip) => vec![ip],
            Err(_) => named(&self.host, &fs::read_to_string(HOSTS).unwrap_or_default()),
        };
        let addresses = hosts.into_iter().map(|ip| SocketAddr::new(ip, self.port));
        addresses.collect()
    }

    /// Path prefix without a trailing slash; empty on the platform itself.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `host:port` as a `Host` header says it, with brackets around an IPv6 host.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.authority(), self.prefix)
    }
}

/// The environment's own table of names.
const HOSTS: &str = "/etc/hosts";

/// The addresses of `name` in a table of hosts, IPv4 first; `localhost` needs no table.
fn named(name: &str, table: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = table
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let ip = words.next()?.parse().ok()?;
            words
                .any(|word| word.eq_ignore_ascii_case(name))
                .then_some(ip)
        })
        .collect();
    if found.is_empty() && name.eq_ignore_ascii_case("localhost") {
        found = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let (mut first, last): (Vec<_>, Vec<_>) = found.into_iter().partition(IpAddr::is_ipv4);
    first.extend(last);
    first
}

/// Splits `host[:port]` or `[v6][:port]`.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']')?;
        (
            host,
            if rest.is_empty() {
                None
            } else {
                Some(rest.strip_prefix(':')?)
            },
        )
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let port = match port {
        None => 80,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    (port != 0).then_some((host, port))
}

/// The upstream in force, and whether it may still change.
#[derive(Debug)]
pub struct Route {
    current: Mutex<Arc<Upstream>>,
    sealed: AtomicBool,
}

impl Route {
    /// A route to `upstream`, open to one correction by the wrapper.
    pub fn new(upstream: Upstream) -> Self {
        Self {
            current: Mutex::new(Arc::new(upstream)),
            sealed: AtomicBool::new(false),
        }
    }

    /// The upstream in force: asked once for each new upstream connection.
    pub fn current(&self) -> Arc<Upstream> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the route to changes; the proxy calls it when a runtime asks for its first `next`.
    pub fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// True after the first `next`.
    pub fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// Points the route elsewhere (R26); false, and nothing changes, after the first `next` (R30).
    pub fn hand_over(&self, upstream: Upstream) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sealed.load(Ordering::Acquire) {
            return false;
        }
        *current = Arc::new(upstream);
        true
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Route, Upstream, named};

    fn check(text: &str, expected: &Expect) {
        let seen = Upstream::parse(text).map_or_else(
            || "refused".to_owned(),
            |upstream| {
                format!(
                    "{} {} {:?}",
                    upstream.host(),
                    upstream.port(),
                    upstream.prefix()
                )
            },
        );
        expected.assert_eq(&seen);
    }

    #[test]
    fn every_address_form_of_the_field_is_read() {
        check("127.0.0.1:9001", &expect![[r#"127.0.0.1 9001 """#]]);
        check("169.254.100.1:9001", &expect![[r#"169.254.100.1 9001 """#]]);
        check(
            "http://127.0.0.1:9000/.rt/f",
            &expect![[r#"127.0.0.1 9000 "/.rt/f""#]],
        );
        check("HTTP://127.0.0.1:9000/", &expect![[r#"127.0.0.1 9000 """#]]);
        check("[::1]:9001", &expect![[r#"::1 9001 """#]]);
        check("localhost", &expect![[r#"localhost 80 """#]]);
        check(" 127.0.0.1:9001\n", &expect![[r#"127.0.0.1 9001 """#]]);
    }

    #[test]
    fn a_name_is_looked_up_in_the_table_of_hosts_and_nowhere_else() {
        let table = "# 9.9.9.9 sandbox\n::1 sandbox localhost\n169.254.100.1\tSandbox.LocalDomain \
                     sandbox # 8.8.8.8 other\nbroken sandbox\n";
        let addresses = |name| format!("{:?}", named(name, table));
        assert_eq!(addresses("sandbox"), "[169.254.100.1, ::1]");
        assert_eq!(addresses("sandbox.localdomain"), "[169.254.100.1]");
        assert_eq!(addresses("localhost"), "[::1]");
        assert_eq!(addresses("other"), "[]");
        assert_eq!(format!("{:?}", named("LOCALHOST", "")), "[127.0.0.1, ::1]");
        let upstream = Upstream::parse("[fe80::1]:9001/x").unwrap();
        assert_eq!(format!("{:?}", upstream.addresses()), "[[fe80::1]:9001]");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            ":9001",
            "https://127.0.0.1:1",
            "a:b",
            "a:0",
            "a:65536",
            "[::1",
            "::1:9",
            "a b:1",
        ] {
            check(text, &expect!["refused"]);
        }
        check("a:1/x?y", &expect!["refused"]);
        check("user@a:1", &expect!["refused"]);
        check("a:1/x\r\ny", &expect!["refused"]);
    }

    #[test]
    fn a_route_changes_until_the_first_next_and_never_after_it() {
        let at = |text| Upstream::parse(text).unwrap();
        let route = Route::new(at("127.0.0.1:9001"));
        assert!(route.hand_over(at("127.0.0.1:9000")));
        assert_eq!(route.current().to_string(), "127.0.0.1:9000");
        route.seal();
        assert!(!route.hand_over(at("127.0.0.1:9999")));
        assert_eq!(route.current().to_string(), "127.0.0.1:9000");
    }
}
