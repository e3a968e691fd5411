//! The detector of members that only the platform or the function itself may set.
//! It never blocks: a caller may mean them, and only the function knows.
//!
#![doc = include_str!("mass_assignment.md")]
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Role, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::cursor::span;
use crate::operand::Operand;
use crate::report::{Confidence, Explanation};
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "mass-assignment",
    class: "massassign",
    cwe: 915,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("mass_assignment.md"),
};

/// Finds members that only the platform or the function itself may set.
#[derive(Debug)]
pub struct MassAssignment;

impl Detector for MassAssignment {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        // In the event itself the platform's members are the platform's.
        if form.part != Part::Key || !matches!(form.role, Role::Body | Role::Query) {
            return Judgement::CLEAN;
        }
        if !steps.take(form.text.len().min(64)) {
            return Judgement::UNPAID;
        }
        let Some((dialect, production)) = member(form.text, Operand::of(form.path.operand()))
        else {
            return Judgement::CLEAN;
        };
        Judgement::of(Some(Evidence {
            // Whole events stand in bodies where somebody tries a function out.
            confidence: if dialect == "lambda" {
                Confidence::Low
            } else {
                Confidence::Medium
            },
            span: span(0, form.text.len()),
            explanation: Explanation {
                context: "member",
                dialect,
                production,
            },
        }))
    }
}

/// What a member sets: whose it is, and what.
fn member(name: &[u8], operand: Operand<'_>) -> Option<(&'static str, &'static str)> {
    let found = match (name, operand) {
        (b"ExpressionAttributeNames", Operand::Object(inner)) => (
            "dynamodb",
            inner.starts_with(b"\"#") || inner.starts_with(b"\\\"#"),
        ),
        (b"ExpressionAttributeValues", Operand::Object(inner)) => (
            "dynamodb",
            inner.starts_with(b"\":") || inner.starts_with(b"\\\":"),
        ),
        (
            b"UpdateExpression"
            | b"KeyConditionExpression"
            | b"ConditionExpression"
            | b"FilterExpression"
            | b"ProjectionExpression",
            Operand::Text(_),
        ) => ("dynamodb", true),
        (b"AttributeUpdates", Operand::Object(inner)) => (
            "dynamodb",
            matches!(Operand::of_first_member(inner), Operand::Object(_)),
        ),
        (b"ExclusiveStartKey" | b"LastEvaluatedKey", Operand::Object(inner)) => {
            ("dynamodb", is_typed(Operand::of_first_member(inner)))
        }
        (b"requestContext", Operand::Object(inner)) => ("lambda", is_context(inner)),
        (b"Records", Operand::Array(inner)) => ("lambda", is_record(inner)),
        _ => return None,
    };
    let (dialect, fits) = found;
    fits.then_some((dialect, "member"))
}

/// `{"S": …}`: a value with its type.
fn is_typed(operand: Operand<'_>) -> bool {
    let Operand::Object(inner) = operand else {
        return false;
    };
    let Operand::Text(kind) = Operand::of(inner) else {
        return false;
    };
    matches!(kind, b"S" | b"N" | b"B")
}

// Limit: the members that tell a context or a record stand among its first.
const NEAR_BYTES: usize = 512;

fn holds(inner: &[u8], sign: &[u8]) -> bool {
    let near = inner.get(..NEAR_BYTES).unwrap_or(inner);
    sought::find(near, sign).is_some()
}

/// True for the context that a gateway makes of a request.
fn is_context(inner: &[u8]) -> bool {
    [
        &b"authorizer"[..],
        b"identity",
        b"accountId",
        b"apiId",
        b"elb",
    ]
    .iter()
    .any(|sign| holds(inner, sign))
}

/// True for a record of a source of events.
fn is_record(inner: &[u8]) -> bool {
    let source = holds(inner, b"eventSource") || holds(inner, b"EventSource");
    source && (holds(inner, b"aws:") || holds(inner, b"kinesis"))
}
