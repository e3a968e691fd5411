//! What the two runs of the demo came to: rows lost, customers served, attacks refused, time added.
//! It never takes a rule's word for it; what counts is what came out of the database.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::script::{Kind, Scene};
use crate::answer::Answer;
use crate::record::Record;

/// One side's answer to one scene.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// HTTP status that the caller saw.
    pub(crate) status: u16,
    /// Rows of the database in the answer.
    pub(crate) rows: usize,
    /// Canaries in the answer.
    pub(crate) secrets: BTreeSet<String>,
    /// True if the answer is the refusal of the event's source, byte for byte.
    pub(crate) refused: bool,
    /// From the event's arrival at the platform to its answer, in microseconds.
    pub(crate) us: u64,
}

impl Served {
    /// Reads a side's output; `refusal` is what a refusal of this event looks like.
    pub(crate) fn read(output: &[u8], refusal: &[u8], us: u64) -> Self {
        let answer = Answer::read(output);
        Self {
            status: answer.status,
            rows: answer.rows(),
            secrets: answer.secrets(),
            refused: output == refusal,
            us,
        }
    }

    fn json(&self) -> Value {
        json!({
            "status": self.status, "rows": self.rows, "secrets": self.secrets.len(),
            "refused": self.refused, "us": self.us,
        })
    }
}

/// One scene, played on both sides.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// What was played.
    pub(crate) scene: Scene,
    /// The function alone.
    pub(crate) unprotected: Served,
    /// The function behind the agent.
    pub(crate) protected: Served,
    /// What the agent said of the event, if anything.
    pub(crate) records: Vec<Record>,
}

impl Played {
    fn json(&self) -> Value {
        let records: Vec<&Value> = self.records.iter().map(Record::json).collect();
        json!({
            "name": self.scene.name, "kind": self.scene.kind.name(), "text": self.scene.text,
            "wrapping": self.scene.wrapping, "unprotected": self.unprotected.json(),
            "protected": self.protected.json(), "records": records,
        })
    }
}

/// Totals of one side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// Rows in answers to attacks.
    pub(crate) rows_lost: usize,
    /// Different canaries in answers to attacks.
    pub(crate) secrets_lost: usize,
    /// Benign events answered with 200.
    pub(crate) benign_served: usize,
    /// Attacks answered with a refusal.
    pub(crate) attacks_refused: usize,
    /// Benign round trips, measured interleaved with the other side's, in microseconds.
    pub(crate) latencies_us: Vec<u64>,
}

impl Side {
    fn count<'a>(scenes: impl Iterator<Item = (Kind, &'a Served)>, latencies_us: &[u64]) -> Self {
        let mut side = Self {
            latencies_us: latencies_us.to_vec(),
            ..Self::default()
        };
        side.latencies_us.sort_unstable();
        let mut secrets = BTreeSet::new();
        for (kind, served) in scenes {
            match kind {
                Kind::Benign => side.benign_served += usize::from(served.status == 200),
                Kind::Attack => {
                    side.rows_lost += served.rows;
                    side.attacks_refused += usize::from(served.refused);
                    secrets.extend(&served.secrets);
                }
            }
        }
        side.secrets_lost = secrets.len();
        side
    }

    /// The latency that `percent` of the round trips stay within, in microseconds.
    pub(crate) fn percentile(&self, percent: usize) -> u64 {
        percentile(&self.latencies_us, percent)
    }

    fn json(&self) -> Value {
        json!({
            "rows_lost": self.rows_lost, "secrets_lost": self.secrets_lost,
            "benign_served": self.benign_served, "attacks_refused": self.attacks_refused,
            "latency_us_p50": self.percentile(50), "latency_us_p99": self.percentile(99),
        })
    }
}

/// The smallest of the sorted `values` that `percent` of them do not exceed.
pub(crate) fn percentile(values: &[u64], percent: usize) -> u64 {
    let rank = (values.len() * percent).div_ceil(100);
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// What the demo came to.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Benign events played.
    pub(crate) benign: usize,
    /// Attacks played.
    pub(crate) attacks: usize,
    /// The function alone.
    pub(crate) unprotected: Side,
    /// The function behind the agent.
    pub(crate) protected: Side,
}

impl Tally {
    /// Counts what was played; the latencies are of (unprotected, protected) round trips.
    pub(crate) fn count(played: &[Played], latencies_us: (&[u64], &[u64])) -> Self {
        let benign = played
            .iter()
            .filter(|played| played.scene.kind == Kind::Benign)
            .count();
        let unprotected = played
            .iter()
            .map(|played| (played.scene.kind, &played.unprotected));
        let protected = played
            .iter()
            .map(|played| (played.scene.kind, &played.protected));
        Self {
            benign,
            attacks: played.len() - benign,
            unprotected: Side::count(unprotected, latencies_us.0),
            protected: Side::count(protected, latencies_us.1),
        }
    }

    /// What stands in the way of calling this a success; empty if nothing does.
    pub(crate) fn shortfalls(&self) -> Vec<String> {
        let mut shortfalls = Vec::new();
        if self.unprotected.rows_lost == 0 {
            shortfalls.push("the unprotected run lost no row, so nothing is proved".to_owned());
        }
        if self.protected.rows_lost + self.protected.secrets_lost > 0 {
            shortfalls.push(format!(
                "the protected run lost {} rows",
                self.protected.rows_lost
            ));
        }
        let turned_away = self.benign.saturating_sub(self.protected.benign_served);
        if turned_away > 0 {
            shortfalls.push(format!("{turned_away} benign events were not served"));
        }
        shortfalls
    }

    /// Median time that protection adds to a benign round trip; negative if noise wins.
    pub(crate) fn added_us(&self) -> i64 {
        let signed = |us: u64| i64::try_from(us).unwrap_or(i64::MAX);
        signed(self.protected.percentile(50)) - signed(self.unprotected.percentile(50))
    }

    /// The report of `--format json`; its members are a promise.
    pub(crate) fn json(&self, played: &[Played]) -> Value {
        let events: Vec<Value> = played.iter().map(Played::json).collect();
        let shortfalls = self.shortfalls();
        json!({
            "events": events,
            "summary": {
                "benign": self.benign, "attacks": self.attacks,
                "unprotected": self.unprotected.json(), "protected": self.protected.json(),
                "added_us_p50": self.added_us(), "measured": self.protected.latencies_us.len(),
            },
            "protected": shortfalls.is_empty(),
            "shortfalls": shortfalls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::script::scenes;

    const REFUSAL: &[u8] = br#"{"statusCode":403,"body":"no"}"#;

    fn dump(rows: usize) -> Vec<u8> {
        let rows: Vec<Value> = (1..=rows)
            .map(|id| json!({ "id": id, "name": format!("canary-{id:02}-x") }))
            .collect();
        json!({ "statusCode": 200, "body": json!(rows).to_string() })
            .to_string()
            .into_bytes()
    }

    fn play(guarded: impl Fn(Kind) -> Vec<u8>) -> Tally {
        let played: Vec<Played> = scenes()
            .into_iter()
            .map(|scene| Played {
                unprotected: Served::read(&dump(2), REFUSAL, 10),
                protected: Served::read(&guarded(scene.kind), REFUSAL, 12),
                scene,
                records: Vec::new(),
            })
            .collect();
        Tally::count(&played, (&[30, 10, 20], &[32, 12, 22]))
    }

    #[test]
    fn a_run_that_refuses_attacks_and_serves_the_rest_has_no_shortfall() {
        let tally = play(|kind| match kind {
            Kind::Benign => dump(1),
            Kind::Attack => REFUSAL.to_vec(),
        });
        assert_eq!(tally.shortfalls(), Vec::<String>::new());
        assert_eq!(tally.unprotected.rows_lost, tally.attacks * 2);
        assert_eq!(tally.unprotected.secrets_lost, 2);
        assert_eq!(tally.protected.rows_lost, 0);
        assert_eq!(tally.protected.attacks_refused, tally.attacks);
        assert_eq!(tally.added_us(), 2);
    }

    #[test]
    fn a_row_that_leaves_is_a_shortfall() {
        let tally = play(|_| dump(1));
        assert_eq!(tally.shortfalls().len(), 1, "{:?}", tally.shortfalls());
        assert!(tally.shortfalls()[0].contains("lost"));
    }

    #[test]
    fn a_customer_who_is_turned_away_is_a_shortfall() {
        let tally = play(|_| REFUSAL.to_vec());
        assert_eq!(
            tally.shortfalls(),
            [format!("{} benign events were not served", tally.benign)]
        );
    }

    #[test]
    fn percentiles_are_members_of_the_sample() {
        assert_eq!(percentile(&[], 50), 0);
        assert_eq!(percentile(&[1, 2, 3], 50), 2);
        assert_eq!(percentile(&[1, 2, 3], 99), 3);
        assert_eq!(percentile(&[1, 2, 3], 0), 1);
    }
}
