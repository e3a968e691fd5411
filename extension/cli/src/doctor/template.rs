//! Functions out of a template of CloudFormation or SAM, in YAML or JSON.
//! It never evaluates what only a deployment knows: a reference stays its name.
use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

use super::function::{Function, Layer, Mapping, reports, words};

// Limit: a template has at most 1 MB on its way to CloudFormation; aliases may blow up no more.
const TEMPLATE_BYTES_MAX: usize = 4 << 20;

/// Reads a text as JSON or YAML.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err("it is larger than any template".to_owned());
    }
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let document = documents.first().ok_or("it is empty")?;
    Ok(json(document, 0))
}

/// YAML as JSON; tags such as `!Sub` are left out, what they stand before stays.
fn json(yaml: &Yaml, depth: usize) -> Value {
    // Limit: a template is some ten deep.
    if depth > 64 {
        return Value::Null;
    }
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => Value::String(text.clone()),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Boolean(truth) => Value::from(*truth),
        Yaml::Array(items) => items.iter().map(|item| json(item, depth + 1)).collect(),
        Yaml::Hash(members) => {
            let named = members.iter().map(|(name, member)| {
                let name = words(&json(name, depth + 1));
                (name, json(member, depth + 1))
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => Value::Null,
    }
}

/// Every function of a template; `None` if it is no template.
pub(super) fn functions(template: &Value) -> Option<Vec<Function>> {
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
        functions.push((id.clone(), function(id, &properties)));
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

fn function(id: &str, properties: &Value) -> Function {
    let text = |pointer: &str| properties.pointer(pointer).map(words).unwrap_or_default();
    let memory = text("/MemorySize").parse().ok();
    let architecture = text("/Architectures/0");
    let mut function = Function {
        name: id.to_owned(),
        runtime: text("/Runtime"),
        is_image: text("/PackageType") == "Image",
        architecture: if architecture.is_empty() {
            "x86_64".to_owned()
        } else {
            architecture
        },
        // CloudFormation's own default.
        memory_mb: memory.or(Some(128)),
        log_format: text("/LoggingConfig/LogFormat"),
        log_level: text("/LoggingConfig/ApplicationLogLevel"),
        knows_mappings: true,
        ..Function::default()
    };
    let layers = properties.get("Layers").and_then(Value::as_array);
    for layer in layers.into_iter().flatten() {
        function.layers.push(Layer {
            name: words(layer),
            bytes: None,
        });
    }
    let variables = properties
        .pointer("/Environment/Variables")
        .and_then(Value::as_object);
    let variables = variables.into_iter().flatten();
    let all: Vec<(&str, String)> = variables
        .map(|(name, value)| (name.as_str(), words(value)))
        .collect();
    function.take_variables(all.iter().map(|(name, value)| (*name, value.as_str())));
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
            function.mappings.push(Mapping {
                source,
                name: name.clone(),
                reports: event.get("Properties").is_some_and(reports),
            });
        }
    }
    function
}

#[cfg(test)]
mod tests {
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
        let functions = functions(&template).unwrap();
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
        assert_eq!(functions(&template).unwrap().len(), 1);
        assert!(functions(&read("a: b").unwrap()).is_none());
        assert!(read("a: [").is_err());
    }
}
