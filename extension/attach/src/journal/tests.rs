//! The journal: what it knows after any end of a run.
//! These tests never leave a file behind.
use std::fs;

use serde_json::json;

use super::*;
use crate::change::Swap;

const ARN: &str = "arn:aws:lambda:eu-west-1:1:function:orders";

fn change(before: Option<&str>, after: &str) -> Change {
    Change {
        layer: Swap::new(before, Some(after)),
        ..Change::default()
    }
}

fn function(layer: Option<&str>) -> Configuration {
    let layers: Vec<Value> = layer.iter().map(|arn| json!({ "Arn": arn })).collect();
    let value = json!({ "FunctionName": "orders", "FunctionArn": ARN, "Layers": layers });
    Configuration::read(&value).unwrap()
}

/// A file of its own for each test, which goes with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("credenza-journal-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn what_was_done_is_owed_until_it_is_undone() {
    let place = Place::new("owed");
    let mut journal = Journal::open(&place.0).unwrap();
    journal
        .begin(What::Attach, ARN, &change(None, "a:1"))
        .unwrap();
    journal.done(What::Attach, ARN).unwrap();
    journal
        .begin(What::Attach, ARN, &change(Some("a:1"), "a:2"))
        .unwrap();
    journal.done(What::Attach, ARN).unwrap();
    drop(journal);
    let mut journal = Journal::open(&place.0).unwrap();
    let owed = journal.entry(ARN).and_then(Entry::owed);
    assert_eq!(owed, Some(change(None, "a:2")));
    assert_eq!(journal.functions("eu-west-1"), [ARN]);
    assert!(journal.functions("us-east-1").is_empty());
    assert!(!journal.is_undone("eu-west-1"));
    let back = change(None, "a:2").reversed();
    journal.begin(What::Detach, ARN, &back).unwrap();
    journal.done(What::Detach, ARN).unwrap();
    assert_eq!(journal.entry(ARN), None);
    drop(journal);
    let journal = Journal::read(&place.0).unwrap();
    assert!(journal.functions("eu-west-1").is_empty());
    assert!(journal.is_undone("eu-west-1") && !journal.is_undone("us-east-1"));
    assert!(!Journal::default().is_undone("eu-west-1"));
}

#[test]
fn a_change_that_was_refused_owes_what_the_ones_before_owe() {
    let place = Place::new("refused");
    let mut journal = Journal::open(&place.0).unwrap();
    journal
        .begin(What::Attach, ARN, &change(None, "a:1"))
        .unwrap();
    journal.refused(What::Attach, ARN, "no").unwrap();
    assert_eq!(journal.entry(ARN), None);
    journal
        .begin(What::Attach, ARN, &change(None, "a:1"))
        .unwrap();
    journal.done(What::Attach, ARN).unwrap();
    journal
        .begin(What::Attach, ARN, &change(Some("a:1"), "a:2"))
        .unwrap();
    journal.refused(What::Attach, ARN, "no").unwrap();
    let owed = journal.entry(ARN).and_then(Entry::owed);
    assert_eq!(owed, Some(change(None, "a:1")));
}

#[test]
fn what_became_of_an_open_change_is_told_by_the_function() {
    for (what, now, is_owed) in [
        (What::Attach, None, false),
        (What::Attach, Some("a:1"), true),
        (What::Detach, None, false),
        (What::Detach, Some("a:1"), true),
    ] {
        let place = Place::new(&format!("open-{}-{}", what.name(), now.is_some()));
        let mut journal = Journal::open(&place.0).unwrap();
        let put = change(None, "a:1");
        journal.begin(What::Attach, ARN, &put).unwrap();
        if what == What::Detach {
            journal.done(What::Attach, ARN).unwrap();
            journal.begin(What::Detach, ARN, &put.reversed()).unwrap();
        }
        drop(journal);
        let mut journal = Journal::open(&place.0).unwrap();
        journal.settle(&function(now)).unwrap();
        assert_eq!(journal.entry(ARN).is_some(), is_owed, "{what:?} {now:?}");
        assert!(journal.entry(ARN).is_none_or(|entry| entry.open.is_none()));
    }
}

#[test]
fn a_run_that_ends_in_the_middle_of_a_line_costs_that_line_alone() {
    let place = Place::new("torn");
    let mut journal = Journal::open(&place.0).unwrap();
    journal
        .begin(What::Attach, ARN, &change(None, "a:1"))
        .unwrap();
    let begun = fs::read(&place.0).unwrap().len();
    journal.done(What::Attach, ARN).unwrap();
    drop(journal);
    let whole = fs::read(&place.0).unwrap();
    for end in begun..whole.len() {
        fs::write(&place.0, &whole[..end]).unwrap();
        let mut journal = Journal::open(&place.0).unwrap();
        let open = journal.entry(ARN).unwrap().open.clone();
        assert_eq!(open, Some((What::Attach, change(None, "a:1"))));
        journal.done(What::Attach, ARN).unwrap();
        drop(journal);
        let journal = Journal::read(&place.0).unwrap();
        assert_eq!(
            journal.entry(ARN).unwrap().done,
            Some(change(None, "a:1")),
            "{end}"
        );
    }
}

#[test]
fn two_runs_do_not_write_into_one_journal_and_a_damaged_one_is_not_used() {
    let place = Place::new("busy");
    let journal = Journal::open(&place.0).unwrap();
    assert!(matches!(Journal::open(&place.0), Err(Broken::Busy)));
    drop(journal);
    for text in [
        "{}\n",
        "orders\n",
        "\n{\"step\":\"begin\",\"what\":\"attach\",\"arn\":\"a\"}\n",
    ] {
        fs::write(&place.0, text).unwrap();
        assert!(
            matches!(Journal::open(&place.0), Err(Broken::Line(_))),
            "{text}"
        );
    }
    assert!(Journal::read(Path::new("/nowhere/at/all")).is_ok());
}
