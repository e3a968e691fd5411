//! The events that tests send: the shared samples where they are present, and our own.
//! It never holds an attack unless its name says so.
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::programs::{root, skip};
use super::random::Random;

/// One event with a name for messages.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Sample {
    /// SHA-256 and length, as the functions record them.
    pub(crate) fn digest(&self) -> String {
        digest(&self.bytes)
    }

    /// A request id that belongs to this sample in every run.
    pub(crate) fn request_id(&self) -> String {
        let digest = format!("{:x}", Sha256::digest(self.name.as_bytes()));
        let part = |range: std::ops::Range<usize>| digest.get(range).unwrap_or_default();
        format!(
            "{}-{}-4{}-8{}-{}",
            part(0..8),
            part(8..12),
            part(13..16),
            part(17..20),
            part(20..32)
        )
    }
}

/// SHA-256 and length, as the functions record them.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("{:x} {}", Sha256::digest(bytes), bytes.len())
}

/// All sample events: those beside the project, else a generated set, with a skip that says so.
pub(crate) fn events(test: &str) -> Vec<Sample> {
    let folder = std::env::var_os("CREDENZA_EVENTS")
        .map_or_else(|| root().join("../shared/events"), PathBuf::from);
    let mut samples = Vec::new();
    collect(&folder, &folder, &mut samples);
    if samples.is_empty() {
        let own = "the shared sample events are absent, generated ones were used";
        skip(&format!("{test}: the 597 shared events"), own);
        samples = generated();
    }
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

fn collect(base: &Path, folder: &Path, samples: &mut Vec<Sample>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(base, &path, samples);
        } else if path.parent() != Some(base) {
            // The files beside the folders describe the set; every file in a folder is a sample.
            let name = path.strip_prefix(base).unwrap_or(&path);
            samples.push(Sample {
                name: name.display().to_string(),
                bytes: fs::read(&path).expect("a listed sample can be read"),
            });
        }
    }
}

/// Own events: many sources, odd spacing, big numbers, escapes, repeated keys.
pub(crate) fn generated() -> Vec<Sample> {
    let mut random = Random::new(597);
    let mut samples = Vec::new();
    for round in 0..20 {
        for (kind, body) in kinds(&mut random) {
            samples.push(Sample {
                name: format!("generated/{kind}-{round}"),
                bytes: body.into_bytes(),
            });
        }
    }
    samples
}

fn kinds(random: &mut Random) -> [(&'static str, String); 7] {
    let word = words(random);
    let number = random.next();
    [
        ("rest", rest(&format!("/orders/{number}"), &word)),
        ("http-v2", http_v2(&format!("q={number}&page=2"), None)),
        (
            "http-v2-body",
            http_v2("", Some(&format!("{{\\\"note\\\":\\\"{word}\\\"}}"))),
        ),
        ("alb", alb(&number.to_string(), false)),
        ("alb-multi", alb(&number.to_string(), true)),
        (
            "sqs",
            format!(
                "{{ \"Records\" : [ {{\"eventSource\":\"aws:sqs\",\"messageId\":\"{number}\",\
                 \"body\":\"{word}\"}} ]\n}}\n"
            ),
        ),
        (
            "odd",
            format!(
                "  {{\"a\":{number}.50e+10,\"a\":\"\\u00e9\\/\",\"\":[[],{{}},null,true],\
                 \"w\":\"{word}\"}}\r\n\t"
            ),
        ),
    ]
}

fn words(random: &mut Random) -> String {
    const WORDS: [&str; 12] = [
        "select a table",
        "O'Brien",
        "größer",
        "order by phone",
        "café",
        "日本語",
        "1 + 1",
        "drop",
        "union jack",
        "a -- b",
        "ok",
        "where to go",
    ];
    let mut text = String::new();
    for _ in 0..random.below(40) {
        text.push_str(WORDS[random.below(WORDS.len())]);
        text.push(' ');
    }
    text
}

/// An API Gateway REST event (payload 1.0) with `id` in the query.
pub(crate) fn rest(path: &str, id: &str) -> String {
    format!(
        r#"{{"resource":"/{{proxy+}}","path":"{path}","httpMethod":"GET","headers":{{"Host":"x.execute-api.eu-central-1.amazonaws.com"}},"multiValueHeaders":{{"Host":["x.execute-api.eu-central-1.amazonaws.com"]}},"queryStringParameters":{{"id":"{id}"}},"multiValueQueryStringParameters":{{"id":["{id}"]}},"pathParameters":{{"proxy":"a"}},"stageVariables":null,"requestContext":{{"resourcePath":"/{{proxy+}}","httpMethod":"GET","stage":"prod","requestId":"r","identity":{{"sourceIp":"192.0.2.1","userAgent":"curl/8"}}}},"body":null,"isBase64Encoded":false}}"#
    )
}

/// An HTTP API event (payload 2.0) with this raw query and this body, JSON-escaped.
pub(crate) fn http_v2(query: &str, body: Option<&str>) -> String {
    v2("x.execute-api.eu-central-1.amazonaws.com", query, body)
}

/// A Function URL event with this raw query.
pub(crate) fn function_url(query: &str) -> String {
    v2("x.lambda-url.eu-central-1.on.aws", query, None)
}

fn v2(domain: &str, query: &str, body: Option<&str>) -> String {
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body
        .map(|body| format!(r#","body":"{body}""#))
        .unwrap_or_default();
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value
            .replace("%27", "'")
            .replace("%20", " ")
            .replace("%3D", "=");
        parameters.push(format!(r#""{name}":"{value}""#));
    }
    format!(
        r#"{{"version":"2.0","routeKey":"$default","rawPath":"/q","rawQueryString":"{query}","headers":{{"host":"{domain}","content-type":"application/json"}},"queryStringParameters":{{{}}},"requestContext":{{"accountId":"123456789012","apiId":"x","domainName":"{domain}","http":{{"method":"{method}","path":"/q","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"curl/8"}},"requestId":"r","routeKey":"$default","stage":"$default"}}{body},"isBase64Encoded":false}}"#,
        parameters.join(",")
    )
}

/// A load balancer event with `id` in the query; `multi` for multi-value headers.
pub(crate) fn alb(id: &str, multi: bool) -> String {
    let fields = if multi {
        format!(
            r#""multiValueQueryStringParameters":{{"id":["{id}"]}},"multiValueHeaders":{{"host":["x.elb.amazonaws.com"]}}"#
        )
    } else {
        format!(
            r#""queryStringParameters":{{"id":"{id}"}},"headers":{{"host":"x.elb.amazonaws.com"}}"#
        )
    };
    format!(
        r#"{{"requestContext":{{"elb":{{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/t/0"}}}},"httpMethod":"GET","path":"/q",{fields},"body":"","isBase64Encoded":false}}"#
    )
}

/// A classic injection, as it stands in a decoded query.
pub(crate) const INJECTION: &str = "1' OR '1'='1' UNION SELECT name, secret FROM users -- ";

/// The same as it stands in a raw query string.
pub(crate) const INJECTION_RAW: &str =
    "1%27%20OR%20%271%27%3D%271%27%20UNION%20SELECT%20name,%20secret%20FROM%20users%20--%20";
