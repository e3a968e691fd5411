//! Which functions are meant, and what would be done with each of them.
//! It never changes one.
use std::collections::BTreeMap;

use crate::aws::{Kind, Lambda, Refusal};
use crate::configuration::Configuration;
use crate::owner;
use crate::plan::{Planned, Step};

/// Told how far long work is: what is done, how much of it, of how much (0 if nobody knows).
pub type Watch<'a> = &'a (dyn Fn(&str, usize, usize) + Sync);

/// Which functions are meant.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// By name or ARN; without any, all.
    pub names: Vec<String>,
    /// Only those whose name begins with one of these, if there are any.
    pub prefixes: Vec<String>,
    /// Only those with all of these tags; without a value, whatever it is.
    pub tags: Vec<(String, Option<String>)>,
    /// All but these: names, or beginnings of names with `*` behind them.
    pub except: Vec<String>,
}

/// What is meant, and what of it cannot be read, with why.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The functions, by name.
    pub functions: Vec<Configuration>,
    /// Names of functions that cannot be read, and why.
    pub unread: Vec<(String, String)>,
    /// Tags, where they were read already.
    tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl Selection {
    fn has_name(&self, name: &str) -> bool {
        let is_excepted = self.except.iter().any(|except| {
            except
                .strip_suffix('*')
                .map_or(except == name, |prefix| name.starts_with(prefix))
        });
        let mut prefixes = self.prefixes.iter();
        let is_meant = self.prefixes.is_empty() || prefixes.any(|prefix| name.starts_with(prefix));
        is_meant && !is_excepted
    }

    fn has_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        self.tags.iter().all(|(name, value)| {
            let found = tags.get(name);
            found.is_some() && (value.is_none() || found == value.as_ref())
        })
    }
}

/// Reads the functions that are meant.
pub fn read(lambda: &Lambda, selection: &Selection, watch: Watch<'_>) -> Result<Fleet, Refusal> {
    let mut fleet = Fleet::default();
    if selection.names.is_empty() {
        all(lambda, &mut fleet, watch)?;
    } else {
        named(lambda, &selection.names, &mut fleet, watch)?;
    }
    fleet
        .functions
        .retain(|function| selection.has_name(&function.name));
    fleet
        .functions
        .sort_by(|one, other| one.name.cmp(&other.name));
    fleet.functions.dedup_by(|one, other| one.arn == other.arn);
    if !selection.tags.is_empty() {
        let count = fleet.functions.len();
        for (at, function) in fleet.functions.iter().enumerate() {
            watch("reading tags", at, count);
            // A filter that cannot be asked must not be taken for one that says yes or no.
            let tags = lambda.tags(&function.arn)?;
            fleet.tags.insert(function.arn.clone(), tags);
        }
        let tags = &fleet.tags;
        fleet.functions.retain(|function| {
            tags.get(&function.arn)
                .is_some_and(|tags| selection.has_tags(tags))
        });
    }
    Ok(fleet)
}

fn all(lambda: &Lambda, fleet: &mut Fleet, watch: Watch<'_>) -> Result<(), Refusal> {
    let mut marker = None;
    loop {
        watch("listing functions", fleet.functions.len(), 0);
        let (functions, next) = lambda.functions(marker.as_deref())?;
        fleet.functions.extend(functions);
        if next.is_none() || next == marker {
            return Ok(());
        }
        marker = next;
    }
}

fn named(
    lambda: &Lambda,
    names: &[String],
    fleet: &mut Fleet,
    watch: Watch<'_>,
) -> Result<(), Refusal> {
    for (at, name) in names.iter().enumerate() {
        watch("reading functions", at, names.len());
        let plain = match unqualified(name, &lambda.region) {
            Ok(plain) => plain,
            Err(why) => {
                fleet.unread.push((name.clone(), why));
                continue;
            }
        };
        match lambda.configuration(plain) {
            Ok(configuration) => fleet.functions.push(configuration),
            Err(refusal) => match refusal.kind {
                Kind::Absent => {
                    let why = format!("there is no such function in {}", lambda.region);
                    fleet.unread.push((name.clone(), why));
                }
                Kind::Denied | Kind::Impossible => {
                    fleet.unread.push((name.clone(), refusal.to_string()));
                }
                _ => return Err(refusal),
            },
        }
    }
    Ok(())
}

/// A name or ARN without `$LATEST`; other versions cannot be changed.
fn unqualified<'a>(name: &'a str, region: &str) -> Result<&'a str, String> {
    let name = name.strip_suffix(":$LATEST").unwrap_or(name);
    let parts = name.split(':').count();
    let is_arn = name.starts_with("arn:");
    if parts > if is_arn { 7 } else { 1 } {
        return Err(
            "a published version never changes: attach to the function, publish, and let the \
             alias follow"
                .to_owned(),
        );
    }
    match name.split(':').nth(3) {
        Some(other) if other != region => Err(format!("it is in {other}, and not in {region}")),
        _ => Ok(name),
    }
}

/// Decides about every function, and finds out who else changes those that would be changed.
pub fn plan(
    lambda: &Lambda,
    fleet: &Fleet,
    decide: &dyn Fn(&Configuration) -> (Step, Vec<String>),
    watch: Watch<'_>,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    let count = fleet.functions.len();
    for (at, configuration) in fleet.functions.iter().enumerate() {
        watch("looking at functions", at, count);
        let (step, mut notes) = decide(configuration);
        let mut owner = None;
        if matches!(step, Step::Change(_)) {
            let read = fleet.tags.get(&configuration.arn).cloned();
            match read.map_or_else(|| lambda.tags(&configuration.arn), Ok) {
                Ok(tags) => owner = owner::owner(&tags),
                Err(refusal) => notes.push(format!("who deploys it is unknown: {refusal}")),
            }
            match lambda.aliases(&configuration.name) {
                Ok(aliases) if aliases.is_empty() => (),
                Ok(aliases) => notes.push(format!(
                    "what calls {} gets a published version, which does not change until the \
                     next is published",
                    aliases.join(", ")
                )),
                Err(refusal) => notes.push(format!("its aliases are unknown: {refusal}")),
            }
        }
        planned.push(Planned {
            configuration: configuration.clone(),
            step,
            notes,
            owner,
        });
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_takes_what_all_its_filters_take() {
        let selection = Selection {
            prefixes: vec!["shop-".to_owned(), "pay-".to_owned()],
            except: vec!["shop-admin".to_owned(), "pay-test-*".to_owned()],
            tags: vec![
                ("team".to_owned(), Some("a".to_owned())),
                ("live".to_owned(), None),
            ],
            ..Selection::default()
        };
        for (name, is_meant) in [
            ("shop-orders", true),
            ("pay-in", true),
            ("shop-admin", false),
            ("shop-admin-2", true),
            ("pay-test-3", false),
            ("blog", false),
        ] {
            assert_eq!(selection.has_name(name), is_meant, "{name}");
        }
        let tags = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        assert!(selection.has_tags(&tags(&[("team", "a"), ("live", "")])));
        assert!(!selection.has_tags(&tags(&[("team", "b"), ("live", "")])));
        assert!(!selection.has_tags(&tags(&[("team", "a")])));
    }

    #[test]
    fn names_of_versions_and_of_other_regions_are_told_apart() {
        let arn = "arn:aws:lambda:eu-west-1:1:function:orders";
        let plain = |name| unqualified(name, "eu-west-1");
        assert_eq!(plain("orders"), Ok("orders"));
        assert_eq!(plain("orders:$LATEST"), Ok("orders"));
        assert_eq!(plain(arn), Ok(arn));
        assert!(plain("orders:live").unwrap_err().contains("published"));
        assert!(
            plain(&format!("{arn}:7"))
                .unwrap_err()
                .contains("published")
        );
        assert!(
            unqualified(arn, "us-east-1")
                .unwrap_err()
                .contains("it is in eu-west-1")
        );
    }
}
