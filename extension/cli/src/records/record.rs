//! One line of a log, typed: a record of the agent's, or what may be wrapped around one.
//! It never fails for a member that it does not know or that has another type than expected.
use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A text; empty where the line has none, or something else in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// The text itself.
    pub(crate) fn get(&self) -> &str {
        &self.0
    }

    /// The text, unless it is empty.
    pub(crate) fn some(&self) -> Option<&str> {
        Some(self.get()).filter(|text| !text.is_empty())
    }
}

/// A count; `None` where the line has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<u64>);

impl Number {
    /// The count, 0 if there is none.
    pub(crate) fn get(self) -> u64 {
        self.0.unwrap_or_default()
    }
}

/// A list of texts; everything else in it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words<'a>(pub(crate) Vec<Cow<'a, str>>);

impl Words<'_> {
    /// The words.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair(pub(crate) Option<(u64, u64)>);

/// One JSON object of a log: every member that the desk knows, by its name there.
///
/// The agent's own members are explained in its `record.rs`; the last ones belong to envelopes.
#[derive(Debug, Default, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the members"
)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct Record<'a> {
    /// The whole object as it was written.
    #[serde(skip)]
    pub(crate) raw: &'a str,
    pub(crate) time: Text<'a>,
    /// What `time` is called where the function's log format is JSON.
    pub(crate) timestamp: Text<'a>,
    pub(crate) level: Text<'a>,
    #[serde(borrow)]
    pub(crate) record: Option<&'a RawValue>,
    pub(crate) request_id: Text<'a>,
    pub(crate) trace: Text<'a>,
    pub(crate) tenant: Text<'a>,
    pub(crate) caller: Text<'a>,
    pub(crate) function: Text<'a>,
    pub(crate) version: Text<'a>,
    pub(crate) source: Text<'a>,
    pub(crate) route: Text<'a>,
    pub(crate) rule: Text<'a>,
    pub(crate) confidence: Text<'a>,
    pub(crate) batch_record: Text<'a>,
    pub(crate) location: Text<'a>,
    pub(crate) role: Text<'a>,
    pub(crate) part: Text<'a>,
    pub(crate) span: Pair,
    pub(crate) length: Number,
    pub(crate) decoded: Words<'a>,
    pub(crate) context: Text<'a>,
    pub(crate) dialect: Text<'a>,
    pub(crate) production: Text<'a>,
    pub(crate) hash: Text<'a>,
    pub(crate) sample: Text<'a>,
    pub(crate) verdict: Text<'a>,
    pub(crate) mode: Text<'a>,
    pub(crate) applied: Truth,
    pub(crate) coverage: Text<'a>,
    pub(crate) gaps: Words<'a>,
    pub(crate) findings_dropped: Number,
    pub(crate) policy: Text<'a>,
    pub(crate) steps: Number,
    pub(crate) us: Number,
    pub(crate) bytes: Number,
    pub(crate) secret: Text<'a>,
    pub(crate) channel: Text<'a>,
    pub(crate) kind: Text<'a>,
    pub(crate) family: Text<'a>,
    pub(crate) behaviour: Text<'a>,
    pub(crate) detail: Text<'a>,
    pub(crate) at: Text<'a>,
    pub(crate) message: Text<'a>,
    pub(crate) agent: Text<'a>,
    pub(crate) reason: Text<'a>,
    pub(crate) why: Text<'a>,
    pub(crate) invocations: Number,
    pub(crate) inspected: Number,
    pub(crate) partial: Number,
    pub(crate) flagged: Number,
    pub(crate) blocked: Number,
    pub(crate) leaks: Number,
    pub(crate) tampered: Number,
    pub(crate) faults: Number,
    pub(crate) dropped: Number,
    #[serde(borrow)]
    pub(crate) rules: Option<&'a RawValue>,
    pub(crate) would_block: Number,
    pub(crate) added_us_p50: Number,
    pub(crate) added_us_p99: Number,
    pub(crate) inspection_us_p50: Number,
    pub(crate) inspection_us_p99: Number,
    pub(crate) shadow: Text<'a>,
    /// How many findings a record of repeats stands for.
    pub(crate) count: Number,
    // What recorded events have.
    pub(crate) id: Text<'a>,
    pub(crate) label: Text<'a>,
    pub(crate) masked: Truth,
    #[serde(borrow)]
    pub(crate) findings: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) event: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) output: Option<&'a RawValue>,
    // What envelopes have.
    #[serde(rename = "type")]
    pub(crate) kind_of_line: Text<'a>,
    pub(crate) text: Text<'a>,
    #[serde(rename = "@message", borrow)]
    pub(crate) at_message: Option<&'a RawValue>,
    #[serde(rename = "logEvents", borrow)]
    pub(crate) log_events: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) events: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) results: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) records: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) line: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) awslogs: Option<&'a RawValue>,
}

// Limit: 2015 to 2100; a function that prints a time of its own does not stretch the axis.
const SANE: std::ops::Range<i64> = 1_420_070_400..4_102_444_800;

/// The records that the agent writes; a line that names another kind is not its own.
pub(crate) const KINDS: [&str; 16] = [
    "finding",
    "repeats",
    "partial",
    "inspected",
    "leak",
    "fault",
    "problem",
    "init",
    "summary",
    "dropped",
    "wrapper",
    "lifecycle",
    "tamper",
    "policy",
    "metrics",
    "event",
];

impl Record<'_> {
    /// What kind of record this is; `None` if it is none of the agent's.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        if let Some(raw) = self.record {
            let name = raw.get().trim_matches('"');
            let known = KINDS.iter().find(|kind| **kind == name).copied();
            return known.filter(|kind| *kind == "event" || !self.level.get().is_empty());
        }
        // A row of a query that chose its columns.
        let is_finding = self.rule.some().is_some() && self.verdict.some().is_some();
        is_finding.then_some("finding")
    }

    /// How many findings the line stands for.
    pub(crate) fn times(&self) -> u64 {
        self.count.0.unwrap_or(1)
    }

    /// Milliseconds since 1970, if the line tells.
    pub(crate) fn millis(&self) -> Option<i64> {
        let time = self.time.some().or_else(|| self.timestamp.some())?;
        let fraction = time.get(19..).and_then(|rest| rest.strip_prefix('.'));
        let digits = fraction.and_then(|fraction| fraction.get(..3));
        let millis = digits.and_then(|digits| digits.parse::<i64>().ok());
        Some(self.seconds()? * 1000 + millis.unwrap_or_default())
    }

    /// Seconds since 1970, if the line tells.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let time = self.time.some().or_else(|| self.timestamp.some());
        time.and_then(super::clock::seconds)
            .filter(|seconds| SANE.contains(seconds))
    }
}

/// Yes or no; no where the line has nothing of the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth(pub(crate) bool);

/// Takes any value, keeps what it is asked to keep, and reads past the rest.
struct Any<T>(std::marker::PhantomData<T>);

/// What a value may become.
trait Kept<'de>: Default {
    fn borrowed(_text: &'de str) -> Self {
        Self::default()
    }
    fn owned(_text: &str) -> Self {
        Self::default()
    }
    fn number(_number: u64) -> Self {
        Self::default()
    }
    fn truth(_truth: bool) -> Self {
        Self::default()
    }
    /// One more item of a list.
    fn item(&mut self, _item: Item<'de>) {}
}

/// An item of a list.
#[derive(Default)]
enum Item<'de> {
    Word(Cow<'de, str>),
    Number(u64),
    #[default]
    Other,
}

impl<'de> Kept<'de> for Text<'de> {
    fn borrowed(text: &'de str) -> Self {
        Self(Cow::Borrowed(text))
    }
    fn owned(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
    fn number(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

impl<'de> Kept<'de> for Number {
    fn borrowed(text: &'de str) -> Self {
        Self::owned(text)
    }
    fn owned(text: &str) -> Self {
        Self(text.trim().parse().ok())
    }
    fn number(number: u64) -> Self {
        Self(Some(number))
    }
}

impl<'de> Kept<'de> for Truth {
    fn borrowed(text: &'de str) -> Self {
        Self::owned(text)
    }
    fn owned(text: &str) -> Self {
        Self(matches!(text, "true" | "1"))
    }
    fn number(number: u64) -> Self {
        Self(number == 1)
    }
    fn truth(truth: bool) -> Self {
        Self(truth)
    }
}

impl<'de> Kept<'de> for Words<'de> {
    fn item(&mut self, item: Item<'de>) {
        // Limit: a finding has at most 8 decoding steps and a report as many gaps as there are
        // kinds of them; 32 are enough for both.
        if let (Item::Word(word), true) = (item, self.0.len() < 32) {
            self.0.push(word);
        }
    }
}

impl<'de> Kept<'de> for Pair {
    fn item(&mut self, item: Item<'de>) {
        if let Item::Number(number) = item {
            // The first number opens the pair, the second closes it.
            self.0 = match self.0 {
                None => Some((number, number)),
                Some((start, _)) => Some((start, number)),
            };
        }
    }
}

impl<'de> Kept<'de> for Item<'de> {
    fn borrowed(text: &'de str) -> Self {
        Self::Word(Cow::Borrowed(text))
    }
    fn owned(text: &str) -> Self {
        Self::Word(Cow::Owned(text.to_owned()))
    }
    fn number(number: u64) -> Self {
        Self::Number(number)
    }
}

impl<'de, T: Kept<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::owned(text))
    }
    fn visit_bool<E>(self, truth: bool) -> Result<T, E> {
        Ok(T::truth(truth))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }
    fn visit_i64<E>(self, _number: i64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        // A mean or a percentile may come with a fraction that nobody needs; the cast saturates.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count that is no whole number is rounded to one"
        )]
        let whole = number.round() as u64;
        Ok(T::number(whole))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut kept = T::default();
        while let Some(Carried(item)) = items.next_element::<Carried<Item<'de>>>()? {
            kept.item(item);
        }
        Ok(kept)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// Carries an item through a list.
struct Carried<T>(T);

impl<'de, T: Kept<'de>> Deserialize<'de> for Carried<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<T>(std::marker::PhantomData))
            .map(Self)
    }
}

macro_rules! deserialize_any {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Any::<Self>(std::marker::PhantomData))
            }
        }
    )*};
}

deserialize_any!(Number, Truth, Pair);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<Text<'de>>(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<Words<'de>>(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Record<'_> {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_finding_is_read_with_all_its_members() {
        let line = r#"{"time":"2026-11-26T10:00:00.000Z","level":"warn","record":"finding",
            "request_id":"r-1","rule":"sql-injection","location":"/body/id","span":[3,17],
            "decoded":["base64","url"],"applied":true,"us":41,"verdict":"block"}"#;
        let record = read(line);
        assert_eq!(record.kind(), Some("finding"));
        assert_eq!(record.span, Pair(Some((3, 17))));
        assert_eq!(record.decoded.iter().collect::<Vec<_>>(), ["base64", "url"]);
        assert_eq!((record.us.get(), record.applied.0), (41, true));
    }

    #[test]
    fn members_of_another_type_are_as_good_as_absent() {
        let line = r#"{"level":"warn","record":"finding","rule":["a"],"us":{"a":[1,{"b":2}]},
            "decoded":"url","span":"1","gaps":[1,"budget",null],"steps":"12","unknown":[[]],
            "bytes":-4,"length":1.6,"request_id":7,"applied":"true"}"#;
        let record = read(line);
        assert_eq!(record.kind(), Some("finding"));
        assert_eq!((record.rule.get(), record.us.0), ("", None));
        assert_eq!(record.decoded.iter().count(), 0);
        assert_eq!(record.gaps.iter().collect::<Vec<_>>(), ["budget"]);
        assert_eq!((record.steps.get(), record.bytes.0), (12, None));
        assert_eq!((record.length.get(), record.request_id.get()), (2, "7"));
        assert!(record.applied.0);
    }

    #[test]
    fn lines_of_a_function_are_no_records() {
        for line in [
            r#"{"level":"info","record":"order 12 saved"}"#,
            r#"{"record":"finding"}"#,
            r#"{"rule":"sql-injection"}"#,
            "{}",
        ] {
            assert_eq!(read(line).kind(), None, "{line}");
        }
    }
}
