//! Every event source, end to end: an attack in each place that a source's page lists is refused in
//! block mode, or delivered and told where a refusal would harm.
//! They never know the pages: whoever adds one is tested by it.
use std::fs;

use serde_json::Value;

use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;
use crate::harness::programs::root;
use crate::harness::samples::INJECTION;
use crate::harness::{beside_others, progress};

/// A sample with an attack in one of its places.
struct Case {
    name: String,
    event: String,
}

/// The cases of one page: each sample, once for each place that stands in it as it is.
fn cases(page: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for sample in text.split("```event\n").skip(1) {
        let (event, rest) = sample.split_once("```").unwrap();
        let event: Value = serde_json::from_str(event).unwrap();
        let fields = rest.split_once("```fields\n");
        let fields = fields.and_then(|(_, fields)| fields.split_once("```"));
        for line in fields.map_or("", |(fields, _)| fields).lines() {
            let pointer = line.split(' ').next().unwrap_or_default();
            let mut planted = event.clone();
            if line.contains('←') {
                continue;
            }
            let Some(place) = planted
                .pointer_mut(pointer)
                .filter(|place| place.is_string())
            else {
                continue;
            };
            *place = Value::from(INJECTION);
            cases.push(Case {
                name: format!("{page}{pointer}"),
                event: planted.to_string(),
            });
        }
    }
    cases
}

fn all_cases() -> Vec<Case> {
    let folder = root().join("extension/event/src/source");
    let mut pages: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    let cases = pages.iter().map(|path| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        cases(&name, &fs::read_to_string(path).unwrap())
    });
    cases.flatten().collect()
}

/// The pages of sources to which a refusal does harm, or that nobody answers.
const REPORTED: [&str; 22] = [
    "alexa",
    "client_vpn",
    "cloudwatch_alarm",
    "cloudwatch_dashboard",
    "codecommit",
    "codedeploy",
    "codepipeline",
    "cognito_sync",
    "config",
    "connect",
    "custom_resource",
    "destination",
    "documentdb",
    "ground_truth",
    "iot_button",
    "lex",
    "s3_object_lambda",
    "scheduler",
    "secrets_rotation",
    "transfer_family",
    "websocket_disconnect",
    "workmail",
];

/// True for a case that is delivered in block mode, too.
fn is_reported(case: &Case) -> bool {
    let page = case.name.split('/').next().unwrap_or_default();
    let is_disconnect = case.event.contains("\"DISCONNECT\"");
    let is_schedule = case.event.contains("Scheduled Event");
    REPORTED.contains(&page) || is_disconnect || is_schedule
}

#[test]
fn an_attack_in_every_place_that_a_page_lists_is_refused_or_told() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    let cases = all_cases();
    assert!(cases.len() > 150, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let id = format!("attack-{number}");
        pair.lambda.push(Lambda::event(&id, case.event.as_bytes()));
        pair.lambda.push(Lambda::event("marker", b"{}"));
        let received = pair.runtime.next().unwrap();
        let is_delivered = received.id == id;
        if is_delivered {
            pair.runtime.respond(&id, b"{}").unwrap();
            assert_eq!(pair.runtime.next().unwrap().id, "marker");
            if received.body != case.event.as_bytes() {
                wrong.push(format!("{}: delivered and changed", case.name));
            }
        }
        pair.runtime.respond("marker", b"{}").unwrap();
        if is_delivered != is_reported(case) {
            wrong.push(format!("{}: delivered is {is_delivered}", case.name));
        }
        pair.agent
            .lines
            .wait(&[&format!("\"{id}\""), "sql-injection"]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    progress(&format!("{} places of all event sources", cases.len()));
}
