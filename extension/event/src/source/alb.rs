//! An Application Load Balancer with a Lambda target group.
//! It never decides by `httpMethod` alone: only the request context names the target group.
#![doc = include_str!("alb.md")]
use super::outline::Outline;
use super::{Shape, Source, request};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("requestContext")?;
    let is_alb = event.has("httpMethod") && context.object("elb")?.has("targetGroupArn");
    is_alb.then(|| Source::Alb {
        multi: event.has("multiValueHeaders"),
    })
}
