//! The hook of AWS IoT Core that is asked before a device is provisioned.
//! It never verifies the certificate in the event.
#![doc = include_str!("iot_provisioning.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("parameters", Holds::Text(Role::Body)),
        ("clientId", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_asked = event.has("templateArn")
        && event.has("certificateId")
        && event.object("parameters").is_some();
    is_asked.then_some(Source::IotProvisioning)
}
