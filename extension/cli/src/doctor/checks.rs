//! What would go wrong with a function's start, each with why and the exact fix.
//! It never calls something wrong that it cannot see.
use credenza_attach::start::Start;

use super::function::Function;
use super::surroundings::{batches, logs, memory, neighbours, variables};
use super::{chain, package};

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The function would fail, or not be protected.
    Wrong,
    /// It would work, and not as one might think.
    Doubtful,
    /// Worth knowing.
    Note,
    /// As it should be.
    Good,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Doubtful => "doubtful",
            Self::Note => "note",
            Self::Good => "good",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at: `runtime`, `layers`, …
    pub(super) subject: &'static str,
    pub(super) message: String,
    /// What to do; empty where nothing is to be done.
    pub(super) fix: String,
}

pub(super) fn say(level: Level, subject: &'static str, message: &str, fix: &str) -> Finding {
    Finding {
        level,
        subject,
        message: message.to_owned(),
        fix: fix.to_owned(),
    }
}

/// Everything, the worst first.
pub(super) fn all(function: &Function) -> Vec<Finding> {
    let mut all = Vec::new();
    runtime(function, &mut all);
    layers(function, &mut all);
    architecture(function, &mut all);
    chain::wrapper(function, &mut all);
    package::look(function, &mut all);
    timeout(function, &mut all);
    neighbours(function, &mut all);
    batches(function, &mut all);
    memory(function, &mut all);
    variables(function, &mut all);
    logs(function, &mut all);
    all.sort_by_key(|finding| finding.level);
    all
}

/// How the function's program is started decides which way in there is.
pub(super) fn kind(function: &Function) -> Start {
    Start::of(&function.runtime, function.is_image)
}

fn runtime(function: &Function, all: &mut Vec<Finding>) {
    let name = &function.runtime;
    all.push(match kind(function) {
        Start::Managed => {
            let message = format!("{name} honours AWS_LAMBDA_EXEC_WRAPPER");
            say(Level::Good, "runtime", &message, "")
        }
        Start::OsOnly => package::bootstrap(function),
        Start::Image => say(
            Level::Doubtful,
            "runtime",
            "an image takes no layers, and knows the wrapper only if its base is one of AWS's",
            &format!(
                "in the Dockerfile:\nCOPY target/layer/{}/opt /opt\n\
                 ENTRYPOINT [\"/opt/extensions/credenza-agent\", \"wrap\", \"--\", \
                 \"/lambda-entrypoint.sh\"]",
                function.architecture
            ),
        ),
        Start::Old => say(
            Level::Wrong,
            "runtime",
            &format!("{name} is older than wrappers: nothing would be inspected"),
            "move the function to a runtime of today; AWS has ended this one",
        ),
        Start::Unknown => say(
            Level::Note,
            "runtime",
            "which runtime this is cannot be told",
            "give `aws lambda get-function-configuration --function-name NAME`, or a template",
        ),
    });
}

// Limit: the platform's own (AWS Lambda quotas): five layers, 250 MB unzipped with the code.
const LAYERS_MAX: usize = 5;
const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// What the agent takes unzipped, licence and bill of materials included.
const OWN_BYTES: u64 = 4_000_000;

fn layers(function: &Function, all: &mut Vec<Finding>) {
    if kind(function) == Start::Image || function.live.is_some() {
        if let Some(live) = &function.live {
            all.push(in_place(live.has_wrapper, &live.extensions));
        }
        return;
    }
    let ours = function.layer(&["credenza"]);
    let others = function.layers.len() - usize::from(ours.is_some());
    match ours {
        Some(layer) => {
            let message = format!("the layer is attached ({})", short(&layer.name));
            all.push(say(Level::Good, "layers", &message, ""));
        }
        None if function.layers.iter().any(|layer| !layer.on.is_empty()) => {
            let on = function
                .layers
                .iter()
                .flat_map(|layer| layer.on.iter().cloned());
            let on: Vec<String> = on.collect();
            let message = format!("whether the layer is attached depends on {}", on.join(", "));
            all.push(say(Level::Note, "layers", &message, GIVE));
        }
        None if others >= LAYERS_MAX => all.push(say(
            Level::Wrong,
            "layers",
            "all five places for layers are taken",
            "merge two of the layers into one, or put the agent into the package: \
             /var/task cannot hold extensions, a layer can",
        )),
        None => all.push(say(
            Level::Wrong,
            "layers",
            "the layer is not attached",
            &format!(
                "add to Layers, beside the {others} that are there:\n\
                 arn:aws:lambda:REGION:ACCOUNT:layer:credenza-{}:VERSION",
                layer_suffix(&function.architecture)
            ),
        )),
    }
    if function.layers.len() > LAYERS_MAX {
        let message = format!(
            "{} layers, and a function takes five",
            function.layers.len()
        );
        let fix = "merge two of the other layers into one";
        all.push(say(Level::Wrong, "layers", &message, fix));
    }
    sizes(function, ours.is_some(), all);
}

/// How to tell what a template does not.
pub(super) const GIVE: &str = "give its value: --parameter NAME=VALUE";

// Limit: the platform's default is 3 s. An INIT that failed is done again inside the first
// invocation, under this very limit (Lambda's documentation, "Lambda execution environment").
const TIMEOUT_S_MIN: u64 = 3;

fn timeout(function: &Function, all: &mut Vec<Finding>) {
    if let Some(seconds) = function
        .timeout_s
        .filter(|seconds| *seconds < TIMEOUT_S_MIN)
    {
        let message = format!(
            "{seconds} s is less than the platform's default of 3: an INIT that is done again \
             counts against it"
        );
        all.push(say(Level::Doubtful, "timeout", &message, "Timeout: 3"));
    }
}

fn in_place(has_wrapper: bool, extensions: &[String]) -> Finding {
    let has_agent = extensions.iter().any(|name| name == "credenza-agent");
    match (has_agent, has_wrapper) {
        (true, true) => say(Level::Good, "layers", "agent and wrapper lie in /opt", ""),
        (true, false) => say(
            Level::Wrong,
            "layers",
            "the agent lies in /opt, and its wrapper does not",
            "publish the layer's zip as `cargo xtask layer` builds it, with both files",
        ),
        (false, _) => say(
            Level::Wrong,
            "layers",
            "there is no agent in /opt/extensions",
            "attach the layer to the function",
        ),
    }
}

fn sizes(function: &Function, is_attached: bool, all: &mut Vec<Finding>) {
    let known: Vec<u64> = function
        .layers
        .iter()
        .filter_map(|layer| layer.bytes)
        .collect();
    let packed = function.code_bytes.unwrap_or_default() + known.iter().sum::<u64>();
    if packed == 0 {
        return;
    }
    let own = if is_attached { 0 } else { OWN_BYTES };
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    if packed + own > UNZIPPED_BYTES_MAX {
        let message = format!(
            "code and layers are {} MB packed; unpacked with the agent they exceed 250 MB",
            megabytes(packed)
        );
        let fix = "make the package smaller, or move the function to an image";
        all.push(say(Level::Wrong, "size", &message, fix));
    } else if packed * 3 > UNZIPPED_BYTES_MAX {
        // Zips of programs unpack to some three times their size.
        let message = format!(
            "code and layers are {} MB packed, and may come near 250 MB unpacked; the agent adds 4",
            megabytes(packed)
        );
        let fix = "unpack them once and add the sizes: `unzip -l FILE.zip | tail -1`";
        all.push(say(Level::Doubtful, "size", &message, fix));
    } else {
        let message = format!("{} MB packed, the agent adds 4 unpacked", megabytes(packed));
        all.push(say(Level::Good, "size", &message, ""));
    }
}

fn layer_suffix(architecture: &str) -> &'static str {
    if architecture == "arm64" {
        "arm64"
    } else {
        "x86-64"
    }
}

/// The name and version of a layer, without region and account.
fn short(arn: &str) -> &str {
    arn.split_once(":layer:").map_or(arn, |(_, name)| name)
}

fn architecture(function: &Function, all: &mut Vec<Finding>) {
    let Some(layer) = function.layer(&["credenza"]) else {
        return;
    };
    if function.architecture.is_empty() {
        let message = "which architecture this is depends on a parameter";
        all.push(say(Level::Note, "architecture", message, GIVE));
        return;
    }
    let name = short(&layer.name).to_lowercase();
    let (wants, other) = if function.architecture == "arm64" {
        ("arm64", ["x86-64", "x86_64", "amd64"].as_slice())
    } else {
        ("x86_64", ["arm64", "aarch64"].as_slice())
    };
    let is_other = layer.on.is_empty() && other.iter().any(|word| name.contains(word));
    if is_other {
        let fix = format!(
            "use the layer credenza-{} instead of {}",
            layer_suffix(&function.architecture),
            short(&layer.name)
        );
        let message = format!("the function is {wants}, and the layer is not: INIT would fail");
        all.push(say(Level::Wrong, "architecture", &message, &fix));
    } else {
        all.push(say(Level::Good, "architecture", wants, ""));
    }
}
