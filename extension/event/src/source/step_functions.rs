//! A state of Step Functions that hands its context object on.
//! It never knows a state whose input is its own: that is no shape, and all of it is inspected.
#![doc = include_str!("step_functions.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[("Execution/Input", Holds::Event)],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    // The context object stands at the top, or where a state puts it.
    let is_context = |object: &Outline<'_>| {
        object.object("Execution").is_some_and(|run| run.has("Id"))
            && object.object("StateMachine").is_some()
            && object.object("State").is_some()
    };
    let payload = event.object("Payload");
    let input = payload.as_ref().unwrap_or(event);
    let is_state = is_context(input) || input.objects().any(|object| is_context(&object));
    is_state.then_some(Source::StepFunctions)
}
