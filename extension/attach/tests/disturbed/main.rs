//! Work under trouble: throttles, conflicts, lost answers, and people who change the same
//! functions.
//! It never leaves this machine.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use credenza_attach::aws::{Account, Lambda, Pace};
use credenza_attach::configuration::Configuration;
use credenza_attach::fleet::{self, Fleet, Selection};
use credenza_attach::journal::{Entry, Journal, What};
use credenza_attach::layer::{Architecture, LayerArn};
use credenza_attach::plan::{self, Planned, Step, Wish};
use credenza_attach::undo;
use credenza_attach::work::{Outcome, Patience, Work};
use serde_json::json;
use service::{Fate, Functions, REGION, Service};

const LAYER: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:4";

/// A service with functions, a caller, and a journal that goes with the test.
struct Scene {
    service: Service,
    lambda: Lambda,
    journal: PathBuf,
}

impl Scene {
    fn new(name: &str, functions: usize) -> Self {
        let service = Service::start();
        for at in 0..functions {
            let variables = json!({ "Variables": { "AT": at.to_string() } });
            let members = json!({ "Environment": variables, "Layers": [{ "Arn": "theirs" }] });
            let members = if at % 2 == 0 { members } else { json!({}) };
            service
                .functions
                .lock()
                .unwrap()
                .add(&format!("f{at:03}"), &members);
        }
        let account = Account {
            region: Some(REGION.to_owned()),
            endpoint: Some(service.address.clone()),
            ..Account::default()
        };
        let variables = |name: &str| name.starts_with("AWS_").then(|| "testing".to_owned());
        let variables = move |name: &str| {
            variables(name).filter(|_| name.ends_with("_KEY_ID") || name.ends_with("ACCESS_KEY"))
        };
        let pace = Pace::new(10_000.0, Duration::from_millis(1));
        let lambda = Lambda::new(&account, Box::new(variables), pace).unwrap();
        let journal = format!("credenza-disturbed-{}-{name}.jsonl", std::process::id());
        let journal = std::env::temp_dir().join(journal);
        Self {
            service,
            lambda,
            journal,
        }
    }

    fn read(&self) -> Fleet {
        fleet::read(&self.lambda, &Selection::default(), &|_, _, _| ()).unwrap()
    }

    fn planned(&self, what: What) -> Vec<Planned> {
        let journal = Journal::read(&self.journal).unwrap();
        let decide = |one: &Configuration| decide(what, one, journal.entry(&one.arn));
        fleet::plan(&self.lambda, &self.read(), &decide, &|_, _, _| ())
    }

    fn carry_out(&self, what: What, planned: &[Planned]) -> Vec<Outcome> {
        let work = Work {
            lambda: &self.lambda,
            journal: Mutex::new(Journal::open(&self.journal).unwrap()),
            what,
            decide: &|one, entry| decide(what, one, entry).0,
            patience: Patience {
                look: Duration::from_millis(1),
                change: Duration::from_mins(1),
                hands: 4,
            },
            watch: &|_, _, _| (),
            ends: &AtomicBool::new(false),
        };
        work.all(planned)
    }

    fn run(&self, what: What) -> Vec<Outcome> {
        self.carry_out(what, &self.planned(what))
    }

    fn change(&self, name: &str, member: &str, value: serde_json::Value) {
        self.service
            .functions
            .lock()
            .unwrap()
            .set(name, member, value);
    }

    /// The ARNs of a function's layers and its variables, as one text.
    fn told(&self, name: &str) -> String {
        let functions = self.service.functions.lock().unwrap();
        let one = functions.of(name);
        let variables = &one["Environment"]["Variables"];
        let layers = one["Layers"].as_array().cloned().unwrap_or_default();
        let layers: Vec<&str> = layers
            .iter()
            .filter_map(|one| one["Arn"].as_str())
            .collect();
        let layers: Vec<&str> = layers
            .iter()
            .map(|arn| if *arn == LAYER { "ours" } else { arn })
            .collect();
        format!("{} {variables}", layers.join(","))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.journal);
    }
}

fn decide(what: What, one: &Configuration, entry: Option<&Entry>) -> (Step, Vec<String>) {
    if what == What::Attach {
        let layer = (Architecture::X86, LayerArn::read(LAYER).unwrap());
        let wish = Wish {
            layers: [layer].into_iter().collect(),
            ..Wish::default()
        };
        return plan::attach(one, &wish);
    }
    match entry.and_then(Entry::owed) {
        Some(done) => undo::detach(one, &done),
        None => (Step::Leave("unknown".to_owned()), Vec::new()),
    }
}

/// How often each call was made.
#[derive(Default)]
struct Calls(BTreeMap<String, usize>);

impl Calls {
    fn count(&mut self, method: &str, path: &str) -> usize {
        let count = self.0.entry(format!("{method} {path}")).or_default();
        *count += 1;
        *count
    }
}

/// Attaches under trouble and detaches under the same; all has to come back.
fn there_and_back(name: &str, functions: usize, trouble: impl Fn() -> service::Decide) -> Scene {
    let scene = Scene::new(name, functions);
    let before = scene.service.snapshot();
    let call = |scene: &Scene, what| {
        let mut decide = trouble();
        scene
            .service
            .decide(move |method, path, functions| decide(method, path, functions));
        let outcomes = scene.run(what);
        assert!(
            outcomes.iter().all(|one| *one == Outcome::Done),
            "{what:?}: {outcomes:?}"
        );
        assert_eq!(outcomes.len(), functions);
        scene.service.decide(|_, _, _| Fate::Answered);
    };
    call(&scene, What::Attach);
    assert_eq!(scene.service.snapshot().matches(LAYER).count(), functions);
    call(&scene, What::Detach);
    assert_eq!(scene.service.snapshot(), before);
    scene
}

#[test]
fn functions_come_in_pages_and_all_are_seen() {
    let scene = there_and_back("pages", 120, || Box::new(|_, _, _| Fate::Answered));
    let calls = scene.service.calls.lock().unwrap();
    let pages = calls
        .iter()
        .filter(|call| call.contains("MaxItems=50"))
        .count();
    assert_eq!(pages, 6, "three pages, twice");
}

#[test]
fn a_throttled_call_is_made_again_until_it_is_heard() {
    there_and_back("throttled", 20, || {
        let mut calls = Calls::default();
        Box::new(move |method, path, _| match calls.count(method, path) % 3 {
            0 => Fate::Answered,
            1 => Fate::Refused(429, "TooManyRequestsException"),
            _ => Fate::Refused(400, "ThrottlingException"),
        })
    });
}

#[test]
fn broken_slow_and_lost_answers_change_nothing_twice() {
    let scene = there_and_back("broken", 20, || {
        let mut calls = Calls::default();
        Box::new(move |method, path, _| match calls.count(method, path) % 5 {
            1 => Fate::Lost,
            2 => Fate::Refused(500, "ServiceException"),
            3 => Fate::Slow(Duration::from_millis(3)),
            _ => Fate::Answered,
        })
    });
    assert_eq!(
        scene.service.functions.lock().unwrap().changes,
        40,
        "one there and one back"
    );
}

#[test]
fn a_change_under_way_is_waited_for() {
    let scene = Scene::new("under-way", 4);
    scene.service.functions.lock().unwrap().looks = 3;
    let before = scene.service.snapshot();
    assert_eq!(scene.run(What::Attach), vec![Outcome::Done; 4]);
    // The next change begins while the one before is under way.
    let planned = scene.planned(What::Detach);
    let mut is_busy = true;
    scene
        .service
        .decide(move |method, _, _| match (method, is_busy) {
            ("PUT", true) => {
                is_busy = false;
                Fate::Refused(409, "ResourceConflictException")
            }
            _ => Fate::Answered,
        });
    assert_eq!(
        scene.carry_out(What::Detach, &planned),
        vec![Outcome::Done; 4]
    );
    assert_eq!(scene.service.snapshot(), before);
}

#[test]
fn what_somebody_changes_between_reading_and_writing_is_not_overwritten() {
    let scene = Scene::new("revision", 1);
    let planned = scene.planned(What::Attach);
    let mut is_first = true;
    scene
        .service
        .decide(move |method, _, functions: &mut Functions| {
            if method == "PUT" && is_first {
                is_first = false;
                let variables = json!({ "Variables": { "AT": "0", "NEW": "theirs" } });
                functions.set("f000", "Environment", variables);
            }
            Fate::Answered
        });
    assert_eq!(scene.carry_out(What::Attach, &planned), [Outcome::Done]);
    let told = scene.told("f000");
    assert!(
        told.contains("theirs,ours") && told.contains(r#""NEW":"theirs""#),
        "{told}"
    );
    assert_eq!(scene.run(What::Detach), [Outcome::Done]);
    assert_eq!(scene.told("f000"), r#"theirs {"AT":"0","NEW":"theirs"}"#);
}

#[test]
fn a_function_that_is_not_as_it_was_planned_for_is_left() {
    let scene = Scene::new("replanned", 3);
    let planned = scene.planned(What::Attach);
    let five: Vec<_> = (0..5)
        .map(|at| json!({ "Arn": format!("theirs:{at}") }))
        .collect();
    scene.change("f000", "Layers", json!(five));
    let mode = json!({ "Variables": { "CREDENZA_MODE": "block" } });
    scene.change("f001", "Environment", mode);
    let outcomes = scene.carry_out(What::Attach, &planned);
    let [Outcome::Left(one), Outcome::Left(other), Outcome::Done] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert!(one.contains("all five places"), "{one}");
    assert!(other.contains("plan again"), "{other}");
    assert!(!scene.told("f001").contains("ours"));
}

#[test]
fn who_may_not_change_a_function_leaves_it_and_goes_on() {
    let scene = Scene::new("denied", 6);
    scene.service.decide(|method, path, _| {
        if method == "PUT" && path.contains("f002") {
            return Fate::Refused(403, "AccessDeniedException");
        }
        Fate::Answered
    });
    let outcomes = scene.run(What::Attach);
    let failed = outcomes
        .iter()
        .filter(|one| matches!(one, Outcome::Failed(_)))
        .count();
    assert_eq!(failed, 1);
    assert!(matches!(&outcomes[2], Outcome::Failed(why) if why.contains("AccessDenied")));
    let journal = Journal::read(&scene.journal).unwrap();
    assert_eq!(
        journal.functions(REGION).len(),
        5,
        "what was refused owes nothing"
    );
}

#[test]
fn a_change_that_fails_after_it_was_taken_is_told_and_comes_back() {
    let scene = Scene::new("fails", 2);
    let before = scene.service.snapshot();
    scene.service.functions.lock().unwrap().breaks = Some("no address is left");
    let outcomes = scene.run(What::Attach);
    assert_eq!(
        outcomes,
        vec![Outcome::Failed("no address is left".to_owned()); 2]
    );
    scene.service.functions.lock().unwrap().breaks = None;
    for name in ["f000", "f001"] {
        scene.change(name, "LastUpdateStatus", json!("Successful"));
        scene.change(name, "LastUpdateStatusReason", json!([]));
    }
    assert_eq!(scene.run(What::Detach), vec![Outcome::Done; 2]);
    assert_eq!(scene.service.snapshot(), before);
}

#[test]
fn old_credentials_are_renewed_once_and_a_way_that_stays_closed_is_told() {
    let scene = Scene::new("expired", 1);
    let mut calls = 0;
    scene.service.decide(move |_, _, _| {
        calls += 1;
        match calls {
            1 => Fate::Refused(403, "ExpiredTokenException"),
            _ => Fate::Answered,
        }
    });
    assert_eq!(scene.run(What::Attach), [Outcome::Done]);
    scene
        .service
        .decide(|_, _, _| Fate::Refused(403, "ExpiredTokenException"));
    let refusal = fleet::read(&scene.lambda, &Selection::default(), &|_, _, _| ()).unwrap_err();
    assert!(refusal.to_string().contains("ExpiredToken"), "{refusal}");
    scene
        .service
        .decide(|_, _, _| Fate::Refused(503, "ServiceUnavailable"));
    let refusal = fleet::read(&scene.lambda, &Selection::default(), &|_, _, _| ()).unwrap_err();
    assert!(
        refusal.to_string().contains("ServiceUnavailable"),
        "{refusal}"
    );
}

#[test]
fn an_update_whose_answers_are_all_lost_is_settled_by_the_next_run() {
    let scene = Scene::new("settled", 2);
    let before = scene.service.snapshot();
    let planned = scene.planned(What::Attach);
    // The change arrives once, and nothing of it is heard.
    let mut has_arrived = false;
    scene
        .service
        .decide(move |method, path, _| match (method, has_arrived) {
            ("PUT", false) if path.contains("f000") => {
                has_arrived = true;
                Fate::Lost
            }
            ("PUT", _) => Fate::Refused(500, "ServiceException"),
            _ => Fate::Answered,
        });
    let outcomes = scene.carry_out(What::Attach, &planned);
    let is_open = |one: &Outcome| matches!(one, Outcome::Failed(why) if why.contains("goes on"));
    assert!(outcomes.iter().all(is_open), "{outcomes:?}");
    scene.service.decide(|_, _, _| Fate::Answered);
    assert_eq!(scene.run(What::Attach), [Outcome::Kept, Outcome::Done]);
    assert_eq!(scene.run(What::Detach), [Outcome::Done, Outcome::Done]);
    assert_eq!(scene.service.snapshot(), before);
}
