//! What a function repeats, in each place of a page and from each part of an event: withheld where
//! it runs, and let be where the function has escaped it.
//! It never asks the rules of events: they are off here, so that the answer alone decides.
use credenza_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::harness::beside_others;
use crate::harness::sandboxed::{Client, block_on};
use crate::reflections::{WITHHELD, answer, leaks, request, setup, told_since};

const SCRIPT: &str = "<script>alert(1)</script>";

/// Where a text is shown, the text, and the rule that says so.
const PLACES: [(&str, &str, &str); 9] = [
    (
        "quoted",
        "\" autofocus onfocus=alert(1) x=\"",
        "reflected-script",
    ),
    ("single", "' onmouseover='alert(1)", "reflected-script"),
    ("script", "\";alert(1);//", "reflected-script"),
    (
        "link",
        "javascript:alert(document.domain)",
        "reflected-script",
    ),
    (
        "style",
        "red }</style><script>alert(1)</script>",
        "reflected-script",
    ),
    ("drawing", SCRIPT, "reflected-script"),
    ("call", "alert(document.cookie)//", "reflected-script"),
    ("cookie", "a\r\nSet-Cookie: admin=1", "reflected-header"),
    ("header", "a\r\nSet-Cookie: admin=1", "reflected-header"),
];

/// The parts of an event that carry a text to the page.
const CARRIERS: [&str; 6] = ["cookie", "path", "header", "base64", "form", "graphql"];

/// A request in which a text stands in this part.
fn carried(carrier: &str, text: &str, how: &str) -> String {
    let encoded: String = text
        .bytes()
        .fold(String::new(), |all, byte| format!("{all}%{byte:02x}"));
    let mut event: Value = serde_json::from_str(&request("page", "", how)).unwrap();
    event["queryStringParameters"]["in"] = json!(carrier);
    match carrier {
        "cookie" => event["cookies"] = json!([format!("last={encoded}")]),
        "path" => event["rawPath"] = json!(format!("/{encoded}")),
        "header" => event["headers"]["x-name"] = json!(text),
        "base64" => {
            // Of the script that is sent here.
            event["body"] = json!("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==");
            event["isBase64Encoded"] = json!(true);
        }
        "form" => {
            event["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
            event["body"] = json!(format!("q={encoded}"));
        }
        _ => {
            event["headers"]["content-type"] = json!("application/json");
            let query = "query($q: String) { find(q: $q) { id } }";
            event["body"] = json!(json!({"query": query, "variables": {"q": text}}).to_string());
        }
    }
    event.to_string()
}

/// Asks twice: what is escaped passes, and what is not is withheld and told.
async fn ask(
    sandbox: &Sandbox,
    told: impl Fn() -> usize,
    ask: impl Fn(&str) -> String,
    name: &str,
) {
    let before = told();
    let (_, shown) = answer(sandbox, ask("escaped")).await;
    assert_ne!(shown, WITHHELD, "{name}");
    assert!(shown.contains("statusCode"), "{name}: {shown}");
    sandbox.idle().await;
    assert_eq!(told(), before, "{name}: {shown}");
    let (_, withheld) = answer(sandbox, ask("raw")).await;
    assert_eq!(withheld, WITHHELD, "{name}");
    sandbox.idle().await;
}

#[test]
fn what_runs_is_withheld_in_every_place_of_a_page_and_from_every_part_of_an_event() {
    let _room = beside_others();
    for client in [Client::Python, Client::Node] {
        let Some(setup) = setup("reflected places", client, "block") else {
            continue;
        };
        block_on(async {
            let sandbox = setup.start().await;
            for (place, text, rule) in PLACES {
                let name = format!("{client:?} {place}");
                let before = leaks(&setup).len();
                ask(
                    &sandbox,
                    || leaks(&setup).len(),
                    |how| request(place, text, how),
                    &name,
                )
                .await;
                assert_eq!(told_since(&setup, before), [rule], "{name}");
            }
            for carrier in CARRIERS {
                let name = format!("{client:?} {carrier}");
                let before = leaks(&setup).len();
                ask(
                    &sandbox,
                    || leaks(&setup).len(),
                    |how| carried(carrier, SCRIPT, how),
                    &name,
                )
                .await;
                assert_eq!(told_since(&setup, before), ["reflected-script"], "{name}");
            }
        });
    }
}
