//! Tests of the walker: what is visited, with which pointer, role and chain.
//! They never look at time: work is counted in steps and calls.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use expect_test::{Expect, expect};

use super::*;

/// Writes each form on a line.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Vec<String>);

impl Visitor for Lines {
    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        let part = if form.part == Part::Key {
            "key"
        } else {
            "value"
        };
        let chain: Vec<_> = form.decoded.iter().map(|decoder| decoder.name()).collect();
        self.0.push(format!(
            "{} {part} {:?} {} [{}]\n",
            form.pointer(),
            form.role,
            form.text.escape_ascii(),
            chain.join(" ")
        ));
    }
}

fn lines(event: &[u8]) -> String {
    let mut lines = Lines::default();
    let coverage = walk(event, &mut Steps::for_bytes(event.len()), &mut lines);
    for gap in coverage.gaps() {
        lines.0.push(format!("gap: {}\n", gap.name()));
    }
    lines.0.concat()
}

fn check(event: &[u8], expect: &Expect) {
    expect.assert_eq(&lines(event));
}

#[test]
fn keys_and_values_are_shown_in_order_with_pointers() {
    check(
        br#"{"a":"x","b":[1,"y",{"c/d~e":"z"}],"n":null}"#,
        &expect![[r#"
            /a key Other a []
            /a value Other x []
            /b key Other b []
            /b/1 value Other y []
            /b/2/c~1d~0e key Other c/d~e []
            /b/2/c~1d~0e value Other z []
            /n key Other n []
        "#]],
    );
}

#[test]
fn a_role_follows_from_the_position() {
    check(
        br#"{"rawPath":"/p","rawQueryString":"q=1&r=a%20b","headers":{"accept":"*/*","Cookie":"s=1; t=2"},
        "cookies":["u=3"],"pathParameters":{"id":"7"},"body":"k=v","x":"o"}"#,
        &expect![[r#"
            /rawPath key Other rawPath []
            /rawPath value Path /p []
            /rawQueryString key Other rawQueryString []
            /rawQueryString/q key Query q [form]
            /rawQueryString/q value Query 1 [form]
            /rawQueryString/r key Query r [form]
            /rawQueryString/r value Query a%20b [form]
            /rawQueryString/r value Query a b [form url]
            /rawQueryString value Query q=1&r=a%20b []
            /headers key Other headers []
            /headers/accept key Header accept []
            /headers/accept value Header */* []
            /headers/Cookie key Header Cookie []
            /headers/Cookie/s key Cookie s [form]
            /headers/Cookie/s value Cookie 1 [form]
            /headers/Cookie/t key Cookie t [form]
            /headers/Cookie/t value Cookie 2 [form]
            /headers/Cookie value Cookie s=1; t=2 []
            /cookies key Other cookies []
            /cookies/0/u key Cookie u [form]
            /cookies/0/u value Cookie 3 [form]
            /cookies/0 value Cookie u=3 []
            /pathParameters key Other pathParameters []
            /pathParameters/id key Path id []
            /pathParameters/id value Path 7 []
            /body key Other body []
            /body/k key Body k [form]
            /body/k value Body v [form]
            /body value Body k=v []
            /x key Other x []
            /x value Other o []
        "#]],
    );
}

#[test]
fn json_in_a_string_is_a_nested_document() {
    check(
        br#"{"body":"{\"q\":{\"r\":[\"\\u0027 or 1\"]}}"}"#,
        &expect![[r#"
            /body key Other body []
            /body/q key Body q [json]
            /body/q/r key Body r [json]
            /body/q/r/0 value Body \' or 1 [json]
        "#]],
    );
}

#[test]
fn base64_of_json_of_percent_is_opened_in_any_order() {
    check(
        br#"{"body":"eyJxIjoiJTI3JTIwb3IlMjAxIn0="}"#,
        &expect![[r#"
            /body key Other body []
            /body value Body eyJxIjoiJTI3JTIwb3IlMjAxIn0= []
            /body/q key Body q [base64 json]
            /body/q value Body %27%20or%201 [base64 json]
            /body/q value Body \' or 1 [base64 json url]
            /body value Body {\"q\":\"%27%20or%201\"} [base64]
        "#]],
    );
}
