//! A request becomes the event of a Function URL, and an output becomes its reply.
//! These tests never start a function.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;

fn event(request: hyper::http::request::Builder, body: &'static [u8]) -> Value {
    let (head, body) = request.body(Bytes::from_static(body)).unwrap().into_parts();
    serde_json::from_slice(&event::build(&head, &body)).unwrap()
}

#[test]
fn path_and_query_stay_as_they_came() {
    let event = event(Request::get("/a%2fb?id=1%20or+1&id=2&x"), b"");
    assert_eq!(event["rawPath"], "/a%2fb");
    assert_eq!(event["rawQueryString"], "id=1%20or+1&id=2&x");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "id": "1 or 1,2", "x": "" })
    );
    assert_eq!(event["requestContext"]["http"]["method"], "GET");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event.get("body"), None);
}

#[test]
fn headers_are_joined_and_cookies_stand_apart() {
    let request = Request::get("/")
        .header("X-One", "a")
        .header("x-one", "b")
        .header("cookie", "s=1; t=2");
    let event = event(request, b"");
    assert_eq!(event["headers"], json!({ "x-one": "a,b" }));
    assert_eq!(event["cookies"], json!(["s=1", "t=2"]));
}

#[test]
fn text_goes_as_text_and_everything_else_as_base64() {
    let json = Request::post("/").header("content-type", "application/json; charset=utf-8");
    assert_eq!(event(json, b"{}")["body"], "{}");
    let zipped = Request::post("/")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    let event_of_zipped = event(zipped, b"{}");
    assert_eq!(event_of_zipped["body"], STANDARD.encode("{}"));
    assert_eq!(event_of_zipped["isBase64Encoded"], true);
    assert_eq!(event(Request::post("/"), b"\xff")["isBase64Encoded"], true);
}

async fn body_of(reply: Response<Full<Bytes>>) -> Bytes {
    reply.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn an_answer_becomes_a_reply() {
    let output = json!({
        "statusCode": 403, "headers": { "Content-Type": "text/plain", "x-n": 7 },
        "cookies": ["a=1", "b=2"], "body": STANDARD.encode("no"), "isBase64Encoded": true,
    });
    let reply = reply::build(&output.to_string().into());
    assert_eq!(reply.status(), 403);
    assert_eq!(reply.headers()["content-type"], "text/plain");
    assert_eq!(reply.headers()["x-n"], "7");
    assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(body_of(reply).await, "no");
}

#[tokio::test]
async fn a_streamed_answer_has_its_head_before_eight_zero_bytes() {
    let output = b"{\"statusCode\":201,\"headers\":{\"x-s\":\"1\"}}\0\0\0\0\0\0\0\0body\0";
    let reply = reply::build(&Bytes::from_static(output));
    assert_eq!(reply.status(), 201);
    assert_eq!(reply.headers()["x-s"], "1");
    assert_eq!(body_of(reply).await, "body\0");
    let broken = Bytes::from_static(b"no\0\0\0\0\0\0\0\0body");
    assert_eq!(reply::build(&broken).status(), 502);
}

#[tokio::test]
async fn a_bare_output_becomes_a_200() {
    for output in ["[1,2]", "not json", "{\"a\":1}"] {
        let reply = reply::build(&Bytes::from_static(output.as_bytes()));
        assert_eq!(reply.status(), 200);
        assert_eq!(body_of(reply).await, output);
    }
}

#[tokio::test]
async fn an_address_beyond_loopback_is_refused() {
    let error = open(Some("0.0.0.0:0".parse().unwrap())).await.unwrap_err();
    assert!(error.to_string().contains("not a loopback address"));
}

#[tokio::test]
async fn a_guest_is_served_over_a_socket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = open(Some("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = tokio::spawn(serve(listener, |call: Call| async move {
        Ok(Bytes::from(
            json!({ "statusCode": 418, "body": call.line }).to_string(),
        ))
    }));
    let mut guest = TcpStream::connect(address).await.unwrap();
    guest
        .write_all(b"GET /tea?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut reply = String::new();
    guest.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 418 "), "{reply}");
    assert!(reply.ends_with("GET /tea?x=1"), "{reply}");
    door.abort();
}
