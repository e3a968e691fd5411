//! The fleet's templates as stacks: deployed, deployed again without drift, and deleted.
//! It never passes over a resource in silence: kinds that the emulator does not know are listed
//! here by name, and a run fails when the list is not exactly those.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::Bench;
use super::emulator::Emulator;
use super::fleet::Template;
use super::kit::Kit;

/// Kinds that the emulator's CloudFormation does not know; most are put by commands of their own
/// in `fleet.rs`, the others are held to their rules by cfn-lint alone.
const UNKNOWN: [&str; 16] = [
    "AWS::AppConfig::Application",
    "AWS::AppConfig::ConfigurationProfile",
    "AWS::AppConfig::DeploymentStrategy",
    "AWS::AppConfig::Environment",
    "AWS::Athena::NamedQuery",
    "AWS::Athena::WorkGroup",
    "AWS::CloudWatch::Alarm",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::AccountPolicy",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
];

/// A stack: its name, its template, and its parameters.
type Stack = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const STACKS: [Stack; 4] = [
    ("fleet", "fleet/template.yaml", &[]),
    ("fleet-lake", "fleet/lake.yaml", &[]),
    (
        "fleet-orders",
        "fleet/subscription.yaml",
        &[
            ("LogGroupName", "/aws/lambda/orders"),
            ("DeliveryArn", "none"),
            ("SubscriberArn", "none"),
        ],
    ),
    (
        "policy",
        "policy-fleet/template.yaml",
        &[("ValidatorBucket", "packages")],
    ),
];

/// All of them, on an emulator of their own.
pub(super) fn prove(bench: &Bench) -> Result<()> {
    let emulator = Emulator::start(bench)?;
    let known = known(bench)?;
    package(bench, &emulator)?;
    let before = everything(bench, &emulator)?;
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = BTreeSet::new();
    for (name, file, parameters) in STACKS {
        let template = Template::read(bench, &bench.deploy.join(file), parameters)?;
        let (whole, gone) = without(&template.whole, &known);
        for kind in gone.values() {
            *missed.entry(kind.clone()).or_default() += 1;
        }
        let path = bench.logs.join(format!("{name}.json"));
        fs::write(&path, whole.to_string())?;
        let first = deploy(bench, &emulator, name, &path, parameters)?;
        let made = whole["Resources"].as_object().map_or(0, Map::len);
        ensure!(
            first.len() == made,
            "{name}: {} of {made} resources are there: {first:?}",
            first.len()
        );
        let second = deploy(bench, &emulator, name, &path, parameters)?;
        ensure!(
            first == second,
            "{name} drifts: {first:?} became {second:?}"
        );
        let is_kept = |name: &&String| whole["Resources"][*name]["DeletionPolicy"] == "Retain";
        kept.extend(first.keys().filter(is_kept).map(|name| first[name].clone()));
        let all = made + gone.len();
        println!("deploy: fleet: {file}: {made} of {all} resources deployed twice without drift");
    }
    for (name, _, _) in STACKS.iter().rev() {
        let mut aws = emulator.aws();
        aws.args(["cloudformation", "delete-stack", "--stack-name", name]);
        bench.run(&format!("stack-{name}-delete"), &mut aws)?;
    }
    let mut after = everything(bench, &emulator)?;
    if let Some(buckets) = after["s3api list-buckets"].as_array_mut() {
        // What a template says outlives its stack.
        buckets.retain(|bucket| !kept.remove(bucket.as_str().unwrap_or_default()));
    }
    ensure!(
        kept.is_empty(),
        "these should have outlived their stacks: {kept:?}"
    );
    ensure!(
        after == before,
        "what is left after deletion: {after}, before: {before}"
    );
    let told: Vec<String> = missed
        .iter()
        .map(|(kind, count)| format!("{kind} ({count})"))
        .collect();
    println!(
        "deploy: fleet: kinds that the emulator's stacks lack: {}",
        told.join(", ")
    );
    let missed: BTreeSet<&str> = missed.keys().map(String::as_str).collect();
    ensure!(
        missed == BTreeSet::from(UNKNOWN),
        "the emulator's stacks lack {missed:?}, and {UNKNOWN:?} are listed"
    );
    Ok(())
}

/// The kinds that the emulator's CloudFormation knows.
fn known(bench: &Bench) -> Result<BTreeSet<String>> {
    let program = "import json, moto.backends as b; \
                   from moto.cloudformation import parsing; \
                   [getattr(parsing, n, None) for n in dir(parsing)]; \
                   print(json.dumps(sorted(parsing.get_model_map())))";
    let mut python = Kit::Emulator.program("python");
    let said = bench.run("stack-kinds", python.args(["-c", program]))?;
    Ok(serde_json::from_str(&said)?)
}

/// The validator's package, where its template looks for it.
fn package(bench: &Bench, emulator: &Emulator) -> Result<()> {
    let file = bench.logs.join("credenza-validator.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&file)?);
    zip.start_file("validator.py", zip::write::SimpleFileOptions::default())?;
    let code = fs::read(bench.folder("policy-fleet").join("validator.py"))?;
    std::io::Write::write_all(&mut zip, &code)?;
    zip.finish()?;
    let mut aws = emulator.aws();
    bench.run("stack-bucket", aws.args(["s3", "mb", "s3://packages"]))?;
    let mut aws = emulator.aws();
    aws.args(["s3", "cp"]).arg(file).arg("s3://packages/");
    bench.run("stack-package", &mut aws)?;
    let mut aws = emulator.aws();
    aws.args([
        "logs",
        "create-log-group",
        "--log-group-name",
        "/aws/lambda/orders",
    ]);
    bench.run("stack-group", &mut aws)?;
    Ok(())
}

/// Deploys a stack; gives the names that its resources have got.
fn deploy(
    bench: &Bench,
    emulator: &Emulator,
    name: &str,
    file: &std::path::Path,
    parameters: &[(&str, &str)],
) -> Result<BTreeMap<String, String>> {
    let mut aws = emulator.aws();
    aws.args(["cloudformation", "deploy", "--stack-name", name]);
    aws.args([
        "--capabilities",
        "CAPABILITY_IAM",
        "--no-fail-on-empty-changeset",
    ]);
    aws.arg("--template-file").arg(file);
    if !parameters.is_empty() {
        aws.arg("--parameter-overrides");
        aws.args(
            parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
    }
    if let Err(error) = bench.run(&format!("stack-{name}"), &mut aws) {
        // The words of the service for a second deployment that changes nothing.
        let is_idle = format!("{error:#}").contains("No updates are to be performed");
        ensure!(is_idle, "{error:#}");
    }
    let mut aws = emulator.aws();
    aws.args([
        "cloudformation",
        "describe-stack-resources",
        "--output",
        "json",
    ]);
    let said = bench.run(
        &format!("stack-{name}-told"),
        aws.args(["--stack-name", name]),
    )?;
    let told: Value = serde_json::from_str(&said)?;
    let resources = told["StackResources"].as_array().context("resources")?;
    let text = |one: &Value, member: &str| one[member].as_str().unwrap_or_default().to_owned();
    let named = resources.iter().map(|one| {
        (
            text(one, "LogicalResourceId"),
            text(one, "PhysicalResourceId"),
        )
    });
    Ok(named.collect())
}

/// What there is, by the services themselves.
fn everything(bench: &Bench, emulator: &Emulator) -> Result<Value> {
    let asked = [
        (
            "cloudformation list-stacks",
            "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName",
        ),
        ("s3api list-buckets", "Buckets[].Name"),
        ("sns list-topics", "Topics[].TopicArn"),
        ("iam list-roles", "Roles[].RoleName"),
        ("events list-rules", "Rules[].Name"),
        (
            "cloudwatch list-dashboards",
            "DashboardEntries[].DashboardName",
        ),
        ("lambda list-functions", "Functions[].FunctionName"),
        ("logs describe-log-groups", "logGroups[].logGroupName"),
    ];
    let mut all = Map::new();
    for (call, query) in asked {
        let mut aws = emulator.aws();
        aws.args(call.split(' '))
            .args(["--output", "json", "--query", query]);
        let said = bench.run("stack-everything", &mut aws)?;
        let told: Value = serde_json::from_str(said.trim()).unwrap_or(Value::Null);
        let told = if told.is_null() { json!([]) } else { told };
        all.insert(call.to_owned(), told);
    }
    Ok(Value::Object(all))
}

/// A template without the resources of unknown kinds, and those by their names; what refers to
/// them gets a word in their place.
fn without(whole: &Value, known: &BTreeSet<String>) -> (Value, BTreeMap<String, String>) {
    let mut gone = BTreeMap::new();
    for (name, resource) in whole["Resources"].as_object().into_iter().flatten() {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if !known.contains(kind) {
            gone.insert(name.clone(), kind.to_owned());
        }
    }
    let mut whole = whole.clone();
    if let Some(resources) = whole["Resources"].as_object_mut() {
        resources.retain(|name, _| !gone.contains_key(name));
    }
    (replaced(&whole, &gone), gone)
}

fn replaced(value: &Value, gone: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Array(all) => all.iter().map(|one| replaced(one, gone)).collect(),
        Value::Object(members) => {
            let target = members.get("Ref").and_then(Value::as_str);
            let path = members.get("Fn::GetAtt").and_then(|path| path[0].as_str());
            let is_gone = |name: &&str| gone.contains_key(*name);
            if let Some(name) = target.or(path).filter(is_gone) {
                return json!(format!("arn:aws:none:::{name}"));
            }
            let all = members
                .iter()
                .map(|(name, member)| (name.clone(), replaced(member, gone)));
            Value::Object(all.collect())
        }
        Value::String(text) => {
            let filled = gone.keys().fold(text.clone(), |text, name| {
                let word = format!("arn:aws:none:::{name}");
                let text = text.replace(&format!("${{{name}}}"), &word);
                text.replace(&format!("${{{name}.Arn}}"), &word)
            });
            json!(filled)
        }
        other => other.clone(),
    }
}
