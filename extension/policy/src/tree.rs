//! A policy's text as a tree whose every part knows where it stands: TOML, or JSON.
//! It never knows what a key means, and never nests deeper than a policy does.
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::day::Day;

mod json;

// Limit: the deepest policy is a table in a list of the shadow's, 5 levels; 16 leaves room for a
// mistake to be told in its own words. The TOML reader stops at 80 by itself.
const DEPTH_MAX: usize = 16;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Date(Day),
    /// A time, or a date with one.
    Moment,
    Nothing,
    List(Vec<Node>),
    Table(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) value: Node,
}

/// A place in the text, and what is wrong there.
pub(crate) type Fault = (usize, String);

impl Kind {
    /// As a problem names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Flag(_) => "a boolean",
            Self::Date(_) | Self::Moment => "a date",
            Self::Nothing => "null",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// The members of the whole text, or what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Vec<Member>, Vec<Fault>> {
    // No TOML begins with a brace.
    if text.trim_start().starts_with('{') {
        return json::read(text).map_err(|(at, why)| alloc::vec![(at, format!("not JSON: {why}"))]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let told = errors.iter().map(|error| {
            let at = error.span().map_or(text.len(), |span| span.start);
            (at, format!("not TOML: {}", error.message()))
        });
        return Err(told.collect());
    }
    members(table.get_ref(), DEPTH_MAX).map_err(|fault| alloc::vec![fault])
}

fn members(table: &DeTable<'_>, depth: usize) -> Result<Vec<Member>, Fault> {
    table
        .iter()
        .map(|(key, value)| {
            Ok(Member {
                at: key.span().start,
                name: key.get_ref().as_ref().to_owned(),
                value: node(value, depth)?,
            })
        })
        .collect()
}

fn node(value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Fault> {
    let at = value.span().start;
    let Some(depth) = depth.checked_sub(1) else {
        return Err((at, too_deep()));
    };
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.as_ref().to_owned()),
        DeValue::Integer(number) => {
            let digits = i64::from_str_radix(number.as_str(), number.radix());
            digits.map_or(Kind::Float(f64::INFINITY), Kind::Integer)
        }
        DeValue::Float(number) => Kind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Kind::Flag(*flag),
        DeValue::Datetime(moment) => match (moment.date, moment.time) {
            (Some(date), None) => {
                Day::of_date(date.year.into(), date.month.into(), date.day.into())
                    .map_or(Kind::Moment, Kind::Date)
            }
            _ => Kind::Moment,
        },
        DeValue::Array(items) => {
            let items = items.iter().map(|item| node(item, depth));
            Kind::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Kind::Table(members(table, depth)?),
    };
    Ok(Node { at, kind })
}

fn too_deep() -> String {
    format!("nested deeper than {DEPTH_MAX} levels, which no policy is")
}

#[cfg(test)]
mod tests;
