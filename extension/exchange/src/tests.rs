//! What becomes of an event under each mode.
//! It never asks the engine to find anything: reports are made by hand.
use alloc::vec::Vec;

use credenza_engine::{HashKey, Report};
use credenza_event::{Beside, Coverage, Gap, Role, Source, Steps};
use credenza_policy::{Mode, OnPartial, Policy, Verdict};

use crate::case::Case;
use crate::{Circumstances, Inspected, Step, event, event_beside, refusal_unseen};

const BODY: &[u8] = br#"{"version":"2.0","routeKey":"$default","rawPath":"/"}"#;

fn partial() -> Report {
    Report {
        findings: Vec::new(),
        findings_dropped: 0,
        exempted: 0,
        coverage: Coverage::missing(Gap::Budget),
        bytes: 1,
        steps: 1,
    }
}

/// What becomes of a body with a report made by hand.
fn judge(body: &[u8], report: Report, policy: &Policy) -> Inspected {
    let key = HashKey([0; 16]);
    let case = Case::new(body, Circumstances::default(), policy, &key);
    crate::inspection::judge(&case, report, Steps::new(0))
}

fn policy(mode: Mode, on_partial: Option<OnPartial>) -> Policy {
    Policy {
        mode,
        on_partial,
        ..Policy::default()
    }
}

#[test]
fn mode_off_delivers_and_says_that_it_did_not_look() {
    let seen = event(
        BODY,
        Steps::new(0),
        &policy(Mode::Off, None),
        &HashKey([0; 16]),
    );
    assert!(matches!(seen.step, Step::Deliver));
    assert_eq!(seen.verdict, Verdict::Pass);
    assert_eq!(seen.report.coverage.gaps().collect::<Vec<_>>(), [Gap::Off]);
    assert_eq!(seen.report.bytes, BODY.len() as u64);
}

#[test]
fn mode_monitor_delivers_even_what_it_would_block() {
    let seen = judge(
        BODY,
        partial(),
        &policy(Mode::Monitor, Some(OnPartial::Block)),
    );
    assert!(matches!(seen.step, Step::Deliver));
    assert_eq!(seen.verdict, Verdict::Block);
}

#[test]
fn mode_block_refuses_in_the_shape_of_the_source() {
    let seen = judge(b"[1]", partial(), &policy(Mode::Block, None));
    assert_eq!(seen.verdict, Verdict::Block);
    assert_eq!(seen.source, Source::Unknown);
    assert!(
        matches!(seen.step, Step::Refuse(made) if made == refusal_unseen(b"[1]", &Policy::default()))
    );
}

#[test]
fn mode_block_delivers_what_is_only_flagged() {
    let seen = judge(
        b"[1]",
        partial(),
        &policy(Mode::Block, Some(OnPartial::Flag)),
    );
    assert!(matches!(seen.step, Step::Deliver));
    assert_eq!(seen.verdict, Verdict::Flag);
}

#[test]
fn no_event_and_no_budget_panics() {
    bolero::check!()
        .with_type::<(Vec<u8>, u16)>()
        .for_each(|(body, steps)| {
            let policy = policy(Mode::Block, None);
            let seen = event(
                body,
                Steps::new(u64::from(*steps)),
                &policy,
                &HashKey([7; 16]),
            );
            assert_eq!(
                matches!(seen.step, Step::Refuse(_)),
                seen.verdict == Verdict::Block
            );
        });
}

#[test]
fn what_comes_beside_an_event_is_judged_like_the_event() {
    let attack = r#"{"custom":{"name":"x' UNION SELECT name, secret FROM users -- "}}"#;
    let packed =
        "eyJjdXN0b20iOnsibmFtZSI6IngnIFVOSU9OIFNFTEVDVCBuYW1lLCBzZWNyZXQgRlJPTSB1c2VycyAtLSAifX0=";
    let harmless = r#"{"client":{"app_title":"Garden"},"custom":{"name":"Jo"}}"#;
    let records = br#"{"Records":[{"messageId":"1","receiptHandle":"r","body":"a","attributes":{},
        "messageAttributes":{},"md5OfBody":"m","eventSource":"aws:sqs",
        "eventSourceARN":"arn:aws:sqs:eu-central-1:1:q","awsRegion":"eu-central-1"}]}"#;
    for (text, verdict) in [
        (attack, Verdict::Block),
        (packed, Verdict::Block),
        (harmless, Verdict::Pass),
        ("", Verdict::Pass),
    ] {
        for body in [b"{}".as_slice(), BODY, records] {
            let beside = [Beside {
                name: "client-context",
                text: text.as_bytes(),
                role: Role::Other,
            }];
            let steps = Steps::for_bytes(body.len() + text.len());
            let policy = policy(Mode::Block, None);
            let seen = event_beside(body, &beside, steps, &policy, &HashKey([0; 16]));
            assert_eq!(seen.verdict, verdict, "{text}");
            let is_refused = matches!(seen.step, Step::Refuse(_));
            assert_eq!(is_refused, verdict == Verdict::Block, "{text}");
            for finding in &seen.report.findings {
                assert_eq!(finding.location, "#/client-context/custom/name");
            }
        }
    }
}
