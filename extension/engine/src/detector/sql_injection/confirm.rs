//! Completes the query around a value and asks a real SQL parser whether it reads.
//! It never sees more than a few KiB at a time, and never parses without a budget.
use alloc::string::String;

use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use super::context::{Candidate, Context};
use super::reading::{Lead, Stop};
use crate::detector::Budget;

// Limit: the parser costs about 100 ns a byte; 2 KiB in five dialects and two endings stay
// below 2 ms, and a longer injection is judged by its productions alone.
const QUERY_BYTES_MAX: usize = 2048;
// Limit: 24 levels of sqlparser's descent need less than 512 KiB of stack, unoptimised.
const PARSER_DEPTH_MAX: usize = 24;

/// The first dialect in which the query around the candidate reads; `None` if none does.
pub(super) fn dialect(
    text: &[u8],
    candidate: &Candidate,
    budget: &mut Budget<'_>,
) -> Option<&'static str> {
    if !matches!(candidate.reading.stop, Stop::End | Stop::Cut | Stop::Open) {
        return None;
    }
    let part = text.get(candidate.start..)?;
    if part.len() > QUERY_BYTES_MAX {
        return None;
    }
    let part = core::str::from_utf8(part).ok()?;
    let (before, after) = frame(candidate);
    let query = [before.as_str(), part, after.as_str()].concat();
    let dialects: [(&str, &dyn Dialect); 5] = [
        ("mysql", &MySqlDialect {}),
        ("postgresql", &PostgreSqlDialect {}),
        ("sqlite", &SQLiteDialect {}),
        ("mssql", &MsSqlDialect {}),
        ("generic", &GenericDialect {}),
    ];
    dialects
        .into_iter()
        .find(|(_, dialect)| budget.take_parse(query.len()) && parses(*dialect, &query))
        .map(|(name, _)| name)
}

fn parses(dialect: &dyn Dialect, query: &str) -> bool {
    Parser::new(dialect)
        .with_recursion_limit(PARSER_DEPTH_MAX)
        .try_with_sql(query)
        .and_then(|mut parser| parser.parse_statements())
        .is_ok()
}

/// What stands before and after the value's part that is no longer data.
fn frame(candidate: &Candidate) -> (String, String) {
    let closes = usize::from(candidate.reading.closes).min(3);
    let open = "(".repeat(closes);
    let shut = ")".repeat(candidate.reading.depth.min(8));
    // A continuation needs an operand before it.
    let operand = if candidate.reading.lead == Lead::Nothing {
        "1 "
    } else {
        ""
    };
    let head = "SELECT a FROM t WHERE ";
    match candidate.context {
        Context::SingleQuoted => ([head, &open, "b = 'v"].concat(), ["'", &shut].concat()),
        Context::Like => ([head, &open, "b LIKE '%v"].concat(), ["%'", &shut].concat()),
        Context::JsonPath => ([head, &open, "b -> '$.v"].concat(), ["'", &shut].concat()),
        Context::DoubleQuoted => ([head, &open, "b = \"v"].concat(), ["\"", &shut].concat()),
        Context::BackTicked => ([head, &open, "`v"].concat(), ["`", &shut].concat()),
        Context::Bracketed => ([head, &open, "[v"].concat(), ["]", &shut].concat()),
        Context::InList => ([head, &open, "b = ", operand].concat(), shut),
        Context::Bare => ([head, "b = ", operand].concat(), shut),
        Context::OrderBy => ("SELECT a FROM t ORDER BY ".into(), shut),
        Context::Statement => (String::new(), shut),
    }
}
