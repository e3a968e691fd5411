//! An AppSync GraphQL API with a Lambda resolver, for one object or for many at once.
//! It never reads a GraphQL document: the service has parsed it.
#![doc = include_str!("appsync.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("arguments", Holds::Text(Role::Body)),
        ("source", Holds::Text(Role::Body)),
        ("prev", Holds::Text(Role::Body)),
        ("stash", Holds::Text(Role::Body)),
        ("info/variables", Holds::Text(Role::Body)),
        ("info/selectionSetGraphQL", Holds::Text(Role::Body)),
        ("request/headers", Holds::Headers),
        ("[]/arguments", Holds::Text(Role::Body)),
        ("[]/source", Holds::Text(Role::Body)),
        ("[]/prev", Holds::Text(Role::Body)),
        ("[]/stash", Holds::Text(Role::Body)),
        ("[]/info/variables", Holds::Text(Role::Body)),
        ("[]/info/selectionSetGraphQL", Holds::Text(Role::Body)),
        ("[]/request/headers", Holds::Headers),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let source = if event.as_element().is_some() {
        Source::AppSyncBatch
    } else {
        Source::AppSync
    };
    let named_by = |info: &Outline<'_>, parent: &str| info.has("fieldName") && info.has(parent);
    let is_direct = event
        .object("info")
        .is_some_and(|info| named_by(&info, "parentTypeName"));
    // The template that older projects come with names the field at the top.
    let is_from_template = named_by(event, "typeName") && event.object("request").is_some();
    let is_asked = event.value("arguments").is_some() && (is_direct || is_from_template);
    is_asked.then_some(source)
}
