//! A rule of AWS Config that a function evaluates.
//! It never reports an evaluation: the function has to call the service itself.
#![doc = include_str!("config.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("invokingEvent", Holds::Text(Role::Message)),
        ("ruleParameters", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_rule = event.has("invokingEvent")
        && event.value("resultToken").is_some()
        && event.has("configRuleName");
    is_rule.then_some(Source::Config)
}
