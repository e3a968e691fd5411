//! Plans over recorded configurations.
//! These tests never ask an account.
use serde_json::{Value, json};

use super::*;
use crate::layer::Architecture;

const X86: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:4";
const OLD: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-x86-64:3";
const ARM: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64:4";

fn wish() -> Wish {
    let layers = [(Architecture::X86, X86), (Architecture::Arm64, ARM)];
    let layers = layers.map(|(one, arn)| (one, LayerArn::read(arn).unwrap()));
    Wish {
        layers: layers.into_iter().collect(),
        ..Wish::default()
    }
}

/// A configuration as `get-function-configuration` tells it, with some members changed.
fn function(change: &Value) -> Configuration {
    let mut value = json!({
        "FunctionName": "orders", "Runtime": "python3.13", "Role": "arn:aws:iam::1:role/orders",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "Handler": "app.handler", "CodeSize": 1_204_133, "Timeout": 3, "MemorySize": 128,
        "Version": "$LATEST", "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": "1f0a", "State": "Active", "LastUpdateStatus": "Successful",
        "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": { "Size": 512 },
    });
    for (name, member) in change.as_object().unwrap() {
        value[name] = member.clone();
    }
    Configuration::read(&value).unwrap()
}

fn variables(pairs: &Value) -> Value {
    json!({ "Environment": { "Variables": pairs } })
}

/// A plan in one line.
fn planned(change: &Value, wish: &Wish) -> String {
    let (step, notes) = attach(&function(change), wish);
    let step = match step {
        Step::Change(change) => {
            let layer = change.layer.after.unwrap_or_default();
            let layer = layer.rsplit("layer:").next().unwrap_or_default().to_owned();
            let set = change.variables.iter();
            let set = set.map(|(name, swap)| format!(" {name}={}", swap.after.as_deref().unwrap()));
            format!("{layer}{}", set.collect::<String>())
        }
        Step::Keep(why) => format!("keep: {why}"),
        Step::Leave(why) => format!("leave: {why}"),
    };
    let notes = notes.iter().map(|note| format!("; {note}"));
    format!("{step}{}", notes.collect::<String>())
}

const WRAPPED: &str = "AWS_LAMBDA_EXEC_WRAPPER=/opt/credenza-wrapper";

#[test]
fn a_function_gets_the_layer_of_its_architecture_the_wrapper_and_monitor_mode() {
    let plan = planned(&json!({}), &wish());
    assert_eq!(
        plan,
        format!("credenza-x86-64:4 {WRAPPED} CREDENZA_MODE=monitor")
    );
    let plan = planned(&json!({ "Architectures": ["arm64"] }), &wish());
    assert_eq!(
        plan,
        format!("credenza-arm64:4 {WRAPPED} CREDENZA_MODE=monitor")
    );
    let blocking = Wish {
        mode: Some("block".to_owned()),
        ..wish()
    };
    let plan = planned(&variables(&json!({ "CREDENZA_MODE": "off" })), &blocking);
    assert_eq!(
        plan,
        format!("credenza-x86-64:4 {WRAPPED} CREDENZA_MODE=block")
    );
}

#[test]
fn what_stands_in_the_way_is_said() {
    let layer = |name: &str| json!({ "Arn": format!("arn:aws:lambda:eu-west-1:1:layer:{name}:1") });
    let five: Vec<Value> = (0..5).map(|at| layer(&format!("other{at}"))).collect();
    let other = variables(&json!({ "AWS_LAMBDA_EXEC_WRAPPER": "/opt/datadog_wrapper" }));
    let long = variables(&json!({ "LONG": "x".repeat(4060) }));
    let error = json!({ "Environment": { "Error": { "ErrorCode": "AccessDeniedException" } } });
    for (change, why) in [
        (
            json!({ "PackageType": "Image", "Runtime": null }),
            "an image takes no layers",
        ),
        (
            json!({ "Runtime": "provided.al2023" }),
            "provided.al2023 ignores wrappers",
        ),
        (json!({ "Runtime": "go1.x" }), "go1.x ignores wrappers"),
        (json!({ "Runtime": "python3.6" }), "older than wrappers"),
        (
            json!({ "Runtime": "cobol1" }),
            "nobody knows whether cobol1",
        ),
        (
            json!({ "Architectures": ["riscv64"] }),
            "there is no layer for riscv64",
        ),
        (
            json!({ "MasterArn": "arn:aws:lambda:us-east-1:1:function:a:1" }),
            "at the edge",
        ),
        (json!({ "Layers": five }), "all five places"),
        (
            json!({ "Layers": [{ "Arn": X86 }, { "Arn": OLD }] }),
            "our layer twice",
        ),
        (
            json!({ "CodeSize": 260_000_000_u64 }),
            "260 MB packed already",
        ),
        (other, "it has the wrapper /opt/datadog_wrapper; --chain"),
        (long, "its variables would take 4147 of 4096 bytes"),
        (
            error,
            "its variables cannot be read, and would be lost: AccessDeniedException",
        ),
    ] {
        let plan = planned(&change, &wish());
        assert!(
            plan.starts_with("leave: ") && plan.contains(why),
            "{plan}, and not {why}"
        );
    }
    let none = Wish::default();
    assert_eq!(
        planned(&json!({}), &none),
        "leave: no layer for x86_64 was given"
    );
}

#[test]
fn what_has_the_layer_is_kept_and_what_has_an_older_one_gets_the_newer_in_its_place() {
    let mut there = variables(&json!({
        "AWS_LAMBDA_EXEC_WRAPPER": WRAPPER, "CREDENZA_MODE": "block",
    }));
    there["Layers"] = json!([{ "Arn": X86 }]);
    let stays = "CREDENZA_MODE=block is set already and stays";
    assert_eq!(
        planned(&there, &wish()),
        format!("keep: attached already; {stays}")
    );
    there["Layers"] = json!([{ "Arn": OLD }]);
    let plan = planned(&there, &wish());
    let gives = "credenza-x86-64:3 gives way to credenza-x86-64:4";
    assert_eq!(plan, format!("credenza-x86-64:4; {gives}; {stays}"));
}

#[test]
fn another_wrapper_is_started_by_ours_where_that_is_wanted() {
    let chained = Wish {
        chains: true,
        ..wish()
    };
    let other = |next: Value| {
        let mut set = json!({ "AWS_LAMBDA_EXEC_WRAPPER": "/opt/datadog_wrapper" });
        if !next.is_null() {
            set["CREDENZA_NEXT_WRAPPER"] = next;
        }
        planned(&variables(&set), &chained)
    };
    let next = "CREDENZA_NEXT_WRAPPER=/opt/datadog_wrapper";
    assert_eq!(
        other(Value::Null),
        format!(
            "credenza-x86-64:4 {WRAPPED} CREDENZA_MODE=monitor {next}; ours starts \
             /opt/datadog_wrapper"
        )
    );
    assert!(other(json!("/opt/third")).contains("and CREDENZA_NEXT_WRAPPER=/opt/third"));
}

#[test]
fn the_web_adapter_keeps_its_wrapper_and_is_told_where_we_are() {
    let mut adapter = variables(&json!({ "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap" }));
    let layer = "arn:aws:lambda:eu-west-1:753240598075:layer:LambdaAdapterLayerX86:25";
    adapter["Layers"] = json!([{ "Arn": layer }]);
    let proxy = "AWS_LWA_LAMBDA_RUNTIME_API_PROXY";
    assert_eq!(
        planned(&adapter, &wish()),
        format!("credenza-x86-64:4 {proxy}=http://127.0.0.1:9077 CREDENZA_MODE=monitor")
    );
    adapter["Environment"]["Variables"]["CREDENZA_LISTEN"] = json!("127.0.0.1:9100");
    assert!(planned(&adapter, &wish()).contains("=http://127.0.0.1:9100"));
    adapter["Environment"]["Variables"][proxy] = json!("http://127.0.0.1:9009");
    let plan = planned(&adapter, &wish());
    assert!(
        plan.starts_with("leave: its web adapter asks for events at"),
        "{plan}"
    );
}

#[test]
fn what_is_doubtful_is_noted() {
    let plan = planned(&json!({ "CodeSize": 90_000_000_u64 }), &wish());
    assert!(plan.contains("90 MB packed, and may exceed"), "{plan}");
    let failed = json!({ "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet" });
    assert!(planned(&failed, &wish()).contains("its last change failed: no subnet"));
}
