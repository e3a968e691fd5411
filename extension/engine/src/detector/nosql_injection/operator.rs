//! Operators of document databases as names of members and of parameters.
//! It never judges a name alone where other protocols have the name, too: then its operand decides.
use credenza_event::Path;

use super::Find;
use crate::cursor::span;
use crate::name::pieces;
use crate::operand::Operand;
use crate::report::{Confidence, Explanation};
use crate::sought;

/// Operators that nothing else has: what stands behind them does not matter.
const SURE: [&[u8]; 29] = [
    b"accumulator",
    b"bitsAllClear",
    b"bitsAllSet",
    b"bitsAnyClear",
    b"bitsAnySet",
    b"elemMatch",
    b"eq",
    b"eval",
    b"exists",
    b"expr",
    b"function",
    b"geoIntersects",
    b"geoWithin",
    b"gt",
    b"gte",
    b"jsonSchema",
    b"keyMapMatch",
    b"lt",
    b"lte",
    b"maxDistance",
    b"mod",
    b"ne",
    b"near",
    b"nearSphere",
    b"nin",
    b"nor",
    b"not",
    b"regex",
    b"where",
];

/// Operators whose operand is a list.
const OF_LISTS: [&[u8]; 3] = [b"all", b"and", b"in"];

/// Operators of updates, whose operand is a document.
const OF_DOCUMENTS: [&[u8]; 11] = [
    b"addToSet",
    b"bit",
    b"currentDate",
    b"inc",
    b"mul",
    b"pop",
    b"pull",
    b"pullAll",
    b"push",
    b"rename",
    b"setOnInsert",
];

// Limit: names of parameters with their pieces are shorter.
const NAME_BYTES_MAX: usize = 256;

/// Judges a name.
pub(super) fn key(path: &Path<'_>, name: &[u8], is_parameter: bool) -> Option<Find> {
    let operand = Operand::of(path.operand());
    let (confidence, production) = if name == b"AttributeValueList" {
        (typed_values(operand)?, "condition")
    } else if let Some(operator) = name.strip_prefix(b"$") {
        (member(operator, operand, is_parameter)?, "operator")
    } else {
        (piece(name)?, "operator")
    };
    Some(Find {
        confidence,
        span: span(0, name.len()),
        explanation: Explanation {
            context: "name",
            dialect: if production == "condition" {
                "dynamodb"
            } else {
                "mongodb"
            },
            production,
        },
    })
}

/// Judges `$operator` as the name of a member, or of a parameter.
fn member(operator: &[u8], operand: Operand<'_>, is_parameter: bool) -> Option<Confidence> {
    let high = |fits: bool| fits.then_some(Confidence::High);
    if operator == b"where" {
        // A query language for open data has a parameter of this name, with a condition in it.
        return high(match operand {
            Operand::Text(text) => !is_parameter || is_program(text),
            Operand::Nothing => false,
            _ => !is_parameter,
        });
    }
    if SURE.contains(&operator) {
        return Some(Confidence::High);
    }
    match (operator, operand) {
        // Document stores of PHP call the function of this name.
        (b"func", Operand::Text(_)) => high(!is_parameter),
        (b"or", Operand::Array(inner)) => high(is_condition(inner)),
        (b"size" | b"type", Operand::Number) | (b"text", Operand::Object(_)) => high(true),
        // Tools that count visitors set properties with these names.
        (b"set" | b"unset", Operand::Object(_)) => Some(Confidence::Medium),
        (_, Operand::Array(_)) => high(OF_LISTS.contains(&operator)),
        (_, Operand::Object(inner)) => {
            high(OF_DOCUMENTS.contains(&operator) || is_stage(operator, inner))
        }
        _ => None,
    }
}

/// True for a stage of a pipeline, told by the first member of its operand.
fn is_stage(operator: &[u8], inner: &[u8]) -> bool {
    let Operand::Text(first) = Operand::of(inner) else {
        return false;
    };
    match operator {
        b"lookup" | b"graphLookup" => matches!(
            first,
            b"from" | b"as" | b"let" | b"localField" | b"foreignField" | b"startWith" | b"pipeline"
        ),
        b"unionWith" => matches!(first, b"coll" | b"pipeline"),
        b"group" => first == b"_id",
        _ => false,
    }
}

/// True if a list of alternatives is one of conditions: patterns of EventBridge have lists, where
/// conditions have values.
fn is_condition(inner: &[u8]) -> bool {
    let Operand::Object(first) = Operand::of(inner) else {
        return false;
    };
    first.starts_with(b"}")
        || matches!(
            Operand::of_first_member(first),
            Operand::Text(_) | Operand::Number | Operand::Literal
        )
}

/// True for what a program has in it and a condition of SQL has not.
fn is_program(text: &[u8]) -> bool {
    [&b"this."[..], b"==", b"return", b"function", b"sleep("]
        .iter()
        .any(|sign| sought::find(text, sign).is_some())
}

/// Judges the last piece of `user[$ne]` or `user.$ne`.
fn piece(name: &[u8]) -> Option<Confidence> {
    let last = pieces(name).last()?;
    let operator = last.strip_prefix(b"$")?;
    let in_brackets = name.ends_with(b"]");
    let is_known = SURE.contains(&operator)
        || in_brackets
            && (OF_LISTS.contains(&operator)
                || OF_DOCUMENTS.contains(&operator)
                || matches!(
                    operator,
                    b"or" | b"size" | b"type" | b"text" | b"set" | b"unset"
                ));
    // Program text that a `=` or a colon behind it makes a name has spaces and signs in it.
    let is_name = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.$[]'\"".contains(byte) || *byte >= 0x80);
    (is_known && is_name).then_some(Confidence::High)
}

/// Judges a value that is the name of a parameter, with or without its value.
pub(super) fn value(text: &[u8]) -> Option<Find> {
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    let end = memchr::memchr(b'=', near).unwrap_or(near.len());
    let name = near.get(..end)?;
    // A variable with a sigil is program text.
    let begins = name
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'[');
    let ends = near.len() == text.len() || end < near.len();
    if !begins || !ends || !name.ends_with(b"]") || near.get(end..)?.starts_with(b"==") {
        return None;
    }
    let last = pieces(name).last()?.strip_prefix(b"$")?;
    Some(Find {
        confidence: SURE.contains(&last).then(|| piece(name))??,
        span: span(0, end),
        explanation: Explanation {
            context: "name",
            dialect: "mongodb",
            production: "operator",
        },
    })
}

/// Judges the values of a condition of `DynamoDB`: each says its type.
fn typed_values(operand: Operand<'_>) -> Option<Confidence> {
    let Operand::Array(inner) = operand else {
        return None;
    };
    let Operand::Object(first) = Operand::of(inner) else {
        return None;
    };
    let Operand::Text(kind) = Operand::of(first) else {
        return None;
    };
    matches!(
        kind,
        b"S" | b"N" | b"B" | b"SS" | b"NS" | b"BS" | b"M" | b"L" | b"NULL" | b"BOOL"
    )
    .then_some(Confidence::High)
}

/// True for an operator that nothing else has.
pub(super) fn is_sure(name: &[u8]) -> bool {
    name.strip_prefix(b"$")
        .is_some_and(|operator| SURE.contains(&operator))
}

/// True for `$operator` of any kind.
pub(super) fn is_known(name: &[u8]) -> bool {
    let Some(operator) = name.strip_prefix(b"$") else {
        return false;
    };
    SURE.contains(&operator)
        || OF_LISTS.contains(&operator)
        || OF_DOCUMENTS.contains(&operator)
        || matches!(operator, b"or" | b"comment")
}
