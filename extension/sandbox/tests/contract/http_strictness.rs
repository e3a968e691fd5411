//! How strictly the API reads HTTP: paths byte for byte, methods, hosts and target forms.
//! Nothing here reaches an invocation.

use crate::support::{Client, ready, silent};

const NOT_FOUND: &str = "404 404 page not found";

#[track_caller]
fn check(reply: &str, expected: &str, what: &str) {
    assert_eq!(reply, expected, "{what}");
}

#[tokio::test]
async fn paths_are_compared_byte_for_byte() {
    let (sandbox, _runtime) = ready(silent()).await;
    for (path, expected) in [
        ("/2018-06-01/ping", "200 pong"),
        ("/2018-06-01/ping?x=1", "200 pong"),
        ("/ping", "200 pong"),
        ("/2018-06-01/ping/", NOT_FOUND),
        ("//2018-06-01/ping", NOT_FOUND),
        ("/2018-06-01//ping", NOT_FOUND),
        ("/2018-06-01/./ping", NOT_FOUND),
        ("/2018-06-01/x/../ping", NOT_FOUND),
        ("/2018-06-01/Ping", NOT_FOUND),
        ("/2018-06-01/%70ing", NOT_FOUND),
        ("/2018-06-01/runtime/restore/next", NOT_FOUND),
        ("/2030-01-01/ping", NOT_FOUND),
        ("/", NOT_FOUND),
    ] {
        let reply = Client::connect(sandbox.api()).await.get(path, "").await;
        check(&reply.summary(), expected, path);
    }
}

#[tokio::test]
async fn a_wrong_method_is_not_allowed() {
    let (sandbox, _runtime) = ready(silent()).await;
    let mut client = Client::connect(sandbox.api()).await;
    let reply = client.post("/2018-06-01/ping", "", b"").await;
    check(&reply.summary(), "405 ", "POST ping");
    let path = "/2018-06-01/runtime/invocation/next";
    check(
        &client.post(path, "", b"").await.summary(),
        "405 ",
        "POST next",
    );
}

#[tokio::test]
async fn a_request_needs_a_host_but_its_target_may_be_absolute() {
    let (sandbox, _runtime) = ready(silent()).await;
    let mut client = Client::connect(sandbox.api()).await;
    client.send(b"GET /2018-06-01/ping HTTP/1.1\r\n\r\n").await;
    let reply = client.reply().await;
    let expected = "400 400 Bad Request: missing required Host header";
    check(&reply.summary(), expected, "no host");
    assert!(client.is_ended().await);
    let mut client = Client::connect(sandbox.api()).await;
    let request = b"GET http://anywhere/2018-06-01/ping HTTP/1.1\r\nHost: s\r\n\r\n";
    client.send(request).await;
    check(&client.reply().await.summary(), "200 pong", "absolute form");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (sandbox, _runtime) = ready(silent()).await;
    let mut client = Client::connect(sandbox.api()).await;
    client
        .send(b"GET /ping HTTP/1.1\r\nHost: s\r\n\r\nGET /pong HTTP/1.1\r\nHost: s\r\n\r\n")
        .await;
    check(&client.reply().await.summary(), "200 pong", "first");
    check(&client.reply().await.summary(), NOT_FOUND, "second");
}

#[tokio::test]
async fn an_address_with_a_prefix_is_served_under_the_prefix_only() {
    let mut config = silent();
    config.address_form = credenza_sandbox::AddressForm::Url {
        prefix: "some/function".to_owned(),
    };
    let starting = crate::support::starting(config).await;
    let mut client = Client::connect(starting.api).await;
    let reply = client.get("/some/function/2018-06-01/ping", "").await;
    check(&reply.summary(), "200 pong", "with prefix");
    let reply = client.get("/2018-06-01/ping", "").await;
    check(&reply.summary(), NOT_FOUND, "without prefix");
    let next = "/some/function/2018-06-01/runtime/invocation/next";
    let request = format!("GET {next} HTTP/1.1\r\nHost: s\r\n\r\n");
    client.send(request.as_bytes()).await;
    assert!(starting.done().await.init().is_success());
}
