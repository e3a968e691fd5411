//! The first way through a sandbox: a runtime written in a few lines of Python.
//! It never needs a package.

use credenza_sandbox::{Config, Invocation, Sandbox, ShutdownReason};

const ECHO: &str = r#"
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse(); event = reply.read()
    id = reply.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", event)
    reply = api.getresponse(); assert reply.status == 202; reply.read()
"#;

#[tokio::test]
async fn an_echo_function_answers_what_it_was_sent() {
    let sandbox = Sandbox::start(Config::new(["python3", "-c", ECHO]))
        .await
        .unwrap();
    assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
    for event in ["{}", "not json", r#"{"a":1}"#] {
        let outcome = sandbox.invoke(Invocation::new(event)).await;
        assert!(outcome.is_response(), "{outcome:?}");
        assert_eq!(outcome.payload(), event);
    }
    assert_eq!(sandbox.violations(), []);
    sandbox.shutdown(ShutdownReason::Spindown).await;
}
