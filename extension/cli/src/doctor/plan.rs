//! Functions out of `terraform show -json`, of a plan or of a state.
//! It never takes what is known after apply for something that is not there.
use serde_json::{Map, Value, json};

use super::function::{Function, Layer, words};

// Limit: modules in modules are a handful deep.
const DEPTH_MAX: usize = 32;

/// Every function of a plan; `None` if it is no plan.
pub(super) fn functions(plan: &Value) -> Option<Vec<Function>> {
    plan.get("terraform_version")?;
    let values = plan.get("planned_values").or_else(|| plan.get("values"))?;
    let mut functions = Vec::new();
    let mut open = vec![(values.get("root_module")?, 0)];
    while let Some((module, depth)) = open.pop() {
        for resource in list(module, "resources") {
            if resource.get("type").and_then(Value::as_str) == Some("aws_lambda_function") {
                functions.push(of_resource(plan, resource));
            }
        }
        if depth < DEPTH_MAX {
            open.extend(list(module, "child_modules").map(|child| (child, depth + 1)));
        }
    }
    Some(functions)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn of_resource(plan: &Value, resource: &Value) -> Function {
    let nothing = Value::Null;
    let values = resource.get("values").unwrap_or(&nothing);
    let address = resource.get("address").map(words).unwrap_or_default();
    let change = list(plan, "resource_changes")
        .find(|change| change.get("address").map(words).as_ref() == Some(&address));
    let unknown = change.and_then(|change| change.pointer("/change/after_unknown"));
    let unknown = unknown.unwrap_or(&nothing);
    let text = |name: &str| values.get(name).map(words).unwrap_or_default();
    let name = text("function_name");
    let configuration = json!({
        "FunctionName": if name.is_empty() { &address } else { &name },
        "Runtime": text("runtime"),
        "PackageType": text("package_type"),
        "Architectures": values.get("architectures"),
        "MemorySize": values.get("memory_size"),
        "Timeout": values.get("timeout"),
        "LoggingConfig": { "LogFormat": values.pointer("/logging_config/0/log_format"),
            "ApplicationLogLevel": values.pointer("/logging_config/0/application_log_level") },
        "Environment": { "Variables": values.pointer("/environment/0/variables") },
    });
    let mut function = Function::of_configuration(&configuration).unwrap_or_default();
    let layers = list(values, "layers");
    function
        .layers
        .extend(layers.filter(|layer| !layer.is_null()).map(|layer| Layer {
            name: words(layer),
            bytes: None,
            on: Vec::new(),
        }));
    let after = |value: Option<&Value>| value.is_some_and(|value| *value != Value::Bool(false));
    let of_layers = unknown.get("layers");
    if after(of_layers.filter(|layers| layers.is_boolean()))
        || of_layers
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| after(Some(one))))
    {
        function.layers.push(later(plan, &address));
    }
    let variables = unknown.pointer("/environment/0/variables");
    let none = Map::new();
    for (name, value) in variables.and_then(Value::as_object).unwrap_or(&none) {
        if after(Some(value)) {
            function.depend(name, "the apply");
        }
    }
    function
}

/// A layer that is made by the same apply: its name is that of what the configuration refers to.
fn later(plan: &Value, address: &str) -> Layer {
    let mut names = Vec::new();
    let mut open = plan
        .pointer("/configuration/root_module")
        .into_iter()
        .collect::<Vec<_>>();
    let mut left = 10_000;
    while let Some(module) = open.pop() {
        left -= 1;
        for resource in list(module, "resources") {
            let own = resource.get("address").map(words).unwrap_or_default();
            if address.ends_with(&own) {
                names.extend(resource.pointer("/expressions/layers").map(words));
            }
        }
        let calls = module.get("module_calls").and_then(Value::as_object);
        if left > 0 {
            open.extend(
                calls
                    .into_iter()
                    .flatten()
                    .filter_map(|(_, call)| call.get("module")),
            );
        }
    }
    Layer {
        name: names.join(" "),
        bytes: None,
        on: vec!["the apply".to_owned()],
    }
}
