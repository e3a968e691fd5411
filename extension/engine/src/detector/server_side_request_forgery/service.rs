//! The services that answer only inside: what they are called for tells a call from a visit.
//! It never knows a host: ports and paths alone.

/// A service on a machine's own interface, by its port and the start of its paths.
pub(super) fn is_control(port: Option<u16>, path: &[u8]) -> bool {
    let starts = |heads: &[&str]| heads.iter().any(|head| path.starts_with(head.as_bytes()));
    match port {
        Some(2375 | 2376) => starts(&[
            "/images",
            "/containers",
            "/exec",
            "/build",
            "/version",
            "/v1.",
        ]),
        Some(2379 | 4001) => starts(&["/v2/", "/v3/", "/version"]),
        Some(10_250 | 10_255) => starts(&["/pods", "/run", "/exec", "/containerLogs"]),
        Some(8500) => starts(&["/v1/agent", "/v1/kv", "/v1/catalog"]),
        _ => false,
    }
}

/// A service that gives its data and its settings to whoever asks inside, and that people at work
/// ask on a command line.
pub(super) fn is_open(port: Option<u16>, path: &[u8]) -> bool {
    let starts = |heads: &[&str]| heads.iter().any(|head| path.starts_with(head.as_bytes()));
    match port {
        Some(9200) => starts(&["/_cat", "/_cluster", "/_nodes", "/_search", "/_all"]),
        Some(5984) => starts(&["/_all_dbs", "/_users", "/_config"]),
        Some(6443 | 8001) => starts(&["/api/v1/secrets", "/api/v1/namespaces"]),
        // Vault, Nomad, Hadoop, Spark, RabbitMQ.
        Some(8200) => starts(&["/v1/sys/", "/v1/secret/"]),
        Some(4646) => starts(&["/v1/jobs", "/v1/job/", "/v1/agent"]),
        Some(8088) => starts(&["/ws/v1/cluster"]),
        Some(6066) => starts(&["/v1/submissions"]),
        Some(15_672) => starts(&["/api/users", "/api/definitions", "/api/overview"]),
        _ => starts(&["/actuator/env", "/actuator/heapdump"]),
    }
}

/// True if a port is asked in a protocol that nothing there speaks: mail, shells, databases,
/// caches, or the other kind of HTTP. That is how ports are tried from inside.
pub(super) fn is_mute(scheme: &[u8], port: Option<u16>) -> bool {
    let is_http = scheme.eq_ignore_ascii_case(b"http");
    let is_https = scheme.eq_ignore_ascii_case(b"https");
    match port {
        Some(443) => is_http,
        Some(80) => is_https,
        Some(
            21..=23
            | 25
            | 53
            | 110
            | 139
            | 143
            | 389
            | 445
            | 465
            | 587
            | 636
            | 873
            | 993
            | 995
            | 1433
            | 1521
            | 1883
            | 2049
            | 2181
            | 3306
            | 3389
            | 5432
            | 5672
            | 5900
            | 6379
            | 11_211
            | 27_017,
        ) => is_http || is_https,
        _ => false,
    }
}

/// The Runtime API and the services that extensions keep for the function.
pub(super) fn is_of_lambda(port: Option<u16>, path: &[u8]) -> bool {
    let starts = |heads: &[&str]| heads.iter().any(|head| path.starts_with(head.as_bytes()));
    let is_versioned = starts(&[
        "/2018-06-01/",
        "/2020-01-01/",
        "/2020-08-15/",
        "/2022-07-01/",
    ]);
    match port {
        Some(9001 | 9077) => is_versioned,
        Some(2773) => starts(&["/secretsmanager", "/systemsmanager"]),
        Some(2772) => starts(&["/applications/"]),
        _ => starts(&["/2018-06-01/runtime/", "/2020-01-01/extension/"]),
    }
}

/// A port of those services, whatever is asked there.
pub(super) fn is_port_of_lambda(port: Option<u16>) -> bool {
    matches!(port, Some(9001 | 2772 | 2773))
}

/// A file that belongs to the system, by the path of a `file:` URL.
pub(super) fn is_system_file(path: &[u8]) -> bool {
    let start = path
        .iter()
        .take_while(|byte| matches!(byte, b'/' | b'\\'))
        .count();
    let path = path.get(start..).unwrap_or(&[]);
    let heads = [
        "etc/",
        "proc/",
        "sys/",
        "dev/",
        "root/",
        "boot/",
        "var/task",
        "var/runtime",
        "var/log",
        "var/run",
        "opt/extensions",
        "c:/windows",
        "c:\\windows",
        "c|/windows",
        "c:/boot.ini",
        "windows/",
        "winnt/",
    ];
    heads.iter().any(|head| {
        path.get(..head.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(head.as_bytes()))
    })
}

/// True for the paths under which a metadata service keeps its credentials and settings.
pub(super) fn is_of_metadata(path: &[u8]) -> bool {
    let heads = [
        "/latest/meta-data/",
        "/computeMetadata/v1",
        "/metadata/instance",
        "/metadata/identity",
    ];
    heads.iter().any(|head| path.starts_with(head.as_bytes()))
}

/// True for the pages that a machine keeps for those who run it.
pub(super) fn is_administration(path: &[u8]) -> bool {
    const PAGES: [&str; 14] = [
        "admin",
        "administrator",
        "server-status",
        "server-info",
        "phpmyadmin",
        "actuator",
        "manager",
        "console",
        "jolokia",
        "metrics",
        "debug",
        "env",
        ".env",
        ".git",
    ];
    let Some(path) = path.strip_prefix(b"/") else {
        return false;
    };
    let path = path.get(..TAIL_BYTES_MAX).unwrap_or(path);
    let end = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
    let path = path.get(..end.unwrap_or(path.len())).unwrap_or(path);
    let mut pages = path.split(|byte| *byte == b'/');
    let is = |page: &[u8], known: &str| page.eq_ignore_ascii_case(known.as_bytes());
    let first = pages.next().unwrap_or(&[]);
    // Behind the name of a program: `/solr/admin`, `/jenkins/script`.
    let mut inner = pages.take(2);
    PAGES.iter().any(|known| is(first, known))
        || inner.any(|page| INNER_PAGES.iter().any(|known| is(page, known)))
}

/// Pages of those who run a machine, behind the name of the program that has them.
const INNER_PAGES: [&str; 5] = ["admin", "administrator", "script", "console", "manager"];

// Limit: the name of a host that a check looks for is short, and so is what leads to it.
const TAIL_BYTES_MAX: usize = 80;

/// True if all that stands behind a host is the name of another one, which a careless check of the
/// whole URL would find: `?d=shop.example`, `///shop.example`.
pub(super) fn names_another(path: &[u8]) -> bool {
    if path.len() > TAIL_BYTES_MAX {
        return false;
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let len = path.iter().rev().take_while(|byte| is_name(byte)).count();
    let (lead, name) = path.split_at(path.len().saturating_sub(len));
    let is_led = matches!(lead, [b'?' | b'#', ..] | [b'/', b'?' | b'#', ..])
        || lead.len() > 1 && lead.iter().all(|byte| *byte == b'/');
    let ending = name.rsplit(|byte| *byte == b'.').next().unwrap_or(&[]);
    let is_host = name.contains(&b'.')
        && !name.starts_with(b".")
        && (2..=12).contains(&ending.len())
        && ending.iter().all(u8::is_ascii_alphabetic);
    is_led && is_host
}
