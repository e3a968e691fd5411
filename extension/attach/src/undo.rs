//! What `detach` would do with a function: what was changed comes back, and no more.
//! It never undoes what somebody else has changed since.
use crate::change::{Change, Swap};
use crate::configuration::Configuration;
use crate::layer::{LayerArn, is_ours};
use crate::plan::{
    ADAPTER_VARIABLE, MODE_VARIABLE, NEXT_VARIABLE, Step, WRAPPER, WRAPPER_VARIABLE,
};

/// The way back of a function for which the journal has a change.
pub fn detach(configuration: &Configuration, done: &Change) -> (Step, Vec<String>) {
    let mut notes = Vec::new();
    if let Err(why) = &configuration.variables {
        let why = format!("its variables cannot be read, and would be lost: {why}");
        return (Step::Leave(why), notes);
    }
    let mut back = Change {
        layer: layer(configuration, done, &mut notes),
        ..Change::default()
    };
    for (name, swap) in &done.variables {
        let now = configuration.variable(name);
        if now == swap.after.as_deref() {
            back.set(name, now, swap.before.as_deref());
        } else if now != swap.before.as_deref() {
            let now = now.unwrap_or("nothing");
            notes.push(format!("{name} was changed to {now} since, and stays"));
        }
    }
    // The platform does not start a function whose wrapper is not there.
    let leaves_wrapper = configuration.variable(WRAPPER_VARIABLE) == Some(WRAPPER)
        && !back.variables.contains_key(WRAPPER_VARIABLE);
    if leaves_wrapper && back.layer.before.is_some() && back.layer.after.is_none() {
        let why = format!(
            "{WRAPPER_VARIABLE} names our wrapper and was set by somebody else; the function \
             would not start without the layer"
        );
        return (Step::Leave(why), notes);
    }
    if back.is_idle() {
        return (Step::Keep("detached already".to_owned()), notes);
    }
    (Step::Change(back), notes)
}

/// Our layer, whichever version it has by now.
fn layer(configuration: &Configuration, done: &Change, notes: &mut Vec<String>) -> Swap {
    let none = Swap::default();
    let Some(after) = done
        .layer
        .after
        .as_deref()
        .filter(|_| !done.layer.is_idle())
    else {
        return none;
    };
    let written = LayerArn::read(after);
    let arns = configuration.layers.iter().map(|layer| layer.arn.as_str());
    let before = done.layer.before.as_deref();
    let now = arns.clone().find(|arn| *arn == after).or_else(|| {
        let same = |arn: &str| match (LayerArn::read(arn), &written) {
            (Some(one), Some(other)) => one.is_version_of(other),
            _ => false,
        };
        arns.clone().find(|arn| same(arn))
    });
    match now {
        // An older version that was there before is what has to be there.
        Some(now) if Some(now) == before => none,
        Some(now) => {
            if now != after {
                notes.push(format!(
                    "{now} was put in the place of {after} since, and goes"
                ));
            }
            Swap::new(Some(now), before)
        }
        None => {
            notes.push("our layer was taken off since".to_owned());
            none
        }
    }
}

/// What is ours of a function that no journal knows, as if it had been attached without anything
/// before it; nothing if nothing is.
pub fn unknown(configuration: &Configuration) -> Option<Change> {
    let arns = configuration.layers.iter().map(|layer| layer.arn.as_str());
    let layer = arns.into_iter().find(|arn| is_ours(arn, None))?;
    let mut done = Change {
        layer: Swap::new(None, Some(layer)),
        ..Change::default()
    };
    let next = configuration.variable(NEXT_VARIABLE);
    if configuration.variable(WRAPPER_VARIABLE) == Some(WRAPPER) {
        done.set(WRAPPER_VARIABLE, next, Some(WRAPPER));
    }
    for name in [MODE_VARIABLE, NEXT_VARIABLE, ADAPTER_VARIABLE] {
        done.set(name, None, configuration.variable(name));
    }
    Some(done)
}

#[cfg(test)]
mod tests;
