//! A full SQL parser as the judge of our own reading, in tests.
//! It never ships: the agent decides by its tolerant grammar alone (decision 0004).
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sqlparser::ast::{BinaryOperator, Expr, SetExpr, Statement};
use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use credenza_event::{Part, Role};

use crate::report::Confidence;
use crate::{HashKey, inspect_text};

/// The next number of a sequence that a seed begins (`SplitMix64`).
struct Random(u64);

impl Random {
    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        from[usize::try_from(mixed).unwrap() % from.len()]
    }

    /// An expression that yields one value.
    fn operand(&mut self) -> String {
        match self.pick(&["literal", "literal", "name", "call", "select"]) {
            "literal" => self
                .pick(&["1", "0", "'a'", "''", "null", "0x61", "1.5"])
                .into(),
            "name" => self.pick(&["id", "users.name", "secret"]).into(),
            "call" => {
                let inner = self.pick(&["1", "'a'", "name"]);
                let call = self.pick(&["length", "ascii", "lower", "coalesce", "char"]);
                format!("{call}({inner})")
            }
            _ => self.select(true),
        }
    }

    fn select(&mut self, nested: bool) -> String {
        let list = self.pick(&[
            "*",
            "1",
            "null,null",
            "name,secret",
            "count(*)",
            "version()",
        ]);
        let from = self.pick(&["", " from users", " from users where id=1"]);
        let body = format!("select {list}{from}");
        if nested { format!("({body})") } else { body }
    }

    fn condition(&mut self) -> String {
        let left = self.operand();
        match self.pick(&["compare", "compare", "like", "in", "null", "between"]) {
            "compare" => {
                let sign = self.pick(&["=", "<", ">", "<>", ">=", "!="]);
                format!("{left}{sign}{}", self.operand())
            }
            "like" => format!("{left} like {}", self.pick(&["'%'", "'a%'"])),
            "in" => format!("{left} in (1,2,{})", self.operand()),
            "null" => format!("{left} is {}", self.pick(&["null", "not null"])),
            _ => format!("{left} between 1 and 2"),
        }
    }

    /// What an attacker writes behind a quote.
    fn payload(&mut self) -> String {
        let lead = self.pick(&["", "x", "1", "-1", "O", "%"]);
        let body = match self.pick(&["or", "or", "and", "union", "stacked"]) {
            "union" => {
                let all = self.pick(&["", " all"]);
                format!("union{all} {}", self.select(false))
            }
            "stacked" => {
                let second = [
                    "drop table users",
                    "delete from users",
                    "update users set a=1",
                ];
                format!("; {}", self.pick(&second))
            }
            word => format!("{word} {}", self.condition()),
        };
        let space = self.pick(&[" ", "\t", "/**/", "\n"]);
        let tail = self.pick(&["-- ", " -- x", "#", " and 'a'='a", " or 'a'='"]);
        format!("{lead}'{}{tail}", format!(" {body}").replace(' ', space))
    }
}

/// The statements of a completed query, in the first dialect that reads them.
fn parsed(query: &str) -> Option<Vec<Statement>> {
    let dialects: [&dyn Dialect; 5] = [
        &MySqlDialect {},
        &PostgreSqlDialect {},
        &SQLiteDialect {},
        &MsSqlDialect {},
        &GenericDialect {},
    ];
    dialects
        .into_iter()
        .find_map(|dialect| Parser::parse_sql(dialect, query).ok())
}

/// True if a query is still the one that its author wrote: `b` compared with one value.
fn is_as_written(statements: &[Statement]) -> bool {
    let [Statement::Query(query)] = statements else {
        return false;
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    matches!(
        &select.selection,
        Some(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
            if matches!(left.as_ref(), Expr::Identifier(_))
                && matches!(right.as_ref(), Expr::Value(_))
    )
}

fn confidence(value: &str) -> Option<Confidence> {
    let report = inspect_text(
        value.as_bytes(),
        Role::Query,
        Part::Value,
        &HashKey([0; 16]),
    );
    report.findings.first().map(|finding| finding.confidence)
}

#[test]
fn whatever_the_parser_reads_as_another_query_is_found() {
    let mut random = Random(7);
    let mut missed = Vec::new();
    let mut changed = 0;
    for _ in 0..20_000 {
        let value = random.payload();
        let Some(statements) = parsed(&format!("SELECT a FROM t WHERE b = '{value}'")) else {
            continue;
        };
        if is_as_written(&statements) {
            continue;
        }
        changed += 1;
        if confidence(&value) < Some(Confidence::High) {
            missed.push(value);
        }
    }
    assert!(changed > 5_000, "only {changed} values changed the query");
    missed.sort_unstable();
    missed.dedup();
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn what_leaves_the_query_as_it_was_written_is_clean() {
    // Quotes in pairs are data for every dialect, and so is everything between them.
    for value in [
        "O''Brien",
        "it''s '' or ''",
        "select a from b",
        "rock ''n'' roll",
        "1 or 1",
    ] {
        let statements = parsed(&format!("SELECT a FROM t WHERE b = '{value}'")).expect(value);
        assert!(is_as_written(&statements), "{value}");
        assert!(confidence(value) < Some(Confidence::High), "{value}");
    }
}
