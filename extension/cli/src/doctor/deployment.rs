//! What a deployment would make of a template's references, as far as the template tells.
//! It never guesses: what only the deployment knows is named by what it depends on.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::function::words;

// Limit: functions in functions are three deep where people write them; parameters refer to none.
const DEPTH_MAX: usize = 16;

/// A text, and what it depends on beyond the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// What is known of it; names stand where values do not.
    pub(super) text: String,
    /// `parameter Mode`, `condition IsArm`, …; empty if the text is whole.
    pub(super) on: Vec<String>,
}

impl Text {
    fn known(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            on: Vec::new(),
        }
    }

    fn depends(text: &str, on: String) -> Self {
        Self {
            text: text.to_owned(),
            on: vec![on],
        }
    }

    fn add(&mut self, other: &Self, between: &str) {
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push_str(between);
        }
        self.text.push_str(&other.text);
        self.on.extend(other.on.iter().cloned());
    }
}

/// A template before its deployment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deployment<'a> {
    template: &'a Value,
    given: &'a BTreeMap<String, String>,
}

impl<'a> Deployment<'a> {
    pub(super) fn new(template: &'a Value, given: &'a BTreeMap<String, String>) -> Self {
        Self { template, given }
    }

    /// A value's text.
    pub(super) fn text(self, value: &Value) -> Text {
        self.text_at(value, 0)
    }

    /// The items of a list, through conditions; what is no value is left out.
    pub(super) fn items(self, value: &'a Value) -> Vec<&'a Value> {
        let mut items = Vec::new();
        self.gather(value, 0, &mut items);
        items
    }

    fn gather(self, value: &'a Value, depth: usize, items: &mut Vec<&'a Value>) {
        if depth > DEPTH_MAX {
            return;
        }
        match (value, function(value)) {
            (Value::Array(all), _) => {
                for item in all {
                    self.gather(item, depth + 1, items);
                }
            }
            (_, Some(("Fn::If", branches))) => match self.branch(branches) {
                Some(chosen) => self.gather(chosen, depth + 1, items),
                None => items.push(value),
            },
            (_, Some(("Ref", name))) if name == "AWS::NoValue" => {}
            (Value::Null, _) => {}
            _ => items.push(value),
        }
    }

    /// The branch that a condition chooses; `None` if only the deployment knows.
    fn branch(self, branches: &Value) -> Option<&Value> {
        let is_met = self.is_met(branches.get(0)?.as_str()?, 0)?;
        branches.get(if is_met { 1 } else { 2 })
    }

    fn text_at(self, value: &Value, depth: usize) -> Text {
        if depth > DEPTH_MAX {
            return Text::depends("", "too many references".to_owned());
        }
        let next = |value: &Value| self.text_at(value, depth + 1);
        match function(value) {
            None => match value {
                Value::Array(_) | Value::Object(_) => {
                    Text::depends(&words(value), "a list or a map".to_owned())
                }
                plain => Text::known(&words(plain)),
            },
            Some(("Ref", name)) => self.named(&words(name), depth),
            Some(("Fn::Sub", body)) => self.filled(body, depth),
            Some(("Fn::If", branches)) => {
                if let Some(chosen) = self.branch(branches) {
                    return next(chosen);
                }
                let condition = words(branches.get(0).unwrap_or(&Value::Null));
                let mut text = Text::depends("", format!("condition {condition}"));
                for branch in branches.as_array().into_iter().flatten().skip(1) {
                    text.add(&Text::known(&next(branch).text), " ");
                }
                text
            }
            Some(("Fn::Join", body)) => {
                let between = words(body.get(0).unwrap_or(&Value::Null));
                let mut text = Text::default();
                for (at, item) in body
                    .get(1)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .enumerate()
                {
                    if at > 0 {
                        text.text.push_str(&between);
                    }
                    text.add(&next(item), "");
                }
                text
            }
            Some(("Fn::FindInMap", path)) => self.mapped(path, depth),
            Some(("Fn::GetAtt", path)) => {
                let path: Vec<String> = path.as_array().into_iter().flatten().map(words).collect();
                Text::depends(&path.join("."), format!("resource {}", path.join(".")))
            }
            Some((name, body)) => Text::depends(&words(body), name.to_owned()),
        }
    }

    /// What `Ref` names: a parameter, a resource, or something of the platform.
    fn named(self, name: &str, depth: usize) -> Text {
        if let Some(given) = self.given.get(name) {
            return Text::known(given);
        }
        if let Some(parameter) = self
            .template
            .pointer("/Parameters")
            .and_then(|all| all.get(name))
        {
            let kind = words(parameter.get("Type").unwrap_or(&Value::Null));
            return match parameter.get("Default") {
                Some(default) if !kind.starts_with("AWS::SSM") => Text::known(&words(default)),
                _ => Text::depends(name, format!("parameter {name}")),
            };
        }
        let resource = self
            .template
            .pointer("/Resources")
            .and_then(|all| all.get(name));
        if let Some(resource) = resource {
            let own = resource.pointer("/Properties/LayerName");
            let own = own
                .map(|own| self.text_at(own, depth + 1).text)
                .unwrap_or_default();
            return Text::known(format!("{name} {own}").trim_end());
        }
        // Region, account and the like complete a name and decide nothing that is looked at.
        Text::known(name)
    }

    fn filled(self, body: &Value, depth: usize) -> Text {
        let (template, own) = match body {
            Value::Array(both) => (words(both.first().unwrap_or(&Value::Null)), both.get(1)),
            other => (words(other), None),
        };
        let mut pieces = template.split("${");
        let mut text = Text::known(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            let filled = match (name.strip_prefix('!'), own.and_then(|own| own.get(name))) {
                (Some(literal), _) => Text::known(&format!("${{{literal}}}")),
                (None, Some(value)) => self.text_at(value, depth + 1),
                (None, None) if name.contains('.') => {
                    Text::depends(name, format!("resource {name}"))
                }
                (None, None) => self.named(name, depth),
            };
            text.add(&filled, "");
            text.text.push_str(rest);
        }
        text
    }

    fn mapped(self, path: &Value, depth: usize) -> Text {
        let keys = path.as_array().into_iter().flatten();
        let keys: Vec<Text> = keys.map(|key| self.text_at(key, depth + 1)).collect();
        let mut at = self.template.get("Mappings");
        for key in &keys {
            at = at.and_then(|at| at.get(&key.text));
        }
        match at {
            Some(value) if keys.iter().all(|key| key.on.is_empty()) => Text::known(&words(value)),
            _ => {
                let names: Vec<&str> = keys.iter().map(|key| key.text.as_str()).collect();
                Text::depends("", format!("mapping {}", names.join(".")))
            }
        }
    }

    /// Whether a condition is met; `None` if only the deployment knows.
    fn is_met(self, name: &str, depth: usize) -> Option<bool> {
        let condition = self
            .template
            .pointer("/Conditions")
            .and_then(|all| all.get(name))?;
        self.holds(condition, depth)
    }

    fn holds(self, condition: &Value, depth: usize) -> Option<bool> {
        if depth > DEPTH_MAX {
            return None;
        }
        let holds = |value: &Value| self.holds(value, depth + 1);
        let (name, body) = function(condition)?;
        let parts = || body.as_array().into_iter().flatten();
        match name {
            "Condition" => self.is_met(body.as_str()?, depth + 1),
            "Fn::Not" => holds(body.get(0)?).map(|holds| !holds),
            "Fn::And" => parts()
                .map(holds)
                .try_fold(true, |all, one| Some(all && one?)),
            "Fn::Or" => parts()
                .map(holds)
                .try_fold(false, |any, one| Some(any || one?)),
            "Fn::Equals" => {
                let (left, right) = (self.text(body.get(0)?), self.text(body.get(1)?));
                let is_known = left.on.is_empty() && right.on.is_empty();
                is_known.then(|| left.text == right.text)
            }
            _ => None,
        }
    }
}

/// The function of CloudFormation that a value is, and what it takes.
pub(super) fn function(value: &Value) -> Option<(&str, &Value)> {
    let members: &Map<String, Value> = value.as_object()?;
    let (name, body) = members.iter().next().filter(|_| members.len() == 1)?;
    let is_function = name.starts_with("Fn::") || name == "Ref" || name == "Condition";
    is_function.then_some((name.as_str(), body))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::yaml::read;
    use super::Deployment;

    const TEMPLATE: &str = "
Parameters:
  Mode: { Type: String, Default: monitor }
  Arn: { Type: String }
  Kept: { Type: AWS::SSM::Parameter::Value<String>, Default: /a/b }
Mappings: { Stages: { live: { mode: block } } }
Conditions:
  Watches: !Equals [!Ref Mode, monitor]
  Acts: !Not [!Condition Watches]
  Unknown: !Equals [!Ref Arn, '']
  Either: !Or [!Condition Acts, !Condition Watches]
Resources:
  Layer: { Type: AWS::Lambda::LayerVersion, Properties: { LayerName: credenza-arm64 } }
";

    fn check(value: &str, text: &str, on: &[&str]) {
        let template = read(TEMPLATE).unwrap();
        let given = BTreeMap::new();
        let value = read(value).unwrap();
        let told = Deployment::new(&template, &given).text(&value);
        assert_eq!(
            (told.text.as_str(), told.on.len()),
            (text, on.len()),
            "{value}: {told:?}"
        );
        assert_eq!(told.on, on, "{value}");
    }

    #[test]
    fn references_are_what_the_template_says_they_are() {
        check("!Ref Mode", "monitor", &[]);
        check("!Sub 'm-${Mode}-${!x}'", "m-monitor-${x}", &[]);
        check("!Sub ['${A}', {A: !Ref Mode}]", "monitor", &[]);
        check("!Join ['-', [a, !Ref Mode]]", "a-monitor", &[]);
        check("!If [Watches, a, b]", "a", &[]);
        check("!If [Acts, a, b]", "b", &[]);
        check("!If [Either, a, b]", "a", &[]);
        check("!FindInMap [Stages, live, mode]", "block", &[]);
        check("!Ref Layer", "Layer credenza-arm64", &[]);
        check("!Sub 'arn:${AWS::Region}'", "arn:AWS::Region", &[]);
    }

    #[test]
    fn what_only_the_deployment_knows_is_named() {
        check("!Ref Arn", "Arn", &["parameter Arn"]);
        check("!Ref Kept", "Kept", &["parameter Kept"]);
        check("!Sub 'x${Arn}'", "xArn", &["parameter Arn"]);
        check("!If [Unknown, a, b]", "a b", &["condition Unknown"]);
        check("!GetAtt Layer.Arn", "Layer.Arn", &["resource Layer.Arn"]);
        check("!ImportValue shared", "shared", &["Fn::ImportValue"]);
        check(
            "!FindInMap [Stages, !Ref Arn, mode]",
            "",
            &["mapping Stages.Arn.mode"],
        );
    }

    #[test]
    fn given_parameters_win_and_circles_end() {
        let template = read(TEMPLATE).unwrap();
        let given = BTreeMap::from([("Mode".to_owned(), "block".to_owned())]);
        let told = Deployment::new(&template, &given).text(&json!({ "Ref": "Mode" }));
        assert_eq!(told.text, "block");
        let circle = read("Conditions: { A: !Not [!Condition A] }").unwrap();
        let none = BTreeMap::new();
        let told = Deployment::new(&circle, &none).text(&read("!If [A, b, c]").unwrap());
        assert_eq!(told.on, ["condition A"]);
    }
}
