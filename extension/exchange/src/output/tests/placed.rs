//! What exemptions, scopes, candidates and canaries make of what an answer holds: the same as of
//! what an event holds.
//! They never judge a text: what comes of a leak is what they ask.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::leak::OwnSecrets;
use credenza_policy::{Action, Day, Policy, Verdict};

use super::key;
use crate::output::{
    Channel, Found, Guard, Output, OutputSeen, OutputStep, OutputStream, Provenance, Whence, output,
};

fn policy(text: &str) -> Policy {
    let (policy, problems) = Policy::parse(text);
    assert!(problems.is_empty(), "{problems:?}");
    policy
}

fn event(path: &str) -> String {
    format!(
        r#"{{"version":"2.0","routeKey":"$default","rawPath":"{path}","headers":{{}},"requestContext":{{"http":{{"method":"POST"}},"stage":"$default","domainName":"x.execute-api.r.amazonaws.com"}},"body":"","isBase64Encoded":false}}"#
    )
}

/// An answer with a text in one member of its body.
fn answer(field: &str, text: &str) -> String {
    format!(r#"{{"statusCode":200,"body":"{{\"{field}\":\"{text}\"}}"}}"#)
}

/// An answer to an event, judged for an invocation.
fn judged(body: &str, event: &str, id: &str, day: &str, policy: &Policy) -> OutputSeen {
    let own = OwnSecrets::new([key().as_bytes()]);
    let answer = Output {
        head: b"",
        body: body.as_bytes(),
        channel: Channel::Response,
        provenance: Provenance::Of(event.as_bytes()),
    };
    let today = Day::parse(day).unwrap();
    let whence = Whence::new(answer.provenance, b"acme-1", id.as_bytes(), today);
    let guard = Guard::new(Some(&own), policy).of_invocation(&whence);
    output(&answer, &guard)
}

fn seen(body: &str, path: &str, policy: &Policy) -> OutputSeen {
    judged(body, &event(path), "id", "2026-12-01", policy)
}

const EXEMPTION: &str = r#"
mode = "block"
[[exemption]]
rule = "own-secret"
source = "apigateway-http"
route = "POST /keys/*"
location = "/body/key"
reason = "the function hands keys out"
author = "jane"
expires = 2027-01-31
"#;

#[test]
fn an_exemption_silences_its_leak_on_its_route_and_field_only_and_until_its_last_day() {
    let policy = policy(EXEMPTION);
    let other = [
        "postgres://app:",
        "q7Zk2mVx9LpR4t",
        "@db.shop.example.org:5432/shop",
    ]
    .concat();
    for (path, field, text, day, is_silenced) in [
        ("/keys/7", "key", key(), "2026-12-01", true),
        ("/keys/7", "key", key(), "2027-01-31", true),
        ("/keys/7", "key", key(), "2027-02-01", false),
        ("/keys/7", "other", key(), "2026-12-01", false),
        ("/keys", "key", key(), "2026-12-01", false),
        ("/keys/../7", "key", key(), "2026-12-01", false),
        ("/admin/7", "key", key(), "2026-12-01", false),
    ] {
        let body = answer(field, &text);
        let seen = judged(&body, &event(path), "id", day, &policy);
        let is_withheld = matches!(seen.step, OutputStep::Replace(_));
        assert_eq!(is_withheld, !is_silenced, "{path} {field} {day}");
        assert_eq!(seen.found.is_empty(), is_silenced, "{path} {field} {day}");
        let location = format!("/body/{field}");
        assert!(seen.found.iter().all(|found| found.location == location));
    }
    // Another rule at the same place, and the same rule at another place beside it.
    let seen = seen(&answer("key", &other), "/keys/7", &policy);
    let rules: Vec<_> = seen.found.iter().map(|found| found.rule.id).collect();
    assert_eq!(rules, ["leaked-secret"]);
    let both = answer("key", &key()).replace(r#"\"}"#, &format!(r#"\",\"b\":\"{}\"}}"#, key()));
    let seen = self::seen(&both, "/keys/7", &policy);
    let places: Vec<_> = seen.found.iter().map(|found| &found.location).collect();
    assert_eq!(places, ["/body/b"]);
}

#[test]
fn a_scope_speaks_of_answers_on_its_route_and_to_its_tenant_alone() {
    for scope in [
        "route = 'POST /keys/**'\nmode = 'monitor'",
        "route = 'POST /keys/**'\nrules = ['own-secret']\naction = 'flag'",
        "tenant = 'acme-*'\nroute = 'POST /keys/**'\nmode = 'monitor'",
        "location = '/body/key'\nroute = 'POST /keys/**'\nmode = 'monitor'",
    ] {
        let policy = policy(&format!("mode = 'block'\n[[scope]]\n{scope}"));
        let body = answer("key", &key());
        let quiet = seen(&body, "/keys/7", &policy);
        assert_eq!(quiet.verdict, Verdict::Flag, "{scope}");
        assert_eq!(quiet.step, OutputStep::Pass, "{scope}");
        let loud = seen(&body, "/orders", &policy);
        assert!(matches!(loud.step, OutputStep::Replace(_)), "{scope}");
    }
    let masks = policy("mode = 'block'\n[[scope]]\nlocation = '/body/key'\naction = 'mask'");
    let masked = seen(&answer("key", &key()), "/", &masks);
    assert!(
        matches!(masked.step, OutputStep::Rewrite(_)),
        "{:?}",
        masked.step
    );
}

#[test]
fn a_candidate_sees_what_leaks_and_changes_nothing_that_leaves() {
    let mails: Vec<_> = (0..80)
        .map(|at| format!("jane.roe{at}@kestrel-orders.org"))
        .collect();
    let answers = [
        answer("key", &key()),
        answer("key", "roses"),
        answer("mails", &mails.join(", ")),
        answer("mails", &format!("{} {}", mails.join(" "), key())),
    ];
    let actives = [
        "mode = 'block'",
        "mode = 'monitor'",
        "mode = 'block'\n[rule.own-secret]\naction = 'mask'",
        "mode = 'block'\n[rule.own-secret]\nmode = 'off'\n[rule.personal-data]\nmode = 'off'",
    ];
    let shadows = [
        "[shadow]\nmode = 'off'",
        "[shadow.rule.own-secret]\nmode = 'off'",
        "[shadow.rule.own-secret]\nmode = 'block'\naction = 'mask'",
        "[shadow.rule.personal-data]\nmode = 'block'\nminimum_confidence = 'low'",
        &EXEMPTION
            .replace("mode = \"block\"", "")
            .replace("[[exemption]]", "[[shadow.exemption]]"),
    ];
    for active in actives {
        let alone = policy(active);
        for shadow in shadows {
            let both = policy(&format!("{active}\n{shadow}"));
            for body in &answers {
                let (without, with) = (seen(body, "/keys/7", &alone), seen(body, "/keys/7", &both));
                assert_eq!(without.step, with.step, "{active} {shadow}");
                assert_eq!(without.verdict, with.verdict, "{active} {shadow}");
                assert!(with.found.iter().all(|found| found.shadow.is_some()));
            }
        }
    }
    let stricter = policy(&format!("{}\n{}", actives[3], shadows[2]));
    let told = &seen(&answers[0], "/", &stricter).found[0];
    assert_eq!(
        (told.verdict, told.action, told.shadow),
        (Verdict::Pass, Action::Flag, Some(Verdict::Flag))
    );
    let milder = policy(&format!("{}\n{}", actives[0], shadows[4]));
    let told = &seen(&answers[0], "/keys/7", &milder).found[0];
    assert_eq!(
        (told.verdict, told.shadow),
        (Verdict::Block, Some(Verdict::Pass))
    );
}

#[test]
fn a_canary_decides_once_for_the_event_and_for_its_answer() {
    let canaries = [
        policy("mode = 'block'\ncanary = 10"),
        policy("mode = 'block'\n[rule.own-secret]\ncanary = 10"),
        policy("mode = 'block'\n[[scope]]\nroute = 'POST /**'\ncanary = 10"),
    ];
    let (body, event) = (answer("key", &key()), event("/keys"));
    for policy in canaries {
        let mut withheld = Vec::new();
        for number in 0..10_000 {
            let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
            let seen = judged(&body, &event, &id, "2026-12-01", &policy);
            assert_eq!(seen.verdict, Verdict::Block);
            let is_withheld = matches!(seen.step, OutputStep::Replace(_));
            assert_eq!(seen.found[0].canary, Some(is_withheld));
            if is_withheld {
                withheld.push(number);
            }
        }
        assert!(
            (900..=1_100).contains(&withheld.len()),
            "{}",
            withheld.len()
        );
        // The same ones as of events, in `inspection/tests.rs`.
        assert_eq!(withheld[..3], [16, 21, 26]);
    }
}

#[test]
fn a_stream_has_a_route_and_no_fields() {
    let own = OwnSecrets::new([key().as_bytes()]);
    let place = "location = \"/body/key\"\n";
    for (text, is_silenced) in [
        (EXEMPTION.replace(place, ""), true),
        (EXEMPTION.into(), false),
    ] {
        let policy = policy(&text);
        for (path, is_there) in [("/keys/7", true), ("/admin", false)] {
            let event = event(path);
            let provenance = Provenance::Of(event.as_bytes());
            let today = Day::parse("2026-12-01").unwrap();
            let whence = Whence::new(provenance, b"", b"id", today);
            let guard = Guard::new(Some(&own), &policy).of_invocation(&whence);
            let mut stream = OutputStream::new(guard, false);
            stream.room().extend_from_slice(key().as_bytes());
            let ends = stream.release(true).ends;
            assert_eq!(ends, !(is_silenced && is_there), "{path}");
            assert_eq!(stream.found().iter().any(Found::is_told), ends);
        }
    }
}

#[test]
fn an_exemption_with_a_shape_silences_leaks_of_that_shape_in_any_text() {
    let policy = policy(
        "mode = 'block'\n[rule.personal-data]\nminimum_confidence = 'low'\n[[exemption]]\n\
         rule = 'personal-data'\nshape = 'email'\nreason = 'r'\nauthor = 'a'\nexpires = 2097-01-31",
    );
    let mails: Vec<_> = (0..80)
        .map(|at| format!("jane.roe{at}@kestrel-orders.org"))
        .collect();
    for (text, media) in [
        (mails.join(" "), "text/plain"),
        (mails.join(","), "text/html"),
    ] {
        let body = format!(
            r#"{{"statusCode":200,"headers":{{"content-type":"{media}"}},"body":"{text}"}}"#
        );
        let bare = seen(&body, "/", &self::policy("mode = 'block'"));
        let with = seen(&body, "/", &policy);
        let spans: Vec<_> = bare.found.iter().map(|one| one.end - one.start).collect();
        assert!(!spans.is_empty(), "{media}");
        assert_eq!(with.found.len(), 0, "{media} {spans:?}");
    }
}

#[test]
fn exemptions_take_a_bounded_time_and_a_leak_that_none_was_asked_about_stays() {
    let exemption = |location: &str| {
        format!(
            "[[exemption]]\nrule = 'own-secret'\nlocation = '{location}'\nreason = 'r'\n\
             author = 'a'\nexpires = 2097-01-31\n"
        )
    };
    let others = exemption("/**/*/**/*/**/x").repeat(200);
    let policy = policy(&format!("mode = 'block'\n{others}{}", exemption("/**")));
    let leaks = |count: usize| {
        let member = |at| format!(r#"{{"{}{at}":"{}"}}"#, "n".repeat(60), key());
        let members: Vec<_> = (0..count).map(member).collect();
        seen(&format!("[{}]", members.join(",")), "/", &policy)
    };
    assert!(leaks(3).found.is_empty());
    let many = leaks(250);
    assert!((1..250).contains(&many.found.len()), "{}", many.found.len());
    assert!(matches!(many.step, OutputStep::Replace(_)));
}
