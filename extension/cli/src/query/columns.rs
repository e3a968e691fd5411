//! The columns of the table `records`: the members of the agent's lines, and the day.
//! It never has a column that the table of Athena has not; a test holds the two together.

/// What a column holds; lists and objects are texts of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
}

impl Kind {
    /// Its name in the local table.
    pub(super) const fn local(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Number => "INTEGER",
            Self::Truth => "BOOLEAN",
        }
    }

    /// Its name in Athena's.
    #[cfg(test)]
    pub(super) const fn remote(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "bigint",
            Self::Truth => "boolean",
        }
    }
}

/// Every column but `day`, in the order of the tables.
pub(super) const COLUMNS: &[(&str, Kind)] = &[
    ("record", Kind::Text),
    ("level", Kind::Text),
    ("function", Kind::Text),
    ("version", Kind::Text),
    ("mode", Kind::Text),
    ("policy", Kind::Text),
    ("policy_version", Kind::Number),
    ("time", Kind::Text),
    ("timestamp", Kind::Text),
    ("request_id", Kind::Text),
    ("last_request_id", Kind::Text),
    ("trace", Kind::Text),
    ("tenant", Kind::Text),
    ("source", Kind::Text),
    ("route", Kind::Text),
    ("location", Kind::Text),
    ("part", Kind::Text),
    ("role", Kind::Text),
    ("rule", Kind::Text),
    ("production", Kind::Text),
    ("confidence", Kind::Text),
    ("verdict", Kind::Text),
    ("shadow", Kind::Text),
    ("canary", Kind::Text),
    ("applied", Kind::Truth),
    ("coverage", Kind::Text),
    ("gaps", Kind::Text),
    ("context", Kind::Text),
    ("dialect", Kind::Text),
    ("decoded", Kind::Text),
    ("span", Kind::Text),
    ("length", Kind::Number),
    ("hash", Kind::Text),
    ("sample", Kind::Text),
    ("batch_record", Kind::Text),
    ("records_cut", Kind::Number),
    ("findings_dropped", Kind::Number),
    ("steps", Kind::Number),
    ("us", Kind::Number),
    ("bytes", Kind::Number),
    ("channel", Kind::Text),
    ("kind", Kind::Text),
    ("action", Kind::Text),
    ("secret", Kind::Text),
    ("spelling", Kind::Text),
    ("why", Kind::Text),
    ("detail", Kind::Text),
    ("family", Kind::Text),
    ("behaviour", Kind::Text),
    ("at", Kind::Text),
    ("message", Kind::Text),
    ("agent", Kind::Text),
    ("listen", Kind::Text),
    ("upstream", Kind::Text),
    ("witness", Kind::Text),
    ("problems", Kind::Number),
    ("reason", Kind::Text),
    ("weaker", Kind::Truth),
    ("count", Kind::Number),
    ("records", Kind::Number),
    ("invocations", Kind::Number),
    ("inspected", Kind::Number),
    ("partial", Kind::Number),
    ("flagged", Kind::Number),
    ("blocked", Kind::Number),
    ("would_block", Kind::Number),
    ("leaks", Kind::Number),
    ("tampered", Kind::Number),
    ("faults", Kind::Number),
    ("dropped", Kind::Number),
    ("unrecorded", Kind::Number),
    ("added_us_p50", Kind::Number),
    ("added_us_p99", Kind::Number),
    ("inspection_us_p50", Kind::Number),
    ("inspection_us_p99", Kind::Number),
    ("steps_p50", Kind::Number),
    ("steps_p99", Kind::Number),
    ("rules", Kind::Text),
    ("findings", Kind::Text),
    ("masked", Kind::Truth),
    ("event", Kind::Text),
];
