//! A Lambda action of a CloudWatch alarm.
//! It never takes an EventBridge event about an alarm, which has a detail type.
#![doc = include_str!("cloudwatch_alarm.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[("alarmData", Holds::Text(Role::Message))],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_alarm = event.has("alarmArn") && event.object("alarmData")?.has("alarmName");
    is_alarm.then_some(Source::CloudWatchAlarm)
}
