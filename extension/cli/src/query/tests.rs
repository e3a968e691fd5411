//! The table of a desk and that of Athena are one, and their questions are answered by counting.
//! It never asks a question that is not in the template.
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sqlparser::ast::Statement;
use sqlparser::dialect::{GenericDialect, HiveDialect};
use sqlparser::parser::Parser;
use yaml_rust2::{Yaml, YamlLoader};

use super::columns::{self, Kind};
use super::{ask, lines, load};

fn project(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

fn lake() -> Yaml {
    let documents = YamlLoader::load_from_str(&project("deploy/fleet/lake.yaml")).unwrap();
    documents.into_iter().next().unwrap()
}

/// The named queries of the template.
fn queries() -> BTreeMap<String, String> {
    let lake = lake();
    let resources = lake["Resources"].as_hash().unwrap();
    let named = resources
        .values()
        .filter(|one| one["Type"].as_str() == Some("AWS::Athena::NamedQuery"));
    let text = |one: &Yaml| one.as_str().unwrap().to_owned();
    named
        .map(|one| &one["Properties"])
        .map(|one| (text(&one["Name"]), text(&one["QueryString"])))
        .collect()
}

#[test]
fn the_table_of_athena_has_the_columns_of_the_local_one() {
    let lake = lake();
    let table = &lake["Resources"]["Table"]["Properties"]["TableInput"];
    let columns = table["StorageDescriptor"]["Columns"].as_vec().unwrap();
    let told: Vec<(&str, &str)> = columns
        .iter()
        .map(|one| (one["Name"].as_str().unwrap(), one["Type"].as_str().unwrap()))
        .collect();
    let own = columns::all().into_iter().map(|column| match column.kind {
        Kind::Text => (column.name, "string"),
        Kind::Number => (column.name, "bigint"),
        Kind::Truth => (column.name, "boolean"),
    });
    let mut own: Vec<(&str, &str)> = own.collect();
    assert_eq!(own.pop(), Some(("day", "string")));
    assert_eq!(told, own);
}

#[test]
fn the_statement_is_sql_for_others_too_and_says_what_the_template_says() {
    let parsed = Parser::parse_sql(&HiveDialect {}, columns::STATEMENT).unwrap();
    let [Statement::CreateTable(made)] = parsed.as_slice() else {
        panic!("{parsed:?}")
    };
    assert!(made.external);
    let named: Vec<&str> = made
        .columns
        .iter()
        .map(|one| one.name.value.as_str())
        .collect();
    let own = columns::all();
    let own: Vec<&str> = own.iter().map(|column| column.name).collect();
    assert_eq!(named, own[..own.len() - 1]);
    let lake = lake();
    let input = &lake["Resources"]["Table"]["Properties"]["TableInput"];
    let descriptor = &input["StorageDescriptor"];
    for text in [
        &descriptor["InputFormat"],
        &descriptor["OutputFormat"],
        &descriptor["SerdeInfo"]["SerializationLibrary"],
    ] {
        let text = text.as_str().unwrap();
        assert!(columns::STATEMENT.contains(&format!("'{text}'")), "{text}");
    }
    for (name, value) in input["Parameters"].as_hash().unwrap() {
        let filled = [
            ("${FirstDay}", "2026-01-01"),
            ("${Records}", "BUCKET"),
            ("${!", "${"),
        ];
        let value = filled
            .iter()
            .fold(value.as_str().unwrap().to_owned(), |text, (from, to)| {
                text.replace(from, to)
            });
        let line = format!("'{}' = '{value}'", name.as_str().unwrap());
        assert!(columns::STATEMENT.contains(&line), "{line}");
    }
}

#[test]
fn a_question_reads_the_columns_that_it_names_and_the_answer_is_the_same() {
    let names = |sql: &str| -> Vec<&str> {
        columns::of_question(sql)
            .iter()
            .map(|column| column.name)
            .collect()
    };
    assert_eq!(
        names("SELECT Rule, count(*) FROM records GROUP BY rule"),
        ["rule", "count", "records"]
    );
    assert_eq!(
        names("SELECT \"count\", min(day) FROM records"),
        ["count", "records", "day"]
    );
    assert_eq!(names("SELECT count(*) FROM records"), ["count", "records"]);
    for sql in [
        "SELECT * FROM records",
        "SELECT r.* FROM records r",
        "SELECT 1 FROM records a NATURAL JOIN records b",
    ] {
        assert_eq!(names(sql).len(), columns::all().len(), "{sql}");
    }
    let file = std::env::temp_dir().join(format!("credenza-columns-{}.jsonl", std::process::id()));
    let line =
        r#"{"time":"2026-11-12T00:00:00.000Z","level":"warn","record":"finding","span":[1,2],"#;
    fs::write(
        &file,
        format!("{line}\"steps\":\"7\",\"applied\":true,\"us\":5}}\n"),
    )
    .unwrap();
    let all = load(&[file.display().to_string()], &columns::all()).unwrap();
    for sql in [
        "SELECT rule, span, steps, applied, us, day FROM records",
        "SELECT count(*) AS n FROM records",
        "SELECT day, \"time\" FROM records WHERE applied",
        "SELECT 1",
    ] {
        let few = load(&[file.display().to_string()], &columns::of_question(sql)).unwrap();
        assert_eq!(
            ask(&few, sql).unwrap().rows,
            ask(&all, sql).unwrap().rows,
            "{sql}"
        );
    }
    let row = ask(&all, "SELECT span, steps, applied, us, day FROM records")
        .unwrap()
        .rows;
    assert_eq!(
        row,
        [[
            json!("[1,2]"),
            Value::Null,
            json!(1),
            json!(5),
            json!("2026-11-12")
        ]]
    );
    fs::remove_file(file).unwrap();
}

/// What stays in its log group: what is told of every event, and events themselves.
const AT_HOME: [&str; 2] = ["inspected", "event"];

#[test]
fn every_member_of_a_line_is_a_column_and_every_kind_is_subscribed_or_stays_at_home() {
    let schema: Value = serde_json::from_str(&project("docs/schema/record.schema.json")).unwrap();
    let lake = project("deploy/fleet/lake.yaml");
    let subscription = project("deploy/fleet/subscription.yaml");
    for of_kind in schema["oneOf"].as_array().unwrap() {
        let kind = of_kind["properties"]["record"]["const"].as_str().unwrap();
        let is_home = AT_HOME.contains(&kind);
        let clause = format!("($.record = \"{kind}\")");
        assert_ne!(subscription.contains(&clause), is_home, "{kind}");
        let clause = clause.replace('"', "\\\"");
        assert_ne!(lake.contains(&clause), is_home, "{kind}");
        for name in of_kind["properties"].as_object().unwrap().keys() {
            let is_column = columns::all().iter().any(|column| column.name == name);
            assert!(is_column || is_home || name == "_aws", "{kind}: {name}");
        }
    }
}

#[test]
fn every_named_query_is_sql_for_others_too() {
    let queries = queries();
    assert_eq!(queries.len(), 12);
    for (name, sql) in queries {
        let parsed = Parser::parse_sql(&GenericDialect {}, &sql);
        assert!(parsed.is_ok_and(|all| all.len() == 1), "{name}: {sql}");
    }
}

#[test]
fn every_named_query_is_answered_and_counts_are_those_of_a_straight_count() {
    let rules = ["sql-injection", "path-traversal", "own-secret"];
    let (mut text, mut hits, mut events) = (String::new(), [0_i64; 3], [0_i64; 2]);
    for at in 0..3000_usize {
        let (rule, function) = (at % 7 % 3, at % 2);
        let head = json!({ "time": format!("2026-11-{:02}T10:00:00.000Z", 1 + at % 28),
            "level": "warn", "function": format!("f{function}"), "mode": "monitor" });
        let mut line = head.as_object().unwrap().clone();
        let more = match at % 5 {
            0 => json!({ "record": "metrics", "invocations": at, "partial": at % 3,
                "flagged": 1, "blocked": 0, "would_block": 1, "added_us_p99": at }),
            1 => json!({ "record": "repeats", "rule": rules[rule], "count": 10 + at % 4,
                "last_request_id": format!("r-{at}") }),
            _ => json!({ "record": "finding", "rule": rules[rule], "verdict": "block",
                "applied": false, "request_id": format!("r-{at}"), "sample": "a\u{7}" }),
        };
        line.extend(more.as_object().unwrap().clone());
        match at % 5 {
            0 => events[function] += i64::try_from(at).unwrap(),
            1 => hits[rule] += 10 + i64::try_from(at % 4).unwrap(),
            _ => hits[rule] += 1,
        }
        // Some lines are delivered twice.
        for _ in 0..=usize::from(at % 11 == 0) {
            text.push_str(&Value::Object(line.clone()).to_string());
            text.push('\n');
        }
    }
    let file = std::env::temp_dir().join(format!("credenza-query-{}.jsonl", std::process::id()));
    fs::write(&file, text).unwrap();
    let table = load(&[file.display().to_string()], &columns::all()).unwrap();
    let queries = queries();
    for (name, sql) in &queries {
        let answer = ask(&table, sql).unwrap();
        let few = load(&[file.display().to_string()], &columns::of_question(sql)).unwrap();
        assert_eq!(ask(&few, sql).unwrap().rows, answer.rows, "{name}");
        assert!(!answer.names.is_empty(), "{name}");
        assert!(!lines(&answer).contains('\u{7}'), "{name}");
    }
    let answer = ask(&table, &queries["findings and repeats by rule"]).unwrap();
    assert_eq!(answer.rows.len(), 3);
    for row in answer.rows {
        let rule = rules.iter().position(|rule| row[0] == *rule).unwrap();
        assert_eq!(row[1], hits[rule]);
    }
    let answer = ask(&table, &queries["share of events not inspected whole"]).unwrap();
    for row in answer.rows {
        assert_eq!(row[1], events[usize::from(row[0] == "f1")]);
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn nothing_is_changed_by_a_question() {
    let table = load(&[], &columns::all()).unwrap();
    for sql in [
        "DELETE FROM records",
        "ATTACH 'x' AS y",
        "SELECT",
        "WITH a AS (SELECT 1) DELETE FROM records",
    ] {
        assert!(ask(&table, sql).is_err(), "{sql}");
    }
}
