//! `attach` and `detach` as a shell sees them: what is printed, what is asked, and exit codes.
//! These tests never ask an account; the API is a list of answers on loopback.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::{folder, shell};

const LAYER: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:4";

/// An API with three functions, which takes changes as AWS does; gives its address and what was
/// changed.
fn api() -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let changes = Arc::new(Mutex::new(0));
    let counted = changes.clone();
    let mut functions: Vec<Value> = [
        json!({ "FunctionName": "orders", "Runtime": "python3.13" }),
        json!({ "FunctionName": "picture", "PackageType": "Image" }),
        json!({ "FunctionName": "server", "Runtime": "provided.al2023" }),
    ]
    .into();
    for one in &mut functions {
        let name = one["FunctionName"].as_str().unwrap();
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        one["FunctionArn"] = json!(arn);
    }
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                head.push_str(&line.to_lowercase());
                line.clear();
            }
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|text| text.lines().next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            let answer = if head.starts_with("put ") {
                *counted.lock().unwrap() += 1;
                let body: Value = serde_json::from_slice(&body).unwrap();
                let layers = body["Layers"].as_array().unwrap().iter();
                let layers: Vec<Value> = layers.map(|arn| json!({ "Arn": arn })).collect();
                functions[0]["Layers"] = json!(layers);
                functions[0]["Environment"] = body["Environment"].clone();
                functions[0].clone()
            } else if head.contains("/tags/") {
                json!({ "Tags": { "aws:cloudformation:stack-name": "shop" } })
            } else if head.contains("/aliases") {
                json!({ "Aliases": [{ "Name": "live", "FunctionVersion": "7" }] })
            } else if head.contains("/configuration") {
                functions[0].clone()
            } else {
                json!({ "Functions": functions })
            };
            let answer = answer.to_string();
            let length = answer.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
            );
        }
    });
    (address, changes)
}

fn credenza(folder: &Path, arguments: &[&str], api: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL", api)
        .output()
        .unwrap()
}

/// Runs a command; the snapshot shows its exit code, stdout and stderr.
fn check(folder: &Path, arguments: &[&str], api: &str, expected: &Expect) {
    shell::ended(&credenza(folder, arguments, api), expected);
}

#[test]
fn a_plan_is_printed_and_changes_nothing_until_it_is_wanted() {
    let (api, changes) = api();
    let folder = folder("attach-plan");
    let attach = ["attach", "--all", "--layer", LAYER];
    check(
        &folder,
        &attach,
        &api,
        &expect![[r#"
        exit 1
        attach  orders   python3.13       +credenza-x86-64:4 AWS_LAMBDA_EXEC_WRAPPER=/opt/credenza-wrapper CREDENZA_MODE=monitor
                what calls live gets a published version, which does not change until the next is published
        leave   picture  image            an image takes no layers; see deploy/image
        leave   server   provided.al2023  provided.al2023 ignores wrappers; see deploy/os-only
        3 functions in eu-west-1: 1 to attach, 0 to keep, 2 to leave

        ! CloudFormation (shop) deploys 1 of them, and may take the layer away at its next change; these lines keep it:
            Layers:
              - arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:4
            Environment:
              Variables:
                AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper
                CREDENZA_MODE: monitor
        nothing was changed; add --apply, or --yes
    "#]],
    );
    let asks = [&attach[..], &["--apply"]].concat();
    check(
        &folder,
        &asks,
        &api,
        &expect![[r#"
        exit 2
        error: --apply: there is no terminal to ask at
          fix: add --yes, or look at the plan without --apply
    "#]],
    );
    assert_eq!(*changes.lock().unwrap(), 0);
    assert!(!folder.join("credenza-journal.jsonl").exists());
    let does = [&attach[..], &["--yes", "--format", "json"]].concat();
    let output = credenza(&folder, &does, &api);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["functions"][0]["fate"]["outcome"], "done", "{told:#}");
    assert_eq!(told["functions"][0]["owner"]["stack"], "shop");
    assert_eq!(*changes.lock().unwrap(), 1);
    check(
        &folder,
        &["detach", "--all", "--yes"],
        &api,
        &expect![[r#"
            exit 0
            detach  orders  python3.13  -credenza-x86-64:4 -AWS_LAMBDA_EXEC_WRAPPER -CREDENZA_MODE
                    what calls live gets a published version, which does not change until the next is published
            1 function in eu-west-1: 1 to detach, 0 to keep, 0 to leave
            detach: 1 done, 0 kept, 0 left, 0 failed; the journal is credenza-journal.jsonl
        "#]],
    );
    assert_eq!(*changes.lock().unwrap(), 2);
}

#[test]
fn what_is_meant_has_to_be_said() {
    let folder = folder("attach-usage");
    let nowhere = "http://127.0.0.1:9";
    check(
        &folder,
        &["attach"],
        nowhere,
        &expect![[r#"
        exit 2
        error: functions: none is named
          fix: name functions, or say --all, --from FILE, --prefix P or --tag NAME=VALUE
    "#]],
    );
    let both = ["attach", "orders", "--all", "--layer", LAYER];
    check(
        &folder,
        &both,
        nowhere,
        &expect![[r#"
        exit 2
        error: --all: functions are named as well
          fix: leave out --all, or the names
    "#]],
    );
    check(
        &folder,
        &["attach", "--all", "--layer", "x"],
        nowhere,
        &expect![[r#"
            exit 2
            error: x: it is no ARN of a layer's version
              fix: give it as arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, one for each architecture
        "#]],
    );
    check(
        &folder,
        &["detach", "--all"],
        nowhere,
        &expect![[r#"
        exit 2
        error: credenza-journal.jsonl: no function in eu-west-1 is in this journal
          fix: name the journal of `attach` with --journal, or add --lost-journal
    "#]],
    );
    let there = "arn:aws:lambda:us-east-1:123456789012:layer:credenza-x86-64:4";
    check(
        &folder,
        &["attach", "--all", "--layer", there],
        nowhere,
        &expect![[r#"
            exit 2
            error: arn:aws:lambda:us-east-1:123456789012:layer:credenza-x86-64:4: it is in us-east-1, and the functions are in eu-west-1
              fix: publish it there: docs/layer.md
        "#]],
    );
    std::fs::write(folder.join("j.jsonl"), "no journal\n").unwrap();
    let damaged = ["detach", "--all", "--journal", "j.jsonl"];
    check(
        &folder,
        &damaged,
        nowhere,
        &expect![[r#"
        exit 2
        error: j.jsonl: line 1 is no line of a journal
          fix: name the journal that `attach` wrote with --journal
    "#]],
    );
}

#[test]
fn an_address_that_does_not_answer_is_told_soon() {
    let folder = folder("attach-nowhere");
    let attach = ["attach", "--all", "--layer", LAYER];
    let output = credenza(&folder, &attach, "http://127.0.0.1:9");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("error: Lambda API: "), "{stderr}");
    assert!(stderr.contains("deploy/cli/policy.json"), "{stderr}");
}

#[test]
fn a_template_gets_a_patch_without_any_account() {
    let folder = folder("attach-template");
    let template = "Resources:\n  Orders:\n    Type: AWS::Lambda::Function\n    Properties:\n      \
                    Runtime: python3.13\n";
    std::fs::write(folder.join("t.yaml"), template).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(["attach", "t.yaml", "--layer", LAYER])
        .current_dir(&folder)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    expect![[r#"
        --- t.yaml
        +++ t.yaml
        @@ -2,4 +2,10 @@
           Orders:
             Type: AWS::Lambda::Function
             Properties:
        +      Layers:
        +        - arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:4
        +      Environment:
        +        Variables:
        +          AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper
        +          CREDENZA_MODE: monitor
               Runtime: python3.13
    "#]]
    .assert_eq(&text);
    assert_eq!(output.status.code(), Some(0));
}
