//! A Lambda authorizer of an AppSync GraphQL or Events API.
//! It never takes API Gateway's authorizers, which are told the ARN of a method.
#![doc = include_str!("appsync_authorizer.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("authorizationToken", Holds::Text(Role::Header)),
        ("requestHeaders", Holds::Headers),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("requestContext")?;
    let is_asked = event.has("authorizationToken")
        && !event.has("methodArn")
        && context.has("apiId")
        && (context.has("queryString")
            || context.has("queryDocument")
            || context.has("channelNamespaceName"));
    is_asked.then_some(Source::AppSyncAuthorizer)
}
