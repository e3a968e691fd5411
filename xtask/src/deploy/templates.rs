//! Ways in that end in a template: SAM, CDK, Serverless, and images.
//! It never changes what a template says, and never accepts a complaint without its reason.
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::kit::Kit;
use super::{Bench, doctor, function};
use crate::project;

/// What checkov asks of every function and is not for an example to decide.
const ACCEPTED: [(&str, &str); 12] = [
    (
        "CKV_AWS_45",
        "the variables hold no secret: a mode, a path and a loopback address",
    ),
    (
        "CKV_AWS_115",
        "reserved concurrency is the account's to share out",
    ),
    (
        "CKV_AWS_116",
        "a synchronous function has no dead-letter queue",
    ),
    ("CKV_AWS_117", "an example needs no private network"),
    (
        "CKV_AWS_173",
        "the variables hold no secret, so no key of one's own is needed",
    ),
    ("CKV_AWS_272", "code signing is the publisher's choice"),
    ("CKV_AWS_50", "tracing is not needed to try the layer"),
    ("CKV_AWS_258", "the Function URL asks for IAM already"),
    ("CKV_AWS_363", "the runtime is current"),
    ("CKV_DOCKER_2", "Lambda has no health check for images"),
    ("CKV_DOCKER_3", "the base image of AWS has its own user"),
    ("CKV_DOCKER_7", "the tag names a minor version on purpose"),
];

/// Holds a template to checkov's rules, but for those above.
pub(super) fn checkov(bench: &Bench, what: &str, framework: &str, file: &Path) -> Result<()> {
    let accepted: Vec<&str> = ACCEPTED.iter().map(|(id, _)| *id).collect();
    checkov_save(bench, what, framework, file, &accepted)
}

/// Holds a template to checkov's rules, save those named.
pub(super) fn checkov_save(
    bench: &Bench,
    what: &str,
    framework: &str,
    file: &Path,
    accepted: &[&str],
) -> Result<()> {
    let mut checkov = Kit::Checkov.program("checkov");
    checkov.args([
        "--quiet",
        "--compact",
        "--skip-download",
        "--framework",
        framework,
    ]);
    checkov.args(["--skip-check", &accepted.join(",")]);
    bench.run(what, checkov.arg("-f").arg(file))?;
    Ok(())
}

/// Holds a template to cfn-lint's rules, save those named.
pub(super) fn lint(bench: &Bench, what: &str, file: &Path, accepted: &[&str]) -> Result<()> {
    let mut lint = Kit::Lint.program("cfn-lint");
    if !accepted.is_empty() {
        lint.arg("-i").args(accepted);
    }
    bench.run(what, lint.arg("-t").arg(file))?;
    Ok(())
}

/// A SAM template: linted, validated and built, and its functions.
pub(super) fn sam(bench: &Bench, way: &str) -> Result<Vec<Value>> {
    let folder = bench.folder(way);
    let template = folder.join("template.yaml");
    if way == "os-only" {
        let package = folder.join("package");
        fs::create_dir_all(&package)?;
        fs::copy(folder.join("bootstrap"), package.join("bootstrap"))?;
        // Any program will do for the package; the tests start a real one.
        fs::copy(folder.join("bootstrap"), package.join("server"))?;
    }
    // What the linter cannot know: the layers of others have no version in their ARN's pattern.
    lint(bench, &format!("{way}-lint"), &template, &[])?;
    checkov(
        bench,
        &format!("{way}-checkov"),
        "cloudformation",
        &template,
    )?;
    let mut validate = Kit::Sam.program("sam");
    validate.args(["validate", "--lint", "--region", "eu-west-1", "-t"]);
    bench.run(&format!("{way}-validate"), validate.arg(&template))?;
    let output = folder.join("built");
    let mut build = Kit::Sam.program("sam");
    build.args(["build", "--region", "eu-west-1"]);
    build.arg("-t").arg(&template).arg("-b").arg(&output);
    // The build takes whatever Python there is for that of the function: it installs nothing.
    build.arg("--no-cached");
    bench.run(&format!("{way}-build"), &mut build)?;
    doctor(bench, way, &template)?;
    functions(bench, way, &output.join("template.yaml"))
}

/// The functions of a template in YAML or JSON.
pub(super) fn functions(bench: &Bench, way: &str, template: &Path) -> Result<Vec<Value>> {
    let program = "import json, sys; from samcli.yamlhelper import yaml_parse; \
                   json.dump(yaml_parse(open(sys.argv[1]).read()), sys.stdout)";
    let mut python = Kit::Sam.program("python");
    let text = bench.run(
        &format!("{way}-template"),
        python.arg("-c").arg(program).arg(template),
    )?;
    let template: Value = serde_json::from_str(&text)?;
    Ok(functions_of(way, &template))
}

/// The functions of a template, with what `Globals` says of all of them.
fn functions_of(way: &str, template: &Value) -> Vec<Value> {
    let shared = &template["Globals"]["Function"];
    let resources = template["Resources"].as_object();
    let all = resources.into_iter().flatten();
    let functions = all.filter(|(_, resource)| {
        let kind = resource["Type"].as_str().unwrap_or_default();
        matches!(kind, "AWS::Serverless::Function" | "AWS::Lambda::Function")
    });
    functions
        .map(|(name, resource)| {
            let own = &resource["Properties"];
            let of = |key: &str| match &own[key] {
                Value::Null => shared[key].clone(),
                value => value.clone(),
            };
            let mut variables = Map::new();
            for some in [shared, own] {
                let members = some["Environment"]["Variables"].as_object();
                variables.extend(members.cloned().unwrap_or_default());
            }
            let configuration = json!({
                "Runtime": of("Runtime"),
                "Handler": of("Handler"),
                "MemorySize": of("MemorySize"),
                "Timeout": of("Timeout"),
                "Architectures": of("Architectures"),
                "Layers": of("Layers"),
                "Environment": { "Variables": resolved(template, &variables) },
            });
            function(way, name, &configuration)
        })
        .collect()
}

/// Variables with each reference to a parameter replaced by that parameter's default.
fn resolved(template: &Value, variables: &Map<String, Value>) -> Value {
    let mut plain = Map::new();
    for (name, value) in variables {
        let value = match value["Ref"].as_str() {
            Some(parameter) => template["Parameters"][parameter]["Default"].clone(),
            None => value.clone(),
        };
        plain.insert(name.clone(), value);
    }
    Value::Object(plain)
}

/// The CDK app: synthesised, linted, and its functions: two protected, one as it was.
pub(super) fn cdk(bench: &Bench) -> Result<Vec<Value>> {
    let folder = bench.folder("cdk");
    std::os::unix::fs::symlink(
        Kit::Cdk.folder().join("node_modules"),
        folder.join("node_modules"),
    )
    .context("cannot lend the app its packages")?;
    let mut synth = Kit::Cdk.program("cdk");
    synth.args(["synth", "--quiet", "--no-notices", "--no-version-reporting"]);
    bench.run("cdk-synth", synth.current_dir(&folder))?;
    let template = folder.join("cdk.out/Orders.template.json");
    // W3005: the framework names dependencies that references imply.
    lint(bench, "cdk-lint", &template, &["W3005"])?;
    doctor(bench, "cdk", &template)?;
    let template: Value = serde_json::from_str(&fs::read_to_string(template)?)?;
    let functions = functions_of("cdk", &template);
    only_protected(functions, 2)
}

/// Those with the layer, of which there must be so many, and one that was left as it was.
fn only_protected(functions: Vec<Value>, count: usize) -> Result<Vec<Value>> {
    let wrapper = |function: &Value| {
        let variables = &function["configuration"]["Environment"]["Variables"];
        variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/credenza-wrapper"
    };
    let (protected, others): (Vec<Value>, Vec<Value>) = functions.into_iter().partition(wrapper);
    ensure!(
        protected.len() == count && others.len() == 1,
        "{} functions have the wrapper and {} have not; expected {count} and 1",
        protected.len(),
        others.len()
    );
    let has_layers = |function: &Value| {
        let layers = function["configuration"]["Layers"].as_array();
        layers.is_some_and(|layers| !layers.is_empty())
    };
    ensure!(
        protected.iter().all(has_layers) && !others.iter().any(has_layers),
        "the layer is not on the functions that have the wrapper, and on them alone"
    );
    Ok(protected)
}

/// The Serverless service, packaged by version 3 or by osls.
pub(super) fn serverless(bench: &Bench, kit: Kit) -> Result<Vec<Value>> {
    let folder = bench.folder(kit.name());
    if kit == Kit::Osls {
        super::copy(&project::root().join("deploy/serverless"), &folder)?;
    }
    fs::copy(
        bench.folder("function").join("app.py"),
        folder.join("app.py"),
    )?;
    let mut package = kit.program(if kit == Kit::Osls {
        "osls"
    } else {
        "serverless"
    });
    bench.run(
        &format!("{}-package", kit.name()),
        package.arg("package").current_dir(&folder),
    )?;
    let template = folder.join(".serverless/cloudformation-template-update-stack.json");
    doctor(bench, kit.name(), &template)?;
    let template: Value = serde_json::from_str(&fs::read_to_string(template)?)?;
    only_protected(functions_of(kit.name(), &template), 2)
}

/// The images: linted; without a container engine nothing more can be proved of them here.
pub(super) fn image(bench: &Bench) -> Result<Vec<Value>> {
    for file in ["Dockerfile", "Dockerfile.own"] {
        let path = bench.folder("image").join(file);
        checkov(bench, &format!("image-{file}"), "dockerfile", &path)?;
    }
    Ok(Vec::new())
}
