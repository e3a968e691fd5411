//! An IoT button or an IoT 1-Click device.
//! It never knows an IoT rule's event: that is whatever the rule selects.
#![doc = include_str!("iot_button.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("placementInfo/attributes", Holds::Text(Role::Message)),
        ("deviceInfo/attributes", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_button =
        event.has("serialNumber") && event.has("clickType") && event.has("batteryVoltage");
    let is_one_click = event.object("deviceEvent").is_some()
        && event.object("deviceInfo").is_some()
        && event.object("placementInfo").is_some();
    (is_button || is_one_click).then_some(Source::IotButton)
}
