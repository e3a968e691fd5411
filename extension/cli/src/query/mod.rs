//! `credenza query`: SQL over recorded lines, as Athena answers it over the lake.
//! It never changes anything: the table is made anew for each question, and only read after that.
mod columns;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use anyhow::Result;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::arguments::{Format, QueryArguments};
use crate::failure::Failure;
use crate::records;
use columns::{Column, Kind};

/// An answer: the names of its columns, and its rows.
#[derive(Debug, Default)]
struct Answer {
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Reads records into a table and asks it.
pub(crate) fn run(arguments: &QueryArguments, format: Format) -> Result<String> {
    let table = load(&arguments.records, &columns::of_question(&arguments.sql))?;
    let answer = ask(&table, &arguments.sql)?;
    Ok(match format {
        Format::Json => objects(&answer),
        Format::Text => lines(&answer),
    })
}

fn refused(error: impl fmt::Display) -> Failure {
    let fix = "ask one SELECT of the table `records`; its columns are those of docs/fleet.md";
    Failure::new("SQL", error, fix)
}

/// The table with some columns of all records of some files, in a file that ends with it.
fn load(paths: &[String], columns: &[Column]) -> Result<Connection> {
    let mut table = Connection::open("").map_err(refused)?;
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\" {}", column.name, column.kind.local()))
        .collect();
    // A question without a column still counts rows.
    let names = if names.is_empty() {
        "\"-\" TEXT".to_owned()
    } else {
        names.join(", ")
    };
    table
        .execute_batch(&format!("CREATE TABLE records ({names})"))
        .map_err(refused)?;
    let all = table.transaction().map_err(refused)?;
    {
        let marks = vec!["?"; columns.len().max(1)].join(", ");
        let insert = format!("INSERT INTO records VALUES ({marks})");
        let mut insert = all.prepare(&insert).map_err(refused)?;
        let intake = records::each(paths, &mut |record| {
            if record.kind().is_some() {
                let row = row(record.raw, columns);
                insert.execute(params_from_iter(row)).map_err(refused)?;
            }
            Ok(true)
        })?;
        if intake.others > 0 {
            intake.is_any()?;
        }
    }
    all.commit().map_err(refused)?;
    Ok(table)
}

/// A record as a row: what has another type than its column is nothing, as in Athena.
fn row(raw: &str, columns: &[Column]) -> Vec<Cell> {
    let mut reader = serde_json::Deserializer::from_str(raw);
    let empty = || vec![Cell::Null; columns.len().max(1)];
    Members {
        columns,
        row: empty(),
    }
    .deserialize(&mut reader)
    .unwrap_or_else(|_| empty())
}

/// Reads the members of a line that are columns, and reads over the others.
struct Members<'a> {
    columns: &'a [Column],
    row: Vec<Cell>,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<Cell>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<Cell>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<Cell>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a line")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut line: M) -> Result<Vec<Cell>, M::Error> {
        let day = self.columns.iter().position(|column| column.name == "day");
        while let Some(name) = line.next_key::<Cow<'de, str>>()? {
            let at = self.columns.iter().position(|column| column.name == name);
            let is_time = day.is_some() && matches!(name.as_ref(), "time" | "timestamp");
            if at.is_none() && !is_time {
                line.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = line.next_value()?;
            if let (true, Some(day), Some(time)) = (is_time, day, value.as_str())
                && let (Some(date), Some(cell)) = (time.get(..10), self.row.get_mut(day))
            {
                *cell = Cell::Text(date.to_owned());
            }
            if let Some((column, own)) =
                at.and_then(|at| self.columns.get(at).zip(self.row.get_mut(at)))
                && column.name != "day"
            {
                *own = cell(column.kind, &value);
            }
        }
        Ok(self.row)
    }
}

fn cell(kind: Kind, value: &Value) -> Cell {
    match (kind, value) {
        (_, Value::Null) => Cell::Null,
        (Kind::Text, Value::String(text)) => Cell::Text(text.clone()),
        (Kind::Text, other) => Cell::Text(other.to_string()),
        (Kind::Number, number) => number.as_i64().map_or(Cell::Null, Cell::Integer),
        (Kind::Truth, truth) => truth
            .as_bool()
            .map_or(Cell::Null, |truth| Cell::Integer(i64::from(truth))),
    }
}

/// Asks one question that only reads.
fn ask(table: &Connection, sql: &str) -> Result<Answer> {
    let word = sql.split_whitespace().next().unwrap_or_default();
    if !["select", "with"].contains(&word.to_ascii_lowercase().as_str()) {
        return Err(refused("this is no question").into());
    }
    let mut statement = table.prepare(sql).map_err(refused)?;
    if !statement.readonly() {
        return Err(refused("this would change something").into());
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut answer = Answer::default();
    let mut rows = statement.query([]).map_err(refused)?;
    while let Some(row) = rows.next().map_err(refused)? {
        let cells = (0..names.len()).map(|at| row.get_ref(at).map(told));
        let cells: rusqlite::Result<Vec<Value>> = cells.collect();
        answer.rows.push(cells.map_err(refused)?);
    }
    answer.names = names;
    Ok(answer)
}

fn told(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::from(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// One object a line.
fn objects(answer: &Answer) -> String {
    let mut out = String::new();
    for row in &answer.rows {
        let members = answer.names.iter().cloned().zip(row.iter().cloned());
        out.push_str(&Value::Object(members.collect()).to_string());
        out.push('\n');
    }
    out
}

/// Columns below their names, as wide as their widest cell.
fn lines(answer: &Answer) -> String {
    let spelled = |value: &Value| -> String {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // A record's text moves no terminal.
        text.replace(char::is_control, "\u{fffd}")
    };
    let mut table = vec![answer.names.clone()];
    table.extend(
        answer
            .rows
            .iter()
            .map(|row| row.iter().map(spelled).collect()),
    );
    let mut widths = vec![0_usize; answer.names.len()];
    for row in &table {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let mut out = String::new();
    for row in &table {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(text, width)| format!("{text:<width$}"))
            .collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}
