//! Seeing a fleet: its templates are linted, deployed, and read back as the AWS CLI tells them.
//! It never takes an emulator's word for a resource that it does not know: those are put by the
//! same properties with a command of their own, and read back as well.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::Bench;
use super::emulator::Emulator;
use super::kit::Kit;
use super::templates::{checkov, checkov_save, lint};
use super::{parcels, stacks};
use crate::project;

/// What checkov asks of stores and topics, and why it is not done.
const ACCEPTED: [(&str, &str); 3] = [
    (
        "CKV_AWS_26",
        "an alarm names a function and no value, and the key of AWS lets no EventBridge publish",
    ),
    (
        "CKV_AWS_18",
        "who reads the bucket is told by the trail of the account",
    ),
    (
        "CKV_AWS_21",
        "records are written once and expire; old versions would outlive their days",
    ),
];

// Limit: enough that every question has rows, few enough that the whole way takes a minute;
// `cargo xtask lake` has a million.
const FINDINGS: u64 = 20_000;

/// The account and region of the emulator.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
const STACK: &str = "fleet";
const GROUP: &str = "/aws/lambda/orders";

/// A template with the values of its parameters in their places.
pub(super) struct Template {
    /// As it stands.
    pub(super) whole: Value,
    resources: Map<String, Value>,
    parameters: Map<String, Value>,
}

impl Template {
    /// Reads a template by the eyes of the AWS CLI.
    pub(super) fn read(bench: &Bench, file: &Path, given: &[(&str, &str)]) -> Result<Self> {
        let program = "import json, sys; from awscli.customizations.cloudformation.yamlhelper \
                       import yaml_parse; json.dump(yaml_parse(open(sys.argv[1]).read()), \
                       sys.stdout)";
        let mut python = Kit::Emulator.program("python");
        let text = bench.run("fleet-template", python.args(["-c", program]).arg(file))?;
        let template: Value = serde_json::from_str(&text)?;
        let mut parameters = Map::new();
        for (name, parameter) in template["Parameters"].as_object().into_iter().flatten() {
            parameters.insert(name.clone(), parameter["Default"].clone());
        }
        for (name, value) in given {
            parameters.insert((*name).to_owned(), json!(value));
        }
        let resources = template["Resources"].as_object().cloned();
        Ok(Self {
            whole: template,
            resources: resources.context("a template has resources")?,
            parameters,
        })
    }

    /// The properties of all resources of a kind, by their names in the template.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<(&str, Value)> {
        let all = self.resources.iter();
        all.filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), self.resolve(&resource["Properties"])))
            .collect()
    }

    /// A value with its references replaced by what they stand for.
    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(all) => all.iter().map(|one| self.resolve(one)).collect(),
            Value::Object(members) => {
                if let Some(name) = members.get("Ref").and_then(Value::as_str) {
                    return self.named(name);
                }
                if let Some(text) = members.get("Fn::Sub").and_then(Value::as_str) {
                    return json!(self.filled(text));
                }
                if let Some(path) = members.get("Fn::GetAtt").and_then(Value::as_array) {
                    return self.named(path[0].as_str().unwrap_or_default());
                }
                let resolved = members
                    .iter()
                    .map(|(name, member)| (name.clone(), self.resolve(member)));
                Value::Object(resolved.collect())
            }
            other => other.clone(),
        }
    }

    fn named(&self, name: &str) -> Value {
        match name {
            "AWS::StackName" => json!(STACK),
            "AWS::Region" => json!(REGION),
            "AWS::AccountId" => json!(ACCOUNT),
            "Database" => json!("credenza"),
            "Workgroup" => json!(format!("{STACK}-credenza")),
            "Operators" | "Responders" => json!(format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")),
            "Records" => json!("arn:aws:s3:::fleet-records"),
            "MayDeliver" | "MaySubscribe" => json!(format!("arn:aws:iam::{ACCOUNT}:role/{name}")),
            _ => self
                .parameters
                .get(name)
                .cloned()
                .unwrap_or_else(|| json!(name)),
        }
    }

    /// A text with its `${…}` filled in; `${!…}` stands for itself without the mark.
    fn filled(&self, text: &str) -> String {
        let mut pieces = text.split("${");
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            if let Some(literal) = name.strip_prefix('!') {
                filled.push_str("${");
                filled.push_str(literal);
                filled.push('}');
            } else {
                let value = self.named(name.trim_end_matches(".Arn"));
                filled.push_str(value.as_str().unwrap_or(&value.to_string()));
            }
            filled.push_str(rest);
        }
        filled
    }
}

/// Sends one request in JSON, and gives what is answered.
pub(super) fn ask(
    bench: &Bench,
    emulator: &Emulator,
    call: &str,
    request: &Value,
) -> Result<Value> {
    let mut aws = emulator.aws();
    aws.args(call.split(' ')).args(["--output", "json"]);
    aws.arg("--cli-input-json").arg(request.to_string());
    let what = format!("fleet-{}", call.replace(' ', "-"));
    let said = bench.run(&what, &mut aws)?;
    if said.trim().is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_str(&said)?)
}

/// Members with names that begin in lower case, as the API of logs has them.
fn lowered(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(lowered).collect(),
        Value::Object(members) => {
            let lowered = members.iter().map(|(name, member)| {
                let (head, tail) = name.split_at(1.min(name.len()));
                (head.to_lowercase() + tail, lowered(member))
            });
            Value::Object(lowered.collect())
        }
        other => other.clone(),
    }
}

/// The names of the metrics that the agent writes, as its schema lists them.
fn metrics() -> Result<BTreeSet<String>> {
    let file = project::root().join("docs/schema/record.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let kinds = schema["oneOf"].as_array().context("kinds of lines")?;
    let line = kinds
        .iter()
        .find(|kind| kind["properties"]["record"]["const"] == "metrics");
    let members = line.and_then(|line| line["properties"].as_object());
    Ok(members.context("a metrics line")?.keys().cloned().collect())
}

/// Every metric that a query of CloudWatch asks for is one that the agent writes.
fn asks_only_for_known(query: &str, known: &BTreeSet<String>) -> Result<()> {
    let metric = query
        .split_once("(\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(metric, _)| metric);
    let metric = metric.with_context(|| format!("no metric in {query}"))?;
    ensure!(known.contains(metric), "nobody writes the metric {metric}");
    Ok(())
}

/// All of it.
pub(super) fn prove(bench: &Bench) -> Result<Vec<Value>> {
    let folder = bench.folder("fleet");
    let accepted: Vec<&str> = ACCEPTED.iter().map(|(id, _)| *id).collect();
    for name in ["template", "lake", "subscription"] {
        let file = folder.join(format!("{name}.yaml"));
        lint(bench, &format!("fleet-{name}-lint"), &file, &[])?;
        let what = format!("fleet-{name}-checkov");
        checkov_save(bench, &what, "cloudformation", &file, &accepted)?;
    }
    policy(bench)?;
    stacks::prove(bench)?;
    let emulator = Emulator::start(bench)?;
    let mut aws = emulator.aws();
    aws.args(["cloudformation", "deploy", "--stack-name", STACK]);
    let file = folder.join("template.yaml");
    bench.run("fleet-deploy", aws.arg("--template-file").arg(file))?;
    let seen = Template::read(bench, &folder.join("template.yaml"), &[])?;
    dashboard(bench, &emulator)?;
    alarms(bench, &emulator, &seen)?;
    incidents(bench, &emulator)?;
    let lake = Template::read(bench, &folder.join("lake.yaml"), &[])?;
    tables(bench, &emulator, &lake)?;
    let folder = bench.logs.join("lake");
    let counted = crate::lake::write(&folder, FINDINGS, 1)?;
    crate::lake::ask_all(&counted, "the lake", &folder.join("lake/records"))?;
    let got = parcels::through(bench, &emulator, &folder)?;
    crate::lake::ask_all(&counted, "the emulator's bucket", &got)?;
    delivery(bench, &emulator, &lake)?;
    Ok(Vec::new())
}

/// The policy's template, and its validator with the program that it runs.
fn policy(bench: &Bench) -> Result<()> {
    let folder = bench.folder("policy-fleet");
    let file = folder.join("template.yaml");
    lint(bench, "policy-fleet-lint", &file, &[])?;
    checkov(bench, "policy-fleet-checkov", "cloudformation", &file)?;
    let program = "import base64, sys, validator; validator.handler(\
                   {'content': base64.b64encode(sys.argv[1].encode())}, None)";
    let whole = fs::read_to_string(folder.join("credenza.toml"))?;
    for (text, passes) in [(whole.as_str(), true), ("mode = \"blok\"\n", false)] {
        let mut python = Kit::Emulator.program("python");
        python
            .args(["-B", "-c", program, text])
            .current_dir(&folder);
        python.env("CREDENZA_CHECK", project::desk("credenza"));
        let outcome = bench.run("policy-fleet-validator", &mut python);
        ensure!(
            outcome.is_ok() == passes,
            "the validator says {outcome:?} of {text:?}"
        );
    }
    Ok(())
}

/// The dashboard that the stack made, as it is read back.
fn dashboard(bench: &Bench, emulator: &Emulator) -> Result<()> {
    let name = format!("{STACK}-{REGION}");
    let call = "cloudwatch get-dashboard";
    let answer = ask(bench, emulator, call, &json!({ "DashboardName": name }))?;
    let body = answer["DashboardBody"].as_str().context("a dashboard")?;
    let body: Value = serde_json::from_str(body).context("the dashboard's body")?;
    let known = metrics()?;
    let widgets = body["widgets"].as_array().context("widgets")?;
    ensure!(widgets.len() == 9, "{} widgets", widgets.len());
    let mut asked = 0;
    for metrics in widgets
        .iter()
        .filter_map(|one| one["properties"]["metrics"].as_array())
    {
        for metric in metrics {
            asks_only_for_known(metric[0]["expression"].as_str().unwrap_or(""), &known)?;
            asked += 1;
        }
    }
    println!(
        "deploy: fleet: dashboard of {} widgets and {asked} queries read back",
        widgets.len()
    );
    Ok(())
}

/// Each alarm, put and read back.
fn alarms(bench: &Bench, emulator: &Emulator, template: &Template) -> Result<()> {
    let known = metrics()?;
    let alarms = template.of_kind("AWS::CloudWatch::Alarm");
    for (_, alarm) in &alarms {
        ask(bench, emulator, "cloudwatch put-metric-alarm", alarm)?;
    }
    let answer = ask(bench, emulator, "cloudwatch describe-alarms", &json!({}))?;
    let told = answer["MetricAlarms"].as_array().context("alarms")?;
    ensure!(told.len() == alarms.len(), "{} alarms", told.len());
    let page = fs::read_to_string(project::root().join("docs/operating.md"))?;
    for (name, alarm) in &alarms {
        let same = told
            .iter()
            .find(|one| one["AlarmName"] == alarm["AlarmName"]);
        let same = same.with_context(|| format!("{name} is not read back"))?;
        for member in [
            "ComparisonOperator",
            "TreatMissingData",
            "EvaluationPeriods",
        ] {
            ensure!(same[member] == alarm[member], "{name}: {member} differs");
        }
        ensure!(
            same["Threshold"].as_f64() == alarm["Threshold"].as_f64(),
            "{name}: the threshold differs"
        );
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let heading = description.rsplit('#').next().unwrap_or_default();
        ensure!(
            page.contains(&format!("\n### {heading}\n")),
            "docs/operating.md has no heading {heading}"
        );
        for query in alarm["Metrics"].as_array().into_iter().flatten() {
            let expression = query["Expression"].as_str().unwrap_or_default();
            if expression.starts_with("SELECT") {
                asks_only_for_known(expression, &known)?;
            }
        }
    }
    println!("deploy: fleet: {} alarms read back", alarms.len());
    Ok(())
}

/// The rule that carries what somebody caused.
fn incidents(bench: &Bench, emulator: &Emulator) -> Result<()> {
    let answer = ask(bench, emulator, "events list-rules", &json!({}))?;
    let rules = answer["Rules"].as_array().context("rules")?;
    ensure!(rules.len() == 1, "{} rules", rules.len());
    let pattern = rules[0]["EventPattern"].as_str().unwrap_or_default();
    ensure!(
        pattern.contains("CloudWatch Alarm State Change"),
        "the rule listens to {pattern}"
    );
    let call = "events list-targets-by-rule";
    let answer = ask(bench, emulator, call, &json!({ "Rule": rules[0]["Name"] }))?;
    let target = answer["Targets"][0]["Arn"].as_str().unwrap_or_default();
    ensure!(
        target.starts_with("arn:aws:sns:"),
        "the rule tells {target:?}"
    );
    Ok(())
}

/// The table and its named queries.
fn tables(bench: &Bench, emulator: &Emulator, lake: &Template) -> Result<()> {
    for (_, database) in lake.of_kind("AWS::Glue::Database") {
        let request = json!({ "DatabaseInput": database["DatabaseInput"] });
        ask(bench, emulator, "glue create-database", &request)?;
    }
    for (_, table) in lake.of_kind("AWS::Glue::Table") {
        let request = json!({ "DatabaseName": "credenza", "TableInput": table["TableInput"] });
        ask(bench, emulator, "glue create-table", &request)?;
        let request = json!({ "DatabaseName": "credenza", "Name": "records" });
        let told = ask(bench, emulator, "glue get-table", &request)?;
        let columns = &told["Table"]["StorageDescriptor"]["Columns"];
        let asked = &table["TableInput"]["StorageDescriptor"]["Columns"];
        ensure!(columns == asked, "the table has the columns {columns}");
        let place = &told["Table"]["Parameters"]["storage.location.template"];
        ensure!(
            place == "s3://arn:aws:s3:::fleet-records/records/day=${day}/",
            "days are looked for in {place}"
        );
    }
    for (_, group) in lake.of_kind("AWS::Athena::WorkGroup") {
        let configuration = &group["WorkGroupConfiguration"];
        let request = json!({ "Name": group["Name"], "Configuration": configuration });
        ask(bench, emulator, "athena create-work-group", &request)?;
    }
    let queries = lake.of_kind("AWS::Athena::NamedQuery");
    for (name, query) in &queries {
        let made = ask(bench, emulator, "athena create-named-query", query)?;
        let request = json!({ "NamedQueryId": made["NamedQueryId"] });
        let told = ask(bench, emulator, "athena get-named-query", &request)?;
        ensure!(
            told["NamedQuery"]["QueryString"] == query["QueryString"],
            "{name} is read back as {told}"
        );
    }
    println!("deploy: fleet: {} named queries read back", queries.len());
    Ok(())
}

/// From a log group to the bucket, with lines as the agent writes them.
fn delivery(bench: &Bench, emulator: &Emulator, lake: &Template) -> Result<()> {
    let bucket = json!({ "Bucket": "fleet-records", "CreateBucketConfiguration":
        { "LocationConstraint": REGION } });
    ask(bench, emulator, "s3api create-bucket", &bucket)?;
    for (_, stream) in lake.of_kind("AWS::KinesisFirehose::DeliveryStream") {
        let mut stream = stream;
        stream["DeliveryStreamName"] = json!("records");
        ask(bench, emulator, "firehose create-delivery-stream", &stream)?;
    }
    let arn = format!("arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/records");
    let role = emulator.role(bench)?;
    let given = [
        ("LogGroupName", GROUP),
        ("DeliveryArn", &arn),
        ("SubscriberArn", &role),
    ];
    let file = bench.folder("fleet").join("subscription.yaml");
    let subscription = Template::read(bench, &file, &given)?;
    let group = json!({ "logGroupName": GROUP });
    ask(bench, emulator, "logs create-log-group", &group)?;
    let stream = json!({ "logGroupName": GROUP, "logStreamName": "one" });
    ask(bench, emulator, "logs create-log-stream", &stream)?;
    for (name, filter) in subscription.of_kind("AWS::Logs::MetricFilter") {
        let mut filter = lowered(&filter);
        filter["filterName"] = json!(name);
        ask(bench, emulator, "logs put-metric-filter", &filter)?;
    }
    for (name, filter) in subscription.of_kind("AWS::Logs::SubscriptionFilter") {
        let mut filter = lowered(&filter);
        filter["filterName"] = json!(name);
        ask(bench, emulator, "logs put-subscription-filter", &filter)?;
    }
    let answer = ask(bench, emulator, "logs describe-metric-filters", &group)?;
    let filters = answer["metricFilters"].as_array().map_or(0, Vec::len);
    ensure!(filters == 3, "{filters} metric filters");
    arrives(bench, emulator)
}

/// What is logged lies in the bucket, byte for byte.
fn arrives(bench: &Bench, emulator: &Emulator) -> Result<()> {
    let line = json!({ "record": "finding", "level": "warn", "rule": "sql-injection" });
    let line = line.to_string();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let event = json!({ "timestamp": u64::try_from(now.as_millis())?, "message": line });
    let request = json!({ "logGroupName": GROUP, "logStreamName": "one", "logEvents": [event] });
    ask(bench, emulator, "logs put-log-events", &request)?;
    let call = "s3api list-objects-v2";
    let bucket = json!({ "Bucket": "fleet-records" });
    let answer = ask(bench, emulator, call, &bucket)?;
    let objects = answer["Contents"].as_array().context("objects")?;
    let mut lines = 0;
    for object in objects {
        let file = bench.logs.join("object.gz");
        let mut aws = emulator.aws();
        aws.args(["s3api", "get-object", "--bucket", "fleet-records", "--key"]);
        aws.arg(object["Key"].as_str().context("a key")?).arg(&file);
        bench.run("fleet-object", &mut aws)?;
        let mut zcat = std::process::Command::new("gzip");
        zcat.args(["--decompress", "--stdout"]);
        let text = bench.run("fleet-lines", zcat.arg(&file))?;
        // The emulator does not take a subscription's parcel apart, as the real stream does.
        for parcel in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let parcel = parcel?;
            let events = parcel["logEvents"].as_array().context("events")?;
            lines += events.iter().filter(|one| one["message"] == line).count();
        }
    }
    ensure!(lines == 1, "{lines} of 1 lines arrived in the bucket");
    println!("deploy: fleet: a line went from its log group into the bucket");
    Ok(())
}
