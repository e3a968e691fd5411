//! A template of SAM or CloudFormation with the layer on its functions, as a patch.
//! It never changes a file, and never writes a template anew: what is not added stays to the byte.
mod edit;
mod tree;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Result;
use credenza_attach::change::Change;
use credenza_attach::configuration::Configuration;
use credenza_attach::layer::{Architecture, LayerArn};
use credenza_attach::plan::{self, Step, Wish};
use serde_json::{Value, json};

use crate::Outcome;
use crate::doctor;
use crate::failure::Failure;
use crate::goes_on;
use edit::Edits;
use tree::Node;

const FIX: &str = "give a template of SAM or CloudFormation in YAML or JSON; for others there are \
                   folders in deploy/";

/// Whether a word on the command line is a file: names of functions have neither dot nor slash.
pub(super) fn is_template(subject: &str) -> bool {
    !subject.starts_with("arn:") && subject.contains(['.', '/'])
}

/// Prints the patch of each template; what cannot be done goes to stderr.
pub(super) fn run(files: &[&String], wish: &Wish) -> Result<Outcome> {
    let mut outcome = Outcome::Clean;
    for file in files {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| Failure::new(file, error, FIX))?;
        let patched = patch(&text, wish).map_err(|reason| Failure::new(file, reason, FIX))?;
        for line in &patched.told {
            let _ = writeln!(io::stderr(), "{file}: {line}");
        }
        if patched.is_left {
            outcome = Outcome::Findings;
        }
        goes_on(
            io::stdout()
                .lock()
                .write_all(patched.edits.unified(file, &text).as_bytes()),
        )?;
    }
    Ok(outcome)
}

/// What becomes of a template.
struct Patched {
    edits: Edits,
    /// What one should know of its functions.
    told: Vec<String>,
    /// Whether a function cannot be as it is to be.
    is_left: bool,
}

fn patch(text: &str, wish: &Wish) -> Result<Patched, String> {
    let tree = tree::read(text)?;
    let resources = tree.member("Resources").ok_or("it has no resources")?;
    let mut patched = Patched {
        edits: Edits::default(),
        told: Vec::new(),
        is_left: false,
    };
    for (name, configuration) in &configurations(text, wish, &mut patched.told)? {
        let (step, notes) = plan::attach(configuration, wish);
        let notes = notes.iter().map(|note| format!("{name}: {note}"));
        patched.told.extend(notes);
        let outcome = match step {
            Step::Keep(_) => continue,
            Step::Leave(why) => Err(why),
            Step::Change(change) => resources
                .member(name)
                .and_then(|resource| resource.member("Properties"))
                .ok_or_else(|| "it has no properties of its own".to_owned())
                .and_then(|properties| add(text, properties, &change)),
        };
        match outcome {
            Ok(edits) => patched.edits.extend(edits),
            Err(why) => {
                patched.told.push(format!("{name}: left: {why}"));
                patched.is_left = true;
            }
        }
    }
    Ok(patched)
}

/// The functions of a template, told as the Lambda API would tell them.
fn configurations(
    text: &str,
    wish: &Wish,
    told: &mut Vec<String>,
) -> Result<BTreeMap<String, Configuration>, String> {
    let mut all = BTreeMap::new();
    for function in doctor::functions_of(text)? {
        let (name, architecture) = (function.name, function.architecture);
        if let Some(by) = &function.architecture_by {
            told.push(format!(
                "{name}: {by} is a parameter; the layer is for {architecture}"
            ));
        }
        let ours = Architecture::named(&architecture).and_then(|one| wish.layers.get(&one));
        let layers: Vec<Value> = function
            .layers
            .iter()
            .map(|layer| match ours {
                // A reference to something of that name is our layer, whatever its version.
                Some(ours) if is_reference_to_ours(&layer.name) => json!({ "Arn": ours.text() }),
                _ => json!({ "Arn": layer.name }),
            })
            .collect();
        let package = if function.is_image { "Image" } else { "Zip" };
        let value = json!({
            "FunctionName": name, "PackageType": package, "Architectures": [architecture],
            "Runtime": function.runtime,
            "Layers": layers, "Environment": { "Variables": function.variables },
        });
        if let Some(configuration) = Configuration::read(&value) {
            all.insert(name, configuration);
        }
    }
    Ok(all)
}

fn is_reference_to_ours(layer: &str) -> bool {
    LayerArn::read(layer).is_none() && layer.to_lowercase().contains("credenza")
}

/// The edits that make a change of a function's properties.
fn add(text: &str, properties: &Node, change: &Change) -> Result<Edits, String> {
    let mut edits = Edits::default();
    let mut members = Vec::new();
    if let (false, Some(after)) = (change.layer.is_idle(), &change.layer.after) {
        match (properties.member("Layers"), &change.layer.before) {
            (Some(layers), Some(before)) => {
                let old = layers
                    .items()
                    .iter()
                    .find(|item| item.text() == Some(before));
                let old = old.ok_or("its older layer is no plain ARN; change it by hand")?;
                edits.replace(text, old, after)?;
            }
            (Some(layers), None) => edits.append(text, layers, after)?,
            (None, _) => members.push(("Layers", Addition::List(after.clone()))),
        }
    }
    let set = change.variables.iter();
    let set: Vec<(&str, &str)> = set
        .filter_map(|(name, swap)| Some((name.as_str(), swap.after.as_deref()?)))
        .collect();
    let environment = properties.member("Environment");
    let variables = environment.and_then(|environment| environment.member("Variables"));
    match (environment, variables) {
        (_, Some(variables)) => {
            let mut missing = Vec::new();
            for (name, value) in set {
                match variables.member(name) {
                    Some(old) => edits.replace(text, old, value)?,
                    None => missing.push((name, Addition::Text(value.to_owned()))),
                }
            }
            edits.insert(text, variables, &missing)?;
        }
        _ if set.is_empty() => (),
        (Some(environment), None) => {
            let all = Addition::map(&set);
            edits.insert(text, environment, &[("Variables", all)])?;
        }
        (None, _) => {
            let all = Addition::Map(vec![("Variables".to_owned(), Addition::map(&set))]);
            members.push(("Environment", all));
        }
    }
    edits.insert(text, properties, &members)?;
    Ok(edits)
}

/// What is added to a template.
#[derive(Clone, Debug)]
pub(super) enum Addition {
    Text(String),
    /// A list of one text.
    List(String),
    Map(Vec<(String, Self)>),
}

impl Addition {
    fn map(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter();
        let texts =
            pairs.map(|(name, value)| ((*name).to_owned(), Self::Text((*value).to_owned())));
        Self::Map(texts.collect())
    }

    /// As lines of a block, each with an indentation; the first follows a name and a colon.
    fn block(&self, name: &str, indent: usize, step: usize, out: &mut String) {
        let _ = write!(out, "{:indent$}{name}:", "");
        match self {
            Self::Text(text) => {
                let _ = writeln!(out, " {text}");
            }
            Self::List(text) => {
                let _ = writeln!(out, "\n{:within$}- {text}", "", within = indent + step);
            }
            Self::Map(members) => {
                out.push('\n');
                for (name, member) in members {
                    member.block(name, indent + step, step, out);
                }
            }
        }
    }

    /// Between brackets, in one line.
    fn flow(&self) -> String {
        match self {
            Self::Text(text) => json!(text).to_string(),
            Self::List(text) => json!([text]).to_string(),
            Self::Map(members) => {
                let members = members.iter();
                let members =
                    members.map(|(name, member)| format!("\"{name}\": {}", member.flow()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
