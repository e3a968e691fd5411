//! A function's configuration as the Lambda API tells it.
//! It never takes variables that could not be read for variables that are not there.
use std::collections::BTreeMap;

use serde_json::Value;

use crate::layer::Architecture;
use crate::start::Start;

/// What of a function's configuration matters to the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Its name.
    pub name: String,
    /// Its ARN without a qualifier.
    pub arn: String,
    /// `python3.13`; empty for images.
    pub runtime: String,
    /// How its program is started.
    pub start: Start,
    /// The architecture, or its name where it is none that a layer exists for.
    pub architecture: Result<Architecture, String>,
    /// In the order in which they are laid over each other.
    pub layers: Vec<Layer>,
    /// Its variables, or why they cannot be read.
    pub variables: Result<BTreeMap<String, String>, String>,
    /// The package, as it is stored.
    pub code_bytes: u64,
    /// Changes with every change.
    pub revision: Option<String>,
    /// How far the last change is.
    pub update: Update,
    /// True for a copy of a function at the edge.
    pub is_replica: bool,
}

/// A layer of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The ARN of the layer's version.
    pub arn: String,
    /// Its zip.
    pub bytes: u64,
}

/// How far the last change of a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Nothing is under way.
    Ready,
    /// The function is being created or changed.
    Pending,
    /// It was not taken over, and why.
    Failed(String),
}

impl Configuration {
    /// Reads an item of `ListFunctions`, or the answer of `GetFunctionConfiguration`.
    pub fn read(value: &Value) -> Option<Self> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let name = text("/FunctionName")?.to_owned();
        let runtime = text("/Runtime").unwrap_or_default().to_owned();
        let architecture = text("/Architectures/0").unwrap_or("x86_64");
        let layers = value.get("Layers").and_then(Value::as_array);
        let layers = layers.into_iter().flatten().filter_map(|layer| {
            Some(Layer {
                arn: layer.get("Arn")?.as_str()?.to_owned(),
                bytes: layer
                    .get("CodeSize")
                    .and_then(Value::as_u64)
                    .unwrap_or_default(),
            })
        });
        Some(Self {
            start: Start::of(&runtime, text("/PackageType") == Some("Image")),
            arn: unqualified(text("/FunctionArn").unwrap_or(&name)),
            name,
            runtime,
            architecture: Architecture::named(architecture).ok_or_else(|| architecture.to_owned()),
            layers: layers.collect(),
            variables: variables(value),
            code_bytes: value
                .get("CodeSize")
                .and_then(Value::as_u64)
                .unwrap_or_default(),
            revision: text("/RevisionId").map(str::to_owned),
            update: update(value),
            is_replica: text("/MasterArn").is_some(),
        })
    }

    /// The value of a variable, if all can be read and it is set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let variables = self.variables.as_ref().ok()?;
        variables.get(name).map(String::as_str)
    }
}

/// Variables that a key of the user's own protects come with an error if the caller may not use it.
fn variables(value: &Value) -> Result<BTreeMap<String, String>, String> {
    if let Some(error) = value.pointer("/Environment/Error") {
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        return Err(format!("{} {}", text("ErrorCode"), text("Message"))
            .trim()
            .to_owned());
    }
    let all = value
        .pointer("/Environment/Variables")
        .and_then(Value::as_object);
    let all = all.into_iter().flatten();
    Ok(all
        .map(|(name, value)| {
            let value = value.as_str().unwrap_or_default();
            (name.clone(), value.to_owned())
        })
        .collect())
}

fn update(value: &Value) -> Update {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("State") == "Pending" || text("LastUpdateStatus") == "InProgress" {
        return Update::Pending;
    }
    if text("LastUpdateStatus") == "Failed" {
        let why = [
            text("LastUpdateStatusReasonCode"),
            text("LastUpdateStatusReason"),
        ];
        return Update::Failed(why.join(" ").trim().to_owned());
    }
    Update::Ready
}

/// An ARN of a function has seven parts; an eighth is a version or an alias.
fn unqualified(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(8, ':').take(7).collect();
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_matters_is_read() {
        let read = Configuration::read(&json!({
            "FunctionName": "orders", "Runtime": "python3.13", "CodeSize": 7,
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST",
            "Architectures": ["arm64"], "RevisionId": "r",
            "Layers": [{ "Arn": "a:layer:x:1", "CodeSize": 3 }, { "Arn": "a:layer:y:2" }],
            "Environment": { "Variables": { "STAGE": "prod" } },
            "State": "Active", "LastUpdateStatus": "Successful",
        }));
        let read = read.unwrap();
        assert_eq!(
            read.arn,
            "arn:aws:lambda:eu-west-1:123456789012:function:orders"
        );
        assert_eq!(read.architecture, Ok(Architecture::Arm64));
        assert_eq!(read.layers.len(), 2);
        assert_eq!(read.variable("STAGE"), Some("prod"));
        assert_eq!(read.update, Update::Ready);
        assert_eq!(read.start, Start::Managed);
    }

    #[test]
    fn variables_that_cannot_be_read_are_not_empty_variables() {
        let error = json!({ "ErrorCode": "AccessDeniedException", "Message": "no key" });
        let read = Configuration::read(&json!({
            "FunctionName": "orders", "Environment": { "Error": error },
        }));
        let read = read.unwrap();
        assert_eq!(
            read.variables,
            Err("AccessDeniedException no key".to_owned())
        );
        let read = Configuration::read(&json!({ "FunctionName": "orders" })).unwrap();
        assert_eq!(read.variables, Ok(BTreeMap::new()));
        assert_eq!(read.architecture, Ok(Architecture::X86));
    }

    #[test]
    fn a_change_under_way_and_one_that_failed_are_told_apart() {
        let update = |value| Configuration::read(&value).unwrap().update;
        let pending = json!({ "FunctionName": "a", "LastUpdateStatus": "InProgress" });
        assert_eq!(update(pending), Update::Pending);
        assert_eq!(
            update(json!({ "FunctionName": "a", "State": "Pending" })),
            Update::Pending
        );
        let failed = json!({ "FunctionName": "a", "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": "no address is left" });
        assert_eq!(
            update(failed),
            Update::Failed("no address is left".to_owned())
        );
    }
}
