//! What is changed of a function, both ways.
//! It never holds a variable that is none of ours: what comes back later needs no secret of others.
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::configuration::Configuration;

/// A value before and after; nothing where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swap {
    /// What it is without the change.
    pub before: Option<String>,
    /// What it is with the change.
    pub after: Option<String>,
}

impl Swap {
    /// From one value to another.
    pub fn new(before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    /// Whether it changes nothing.
    pub fn is_idle(&self) -> bool {
        self.before == self.after
    }

    fn reversed(&self) -> Self {
        Self {
            before: self.after.clone(),
            after: self.before.clone(),
        }
    }

    fn json(&self) -> Value {
        json!([self.before, self.after])
    }

    fn read(value: &Value) -> Option<Self> {
        let side = |at: usize| match value.get(at)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            _ => None,
        };
        Some(Self {
            before: side(0)?,
            after: side(1)?,
        })
    }
}

/// A change of a function: one layer and a few variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The version of our layer.
    pub layer: Swap,
    /// Variables by name.
    pub variables: BTreeMap<String, Swap>,
}

impl Change {
    /// Adds what becomes of a variable, if anything does.
    pub fn set(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        let swap = Swap::new(before, after);
        if !swap.is_idle() {
            self.variables.insert(name.to_owned(), swap);
        }
    }

    /// Whether it changes nothing.
    pub fn is_idle(&self) -> bool {
        self.layer.is_idle() && self.variables.values().all(Swap::is_idle)
    }

    /// The way back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let variables = self.variables.iter();
        Self {
            layer: self.layer.reversed(),
            variables: variables
                .map(|(name, swap)| (name.clone(), swap.reversed()))
                .collect(),
        }
    }

    /// This change and a later one as one: what was first, and what is last.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let mut both = self.clone();
        if !later.layer.is_idle() {
            both.layer.after.clone_from(&later.layer.after);
        }
        for (name, swap) in &later.variables {
            let one = both.variables.entry(name.clone()).or_insert_with(|| Swap {
                before: swap.before.clone(),
                after: None,
            });
            one.after.clone_from(&swap.after);
        }
        both
    }

    /// Whether a function is as it is after this.
    pub fn is_in_place(&self, configuration: &Configuration) -> bool {
        let has = |arn: &str| configuration.layers.iter().any(|layer| layer.arn == arn);
        let layer = match (&self.layer.before, &self.layer.after) {
            _ if self.layer.is_idle() => true,
            (_, Some(after)) => has(after),
            (Some(before), None) => !has(before),
            (None, None) => true,
        };
        let mut variables = self.variables.iter();
        layer
            && configuration.variables.is_ok()
            && variables.all(|(name, swap)| configuration.variable(name) == swap.after.as_deref())
    }

    /// The ARNs of a function's layers after this: those of others stay where they are.
    pub fn layers(&self, configuration: &Configuration) -> Vec<String> {
        let before = self.layer.before.as_deref();
        let mut layers = Vec::new();
        let mut is_placed = self.layer.is_idle();
        for layer in &configuration.layers {
            if is_placed || before != Some(layer.arn.as_str()) {
                layers.push(layer.arn.clone());
                continue;
            }
            layers.extend(self.layer.after.clone());
            is_placed = true;
        }
        if !is_placed {
            layers.extend(self.layer.after.clone());
        }
        layers
    }

    /// A function's variables after this.
    pub fn environment(&self, configuration: &Configuration) -> Map<String, Value> {
        let mut variables = configuration.variables.clone().unwrap_or_default();
        for (name, swap) in &self.variables {
            match &swap.after {
                Some(value) => variables.insert(name.clone(), value.clone()),
                None => variables.remove(name),
            };
        }
        variables
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect()
    }

    /// The body of `UpdateFunctionConfiguration`: what is not named stays as it is, and a function
    /// of another revision is not touched.
    pub fn request(&self, configuration: &Configuration) -> Value {
        let mut body = Map::new();
        if !self.layer.is_idle() {
            body.insert("Layers".to_owned(), json!(self.layers(configuration)));
        }
        if self.variables.values().any(|swap| !swap.is_idle()) {
            let variables = self.environment(configuration);
            body.insert("Environment".to_owned(), json!({ "Variables": variables }));
        }
        if let Some(revision) = &configuration.revision {
            body.insert("RevisionId".to_owned(), json!(revision));
        }
        Value::Object(body)
    }

    /// As it stands in the journal.
    pub fn json(&self) -> Value {
        let variables = self.variables.iter();
        let variables: Map<String, Value> = variables
            .map(|(name, swap)| (name.clone(), swap.json()))
            .collect();
        json!({ "layer": self.layer.json(), "variables": variables })
    }

    /// As it stands in the journal, read again.
    pub fn read(value: &Value) -> Option<Self> {
        let variables = value.get("variables")?.as_object()?.iter();
        Some(Self {
            layer: Swap::read(value.get("layer")?)?,
            variables: variables
                .map(|(name, swap)| Some((name.clone(), Swap::read(swap)?)))
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(layers: &[&str], variables: &[(&str, &str)]) -> Configuration {
        let layers: Vec<Value> = layers.iter().map(|arn| json!({ "Arn": arn })).collect();
        let variables: Map<String, Value> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let value = json!({ "FunctionName": "orders", "Layers": layers, "RevisionId": "7",
            "Environment": { "Variables": variables } });
        Configuration::read(&value).unwrap()
    }

    fn attached() -> Change {
        let mut change = Change {
            layer: Swap::new(None, Some("ours:2")),
            ..Change::default()
        };
        change.set("W", None, Some("/opt/w"));
        change.set("SAME", Some("a"), Some("a"));
        change
    }

    #[test]
    fn a_layer_is_added_behind_those_of_others_and_what_is_not_named_stays() {
        let change = attached();
        let before = function(&["a:1", "b:1"], &[("STAGE", "prod")]);
        let body = change.request(&before);
        assert_eq!(body["Layers"], json!(["a:1", "b:1", "ours:2"]));
        assert_eq!(
            body["Environment"]["Variables"],
            json!({ "STAGE": "prod", "W": "/opt/w" })
        );
        assert_eq!(body["RevisionId"], "7");
        let only = Change {
            layer: Swap::new(Some("a:1"), Some("a:2")),
            ..Change::default()
        };
        let body = only.request(&before);
        assert_eq!(body["Layers"], json!(["a:2", "b:1"]));
        assert!(body.get("Environment").is_none());
    }

    #[test]
    fn the_way_back_leads_to_what_was() {
        let change = attached();
        let after = function(
            &["a:1", "ours:2", "c:1"],
            &[("STAGE", "prod"), ("W", "/opt/w")],
        );
        assert!(change.is_in_place(&after));
        let back = change.reversed();
        assert!(!back.is_in_place(&after));
        let body = back.request(&after);
        assert_eq!(body["Layers"], json!(["a:1", "c:1"]));
        assert_eq!(body["Environment"]["Variables"], json!({ "STAGE": "prod" }));
        assert!(back.is_in_place(&function(&["a:1"], &[])));
    }

    #[test]
    fn two_changes_are_one_from_the_first_to_the_last() {
        let mut later = Change {
            layer: Swap::new(Some("ours:2"), Some("ours:3")),
            ..Change::default()
        };
        later.set("MODE", Some("block"), Some("monitor"));
        let both = attached().then(&later);
        assert_eq!(both.layer, Swap::new(None, Some("ours:3")));
        assert_eq!(
            both.variables["MODE"],
            Swap::new(Some("block"), Some("monitor"))
        );
        assert_eq!(both.variables["W"], Swap::new(None, Some("/opt/w")));
    }

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let change = attached();
        assert_eq!(Change::read(&change.json()), Some(change));
        assert_eq!(
            Change::read(&json!({ "layer": [1, 2], "variables": {} })),
            None
        );
    }
}
