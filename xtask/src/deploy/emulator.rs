//! AWS on loopback: an emulator of its control plane, and the AWS CLI pointed at it.
//! It never lets a command go to the real one: credentials are dummies, and the endpoint is fixed.
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::kit::Kit;
use super::templates::{checkov, functions, lint};
use super::{Bench, doctor, function};
use crate::publish::Publication;

// Limit: it starts in a few seconds; on a busy machine in many.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running emulator, ended with its value.
pub(super) struct Emulator {
    server: Child,
    pub(super) endpoint: String,
}

impl Emulator {
    /// Starts one on a free port, and on another one where somebody else was quicker.
    pub(super) fn start(bench: &Bench) -> Result<Self> {
        // Limit: three ports, each of which was free a moment before.
        for _ in 0..2 {
            if let Some(emulator) = Self::start_at(bench, free_port()?)? {
                return Ok(emulator);
            }
        }
        let last = Self::start_at(bench, free_port()?)?;
        last.context("the emulator ends before it listens, on three ports; see its logs")
    }

    /// None if it ends before it listens.
    fn start_at(bench: &Bench, port: u16) -> Result<Option<Self>> {
        let log = fs::File::create(bench.logs.join(format!("emulator-{port}.log")))?;
        let server = Kit::Emulator
            .program("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .context("cannot start the emulator")?;
        let mut emulator = Self {
            server,
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if emulator.server.try_wait()?.is_some() {
                return Ok(None);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the emulator does not listen after {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(emulator))
    }

    /// The AWS CLI, pointed here.
    pub(super) fn aws(&self) -> Command {
        let mut aws = Kit::Emulator.program("aws");
        aws.env("AWS_ENDPOINT_URL", &self.endpoint);
        aws
    }

    /// A role that functions may have.
    pub(super) fn role(&self, bench: &Bench) -> Result<String> {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        });
        let mut aws = self.aws();
        aws.args([
            "iam",
            "create-role",
            "--role-name",
            "orders",
            "--output",
            "text",
        ]);
        aws.args(["--query", "Role.Arn", "--assume-role-policy-document"]);
        let arn = bench.run("role", aws.arg(trust.to_string()))?;
        Ok(arn.trim().to_owned())
    }

    /// A function's configuration, as the AWS CLI gives it.
    pub(super) fn configuration(&self, bench: &Bench, name: &str) -> Result<Value> {
        let mut aws = self.aws();
        aws.args(["lambda", "get-function-configuration", "--output", "json"]);
        let text = bench.run("configuration", aws.args(["--function-name", name]))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Publishes a layer zip; gives its ARN.
    fn publish(&self, bench: &Bench, zip: &Path) -> Result<String> {
        let mut aws = self.aws();
        aws.args([
            "lambda",
            "publish-layer-version",
            "--layer-name",
            "credenza-x86-64",
        ]);
        aws.args(["--compatible-architectures", "x86_64", "--output", "text"]);
        aws.args(["--query", "LayerVersionArn", "--zip-file"]);
        let arn = bench.run("publish", aws.arg(format!("fileb://{}", zip.display())))?;
        Ok(arn.trim().to_owned())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Whoever has ended already is what was wanted.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A port that is free, below those that the system gives to connections: a connection to one of
/// them, while nobody listens there yet, may be given the same port as its own and meet itself.
fn free_port() -> Result<u16> {
    // Limit: ports from 20,000 to 31,999; the system's own begin at 32,768.
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(7_919) % COUNT;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + (begin + step) % COUNT)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free for an emulator")
}

/// The CloudFormation template: linted, checked and deployed.
pub(super) fn cloudformation(bench: &Bench) -> Result<Vec<Value>> {
    let template = bench.folder("cloudformation").join("template.yaml");
    lint(bench, "cloudformation-lint", &template, &[])?;
    checkov(bench, "cloudformation-checkov", "cloudformation", &template)?;
    let emulator = Emulator::start(bench)?;
    let arn = emulator.publish(bench, &layer_zip(bench))?;
    let mut aws = emulator.aws();
    aws.args(["cloudformation", "deploy", "--stack-name", "orders"]);
    aws.args(["--capabilities", "CAPABILITY_IAM", "--template-file"]);
    aws.arg(&template);
    aws.arg("--parameter-overrides")
        .arg(format!("CredenzaLayerArn={arn}"));
    bench.run("cloudformation-deploy", &mut aws)?;
    let mut aws = emulator.aws();
    aws.args(["lambda", "list-functions", "--output", "text"]);
    aws.args(["--query", "Functions[0].FunctionName"]);
    let name = bench.run("cloudformation-functions", &mut aws)?;
    let configuration = emulator.configuration(bench, name.trim())?;
    doctor(bench, "cloudformation", &template)?;
    // The emulator forgets a template's `Layers`; that they are asked for is told by the template.
    let asked = functions(bench, "cloudformation", &template)?;
    let layers = &asked[0]["configuration"]["Layers"][0]["Ref"];
    ensure!(
        layers == "CredenzaLayerArn",
        "the template asks for the layers {layers}"
    );
    Ok(vec![function("cloudformation", "Orders", &configuration)])
}

/// The script over the AWS CLI: attached, and then detached to what it was.
pub(super) fn cli(bench: &Bench) -> Result<Vec<Value>> {
    let emulator = Emulator::start(bench)?;
    let role = emulator.role(bench)?;
    let zip = function_zip(bench)?;
    let mut aws = emulator.aws();
    aws.args([
        "lambda",
        "create-function",
        "--function-name",
        "orders",
        "--role",
        &role,
    ]);
    aws.args([
        "--runtime",
        "python3.13",
        "--handler",
        "app.handler",
        "--memory-size",
        "256",
    ]);
    aws.args([
        "--timeout",
        "10",
        "--environment",
        "Variables={STAGE=example}",
    ]);
    bench.run(
        "cli-create",
        aws.arg("--zip-file")
            .arg(format!("fileb://{}", zip.display())),
    )?;
    let before = settings(&emulator.configuration(bench, "orders")?);
    let script = |what: &str| {
        let mut bash = Command::new(bench.folder("cli").join("attach.sh"));
        let aws = emulator.aws();
        for (name, value) in aws.get_envs() {
            if let Some(value) = value {
                bash.env(name, value);
            }
        }
        let programs = Kit::Emulator.folder().join("bin");
        let path = std::env::var("PATH").unwrap_or_default();
        bash.env("PATH", format!("{}:{path}", programs.display()));
        bash.args([what, "orders"]);
        bash
    };
    bench.run("cli-attach", &mut script("attach"))?;
    let attached = emulator.configuration(bench, "orders")?;
    let variables = &attached["Environment"]["Variables"];
    ensure!(
        variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/credenza-wrapper"
            && variables["STAGE"] == "example"
            && attached["Layers"]
                .as_array()
                .is_some_and(|layers| layers.len() == 1),
        "after attach: {attached}"
    );
    bench.run("cli-detach", &mut script("detach"))?;
    let after = settings(&emulator.configuration(bench, "orders")?);
    ensure!(before == after, "detach left {after}, and it was {before}");
    Ok(vec![function("cli", "orders", &attached)])
}

/// The layer published in three regions, twice: the second time nothing is left to do.
pub(super) fn publish(bench: &Bench) -> Result<Vec<Value>> {
    let emulator = Emulator::start(bench)?;
    let layers = bench.deploy.join("../target/layer");
    let regions = ["eu-west-1", "us-east-1", "ap-southeast-2"].map(str::to_owned);
    let output = bench.logs.join("publish");
    let aws = || emulator.aws();
    let publication = Publication {
        regions: &regions,
        share_with: Some("*"),
        signer: None,
        layers: &layers,
        output: &output,
        aws: &aws,
    };
    let first = publication.publish()?;
    let second = publication.publish()?;
    ensure!(
        first.len() == second.len()
            && first.iter().all(|one| !one.is_old)
            && second.iter().all(|one| one.is_old),
        "the second run publishes again: {second:?}"
    );
    let mut arns: Vec<&str> = first.iter().map(|one| one.arn.as_str()).collect();
    arns.sort_unstable();
    arns.dedup();
    ensure!(
        arns.len() == first.len(),
        "two versions have one ARN: {first:?}"
    );
    let table = fs::read_to_string(output.join("arns.md"))?;
    ensure!(
        arns.iter().all(|arn| table.contains(arn)),
        "the table lacks a version: {table}"
    );
    Ok(Vec::new())
}

/// What a user has set in a configuration.
fn settings(configuration: &Value) -> Value {
    let layers = configuration["Layers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    json!({
        "layers": layers,
        "variables": configuration["Environment"]["Variables"],
        "memory": configuration["MemorySize"],
        "timeout": configuration["Timeout"],
        "handler": configuration["Handler"],
        "runtime": configuration["Runtime"],
    })
}

/// The layer zip of `x86_64`.
pub(super) fn layer_zip(bench: &Bench) -> std::path::PathBuf {
    bench
        .deploy
        .join("../target/layer/credenza-layer-x86_64.zip")
}

/// The function of the kit as a zip.
pub(super) fn function_zip(bench: &Bench) -> Result<std::path::PathBuf> {
    let file = bench.logs.join("function.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&file)?);
    zip.start_file("app.py", zip::write::SimpleFileOptions::default())?;
    let code = fs::read(bench.folder("function").join("app.py"))?;
    std::io::Write::write_all(&mut zip, &code)?;
    zip.finish()?;
    Ok(file)
}
