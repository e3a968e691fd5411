//! Whole secrets of every kind, put together here so that none stands in a file.
//! They never were given out by anybody.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::{Part, Role, Steps};

use super::*;
use crate::fences::values;
use crate::inspect::inspect_text_ungated;
use crate::leak::leaked_secret::pages::pages;
use crate::report::Report;
use crate::{HashKey, inspect, inspect_text};

const KEY: HashKey = HashKey([7; 16]);

/// Characters as a generator would draw them, but always the same.
fn drawn(alphabet: &[u8], count: usize) -> String {
    let mut state = 7_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(alphabet[(state >> 16) as usize % alphabet.len()])
        })
        .collect()
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// A token with the checksum of GitHub and npm.
fn checked(prefix: &str) -> String {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let random = drawn(LETTERS, 30);
    let mut crc = u32::MAX;
    for byte in random.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let mut rest = !crc;
    let mut checksum = Vec::new();
    for _ in 0..6 {
        checksum.push(char::from(digits[rest as usize % 62]));
        rest /= 62;
    }
    let checksum: String = checksum.iter().rev().collect();
    format!("{prefix}_{random}{checksum}")
}

/// A secret of each kind with a name, one a prefix at least.
fn secrets() -> Vec<(&'static str, String)> {
    let d = |count| drawn(LETTERS, count);
    let hex = |count| drawn(HEX, count);
    Vec::from([
        ("github-token", checked("ghp")),
        ("github-token", checked("gho")),
        ("github-token", checked("ghs")),
        (
            "github-token",
            format!("github_{}_{}_{}", "pat", d(22), d(59)),
        ),
        ("npm-token", checked("npm")),
        ("gitlab-token", format!("glpat-{}", d(20))),
        ("gitlab-token", format!("glpat-{}.01.{}", d(27), d(9))),
        (
            "slack-token",
            format!("{}-1029384756102-5647382910564-{}", "xoxb", d(24)),
        ),
        (
            "slack-token",
            format!("xapp-1-A{}-1029384756-{}", d(10), hex(64)),
        ),
        (
            "slack-webhook",
            format!(
                "https://hooks.slack.com/services/T{}/B{}/{}",
                d(8),
                d(9),
                d(24)
            ),
        ),
        ("stripe-key", format!("sk_{}_{}", "live", d(24))),
        ("stripe-key", format!("rk_{}_{}", "live", d(99))),
        ("google-api-key", format!("AIza{}", d(35))),
        ("google-client-secret", format!("GOCSPX-{}", d(28))),
        ("anthropic-key", format!("sk-ant-api03-{}AA", d(93))),
        ("openai-key", format!("sk-{}T3Blbk{}{}", d(20), "FJ", d(20))),
        (
            "openai-key",
            format!("sk-proj-{}T3Blbk{}{}", d(58), "FJ", d(58)),
        ),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", d(60))),
        ("sendgrid-key", format!("SG.{}.{}", d(22), d(43))),
        ("digitalocean-token", format!("dop_v1_{}", hex(64))),
        ("shopify-token", format!("shpat_{}", hex(32))),
        ("huggingface-token", format!("hf_{}", d(34))),
        ("docker-token", format!("dckr_pat_{}", d(27))),
        (
            "azure-storage-key",
            format!("AccountName=a;AccountKey={}==", d(86)),
        ),
        (
            "private-key",
            format!("-----{} PRIVATE KEY-----\n{}\n", "BEGIN", d(64)),
        ),
        (
            "private-key",
            format!("-----{} RSA PRIVATE KEY-----\\n{}", "BEGIN", d(300)),
        ),
    ])
}

fn productions(report: &Report) -> Vec<&'static str> {
    let ours = report
        .findings
        .iter()
        .filter(|found| found.rule.id == RULE.id);
    let mut kinds: Vec<_> = ours.map(|found| found.explanation.production).collect();
    // A form and a field of it may both show it.
    kinds.dedup();
    kinds
}

fn found(text: &str, role: Role) -> Vec<&'static str> {
    productions(&inspect_text(text.as_bytes(), role, Part::Value, &KEY))
}

#[test]
fn each_kind_is_found_alone_in_a_sentence_and_in_program_text() {
    for (kind, secret) in secrets() {
        for text in [
            secret.clone(),
            format!("please use {secret} for now"),
            format!("const key = '{secret}';"),
            format!("https://ann:{secret}@example.com/x"),
        ] {
            // A secret that begins with a scheme stands in no other URL.
            if text.contains("@https:") || text.contains(":https:") && text.contains('@') {
                continue;
            }
            assert_eq!(found(&text, Role::Body), [kind], "{text}");
        }
    }
}

#[test]
fn every_kind_for_events_is_found_there_with_the_gate_as_without_it() {
    for page in pages().iter().filter(|page| page.in_events) {
        let mut any = false;
        for value in values(&page.text, "attack") {
            let text = value.text.as_bytes();
            let gated = inspect_text(text, Role::Body, Part::Value, &KEY);
            let ungated = inspect_text_ungated(text, Role::Body, Part::Value, &KEY);
            let found = productions(&gated);
            any |= found.contains(&page.kind.as_str());
            assert_eq!(found, productions(&ungated), "{}", value.text);
        }
        assert!(any || page.kind == "aws-access-key", "{}", page.kind);
    }
}

#[test]
fn a_longer_a_shorter_and_a_damaged_one_is_none() {
    for (kind, secret) in secrets() {
        // Of these kinds there are shorter ones, or ones within more letters.
        if matches!(kind, "private-key" | "azure-storage-key" | "stripe-key") {
            continue;
        }
        let half = &secret[..secret.len() / 2];
        assert_eq!(found(half, Role::Body), [""; 0], "{half}");
        let inside = format!("x{secret}");
        assert_eq!(found(&inside, Role::Body), [""; 0], "{inside}");
    }
    let token = checked("ghp");
    let longer = format!("{token}x");
    assert_eq!(found(&longer, Role::Body), [""; 0]);
    let mut damaged = token.into_bytes();
    let last = damaged.len() - 1;
    damaged[last] = if damaged[last] == b'0' { b'1' } else { b'0' };
    assert_eq!(
        found(&String::from_utf8(damaged).unwrap(), Role::Body),
        [""; 0]
    );
}

#[test]
fn a_callers_own_credential_is_no_leak() {
    for (_, secret) in secrets() {
        for event in [
            format!("{{\"headers\":{{\"authorization\":\"Bearer {secret}\"}}}}"),
            format!("{{\"headers\":{{\"X-Api-Key\":\"{secret}\"}}}}"),
            format!("{{\"headers\":{{\"cookie\":\"session={secret}\"}}}}"),
            format!("{{\"multiValueHeaders\":{{\"private-token\":[\"{secret}\"]}}}}"),
        ] {
            let event = event.replace('\n', "\\n");
            let report = inspect(event.as_bytes(), Steps::for_bytes(event.len()), &KEY);
            assert_eq!(productions(&report), [""; 0], "{event}");
        }
    }
}

#[test]
fn the_two_halves_of_an_aws_key_are_a_secret_and_one_is_none() {
    let id = format!("AKIA{}", drawn(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
    let secret = drawn(LETTERS, 38) + "/+";
    let both = format!("aws_access_key_id={id}\naws_secret_access_key={secret}\n");
    assert_eq!(found(&both, Role::Body), ["aws-access-key"]);
    assert_eq!(
        found(&format!("{id}:{secret}"), Role::Query),
        ["aws-access-key"]
    );
    assert_eq!(found(&id, Role::Query), [""; 0]);
    assert_eq!(found(&format!("id {id} alone"), Role::Query), [""; 0]);
    let event = |secret: &str| {
        format!(
            "{{\"body\":\"{{\\\"accessKeyId\\\":\\\"{id}\\\",\\\"secretAccessKey\\\":\\\"{secret}\\\"}}\"}}"
        )
    };
    let inspected = |event: String| {
        productions(&inspect(
            event.as_bytes(),
            Steps::for_bytes(event.len()),
            &KEY,
        ))
    };
    assert_eq!(inspected(event(&secret)), ["aws-secret-key"]);
    assert_eq!(inspected(event("from-vault")), [""; 0]);
    let plain = format!("{{\"aws_secret_access_key\":\"{secret}\"}}");
    assert_eq!(inspected(plain), ["aws-secret-key"]);
    let given = format!("{{\"artifactCredentials\":{{\"secretAccessKey\":\"{secret}\"}}}}");
    assert_eq!(inspected(given), [""; 0]);
}
