//! Functions out of a template of CloudFormation or SAM.
//! It never evaluates what only a deployment knows: that depends on it, by name.
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::deployment::{Deployment, Text, function as of_cloudformation};
use super::function::{Function, Layer, Mapping, reports, words};

/// Every function of a template; `None` if it is no template.
///
/// `given` are values of parameters, `folder` is where the template lies.
pub(super) fn functions(
    template: &Value,
    given: &BTreeMap<String, String>,
    folder: Option<&Path>,
) -> Option<Vec<Function>> {
    let deployment = Deployment::new(template, given);
    let resources = template.get("Resources")?.as_object()?;
    let globals = template
        .pointer("/Globals/Function")
        .cloned()
        .unwrap_or_default();
    let mut functions: Vec<(String, Function)> = Vec::new();
    for (id, resource) in resources {
        let kind = resource
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let properties = resource.get("Properties").cloned().unwrap_or_default();
        let properties = match kind {
            "AWS::Serverless::Function" => under(&globals, properties),
            "AWS::Lambda::Function" => properties,
            _ => continue,
        };
        let mut function = function(deployment, id, &properties);
        let code = properties.get("CodeUri").or_else(|| properties.get("Code"));
        if let (Some(folder), Some(Value::String(code))) = (folder, code) {
            function.package = Some(folder.join(code)).filter(|package| package.is_dir());
        }
        functions.push((id.clone(), function));
    }
    for resource in resources.values() {
        if resource.get("Type").and_then(Value::as_str) != Some("AWS::Lambda::EventSourceMapping") {
            continue;
        }
        let properties = resource.get("Properties").unwrap_or(&Value::Null);
        let target = words(properties.get("FunctionName").unwrap_or(&Value::Null));
        let target = functions
            .iter_mut()
            .find(|(id, function)| target.contains(id.as_str()) || target == function.name);
        if let Some((_, function)) = target {
            function.mappings.extend(Mapping::of(properties));
        }
    }
    Some(
        functions
            .into_iter()
            .map(|(_, function)| function)
            .collect(),
    )
}

/// A function's properties with what holds for all functions under them, as SAM merges them: lists
/// are joined, maps are merged, and of two values the function's wins.
fn under(globals: &Value, own: Value) -> Value {
    match (globals, own) {
        // Of two functions of CloudFormation the function's own wins, too.
        (globals, own @ Value::Object(_))
            if of_cloudformation(globals).is_some() || of_cloudformation(&own).is_some() =>
        {
            own
        }
        (Value::Object(globals), Value::Object(mut own)) => {
            for (name, value) in globals {
                let merged = match own.remove(name) {
                    Some(mine) => under(value, mine),
                    None => value.clone(),
                };
                own.insert(name.clone(), merged);
            }
            Value::Object(own)
        }
        (Value::Array(globals), Value::Array(own)) => globals.iter().cloned().chain(own).collect(),
        (globals, Value::Null) => globals.clone(),
        (_, own) => own,
    }
}

fn function(deployment: Deployment<'_>, id: &str, properties: &Value) -> Function {
    let told = |pointer: &str| {
        let value = properties.pointer(pointer);
        value
            .map(|value| deployment.text(value))
            .unwrap_or_default()
    };
    let text = |pointer: &str| told(pointer).text;
    let architectures = properties.get("Architectures").unwrap_or(&Value::Null);
    let architectures = deployment.items(architectures);
    let by = architectures.first().and_then(|one| one.get("Ref"));
    let architecture = architectures.first().map(|one| deployment.text(one));
    let architecture = architecture.unwrap_or_else(|| Text {
        text: "x86_64".to_owned(),
        on: Vec::new(),
    });
    let number = |pointer: &str| text(pointer).parse().ok();
    let mut function = Function {
        name: id.to_owned(),
        runtime: text("/Runtime"),
        is_image: text("/PackageType") == "Image",
        architecture_by: by.filter(|_| architecture.on.is_empty()).map(words),
        // What depends on a parameter is no architecture.
        architecture: if architecture.on.is_empty() {
            architecture.text
        } else {
            String::new()
        },
        // CloudFormation's own defaults.
        memory_mb: known(&told("/MemorySize"), 128, number("/MemorySize")),
        timeout_s: known(&told("/Timeout"), 3, number("/Timeout")),
        log_format: text("/LoggingConfig/LogFormat"),
        log_level: text("/LoggingConfig/ApplicationLogLevel"),
        knows_mappings: true,
        ..Function::default()
    };
    let layers = properties.get("Layers").unwrap_or(&Value::Null);
    for layer in deployment.items(layers) {
        let Text { text, on } = deployment.text(layer);
        function.layers.push(Layer {
            name: text,
            bytes: None,
            on,
        });
    }
    let variables = properties
        .pointer("/Environment/Variables")
        .and_then(Value::as_object);
    let variables = variables.into_iter().flatten();
    let all: Vec<(&str, Text)> = variables
        .map(|(name, value)| (name.as_str(), deployment.text(value)))
        .collect();
    function.take_variables(all.iter().map(|(name, value)| (*name, value.text.as_str())));
    for (name, value) in &all {
        if !value.on.is_empty() {
            function.depend(name, &value.on.join(", "));
        }
    }
    function.mappings.extend(events(properties));
    function
}

/// What brings batches to a function of SAM.
fn events(properties: &Value) -> Vec<Mapping> {
    let mut mappings = Vec::new();
    let events = properties.get("Events").and_then(Value::as_object);
    for (name, event) in events.into_iter().flatten() {
        let kind = event
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let kinds = [
            ("SQS", "sqs"),
            ("Kinesis", "kinesis"),
            ("DynamoDB", "dynamodb"),
        ];
        let found = kinds.into_iter().find(|(known, _)| *known == kind);
        if let Some((_, source)) = found {
            mappings.push(Mapping {
                source,
                name: name.clone(),
                reports: event.get("Properties").is_some_and(reports),
            });
        }
    }
    mappings
}

/// A number of the template: the platform's own where nothing is said, none where only the
/// deployment knows.
fn known(told: &Text, otherwise: u64, number: Option<u64>) -> Option<u64> {
    if told.text.is_empty() && told.on.is_empty() {
        return Some(otherwise);
    }
    number.filter(|_| told.on.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::yaml::read;
    use super::*;

    const SAM: &str = "
Globals:
  Function:
    Runtime: python3.12
    Layers: [!Ref Common]
    Environment: { Variables: { A: x, B: y } }
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 256
      Architectures: [arm64]
      Layers:
        - !Sub 'arn:aws:lambda:${AWS::Region}:1:layer:credenza-arm64:3'
      Environment: { Variables: { B: z } }
      Events:
        Queue:
          Type: SQS
          Properties: { Queue: !GetAtt Q.Arn, FunctionResponseTypes: [ReportBatchItemFailures] }
        Stream: { Type: Kinesis, Properties: { Stream: !GetAtt S.Arn } }
  Plain:
    Type: AWS::Lambda::Function
    Properties: { Runtime: nodejs22.x, PackageType: Zip }
  Map:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !Ref Plain, EventSourceArn: !GetAtt OrdersQueue.Arn }
  Q: { Type: AWS::SQS::Queue }
";

    #[test]
    fn functions_of_a_template_have_what_holds_for_all_and_what_brings_them_batches() {
        let template = read(SAM).unwrap();
        let functions = functions(&template, &BTreeMap::new(), None).unwrap();
        let [orders, plain] = functions.as_slice() else {
            panic!("{functions:?}")
        };
        assert_eq!(
            (orders.runtime.as_str(), orders.memory_mb),
            ("python3.12", Some(256))
        );
        assert_eq!(orders.architecture, "arm64");
        let layers: Vec<&str> = orders
            .layers
            .iter()
            .map(|layer| layer.name.as_str())
            .collect();
        assert_eq!(layers.first(), Some(&"Common"));
        assert!(layers.last().unwrap().contains("credenza-arm64"));
        assert_eq!(orders.variables.len(), 2);
        let mappings: Vec<_> = orders
            .mappings
            .iter()
            .map(|mapping| (mapping.source, mapping.reports))
            .collect();
        assert_eq!(mappings, [("sqs", true), ("kinesis", false)]);
        assert_eq!((plain.mappings.len(), plain.memory_mb), (1, Some(128)));
        assert_eq!(plain.mappings.first().unwrap().source, "sqs");
    }

    #[test]
    fn json_is_a_template_too_and_anything_else_is_none() {
        let template = read(r#"{"Resources":{"A":{"Type":"AWS::Lambda::Function"}}}"#).unwrap();
        let none = BTreeMap::new();
        assert_eq!(functions(&template, &none, None).unwrap().len(), 1);
        assert!(functions(&read("a: b").unwrap(), &none, None).is_none());
        assert!(read("a: [").is_err());
    }
}
