//! On which route an event came: a method and a path, a queue, a bucket and key, a topic, a stream.
//! It never looks into what a caller chose beyond the path, and invents no route.
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use credenza_event::layout::Range;
use credenza_event::{Source, unescaped};
use credenza_policy::{Route, Routes};

use crate::records::{self, Batch};
use crate::spelling::value_within;

/// The routes of an event.
pub(crate) fn routes(source: Source, event: &[u8]) -> Routes {
    let Some(batch) = records::batch(source, event) else {
        return Routes::of_event(of_event(source, event));
    };
    of_records(source, event, &batch)
}

/// One route for each record, or one for all where the event names it once.
fn of_records(source: Source, event: &[u8], batch: &Batch) -> Routes {
    if matches!(
        source,
        Source::Firehose | Source::KinesisAnalyticsInput | Source::KinesisAnalyticsOutput
    ) {
        let names = ["deliveryStreamArn", "streamArn", "applicationArn"];
        let mut found = names.iter().map(|name| within(event, 0, &[name]));
        let arn = text(event, found.find_map(|found| found));
        return Routes::of_event(Route::named(last_of_arn(&arn)));
    }
    let mut routes = Routes::default();
    for record in &batch.records {
        let get = |path: &[&str]| text(event, within(event, record.span.start, path));
        let route = match source {
            Source::S3 => {
                let bucket = get(&["s3", "bucket", "name"]);
                // Whoever writes an object chooses its key.
                Route {
                    text: format!("{bucket}/{}", get(&["s3", "object", "key"])),
                    shown: format!("{bucket}/**"),
                }
            }
            Source::Sns => Route::named(last_of_arn(&get(&["Sns", "TopicArn"]))),
            Source::DynamoDb => {
                // arn:aws:dynamodb:…:table/NAME/stream/TIME
                let arn = get(&["eventSourceARN"]);
                Route::named(arn.split('/').nth(1).unwrap_or_default().into())
            }
            Source::Msk | Source::Kafka => Route::named(get(&["topic"]).into_owned()),
            Source::ActiveMq => Route::named(get(&["destination", "physicalName"]).into_owned()),
            Source::RabbitMq => Route::named(queue_of(&record.pointer)),
            Source::AppSyncBatch => resolver(event, record.span.start),
            _ => Route::named(last_of_arn(&get(&["eventSourceARN"]))),
        };
        routes.add(record.pointer.clone(), route);
    }
    routes
}

/// The queue after which the list is named in which a message stands: `orders::/`.
fn queue_of(pointer: &str) -> String {
    let list = pointer.rsplit_once('/').map_or("", |(list, _)| list);
    let name = list.rsplit_once('/').map_or("", |(_, name)| name);
    let name = name.replace("~1", "/").replace("~0", "~");
    name.split("::").next().unwrap_or_default().into()
}

fn of_event(source: Source, event: &[u8]) -> Route {
    let get = |path: &[&str]| text(event, within(event, 0, path));
    match source {
        Source::ApiGatewayHttp | Source::FunctionUrl | Source::AuthorizerHttp => {
            let method = get(&["requestContext", "http", "method"]);
            let stage = get(&["requestContext", "stage"]);
            let path = get(&["rawPath"]);
            let template = get(&["routeKey"]);
            let template = template.split_once(' ').map(|(_, template)| template);
            of_request(&method, without_stage(&path, &stage), template)
        }
        Source::ApiGatewayRest | Source::AuthorizerRequest => of_request(
            &get(&["httpMethod"]),
            &get(&["path"]),
            Some(&get(&["resource"])),
        ),
        Source::Alb { .. } => of_request(&get(&["httpMethod"]), &get(&["path"]), None),
        Source::VpcLatticeV1 => of_request(&get(&["method"]), &get(&["raw_path"]), None),
        Source::VpcLatticeV2 => of_request(&get(&["method"]), &get(&["path"]), None),
        Source::WebSocketConnect | Source::WebSocketMessage | Source::WebSocketDisconnect => {
            Route::named(get(&["requestContext", "routeKey"]).into_owned())
        }
        Source::EventBridge => {
            Route::named(format!("{} {}", get(&["source"]), get(&["detail-type"])))
        }
        Source::AppSync => resolver(event, 0),
        Source::Cognito | Source::CognitoSync => Route::named(get(&["triggerSource"]).into_owned()),
        Source::DocumentDb => Route::named(last_of_arn(&get(&["eventSourceArn"]))),
        _ => Route::default(),
    }
}

/// The route of a request: told by the template that the API's author wrote, else by the number of
/// steps that its path has.
fn of_request(method: &str, path: &str, template: Option<&str>) -> Route {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let path = path.split('?').next().unwrap_or_default();
    let shown_method = METHODS
        .iter()
        .find(|known| **known == method)
        .unwrap_or(&"*");
    let mut shown = format!("{shown_method} ");
    match template.filter(|template| template.starts_with('/')) {
        Some(template) => {
            for step in template.split('/').skip(1) {
                shown.push('/');
                shown.push_str(match step {
                    _ if step.ends_with("+}") => "**",
                    _ if step.starts_with('{') => "*",
                    _ => step,
                });
            }
        }
        // Limit: eight steps tell one API from another.
        None => {
            for _ in path.split('/').skip(1).take(8) {
                shown.push_str("/*");
            }
        }
    }
    Route {
        text: format!("{method} {path}"),
        shown,
    }
}

/// A raw path begins with the stage, unless that is the default one.
fn without_stage<'p>(path: &'p str, stage: &str) -> &'p str {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage));
    match rest {
        Some("") if !stage.is_empty() => "/",
        Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
        _ => path,
    }
}

/// `Query.product`.
fn resolver(event: &[u8], at: usize) -> Route {
    let get = |name| text(event, within(event, at, &["info", name]));
    Route::named(format!("{}.{}", get("parentTypeName"), get("fieldName")))
}

/// The name at the end of an ARN: behind the last colon or slash.
fn last_of_arn(arn: &str) -> String {
    arn.rsplit([':', '/']).next().unwrap_or_default().into()
}

pub(crate) fn within(event: &[u8], at: usize, path: &[&str]) -> Option<Range> {
    // Limit: the deepest path, to a claim of a token, has five names.
    let mut names = [b"".as_slice(); 5];
    for (name, wanted) in names.iter_mut().zip(path) {
        *name = wanted.as_bytes();
    }
    value_within(event, at, names.get(..path.len())?)
}

// Limit: a path of an HTTP API has at most 10,240 bytes, a key of S3 1,024; what is longer than
// that is no route that anybody named.
const ROUTE_BYTES_MAX: usize = 10_240;

/// What a string of the event says; empty for what is none.
pub(crate) fn text(event: &[u8], at: Option<Range>) -> Cow<'_, str> {
    let inside = at.and_then(|at| event.get(at)).and_then(|text| {
        text.strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
    });
    match inside {
        Some(inside) if inside.len() <= ROUTE_BYTES_MAX => unescaped(inside),
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests;
