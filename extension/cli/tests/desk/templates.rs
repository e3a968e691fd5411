//! The doctor over templates: our own are healthy, and each broken copy is told what is broken.
//! It never changes a template of the project: copies are broken, in a folder of their own.
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{credenza, folder, said};

/// A folder with a copy of the kit's templates.
fn kit(name: &str) -> PathBuf {
    let folder = folder(&format!("templates-{name}"));
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    for way in ["sam", "cloudformation", "datadog", "web-adapter", "os-only"] {
        fs::create_dir_all(folder.join(way)).unwrap();
        let template = fs::read_to_string(deploy.join(way).join("template.yaml")).unwrap();
        fs::write(folder.join(way).join("template.yaml"), template).unwrap();
    }
    fs::create_dir_all(folder.join("function")).unwrap();
    fs::write(folder.join("function/app.py"), "").unwrap();
    folder
}

/// The findings on the first function of a file, as `level subject`.
fn told(folder: &Path, file: &str, more: &[&str]) -> Vec<String> {
    let arguments = [&["--format", "json", "doctor", file], more].concat();
    let output = credenza(folder, &arguments);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(answer["functions"][0].is_object(), "{file}: {complaint}");
    let findings = answer["functions"][0]["findings"].as_array().unwrap();
    let told = findings.iter().map(|of| {
        let text = |name: &str| of[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", text("level"), text("subject"), text("message"))
    });
    told.collect()
}

fn complaints(told: &[String]) -> Vec<&String> {
    let is_complaint = |of: &&String| of.starts_with("wrong ") || of.starts_with("doubtful ");
    told.iter().filter(is_complaint).collect()
}

#[test]
fn our_own_templates_are_healthy_in_both_architectures_and_all_modes() {
    let folder = kit("own");
    for way in ["sam", "cloudformation", "datadog", "web-adapter", "os-only"] {
        let file = format!("{way}/template.yaml");
        for mode in ["off", "monitor", "block"] {
            let told = told(&folder, &file, &["--parameter", &format!("Mode={mode}")]);
            assert!(complaints(&told).is_empty(), "{way}: {told:#?}");
            let mode = format!("good variables: mode: {mode}");
            assert!(told.contains(&mode), "{way}: {told:#?}");
        }
    }
    let layer = "CredenzaLayerArn=arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64:1";
    for way in ["sam", "cloudformation", "datadog", "web-adapter", "os-only"] {
        let mut arm = vec!["--parameter", "Architecture=arm64"];
        // SAM's template publishes the layer itself.
        if way != "sam" {
            arm.extend(["--parameter", layer]);
        }
        let told = told(&folder, &format!("{way}/template.yaml"), &arm);
        assert!(complaints(&told).is_empty(), "{way}: {told:#?}");
        let good = "good architecture: arm64".to_owned();
        assert!(told.contains(&good), "{way}: {told:#?}");
    }
}

/// A template, what stands in it, what stands there instead, and what is told of that.
type Broken = (&'static str, &'static str, &'static str, &'static str);

const LAYERS: &str = "    Layers:\n      - !If [IsArm, !Ref CredenzaArm, !Ref CredenzaX86]\n";
const WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper";
const NEXT: &str = "CREDENZA_NEXT_WRAPPER: /opt/datadog_wrapper";
const DATADOG: &str = "        - !Ref DatadogLibraryArn\n        - !Ref DatadogExtensionArn\n";
const OURS: &str = "        - !Ref CredenzaLayerArn\n";

const BROKEN: [Broken; 16] = [
    ("sam", LAYERS, "", "wrong layers: the layer is not attached"),
    (
        "sam",
        "!Ref CredenzaArm, !Ref CredenzaX86]",
        "!Ref CredenzaX86, !Ref CredenzaArm]",
        "wrong architecture: the function is x86_64",
    ),
    (
        "datadog",
        "Architectures: [!Ref Architecture]",
        "Architectures: [arm64]",
        "wrong architecture: the function is arm64",
    ),
    (
        "sam",
        WRAPPER,
        "OTHER: x",
        "wrong wrapper: no wrapper is set",
    ),
    (
        "sam",
        WRAPPER,
        "AWS_LAMBDA_EXEC_WRAPPER: /opt/otel-handler",
        "wrong wrapper: the place of the wrapper is taken",
    ),
    (
        "datadog",
        NEXT,
        "CREDENZA_NEXT_WRAPPER: /opt/credenza-wrapper",
        "wrong wrapper: our wrapper is told to start itself",
    ),
    (
        "datadog",
        DATADOG,
        "",
        "wrong wrapper: ours would start /opt/datadog_wrapper, and no layer brings it",
    ),
    (
        "datadog",
        OURS,
        "        - !Ref CredenzaLayerArn\n        - a\n        - b\n        - c\n",
        "wrong layers: 6 layers",
    ),
    ("sam", "Timeout: 10", "Timeout: 1", "doubtful timeout: 1 s"),
    (
        "sam",
        "MemorySize: 256",
        "MemorySize: 128",
        "doubtful memory: 128 MB",
    ),
    (
        "sam",
        WRAPPER,
        "AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper\n        CREDENZA_POLICY: /var/task/credenza.toml",
        "wrong policy: the package has no credenza.toml",
    ),
    (
        "sam",
        "CREDENZA_MODE: !Ref Mode",
        "CREDENZA_MODE: blok",
        "wrong variables: CREDENZA_MODE",
    ),
    (
        "cloudformation",
        "Default: monitor",
        "Default: blok",
        "wrong variables: CREDENZA_MODE",
    ),
    (
        "cloudformation",
        "CREDENZA_MODE:",
        "CREDENZA_MOED:",
        "wrong variables: CREDENZA_MOED",
    ),
    (
        "web-adapter",
        "AWS_LWA_LAMBDA_RUNTIME_API_PROXY: http://127.0.0.1:9077",
        "A: b",
        "wrong web adapter: the Lambda Web Adapter asks the platform",
    ),
    (
        "web-adapter",
        "http://127.0.0.1:9077",
        "http://127.0.0.1:9009",
        "wrong web adapter:",
    ),
];

#[test]
fn each_broken_copy_is_told_what_is_broken() {
    let folder = kit("broken");
    for (way, from, to, expected) in BROKEN {
        let file = format!("{way}/template.yaml");
        let whole = fs::read_to_string(folder.join(&file)).unwrap();
        assert!(whole.contains(from), "{way}: {from}");
        fs::write(
            folder.join(format!("{way}/broken.yaml")),
            whole.replacen(from, to, 1),
        )
        .unwrap();
        let told = told(&folder, &format!("{way}/broken.yaml"), &[]);
        assert!(
            told.iter().any(|of| of.starts_with(expected)),
            "{expected}: {told:#?}"
        );
        let subject = expected.split(':').next().unwrap();
        let others = complaints(&told);
        let others: Vec<_> = others
            .iter()
            .filter(|of| !of.starts_with(subject))
            .collect();
        // A wrapper that is not ours is a missing one to nobody else.
        assert!(others.is_empty(), "{expected}: {others:#?}");
    }
}

#[test]
fn wrappers_in_the_wrong_order_are_turned_round() {
    let folder = kit("order");
    let whole = fs::read_to_string(folder.join("datadog/template.yaml")).unwrap();
    let turned = whole.replace(WRAPPER, "AWS_LAMBDA_EXEC_WRAPPER: /opt/datadog_wrapper");
    let turned = turned.replace(NEXT, "CREDENZA_NEXT_WRAPPER: /opt/credenza-wrapper");
    fs::write(folder.join("t.yaml"), turned).unwrap();
    let text = said(&credenza(&folder, &["doctor", "t.yaml"]), 1);
    assert!(
        text.contains("✗ wrapper: the order is turned round"),
        "{text}"
    );
    assert!(
        text.contains("AWS_LAMBDA_EXEC_WRAPPER=/opt/credenza-wrapper"),
        "{text}"
    );
    assert!(
        text.contains("CREDENZA_NEXT_WRAPPER=/opt/datadog_wrapper"),
        "{text}"
    );
}

#[test]
fn what_a_deployment_decides_is_a_note_that_names_the_parameter() {
    let folder = kit("later");
    let whole = fs::read_to_string(folder.join("cloudformation/template.yaml")).unwrap();
    let open = whole.replace("    Default: monitor\n", "");
    let open = open.replace(
        "AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper",
        "AWS_LAMBDA_EXEC_WRAPPER: !If [Unknown, /opt/credenza-wrapper, /opt/other]",
    );
    let open = open.replace("CredenzaLayerArn", "SomeArn");
    let open = open.replace("    Default: x86_64\n", "");
    fs::write(folder.join("t.yaml"), open).unwrap();
    let told_of = told(&folder, "t.yaml", &[]);
    assert!(complaints(&told_of).is_empty(), "{told_of:#?}");
    for expected in [
        "note variables: CREDENZA_MODE depends on parameter Mode",
        "note wrapper: AWS_LAMBDA_EXEC_WRAPPER depends on condition Unknown",
        "note layers: whether the layer is attached depends on parameter SomeArn",
    ] {
        assert!(
            told_of.iter().any(|of| of == expected),
            "{expected}: {told_of:#?}"
        );
    }
    let given = told(&folder, "t.yaml", &["--parameter", "Mode=blok"]);
    assert!(
        given.iter().any(|of| of.starts_with("wrong variables")),
        "{given:#?}"
    );
    let output = credenza(&folder, &["doctor", "t.yaml", "--parameter", "Mode"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_program_of_an_os_only_runtime_is_looked_at_where_it_lies() {
    let folder = kit("os-only");
    let package = folder.join("os-only/package");
    fs::create_dir_all(&package).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/os-only/bootstrap");
    for (bootstrap, expected) in [
        (
            fs::read(own).unwrap(),
            "good runtime: its bootstrap starts the function",
        ),
        (
            b"\x7fELF".to_vec(),
            "wrong runtime: the bootstrap of provided.al2023",
        ),
    ] {
        fs::write(package.join("bootstrap"), bootstrap).unwrap();
        let told = told(&folder, "os-only/template.yaml", &[]);
        assert!(told.iter().any(|of| of.starts_with(expected)), "{told:#?}");
    }
}

/// What `terraform show -json` says of a function.
fn plan(variables: &Value, after: &Value) -> Value {
    json!({ "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": { "root_module": { "child_modules": [{ "resources": [{
            "address": "module.shop.aws_lambda_function.orders", "type": "aws_lambda_function",
            "values": { "function_name": "orders", "runtime": "python3.13",
                "architectures": ["arm64"], "memory_size": 256, "timeout": 10,
                "environment": [{ "variables": variables }] } }] }] } },
        "resource_changes": [{ "address": "module.shop.aws_lambda_function.orders",
            "change": { "after_unknown": after } }],
        "configuration": { "root_module": { "module_calls": { "shop": { "module": {
            "resources": [{ "address": "aws_lambda_function.orders", "expressions": {
                "layers": { "references": ["module.credenza.layers"] } } }] } } } } } })
}

#[test]
fn a_plan_of_terraform_is_read_with_what_is_known_after_apply() {
    let folder = folder("templates-plan");
    let healthy = json!({ "AWS_LAMBDA_EXEC_WRAPPER": "/opt/credenza-wrapper",
        "CREDENZA_MODE": "monitor" });
    let after = json!({ "layers": true });
    fs::write(folder.join("p.json"), plan(&healthy, &after).to_string()).unwrap();
    let of = told(&folder, "p.json", &[]);
    assert!(complaints(&of).is_empty(), "{of:#?}");
    assert!(
        of.iter()
            .any(|of| of.starts_with("good layers: the layer is attached")),
        "{of:#?}"
    );
    fs::write(
        folder.join("p.json"),
        plan(&healthy, &json!({})).to_string(),
    )
    .unwrap();
    let of = told(&folder, "p.json", &[]);
    assert!(
        of.iter()
            .any(|of| of.starts_with("wrong layers: the layer is not")),
        "{of:#?}"
    );
    let later = json!({ "layers": true,
        "environment": [{ "variables": { "CREDENZA_MODE": true } }] });
    let bare = json!({ "AWS_LAMBDA_EXEC_WRAPPER": "/opt/credenza-wrapper" });
    fs::write(folder.join("p.json"), plan(&bare, &later).to_string()).unwrap();
    let of = told(&folder, "p.json", &[]);
    let expected = "note variables: CREDENZA_MODE depends on the apply";
    assert!(of.iter().any(|of| of == expected), "{of:#?}");
}

#[test]
fn what_is_no_outcome_is_refused_with_the_command_that_makes_one() {
    let folder = folder("templates-sources");
    for (file, fix) in [
        ("main.tf", "terraform show -json"),
        ("serverless.yml", "serverless package"),
        ("cdk.json", "cdk synth"),
    ] {
        fs::write(folder.join(file), "functions: { a: { handler: ${env:H} } }").unwrap();
        let output = credenza(&folder, &["doctor", file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(fix),
            "{file}"
        );
    }
}

#[test]
fn a_function_that_others_of_the_template_leave_out_is_no_complaint() {
    let folder = kit("left");
    let whole = fs::read_to_string(folder.join("cloudformation/template.yaml")).unwrap();
    let other =
        "  Untouched:\n    Type: AWS::Lambda::Function\n    Properties: { Runtime: nodejs22.x }\n";
    let both = whole.replace("\nOutputs:", &format!("\n{other}\nOutputs:"));
    fs::write(folder.join("t.yaml"), both).unwrap();
    let text = said(&credenza(&folder, &["doctor", "t.yaml"]), 0);
    assert!(text.contains("· layers: it is left as it is"), "{text}");
}
