//! `credenza doctor`: what would go wrong with a function, from its configuration alone.
//! It never asks an account, and never prints the value of a variable that is none of ours.
mod chain;
mod checks;
mod deployment;
mod function;
mod package;
mod plan;
mod surroundings;
mod template;
mod yaml;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Outcome;
use crate::arguments::{DoctorArguments, Format};
use crate::failure::Failure;
use crate::paint::{Ink, Painter, tame};
use checks::{Finding, Level};
use function::{Function, Live};

/// Looks at every function that the arguments name, or at the environment.
pub(crate) fn run(
    arguments: &DoctorArguments,
    format: Format,
    painter: &Painter,
) -> Result<(String, Outcome)> {
    let mut functions = match &arguments.file {
        Some(file) => named(file, &arguments.parameters)?,
        None => vec![live()?],
    };
    if let Some(file) = &arguments.mappings {
        let mappings = value(&file.display().to_string())?;
        for function in &mut functions {
            function.take_mappings(&mappings);
        }
    }
    let seen: Vec<(&Function, Vec<Finding>)> = functions
        .iter()
        .map(|function| (function, findings(function, &functions)))
        .collect();
    let is_ill = seen
        .iter()
        .flat_map(|(_, findings)| findings)
        .any(|finding| finding.level <= Level::Doubtful);
    let outcome = if is_ill {
        Outcome::Findings
    } else {
        Outcome::Clean
    };
    let text = match format {
        Format::Json => {
            let all: Vec<Value> = seen
                .iter()
                .map(|(of, findings)| report(of, findings))
                .collect();
            format!("{:#}\n", json!({ "functions": all }))
        }
        Format::Text => seen
            .iter()
            .map(|(of, findings)| described(of, findings, painter))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    Ok((text, outcome))
}

/// What is to be said of a function among others.
fn findings(function: &Function, all: &[Function]) -> Vec<Finding> {
    // Where some functions of a template have the layer, one without anything of ours is left out
    // on purpose as a rule.
    if !function.is_touched() && all.iter().any(Function::is_touched) {
        let message = "it is left as it is: no layer, no wrapper, no variable of ours";
        return vec![checks::say(Level::Note, "layers", message, "")];
    }
    checks::all(function)
}

const FIX: &str = "give the output of `aws lambda get-function-configuration --function-name \
                   NAME`, a template of SAM or CloudFormation in JSON or YAML, or the output of \
                   `terraform show -json PLAN`";

/// Files that say what somebody wants, and not what comes of it: modules and plugins add to them.
const SOURCES: [(&[&str], &str, &str); 3] = [
    (
        &[".tf"],
        "modules and variables decide what comes of this",
        "terraform plan -out PLAN && terraform show -json PLAN > plan.json, and give plan.json",
    ),
    (
        &["serverless.yml", "serverless.yaml"],
        "plugins and variables decide what comes of this",
        "serverless package, and give .serverless/cloudformation-template-update-stack.json",
    ),
    (
        &["cdk.json"],
        "the program of the app decides what comes of this",
        "cdk synth, and give cdk.out/STACK.template.json",
    ),
];

fn named(file: &str, parameters: &[String]) -> Result<Vec<Function>> {
    for (ends, reason, fix) in SOURCES {
        if ends.iter().any(|end| file.ends_with(end)) {
            return Err(Failure::new(file, reason, fix).into());
        }
    }
    let mut given = BTreeMap::new();
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').ok_or_else(|| {
            Failure::new(
                "--parameter",
                format!("`{parameter}` has no value"),
                "NAME=VALUE",
            )
        })?;
        given.insert(name.to_owned(), value.to_owned());
    }
    let value = value(file)?;
    if let Some(functions) = plan::functions(&value) {
        return some(file, functions);
    }
    if let Some(function) = Function::of_configuration(&value) {
        return Ok(vec![function]);
    }
    let folder = Path::new(file).parent().filter(|_| file != "-");
    let reason = "it is neither a function's configuration nor a template";
    let functions = template::functions(&value, &given, folder);
    some(
        file,
        functions.ok_or_else(|| Failure::new(file, reason, FIX))?,
    )
}

fn some(file: &str, functions: Vec<Function>) -> Result<Vec<Function>> {
    if functions.is_empty() {
        return Err(Failure::new(file, "the template has no function", FIX).into());
    }
    Ok(functions)
}

fn value(file: &str) -> Result<Value> {
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Failure::new(file, error, FIX))?;
    Ok(yaml::read(&text).map_err(|error| Failure::new(file, error, FIX))?)
}

/// The functions of a template of SAM or CloudFormation.
pub(crate) fn functions_of(text: &str) -> Result<Vec<Function>, String> {
    let value = yaml::read(text)?;
    template::functions(&value, &BTreeMap::new(), None)
        .ok_or_else(|| "it is no template".to_owned())
}

/// The environment in which this runs, if it is a function's.
fn live() -> Result<Function> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let name = variable("AWS_LAMBDA_FUNCTION_NAME");
    if name.is_empty() {
        let reason = "nothing was named, and this is no function's environment";
        return Err(Failure::new("doctor", reason, FIX).into());
    }
    let environment = variable("AWS_EXECUTION_ENV");
    let runtime = environment.strip_prefix("AWS_Lambda_").unwrap_or_default();
    let listed = std::fs::read_dir("/opt/extensions");
    let extensions = listed.into_iter().flatten().flatten();
    let extensions = extensions.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let mut function = Function {
        name,
        runtime: runtime.to_owned(),
        architecture: machine.to_owned(),
        memory_mb: variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").parse().ok(),
        log_level: variable("AWS_LAMBDA_LOG_LEVEL"),
        log_format: variable("AWS_LAMBDA_LOG_FORMAT"),
        live: Some(Live {
            has_wrapper: Path::new("/opt/credenza-wrapper").exists(),
            extensions: extensions.collect(),
        }),
        ..Function::default()
    };
    let all: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    function.take_variables(
        all.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    Ok(function)
}

fn report(function: &Function, findings: &[Finding]) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({ "level": finding.level.name(), "subject": finding.subject,
                "message": finding.message, "fix": finding.fix })
        })
        .collect();
    json!({ "function": function.name, "runtime": function.runtime,
        "architecture": function.architecture, "findings": findings })
}

fn described(function: &Function, findings: &[Finding], painter: &Painter) -> String {
    let mut about = vec![function.runtime.as_str(), function.architecture.as_str()];
    if function.is_image {
        about = vec!["image", function.architecture.as_str()];
    }
    if !function.log_format.is_empty() {
        about.push("logs");
        about.push(&function.log_format);
    }
    about.retain(|word| !word.is_empty());
    let name = painter.ink(Ink::Bold, &tame(&function.name));
    let mut text = format!(
        "{name}  {}\n",
        painter.ink(Ink::Dim, &tame(&about.join(", ")))
    );
    for finding in findings {
        let (ink, mark) = match finding.level {
            Level::Wrong => (Ink::Red, "✗"),
            Level::Doubtful => (Ink::Yellow, "!"),
            Level::Note => (Ink::Cyan, "·"),
            Level::Good => (Ink::Green, "✓"),
        };
        let mark = painter.ink(ink, mark);
        let _ = writeln!(
            text,
            "  {mark} {}: {}",
            finding.subject,
            tame(&finding.message)
        );
        for (number, line) in finding.fix.lines().enumerate() {
            let lead = if number == 0 { "fix:" } else { "    " };
            let lead = painter.ink(Ink::Cyan, lead);
            let _ = writeln!(text, "      {lead} {}", tame(line));
        }
    }
    text
}
