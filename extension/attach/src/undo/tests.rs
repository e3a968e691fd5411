//! The way back, with and without what others have changed meanwhile.
//! These tests never ask an account.
use serde_json::{Value, json};

use super::*;

const OURS: &str = "arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:2";
const NEWER: &str = "arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:3";
const THEIRS: &str = "arn:aws:lambda:eu-west-1:1:layer:theirs:7";

fn done() -> Change {
    let mut change = Change {
        layer: Swap::new(None, Some(OURS)),
        ..Change::default()
    };
    change.set(WRAPPER_VARIABLE, None, Some(WRAPPER));
    change.set(MODE_VARIABLE, None, Some("monitor"));
    change
}

fn function(layers: &[&str], variables: &Value) -> Configuration {
    let layers: Vec<Value> = layers.iter().map(|arn| json!({ "Arn": arn })).collect();
    let value = json!({ "FunctionName": "orders", "Layers": layers,
        "Environment": { "Variables": variables } });
    Configuration::read(&value).unwrap()
}

/// What is left of a function after the way back, and what is told.
fn back(layers: &[&str], variables: &Value, done: &Change) -> (Value, String) {
    let function = function(layers, variables);
    let (step, notes) = detach(&function, done);
    let told = notes.join("; ");
    match step {
        Step::Change(change) => {
            let left = json!([change.layers(&function), change.environment(&function)]);
            (left, told)
        }
        Step::Keep(why) | Step::Leave(why) => (Value::Null, format!("{why}; {told}")),
    }
}

#[test]
fn without_drift_everything_is_as_it_was() {
    let variables = json!({ WRAPPER_VARIABLE: WRAPPER, MODE_VARIABLE: "monitor", "STAGE": "a" });
    let (left, told) = back(&[THEIRS, OURS], &variables, &done());
    assert_eq!(
        (left, told.as_str()),
        (json!([[THEIRS], { "STAGE": "a" }]), "")
    );
}

#[test]
fn what_was_there_before_comes_back() {
    let mut change = done();
    change.layer = Swap::new(Some(OURS), Some(NEWER));
    change.set(WRAPPER_VARIABLE, Some("/opt/theirs"), Some(WRAPPER));
    let variables = json!({ WRAPPER_VARIABLE: WRAPPER, MODE_VARIABLE: "monitor" });
    let (left, _) = back(&[NEWER, THEIRS], &variables, &change);
    assert_eq!(
        left,
        json!([[OURS, THEIRS], { WRAPPER_VARIABLE: "/opt/theirs" }])
    );
}

#[test]
fn what_others_have_changed_is_told_and_stays() {
    let variables = json!({ WRAPPER_VARIABLE: WRAPPER, MODE_VARIABLE: "block" });
    let (left, told) = back(&[OURS, THEIRS], &variables, &done());
    assert_eq!(left, json!([[THEIRS], { MODE_VARIABLE: "block" }]));
    assert_eq!(told, "CREDENZA_MODE was changed to block since, and stays");
    let variables = json!({ WRAPPER_VARIABLE: "/opt/theirs", MODE_VARIABLE: "monitor" });
    let (left, told) = back(&[OURS], &variables, &done());
    assert_eq!(left, json!([[], { WRAPPER_VARIABLE: "/opt/theirs" }]));
    assert!(told.contains("was changed to /opt/theirs since"), "{told}");
    let (left, told) = back(&[THEIRS], &json!({ WRAPPER_VARIABLE: WRAPPER }), &done());
    assert_eq!(left, json!([[THEIRS], {}]));
    assert_eq!(told, "our layer was taken off since");
}

#[test]
fn a_newer_version_of_our_layer_goes_as_well() {
    let variables = json!({ WRAPPER_VARIABLE: WRAPPER, MODE_VARIABLE: "monitor" });
    let (left, told) = back(&[NEWER], &variables, &done());
    assert_eq!(left, json!([[], {}]));
    assert!(told.contains("was put in the place of"), "{told}");
}

#[test]
fn a_function_that_has_come_back_by_itself_is_kept() {
    let (left, told) = back(&[THEIRS], &json!({}), &done());
    assert_eq!(left, Value::Null);
    assert!(told.starts_with("detached already"), "{told}");
}

#[test]
fn the_layer_stays_below_a_wrapper_that_somebody_else_has_set() {
    let mut change = done();
    change.variables.remove(WRAPPER_VARIABLE);
    let (left, told) = back(&[OURS], &json!({ WRAPPER_VARIABLE: WRAPPER }), &change);
    assert_eq!(left, Value::Null);
    assert!(told.contains("would not start without the layer"), "{told}");
}

#[test]
fn variables_that_cannot_be_read_are_not_written() {
    let error = json!({ "ErrorCode": "AccessDeniedException" });
    let value = json!({ "FunctionName": "orders", "Environment": { "Error": error } });
    let (step, _) = detach(&Configuration::read(&value).unwrap(), &done());
    assert!(matches!(step, Step::Leave(why) if why.contains("would be lost")));
}

#[test]
fn without_a_journal_what_is_ours_by_name_goes() {
    let variables = json!({ WRAPPER_VARIABLE: WRAPPER, MODE_VARIABLE: "block",
        NEXT_VARIABLE: "/opt/theirs", "STAGE": "a" });
    let change = unknown(&function(&[THEIRS, OURS], &variables)).unwrap();
    let (left, told) = back(&[THEIRS, OURS], &variables, &change);
    assert_eq!(
        left,
        json!([[THEIRS], { WRAPPER_VARIABLE: "/opt/theirs", "STAGE": "a" }])
    );
    assert_eq!(told, "");
    assert_eq!(unknown(&function(&[THEIRS], &json!({}))), None);
}
