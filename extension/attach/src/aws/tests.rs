//! Addresses, and what is missing before the first call.
//! These tests never leave this machine.
use std::time::Duration;

use super::*;

fn lambda(account: &Account, variables: &'static [(&str, &str)]) -> Result<Lambda, String> {
    let variables = move |name: &str| {
        let mut all = variables.iter();
        all.find(|(one, _)| *one == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Lambda::new(
        account,
        Box::new(variables),
        Pace::new(10.0, Duration::ZERO),
    )
}

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing"),
    ("AWS_REGION", "eu-west-1"),
];

const TOLD: &[(&str, &str)] = &[
    KEYS[0],
    KEYS[1],
    KEYS[2],
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:2/"),
];
const NONE: &[(&str, &str)] = &[KEYS[2], ("AWS_EC2_METADATA_DISABLED", "true")];
const BUNDLE: &[(&str, &str)] = &[KEYS[0], KEYS[1], KEYS[2], ("AWS_CA_BUNDLE", "/no/file")];

#[test]
fn the_address_is_that_of_the_region_or_the_one_that_is_told() {
    let found = lambda(&Account::default(), &KEYS).unwrap();
    assert_eq!(found.endpoint, "https://lambda.eu-west-1.amazonaws.com");
    let china = Account {
        region: Some("cn-north-1".to_owned()),
        ..Account::default()
    };
    let found = lambda(&china, &KEYS).unwrap();
    assert_eq!(found.endpoint, "https://lambda.cn-north-1.amazonaws.com.cn");
    let found = lambda(&Account::default(), TOLD).unwrap();
    assert_eq!(found.endpoint, "http://127.0.0.1:2");
    assert!(!format!("{found:?}").contains("testing"));
}

#[test]
fn what_is_missing_is_named() {
    let why = lambda(&Account::default(), &[]).unwrap_err();
    assert!(why.contains("--region, AWS_REGION"), "{why}");
    let why = lambda(&Account::default(), NONE).unwrap_err();
    assert!(why.contains("hold no credentials"), "{why}");
    let why = lambda(&Account::default(), BUNDLE).unwrap_err();
    assert!(why.contains("AWS_CA_BUNDLE /no/file"), "{why}");
}

#[test]
fn a_text_is_one_piece_of_a_path() {
    assert_eq!(escaped("arn:aws:a/b c~é"), "arn%3Aaws%3Aa%2Fb%20c~%C3%A9");
}
