//! The agent's record lines, read back from its stdout and kept by request id.
//! It never trusts a line to be a record: a function may print JSON as well.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// One JSON line of the agent's.
#[derive(Clone, Debug)]
pub(crate) struct Record(Value);

impl Record {
    /// Reads a line; `None` if it is no record about an invocation.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let record = Self(value);
        record.request_id().is_some().then_some(record)
    }

    /// The invocation it is about.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.text("request_id").filter(|id| !id.is_empty())
    }

    /// The rule of a finding; `None` on a line about a clean event.
    pub(crate) fn rule(&self) -> Option<&str> {
        self.text("rule")
    }

    /// The verdict, as it would be in block mode.
    pub(crate) fn verdict(&self) -> Option<&str> {
        self.text("verdict")
    }

    /// `complete` or `partial`.
    pub(crate) fn coverage(&self) -> Option<&str> {
        self.text("coverage")
    }

    /// How long the inspection took, in microseconds.
    pub(crate) fn us(&self) -> Option<u64> {
        self.0.get("us").and_then(Value::as_u64)
    }

    /// The record as it was written.
    pub(crate) fn json(&self) -> &Value {
        &self.0
    }

    /// The finding in a few words: its gist, and in which context and dialect it was read.
    pub(crate) fn describe(&self) -> String {
        let mut text = self.gist();
        for detail in ["context", "dialect"] {
            if let Some(detail) = self.text(detail) {
                text = format!("{text}, {detail}");
            }
        }
        text
    }

    /// The finding in fewer words, the most telling first: rule, what decided, place, decoding.
    pub(crate) fn gist(&self) -> String {
        let mut text = self.rule().unwrap_or("nothing found").to_owned();
        if let Some(production) = self.text("production") {
            text = format!("{text}: {production}");
        }
        if let Some(location) = self.text("location") {
            text = format!("{text} at {location}");
        }
        let decoded = self.words("decoded");
        if !decoded.is_empty() {
            text = format!("{text} ({})", decoded.join(" → "));
        }
        text
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The words of a list.
    fn words(&self, name: &str) -> Vec<&str> {
        let items = self.0.get(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// Records that nobody has asked for yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    kept: Arc<Mutex<HashMap<String, Vec<Record>>>>,
    news: Arc<Notify>,
}

// Limit: records of invocations that nobody waits for are dropped beyond 10,000 of about 700
// bytes, 7 MB; only an invocation from elsewhere leaves any.
const KEPT_MAX: usize = 10_000;

impl Records {
    /// Takes a line of the agent's; false if it is no record.
    pub(crate) fn take(&self, line: &str) -> bool {
        let Some(record) = Record::read(line) else {
            return false;
        };
        let id = record.request_id().unwrap_or_default().to_owned();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.entry(id).or_default().push(record);
        }
        drop(kept);
        self.news.notify_waiters();
        true
    }

    /// The records of an invocation, waiting until `patience` ends for the first of them.
    pub(crate) async fn of(&self, request_id: &str, patience: Duration) -> Vec<Record> {
        let deadline = Instant::now() + patience;
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // Registered before looking, so that no news falls between.
            news.as_mut().enable();
            let kept = {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.remove(request_id)
            };
            if let Some(records) = kept {
                return records;
            }
            if timeout_at(deadline, news).await.is_err() {
                return Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str = r#"{"request_id":"a","rule":"sql-injection","location":"/body/id",
        "decoded":["base64","json"],"verdict":"block","us":12,
        "context":"bare","dialect":"sqlite","production":"tautology"}"#;

    #[test]
    fn a_finding_is_described_in_a_few_words() {
        let record = Record::read(FINDING).unwrap();
        assert_eq!(
            record.describe(),
            "sql-injection: tautology at /body/id (base64 → json), bare, sqlite",
        );
        assert_eq!((record.us(), record.verdict()), (Some(12), Some("block")));
    }

    #[test]
    fn other_lines_are_no_records() {
        assert!(Record::read("hello").is_none());
        assert!(Record::read("{\"level\":\"info\"}").is_none());
        assert!(!Records::default().take("[1]"));
    }

    #[tokio::test]
    async fn records_are_handed_out_once_to_the_one_who_waits() {
        let records = Records::default();
        let waiting = tokio::spawn({
            let records = records.clone();
            async move { records.of("a", Duration::from_mins(1)).await }
        });
        tokio::task::yield_now().await;
        assert!(records.take(FINDING));
        assert_eq!(waiting.await.unwrap().len(), 1);
        assert!(records.of("a", Duration::ZERO).await.is_empty());
    }
}
