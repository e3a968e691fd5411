//! What would be done with a function, and what stands in the way.
//! It never asks anybody: what it says follows from the configuration alone.
use std::collections::BTreeMap;

use crate::change::{Change, Swap};
use crate::configuration::{Configuration, Update};
use crate::layer::{Architecture, LayerArn, is_ours};
use crate::owner::Owner;
use crate::start::Start;

/// The variable that names a program which starts the runtime.
pub const WRAPPER_VARIABLE: &str = "AWS_LAMBDA_EXEC_WRAPPER";
/// Ours.
pub const WRAPPER: &str = "/opt/credenza-wrapper";
/// What a function does with what is found.
pub const MODE_VARIABLE: &str = "CREDENZA_MODE";
/// The wrapper that ours starts.
pub const NEXT_VARIABLE: &str = "CREDENZA_NEXT_WRAPPER";
/// Where the Lambda Web Adapter asks for events.
pub const ADAPTER_VARIABLE: &str = "AWS_LWA_LAMBDA_RUNTIME_API_PROXY";
/// The adapter's wrapper, which starts a web server and no runtime.
const ADAPTER_WRAPPER: &str = "/opt/bootstrap";
/// Where the agent listens if it is not told otherwise.
const LISTEN: &str = "127.0.0.1:9077";

// Limit: the platform's own (AWS Lambda quotas): five layers, 250 MB unzipped with the code.
const LAYERS_MAX: usize = 5;
const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// What the agent takes unzipped, licence and bill of materials included.
const OWN_BYTES: u64 = 4_000_000;
/// Zips of programs unpack to some three times their size.
const UNPACKED_TIMES: u64 = 3;
// Limit: the platform's own: 4 KB of variables, measured as their JSON, which its refusal repeats
// ("String measured: {…}").
const VARIABLES_BYTES_MAX: usize = 4096;

/// What is wanted of all functions.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The layer of each architecture.
    pub layers: BTreeMap<Architecture, LayerArn>,
    /// The mode, if one is to be set whatever a function has.
    pub mode: Option<String>,
    /// Whether ours starts the wrapper that is there; otherwise such a function is left alone.
    pub chains: bool,
}

/// What would be done with a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is changed.
    Change(Change),
    /// It is as it should be, and why.
    Keep(String),
    /// It cannot be as it should be, and why.
    Leave(String),
}

/// A function, and what would be done with it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The function.
    pub configuration: Configuration,
    /// What would be done.
    pub step: Step,
    /// What else one should know.
    pub notes: Vec<String>,
    /// Who deployed it.
    pub owner: Option<Owner>,
}

/// What `attach` would do with a function, and what one should know of it.
pub fn attach(configuration: &Configuration, wish: &Wish) -> (Step, Vec<String>) {
    let mut notes = Vec::new();
    let step = match change(configuration, wish, &mut notes) {
        Err(obstacle) => Step::Leave(obstacle),
        Ok(change) if change.is_idle() => Step::Keep("attached already".to_owned()),
        Ok(change) => Step::Change(change),
    };
    if let Update::Failed(why) = &configuration.update {
        notes.push(format!("its last change failed: {why}"));
    }
    (step, notes)
}

fn change(
    configuration: &Configuration,
    wish: &Wish,
    notes: &mut Vec<String>,
) -> Result<Change, String> {
    is_startable(configuration)?;
    if let Err(why) = &configuration.variables {
        return Err(format!(
            "its variables cannot be read, and would be lost: {why}"
        ));
    }
    let mut change = Change {
        layer: layer(configuration, wish, notes)?,
        ..Change::default()
    };
    size(configuration, &change, notes)?;
    wrapper(configuration, wish, &mut change, notes)?;
    let mode = configuration.variable(MODE_VARIABLE);
    match (&wish.mode, mode) {
        (None, Some(mode)) if mode != "monitor" => {
            notes.push(format!("{MODE_VARIABLE}={mode} is set already and stays"));
        }
        (None, Some(_)) => (),
        (wanted, mode) => {
            let wanted = wanted.as_deref().unwrap_or("monitor");
            change.set(MODE_VARIABLE, mode, Some(wanted));
        }
    }
    let environment = serde_json::Value::Object(change.environment(configuration));
    let bytes = environment.to_string().len();
    if bytes > VARIABLES_BYTES_MAX && !change.variables.is_empty() {
        return Err(format!(
            "its variables would take {bytes} of {VARIABLES_BYTES_MAX} bytes"
        ));
    }
    Ok(change)
}

/// Whether there is a way in by a layer and a wrapper at all.
fn is_startable(configuration: &Configuration) -> Result<(), String> {
    let runtime = &configuration.runtime;
    if configuration.is_replica {
        return Err("a copy at the edge takes no layers".to_owned());
    }
    match configuration.start {
        Start::Managed => Ok(()),
        Start::Image => Err("an image takes no layers; see deploy/image".to_owned()),
        Start::OsOnly => Err(format!("{runtime} ignores wrappers; see deploy/os-only")),
        Start::Old => Err(format!("{runtime} is older than wrappers")),
        Start::Unknown => Err(format!("nobody knows whether {runtime} honours wrappers")),
    }
}

fn layer(
    configuration: &Configuration,
    wish: &Wish,
    notes: &mut Vec<String>,
) -> Result<Swap, String> {
    let architecture = configuration.architecture.as_ref();
    let architecture = architecture.map_err(|name| format!("there is no layer for {name}"))?;
    let wanted = wish.layers.get(architecture);
    let wanted = wanted.ok_or_else(|| format!("no layer for {architecture} was given"))?;
    let arns = configuration.layers.iter().map(|layer| layer.arn.as_str());
    let ours: Vec<&str> = arns.filter(|arn| is_ours(arn, Some(wanted))).collect();
    let old = match ours.as_slice() {
        [] if configuration.layers.len() >= LAYERS_MAX => {
            return Err("all five places for layers are taken".to_owned());
        }
        [] => None,
        [one] => Some(*one),
        _ => return Err("it has our layer twice; take one off first".to_owned()),
    };
    if let Some(old) = old
        .filter(|old| *old != wanted.text())
        .and_then(LayerArn::read)
    {
        notes.push(format!("{} gives way to {}", old.short(), wanted.short()));
    }
    Ok(Swap::new(old, Some(wanted.text())))
}

/// What is known is what is packed; the platform counts what is unpacked.
fn size(
    configuration: &Configuration,
    change: &Change,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    if change.layer.before.is_some() {
        return Ok(());
    }
    let layers = configuration.layers.iter().map(|layer| layer.bytes);
    let packed = layers.fold(configuration.code_bytes, u64::saturating_add);
    let megabytes = packed.div_ceil(1_000_000);
    if packed.saturating_add(OWN_BYTES) > UNZIPPED_BYTES_MAX {
        return Err(format!(
            "code and layers are {megabytes} MB packed already; the limit is 250 MB unpacked"
        ));
    }
    if packed.saturating_mul(UNPACKED_TIMES) > UNZIPPED_BYTES_MAX {
        notes.push(format!(
            "code and layers are {megabytes} MB packed, and may exceed 250 MB unpacked with ours"
        ));
    }
    Ok(())
}

fn wrapper(
    configuration: &Configuration,
    wish: &Wish,
    change: &mut Change,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    let set = |name| {
        configuration
            .variable(name)
            .filter(|value: &&str| !value.is_empty())
    };
    match set(WRAPPER_VARIABLE) {
        Some(WRAPPER) => (),
        Some(ADAPTER_WRAPPER) if has_adapter(configuration) => adapter(configuration, change)?,
        Some(other) => {
            if !wish.chains {
                return Err(format!(
                    "it has the wrapper {other}; --chain has ours start it"
                ));
            }
            if let Some(next) = set(NEXT_VARIABLE).filter(|next| *next != other) {
                return Err(format!(
                    "it has the wrapper {other}, and {NEXT_VARIABLE}={next}"
                ));
            }
            notes.push(format!("ours starts {other}"));
            change.set(
                NEXT_VARIABLE,
                configuration.variable(NEXT_VARIABLE),
                Some(other),
            );
            change.set(WRAPPER_VARIABLE, Some(other), Some(WRAPPER));
        }
        None => change.set(
            WRAPPER_VARIABLE,
            configuration.variable(WRAPPER_VARIABLE),
            Some(WRAPPER),
        ),
    }
    Ok(())
}

/// By its layer, or by a variable of its own.
fn has_adapter(configuration: &Configuration) -> bool {
    let mut layers = configuration.layers.iter();
    let variables = configuration.variables.iter().flatten();
    layers.any(|layer| layer.arn.contains(":layer:LambdaAdapterLayer"))
        || variables
            .into_iter()
            .any(|(name, _)| name.starts_with("AWS_LWA_"))
}

/// The adapter asks for events itself, so it is told where we are, and keeps its wrapper.
fn adapter(configuration: &Configuration, change: &mut Change) -> Result<(), String> {
    let listen = configuration.variable("CREDENZA_LISTEN").unwrap_or(LISTEN);
    let ours = format!("http://{listen}");
    match configuration.variable(ADAPTER_VARIABLE) {
        Some(other) if other != ours && other != listen => Err(format!(
            "its web adapter asks for events at {other} already"
        )),
        Some(_) => Ok(()),
        None => {
            change.set(ADAPTER_VARIABLE, None, Some(&ours));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
