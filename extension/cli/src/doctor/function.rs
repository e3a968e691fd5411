//! A function's configuration, from wherever it was told.
//! It never keeps the value of a variable that is none of ours.
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// One function, as far as its configuration tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// `python3.12`, `provided.al2023`, …; empty for images.
    pub(crate) runtime: String,
    pub(crate) is_image: bool,
    /// `x86_64`, which is the default, or `arm64`.
    pub(crate) architecture: String,
    /// The parameter by whose default it is that, if it is by one.
    pub(crate) architecture_by: Option<String>,
    pub(super) memory_mb: Option<u64>,
    pub(super) timeout_s: Option<u64>,
    pub(crate) layers: Vec<Layer>,
    /// Where the code lies, if that is a folder here.
    pub(super) package: Option<PathBuf>,
    pub(super) code_bytes: Option<u64>,
    /// Names of all variables; values only of those that the doctor reads.
    pub(crate) variables: BTreeMap<String, String>,
    /// Variables whose values only a deployment knows, and what they depend on.
    pub(super) later: BTreeMap<String, String>,
    /// Bytes of all names and values.
    pub(super) variables_bytes: u64,
    /// `JSON` or `Text`.
    pub(super) log_format: String,
    pub(super) log_level: String,
    pub(super) mappings: Vec<Mapping>,
    /// Whether the event source mappings are all known.
    pub(super) knows_mappings: bool,
    /// Whether this is the environment that the doctor itself runs in.
    pub(super) live: Option<Live>,
}

/// A layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(super) bytes: Option<u64>,
    /// What its name depends on, if only a deployment knows it.
    pub(super) on: Vec<String>,
}

/// What lies in the environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) has_wrapper: bool,
    /// The programs in `/opt/extensions`.
    pub(super) extensions: Vec<String>,
}

/// What brings batches to the function.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    /// `sqs`, `kinesis`, `dynamodb`, …, as in policies.
    pub(super) source: &'static str,
    pub(super) name: String,
    pub(super) reports: bool,
}

/// Variables that say something of wrappers, proxies and logs, and hold no secret.
const READ: [&str; 12] = [
    "AWS_LAMBDA_EXEC_WRAPPER",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LWA_LAMBDA_RUNTIME_API_PROXY",
    "AWS_LWA_PORT",
    "PORT",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_FORMAT",
    "DD_SERVERLESS_APPSEC_ENABLED",
    "DD_APPSEC_ENABLED",
    "DD_EXPERIMENTAL_ENABLE_PROXY",
    "AWS_EXECUTION_ENV",
    "AWS_APPCONFIG_EXTENSION_HTTP_PORT",
];

impl Function {
    /// Takes the variables of the function.
    pub(super) fn take_variables<'a>(&mut self, all: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in all {
            self.variables_bytes += (name.len() + value.len()) as u64;
            let is_read = READ.contains(&name) || name.starts_with("CREDENZA_");
            let kept = if is_read { value } else { "" };
            self.variables.insert(name.to_owned(), kept.to_owned());
        }
    }

    /// Whether anything of ours is there.
    pub(super) fn is_touched(&self) -> bool {
        self.layer(&["credenza"]).is_some()
            || self
                .variable("AWS_LAMBDA_EXEC_WRAPPER")
                .contains("credenza")
            || self
                .variables
                .keys()
                .any(|name| name.starts_with("CREDENZA_"))
    }

    /// Notes that a variable's value is known to a deployment only.
    pub(super) fn depend(&mut self, name: &str, on: &str) {
        self.variables.entry(name.to_owned()).or_default();
        self.later.insert(name.to_owned(), on.to_owned());
    }

    /// The value of a variable that the doctor reads; empty if it is not set.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Whether a layer's name holds one of `words`.
    pub(super) fn layer(&self, words: &[&str]) -> Option<&Layer> {
        self.layers.iter().find(|layer| {
            let name = layer.name.to_lowercase();
            words.iter().any(|word| name.contains(word))
        })
    }

    /// From `get-function-configuration`, or from `get-function`, whose `Configuration` it is.
    pub(super) fn of_configuration(value: &Value) -> Option<Self> {
        let value = value.get("Configuration").unwrap_or(value);
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let name = text("/FunctionName").or_else(|| text("/FunctionArn"))?;
        let mut function = Self {
            name: name.to_owned(),
            runtime: text("/Runtime").unwrap_or_default().to_owned(),
            is_image: text("/PackageType") == Some("Image"),
            architecture: text("/Architectures/0").unwrap_or("x86_64").to_owned(),
            memory_mb: value.get("MemorySize").and_then(Value::as_u64),
            timeout_s: value.get("Timeout").and_then(Value::as_u64),
            code_bytes: value.get("CodeSize").and_then(Value::as_u64),
            log_format: text("/LoggingConfig/LogFormat")
                .unwrap_or_default()
                .to_owned(),
            log_level: text("/LoggingConfig/ApplicationLogLevel")
                .unwrap_or_default()
                .to_owned(),
            ..Self::default()
        };
        let layers = value.get("Layers").and_then(Value::as_array);
        for layer in layers.into_iter().flatten() {
            function.layers.push(Layer {
                name: words(layer.get("Arn").unwrap_or(layer)),
                bytes: layer.get("CodeSize").and_then(Value::as_u64),
                on: Vec::new(),
            });
        }
        let variables = value
            .pointer("/Environment/Variables")
            .and_then(Value::as_object);
        let variables = variables.into_iter().flatten();
        let all: Vec<(&str, String)> = variables
            .map(|(name, value)| (name.as_str(), words(value)))
            .collect();
        function.take_variables(all.iter().map(|(name, value)| (*name, value.as_str())));
        Some(function)
    }

    /// Takes `list-event-source-mappings`.
    pub(super) fn take_mappings(&mut self, value: &Value) {
        self.knows_mappings = true;
        let list = value.get("EventSourceMappings").and_then(Value::as_array);
        for mapping in list.into_iter().flatten() {
            self.mappings.extend(Mapping::of(mapping));
        }
    }
}

impl Mapping {
    /// From an event source mapping, of the service or of a template.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let arn = words(value.get("EventSourceArn").unwrap_or(&Value::Null));
        let source = ["sqs", "kinesis", "dynamodb"];
        let source = source
            .into_iter()
            .find(|source| arn.to_lowercase().contains(source));
        Some(Self {
            source: source.or_else(|| of_resource(&arn))?,
            name: arn.rsplit(':').next().unwrap_or_default().to_owned(),
            reports: reports(value),
        })
    }
}

/// What a reference such as `OrdersQueue.Arn` is called after.
fn of_resource(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let kinds = [
        ("queue", "sqs"),
        ("stream", "kinesis"),
        ("table", "dynamodb"),
    ];
    let found = kinds.into_iter().find(|(word, _)| name.contains(word));
    found.map(|(_, source)| source)
}

/// Whether a mapping takes the names of failed records.
pub(super) fn reports(value: &Value) -> bool {
    let types = value.get("FunctionResponseTypes").and_then(Value::as_array);
    let mut types = types.into_iter().flatten();
    types.any(|kind| kind.as_str() == Some("ReportBatchItemFailures"))
}

/// A text of a template, also where a function of CloudFormation makes it: its texts, joined.
pub(super) fn words(value: &Value) -> String {
    // Limit: `!If [A, !Ref B, !Ref C]` is three deep; eight are enough for what people write.
    fn gather(value: &Value, depth: usize, into: &mut Vec<String>) {
        if depth > 8 {
            return;
        }
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Number(number) => into.push(number.to_string()),
            Value::Bool(truth) => into.push(truth.to_string()),
            Value::Array(items) => items.iter().for_each(|item| gather(item, depth + 1, into)),
            Value::Object(members) => {
                members
                    .values()
                    .for_each(|member| gather(member, depth + 1, into));
            }
            Value::Null => (),
        }
    }
    let mut all = Vec::new();
    gather(value, 0, &mut all);
    all.join(" ")
}
