//! The straight count: what each named query should answer, counted line by line as it is said.
//! It never sees SQL, a bucket or a line that came twice: it stands where the agent writes.
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash as _, Hasher as _};

use anyhow::Result;
use serde_json::{Map, Value, json};

/// Texts by which lines are told apart; `None` is no member.
type Key = Vec<Option<String>>;

/// Sums over `metrics` lines.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    invocations: i64,
    partial: i64,
    flagged: i64,
    blocked: i64,
    would_block: i64,
}

/// What a place has been hit by.
#[derive(Clone, Debug, Default)]
struct Place {
    findings: i64,
    requests: HashSet<u64>,
    days: Option<(String, String)>,
}

/// All that is counted.
#[derive(Debug, Default)]
pub(crate) struct Straight {
    rules: BTreeMap<Key, (i64, BTreeSet<String>)>,
    verdicts: BTreeMap<(Key, bool), i64>,
    by_day: BTreeMap<Key, Sums>,
    by_function: BTreeMap<Key, Sums>,
    places: BTreeMap<Key, Place>,
    samples: BTreeMap<Key, (String, i64)>,
    tenants: BTreeMap<String, (i64, BTreeSet<String>)>,
    leaks: BTreeMap<Key, i64>,
    bypasses: BTreeMap<Key, i64>,
    faults: BTreeMap<Key, i64>,
    slowest: BTreeMap<Key, [Option<i64>; 3]>,
    policies: BTreeMap<(Key, i64), (String, String)>,
}

/// A line with its members.
struct Told<'a>(&'a Map<String, Value>);

impl Told<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    fn key(&self, names: &[&str]) -> Key {
        names.iter().map(|name| self.text(name)).collect()
    }

    fn day(&self) -> String {
        let time = self.text("time").or_else(|| self.text("timestamp"));
        time.and_then(|time| time.get(..10).map(str::to_owned))
            .unwrap_or_default()
    }
}

/// A text, `-` where there is none.
fn dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

impl Straight {
    /// Counts a line; gives its kind.
    pub(crate) fn count(&mut self, line: &str) -> Result<String> {
        let value: Map<String, Value> = serde_json::from_str(line)?;
        let told = Told(&value);
        let kind = told.text("record").unwrap_or_default();
        match kind.as_str() {
            "finding" => {
                self.finding(&told);
                self.policy(&told);
            }
            "repeats" => self.rule(&told, told.number("count").unwrap_or(0)),
            "metrics" => self.metrics(&told),
            "leak" => {
                let key = told.key(&["function", "rule", "channel", "action"]);
                *self.leaks.entry(key).or_default() += 1;
            }
            "tamper" => {
                let mut key = vec![Some(told.day())];
                key.extend(told.key(&["function", "rule", "why"]));
                *self.bypasses.entry(key).or_default() += 1;
            }
            "fault" => {
                let key = told.key(&["function", "family", "kind", "behaviour"]);
                *self.faults.entry(key).or_default() += 1;
            }
            "init" | "policy" => self.policy(&told),
            _ => {}
        }
        Ok(kind)
    }

    fn rule(&mut self, told: &Told<'_>, hits: i64) {
        let entry = self.rules.entry(told.key(&["rule"])).or_default();
        entry.0 += hits;
        entry.1.extend(told.text("function"));
    }

    fn finding(&mut self, told: &Told<'_>) {
        self.rule(told, 1);
        let applied = told.0.get("applied").and_then(Value::as_bool) == Some(true);
        let verdict = (told.key(&["mode", "verdict"]), applied);
        *self.verdicts.entry(verdict).or_default() += 1;
        let of = |name: &str| Some(dash(told.text(name)));
        let key = vec![
            told.text("rule"),
            told.text("source"),
            of("route"),
            told.text("location"),
        ];
        let place = self.places.entry(key).or_default();
        place.findings += 1;
        let mut hasher = DefaultHasher::new();
        told.text("request_id").hash(&mut hasher);
        place.requests.insert(hasher.finish());
        widen(&mut place.days, told.day());
        if let Some(sample) = told.text("sample") {
            let key = vec![told.text("rule"), of("production")];
            let entry = self.samples.entry(key).or_default();
            entry.0 = entry.0.clone().max(sample);
            entry.1 += 1;
        }
        let tenant = self.tenants.entry(dash(told.text("tenant"))).or_default();
        tenant.0 += 1;
        tenant.1.extend(told.text("rule"));
    }

    fn metrics(&mut self, told: &Told<'_>) {
        let sums = |sums: &mut Sums| {
            let of = |name: &str| told.number(name).unwrap_or(0);
            sums.invocations += of("invocations");
            sums.partial += of("partial");
            sums.flagged += of("flagged");
            sums.blocked += of("blocked");
            sums.would_block += of("would_block");
        };
        let by_day = vec![Some(told.day()), told.text("function")];
        sums(self.by_day.entry(by_day).or_default());
        let function = told.key(&["function"]);
        sums(self.by_function.entry(function.clone()).or_default());
        let slowest = self.slowest.entry(function).or_default();
        let names = ["added_us_p99", "inspection_us_p99", "steps_p99"];
        for (most, name) in slowest.iter_mut().zip(names) {
            *most = (*most).max(told.number(name));
        }
    }

    fn policy(&mut self, told: &Told<'_>) {
        let key = told.key(&["function", "mode", "policy"]);
        let release = told.number("policy_version").unwrap_or(0);
        let mut days = self.policies.remove(&(key.clone(), release));
        widen(&mut days, told.day());
        if let Some(days) = days {
            self.policies.insert((key, release), days);
        }
    }

    /// The answer to every named query, by its name.
    pub(crate) fn answers(&self) -> Value {
        let most_first = |all: &BTreeMap<Key, i64>| {
            let rows = all.iter().map(|(key, count)| {
                let mut row: Vec<Value> = key.iter().map(|text| json!(text)).collect();
                row.push(json!(count));
                (-count, row)
            });
            sorted(rows.collect())
        };
        let bypasses: Vec<Value> = self
            .bypasses
            .iter()
            .map(|(key, count)| {
                let mut row: Vec<Value> = key.iter().map(|text| json!(text)).collect();
                row.push(json!(count));
                Value::Array(row)
            })
            .collect();
        json!({
            "findings and repeats by rule":
                table("rule hits functions", self.rule_rows()),
            "findings by verdict and mode":
                table("mode verdict applied findings", self.verdict_rows()),
            "events by day and function":
                table("told_on function events found refused would_refuse", self.day_rows()),
            "share of events not inspected whole":
                table("function events cut percent", self.share_rows()),
            "places where a rule finds most":
                table(PLACES, self.place_rows()),
            "one masked sample of each production":
                table("rule grammar sample findings", self.sample_rows()),
            "findings by tenant":
                table("who findings rules_hit", self.tenant_rows()),
            "leaks by rule and channel":
                table("function rule channel action leaks_told", most_first(&self.leaks)),
            "invocations past the agent":
                table("told_on function rule why times", bypasses),
            "what broke":
                table("function family kind behaviour times", most_first(&self.faults)),
            "the slowest minutes":
                table("function added_us inspecting_us steps_most", self.slow_rows()),
            "policies that were in force":
                table(POLICIES, self.policy_rows()),
        })
    }

    fn rule_rows(&self) -> Vec<Value> {
        let rows = self.rules.iter();
        let rows = rows.map(|(key, (hits, functions))| {
            (
                -hits,
                vec![json!(key[0]), json!(hits), json!(functions.len())],
            )
        });
        sorted(rows.collect())
    }

    fn verdict_rows(&self) -> Vec<Value> {
        let rows = self.verdicts.iter().map(|((key, applied), count)| {
            // The local table has numbers for truths.
            let row = vec![
                json!(key[0]),
                json!(key[1]),
                json!(u8::from(*applied)),
                json!(count),
            ];
            (-count, row)
        });
        sorted(rows.collect())
    }

    fn day_rows(&self) -> Vec<Value> {
        let rows = self.by_day.iter().map(|(key, sums)| {
            json!([
                key[0],
                key[1],
                sums.invocations,
                sums.flagged,
                sums.blocked,
                sums.would_block
            ])
        });
        rows.collect()
    }

    fn share_rows(&self) -> Vec<Value> {
        let rows = self.by_function.iter().map(|(key, sums)| {
            let percent = 100.0 * as_float(sums.partial) / as_float(sums.invocations);
            let row = vec![
                json!(key[0]),
                json!(sums.invocations),
                json!(sums.partial),
                json!(percent),
            ];
            (-sums.partial, row)
        });
        sorted(rows.collect())
    }

    fn place_rows(&self) -> Vec<Value> {
        let rows = self.places.iter().map(|(key, place)| {
            let (first, last) = place.days.clone().unwrap_or_default();
            let mut row: Vec<Value> = key.iter().map(|text| json!(text)).collect();
            row.extend([json!(place.findings), json!(place.requests.len())]);
            row.extend([json!(first), json!(last)]);
            (-place.findings, row)
        });
        first_hundred(sorted(rows.collect()))
    }

    fn sample_rows(&self) -> Vec<Value> {
        let rows = self.samples.iter().map(|(key, (sample, count))| {
            (
                -count,
                vec![json!(key[0]), json!(key[1]), json!(sample), json!(count)],
            )
        });
        first_hundred(sorted(rows.collect()))
    }

    fn tenant_rows(&self) -> Vec<Value> {
        let rows = self.tenants.iter().map(|(tenant, (count, rules))| {
            (
                -count,
                vec![json!(tenant), json!(count), json!(rules.len())],
            )
        });
        first_hundred(sorted(rows.collect()))
    }

    fn slow_rows(&self) -> Vec<Value> {
        let rows = self
            .slowest
            .iter()
            .map(|(key, [added, inspecting, steps])| {
                let row = vec![json!(key[0]), json!(added), json!(inspecting), json!(steps)];
                (-added.unwrap_or(0), row)
            });
        sorted(rows.collect())
    }

    fn policy_rows(&self) -> Vec<Value> {
        let mut rows: Vec<_> = self.policies.iter().collect();
        rows.sort_by_key(|((key, release), (first, _))| {
            (
                key[0].clone(),
                first.clone(),
                key[1].clone(),
                key[2].clone(),
                *release,
            )
        });
        let rows = rows.into_iter().map(|((key, release), (first, last))| {
            json!([key[0], key[1], key[2], release, first, last])
        });
        rows.collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a run are far below 2^52"
)]
fn as_float(count: i64) -> f64 {
    count as f64
}

const PLACES: &str = "rule source way location findings requests first_day last_day";
const POLICIES: &str = "function mode policy release_number first_day last_day";

/// Rows below the names of their columns.
fn table(columns: &str, rows: impl serde::Serialize) -> Value {
    let columns: Vec<&str> = columns.split(' ').collect();
    json!({ "columns": columns, "rows": rows })
}

/// Widens a span of days to one more.
fn widen(days: &mut Option<(String, String)>, day: String) {
    let (first, last) = days.take().unwrap_or_else(|| (day.clone(), day.clone()));
    *days = Some((first.min(day.clone()), last.max(day)));
}

/// Rows by a number, and those with the same one as they came: by their keys.
fn sorted(mut rows: Vec<(i64, Vec<Value>)>) -> Vec<Value> {
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, row)| Value::Array(row)).collect()
}

fn first_hundred(mut rows: Vec<Value>) -> Vec<Value> {
    rows.truncate(100);
    rows
}
