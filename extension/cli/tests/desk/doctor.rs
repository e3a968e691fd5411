//! The doctor: what is wrong with a configuration is found, and each wrong thing has its fix.
//! These tests never ask an account; configurations are files.
use serde_json::{Value, json};

use crate::{credenza, folder, said};

/// What the doctor says of a configuration: subjects by their level, and whether all is told.
fn examined(name: &str, configuration: &Value) -> Value {
    let folder = folder(&format!("doctor-{name}"));
    std::fs::write(folder.join("f.json"), configuration.to_string()).unwrap();
    let output = credenza(&folder, &["--format", "json", "doctor", "f.json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = answer["functions"][0]["findings"].clone();
    let all = findings.as_array().unwrap();
    let is_ill = all
        .iter()
        .any(|of| of["level"] == "wrong" || of["level"] == "doubtful");
    assert_eq!(
        output.status.code(),
        Some(i32::from(is_ill)),
        "{findings:#}"
    );
    for of in all {
        let needs_fix = of["level"] == "wrong" || of["level"] == "doubtful";
        assert!(
            !needs_fix || !of["fix"].as_str().unwrap().is_empty(),
            "{of}"
        );
    }
    findings
}

fn subjects(findings: &Value, level: &str) -> Vec<String> {
    let all = findings.as_array().unwrap().iter();
    let all = all.filter(|of| of["level"] == level);
    all.map(|of| of["subject"].as_str().unwrap().to_owned())
        .collect()
}

/// A function with nothing wrong.
fn healthy() -> Value {
    json!({
        "FunctionName": "shop", "Runtime": "python3.12", "PackageType": "Zip",
        "Architectures": ["arm64"], "MemorySize": 512, "CodeSize": 3_000_000,
        "Layers": [{ "Arn": "arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:3",
            "CodeSize": 1_400_000 }],
        "Environment": { "Variables": { "AWS_LAMBDA_EXEC_WRAPPER": "/opt/credenza-wrapper",
            "TABLE": "orders" } },
    })
}

/// The healthy one with some members otherwise.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut configuration = healthy();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        configuration.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    configuration
}

#[test]
fn a_healthy_function_has_nothing_wrong() {
    let findings = examined("healthy", &healthy());
    assert_eq!(subjects(&findings, "wrong"), Vec::<String>::new());
    assert_eq!(subjects(&findings, "doubtful"), Vec::<String>::new());
    let wrapped = json!({ "Configuration": healthy(), "Code": {}, "Tags": {} });
    assert_eq!(
        subjects(&examined("wrapped", &wrapped), "wrong"),
        Vec::<String>::new()
    );
}

/// A function that differs from the healthy one, and what is wrong with it.
type Case = (&'static str, Vec<(String, Value)>, &'static str);

fn one(pointer: &str, value: Value) -> Vec<(String, Value)> {
    vec![(pointer.to_owned(), value)]
}

fn variable(name: &str, value: &str) -> (String, Value) {
    (format!("/Environment/Variables/{name}"), json!(value))
}

fn layer(name: &str) -> Value {
    json!([{ "Arn": format!("arn:aws:lambda:eu-west-1:1:layer:{name}:1") }])
}

/// What is wrong with how a function starts.
fn starts() -> Vec<Case> {
    let five: Value = (0..5)
        .map(|at| layer(&format!("other-{at}"))[0].clone())
        .collect();
    let circle = vec![variable("CREDENZA_NEXT_WRAPPER", "/opt/credenza-wrapper")];
    vec![
        (
            "os-only",
            one("/Runtime", json!("provided.al2023")),
            "runtime",
        ),
        ("old", one("/Runtime", json!("python3.6")), "runtime"),
        ("no-layer", one("/Layers", json!([])), "layers"),
        ("full", one("/Layers", five), "layers"),
        (
            "swapped",
            one("/Layers", layer("credenza-x86-64")),
            "architecture",
        ),
        ("large", one("/CodeSize", json!(300_000_000)), "size"),
        ("no-wrapper", one("/Environment", json!({})), "wrapper"),
        (
            "other",
            vec![variable("AWS_LAMBDA_EXEC_WRAPPER", "/opt/otel-handler")],
            "wrapper",
        ),
        ("circle", circle, "wrapper"),
    ]
}

/// What is wrong around it.
fn surroundings() -> Vec<Case> {
    let port = vec![
        variable("AWS_LWA_PORT", "9077"),
        variable("AWS_LWA_INVOKE_MODE", "x"),
    ];
    let api = vec![variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9009")];
    vec![
        (
            "adapter",
            vec![variable("AWS_LWA_PORT", "8080")],
            "web adapter",
        ),
        ("port", port, "port"),
        ("mode", vec![variable("CREDENZA_MODE", "blok")], "variables"),
        (
            "name",
            vec![variable("CREDENZA_MOED", "block")],
            "variables",
        ),
        (
            "much",
            vec![variable("CONFIG", &"x".repeat(4000))],
            "variables",
        ),
        ("api", api, "other proxy"),
        (
            "logs",
            one("/LoggingConfig", json!({ "ApplicationLogLevel": "ERROR" })),
            "logs",
        ),
    ]
}

#[test]
fn each_misconfiguration_is_named() {
    for (name, changes, subject) in starts().into_iter().chain(surroundings()) {
        let changes: Vec<(&str, Value)> = changes
            .iter()
            .map(|(at, value)| (at.as_str(), value.clone()))
            .collect();
        let findings = examined(name, &with(&changes));
        assert!(
            subjects(&findings, "wrong")
                .iter()
                .any(|wrong| wrong == subject),
            "{name}: {findings:#}"
        );
    }
    let small = examined("small", &with(&[("/MemorySize", json!(128))]));
    assert_eq!(subjects(&small, "doubtful"), ["memory"]);
    let image = examined("image", &with(&[("/PackageType", json!("Image"))]));
    assert_eq!(subjects(&image, "doubtful"), ["runtime"]);
    let appsec = [(
        "/Environment/Variables/DD_SERVERLESS_APPSEC_ENABLED",
        json!("true"),
    )];
    assert_eq!(
        subjects(&examined("appsec", &with(&appsec)), "doubtful"),
        ["other proxy"]
    );
}

#[test]
fn batches_without_names_of_failures_are_found_in_mappings_and_templates() {
    let folder = folder("doctor-batches");
    std::fs::write(folder.join("f.json"), healthy().to_string()).unwrap();
    let mappings = json!({ "EventSourceMappings": [
        { "EventSourceArn": "arn:aws:sqs:eu-west-1:1:orders", "FunctionResponseTypes": [] },
        { "EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/clicks",
            "FunctionResponseTypes": ["ReportBatchItemFailures"] },
    ] });
    std::fs::write(folder.join("m.json"), mappings.to_string()).unwrap();
    let arguments = ["doctor", "f.json", "--mappings", "m.json"];
    let text = said(&credenza(&folder, &arguments), 1);
    assert!(
        text.contains("! batches: sqs orders has no ReportBatchItemFailures"),
        "{text}"
    );
    assert!(
        text.contains("· batches: kinesis stream/clicks takes the names"),
        "{text}"
    );
    let template = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
                    Runtime: nodejs22.x\n      Events:\n        Q:\n          Type: SQS\n          \
                    Properties: { Queue: !GetAtt Q.Arn }\n";
    std::fs::write(folder.join("t.yaml"), template).unwrap();
    let text = said(&credenza(&folder, &["doctor", "t.yaml"]), 1);
    assert!(
        text.contains("! batches: sqs Q has no ReportBatchItemFailures"),
        "{text}"
    );
    assert!(
        text.contains("fix: AWS_LAMBDA_EXEC_WRAPPER=/opt/credenza-wrapper"),
        "{text}"
    );
}

#[test]
fn no_value_of_a_variable_of_others_is_printed() {
    let folder = folder("doctor-secrets");
    let secret = ["hunter", "2-and-more"].concat();
    let variables = [("/Environment/Variables/DATABASE_PASSWORD", json!(secret))];
    std::fs::write(folder.join("f.json"), with(&variables).to_string()).unwrap();
    for format in ["text", "json"] {
        let output = credenza(&folder, &["--format", format, "doctor", "f.json"]);
        assert!(!String::from_utf8(output.stdout).unwrap().contains(&secret));
    }
}

#[test]
fn a_thousand_damaged_configurations_are_examined_or_told_with_a_fix() {
    let folder = folder("doctor-damaged");
    let whole = healthy().to_string();
    let mut seed = 0x9e37_79b9_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for round in 0..1000 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            bytes[at] = b"{}[]\",:0az\\\xff\n"[next(13)];
        }
        std::fs::write(folder.join("f.json"), &bytes).unwrap();
        let output = credenza(&folder, &["doctor", "f.json"]);
        let code = output.status.code();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let is_told = code == Some(2) && stderr.contains("fix: ");
        assert!(
            is_told || matches!(code, Some(0 | 1)),
            "{round}: {code:?} {stderr}"
        );
    }
}

#[test]
fn the_environment_of_a_function_is_looked_at_when_nothing_is_named() {
    let folder = folder("doctor-live");
    let nowhere = credenza(&folder, &["doctor"]);
    assert_eq!(nowhere.status.code(), Some(2));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_credenza"));
    command.args(["--format", "json", "doctor"]).env_clear();
    command.env("AWS_LAMBDA_FUNCTION_NAME", "shop");
    command.env("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12");
    command.env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    let output = command
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["functions"][0]["runtime"], "python3.12");
    let wrong = subjects(&answer["functions"][0]["findings"], "wrong");
    assert_eq!(wrong, ["layers", "wrapper"]);
}
