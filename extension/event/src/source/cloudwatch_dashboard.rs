//! A custom widget of a CloudWatch dashboard.
//! It never sees the other widgets of the dashboard.
#![doc = include_str!("cloudwatch_dashboard.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("widgetContext/forms", Holds::Text(Role::Body)),
        ("widgetContext/params", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("widgetContext")?;
    let is_widget = context.has("dashboardName") && context.has("widgetId");
    is_widget.then_some(Source::CloudWatchDashboard)
}
