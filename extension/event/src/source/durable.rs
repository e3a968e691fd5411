//! A durable function: each step and each replay is an invocation with the whole history.
//! It never takes an event for one because of a name alone: the platform writes three members.
#![doc = include_str!("durable.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        (
            "InitialExecutionState/Operations/[]/ExecutionDetails/InputPayload",
            Holds::Message,
        ),
        (
            "InitialExecutionState/Operations/[]/StepDetails/Result",
            Holds::Message,
        ),
        (
            "InitialExecutionState/Operations/[]/ContextDetails/Result",
            Holds::Message,
        ),
        (
            "InitialExecutionState/Operations/[]/CallbackDetails/Result",
            Holds::Message,
        ),
        (
            "InitialExecutionState/Operations/[]/ChainedInvokeDetails/Result",
            Holds::Message,
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_durable = event.has("DurableExecutionArn")
        && event.has("CheckpointToken")
        && event.object("InitialExecutionState").is_some();
    is_durable.then_some(Source::Durable)
}
