//! A subscription to a log group of CloudWatch Logs.
//! It never opens what the subscription filter has left out.
#![doc = include_str!("cloudwatch_logs.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[("awslogs/data", Holds::Message)],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    event.object("awslogs")?.string("data")?;
    Some(Source::CloudWatchLogs)
}
