//! What would go wrong with a function, each with why and the exact fix.
//! It never calls something wrong that it cannot see.
use credenza_policy::Settings;

use super::function::Function;

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

fn say(level: Level, subject: &'static str, message: &str, fix: &str) -> Finding {
    Finding {
        level,
        subject,
        message: message.to_owned(),
        fix: fix.to_owned(),
    }
}

const WRAPPER: &str = "/opt/credenza-wrapper";

/// The policy's variable for a chain, and ours before it.
fn chained(other: &str) -> String {
    format!("AWS_LAMBDA_EXEC_WRAPPER={WRAPPER}\nCREDENZA_NEXT_WRAPPER={other}")
}

/// Everything, the worst first.
pub(super) fn all(function: &Function) -> Vec<Finding> {
    let mut all = Vec::new();
    runtime(function, &mut all);
    layers(function, &mut all);
    architecture(function, &mut all);
    wrapper(function, &mut all);
    neighbours(function, &mut all);
    batches(function, &mut all);
    memory(function, &mut all);
    variables(function, &mut all);
    logs(function, &mut all);
    all.sort_by_key(|finding| finding.level);
    all
}

/// How the function's program is started decides which way in there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Honours the wrapper variable.
    Managed,
    /// Starts the function's own `bootstrap`, and knows no wrapper.
    OsOnly,
    Image,
    /// Too old for wrappers (runtimes before Amazon Linux 2).
    Old,
    Unknown,
}

fn kind(function: &Function) -> Kind {
    const OLD: [&str; 9] = [
        "java8",
        "nodejs8.10",
        "nodejs6.10",
        "python2.7",
        "python3.6",
        "python3.7",
        "ruby2.5",
        "dotnetcore2.1",
        "dotnetcore2.0",
    ];
    const MANAGED: [&str; 5] = ["nodejs", "python", "java", "dotnet", "ruby"];
    match function.runtime.as_str() {
        _ if function.is_image => Kind::Image,
        "" => Kind::Unknown,
        "go1.x" => Kind::OsOnly,
        name if name.starts_with("provided") => Kind::OsOnly,
        name if OLD.contains(&name) => Kind::Old,
        name if MANAGED.iter().any(|kind| name.starts_with(kind)) => Kind::Managed,
        _ => Kind::Unknown,
    }
}

fn runtime(function: &Function, all: &mut Vec<Finding>) {
    let name = &function.runtime;
    all.push(match kind(function) {
        Kind::Managed => {
            let message = format!("{name} honours AWS_LAMBDA_EXEC_WRAPPER");
            say(Level::Good, "runtime", &message, "")
        }
        Kind::OsOnly => say(
            Level::Wrong,
            "runtime",
            &format!("{name} ignores AWS_LAMBDA_EXEC_WRAPPER: nothing would be inspected"),
            "start the function through the agent; as `bootstrap` of the package, mode 0755:\n\
             #!/bin/sh\n\
             exec /opt/extensions/credenza-agent wrap -- /var/task/bootstrap.real\n\
             and rename your program to bootstrap.real",
        ),
        Kind::Image => say(
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
        Kind::Old => say(
            Level::Wrong,
            "runtime",
            &format!("{name} is older than wrappers: nothing would be inspected"),
            "move the function to a runtime of today; AWS has ended this one",
        ),
        Kind::Unknown => say(
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
    if kind(function) == Kind::Image || function.live.is_some() {
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
    sizes(function, ours.is_some(), all);
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
            "code and layers are {} MB packed; unpacked with the agent they cannot be within 250 MB",
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
    let name = short(&layer.name).to_lowercase();
    let (wants, other) = if function.architecture == "arm64" {
        ("arm64", ["x86-64", "x86_64", "amd64"].as_slice())
    } else {
        ("x86_64", ["arm64", "aarch64"].as_slice())
    };
    if other.iter().any(|word| name.contains(word)) {
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

fn wrapper(function: &Function, all: &mut Vec<Finding>) {
    if kind(function) == Kind::OsOnly {
        return;
    }
    let set = function.variable("AWS_LAMBDA_EXEC_WRAPPER");
    let next = function.variable("CREDENZA_NEXT_WRAPPER");
    all.push(match (set, next) {
        (WRAPPER, WRAPPER) => say(
            Level::Wrong,
            "wrapper",
            "our wrapper is told to start itself",
            "remove CREDENZA_NEXT_WRAPPER, or name the other wrapper in it",
        ),
        (WRAPPER, "") => say(Level::Good, "wrapper", "ours is set", ""),
        (WRAPPER, next) => say(
            Level::Good,
            "wrapper",
            &format!("ours is set, and starts {next}"),
            "",
        ),
        ("", _) if kind(function) == Kind::Image => return,
        ("", _) => say(
            Level::Wrong,
            "wrapper",
            "no wrapper is set: the runtime would go past the agent",
            &format!("AWS_LAMBDA_EXEC_WRAPPER={WRAPPER}"),
        ),
        (other, _) => say(
            Level::Wrong,
            "wrapper",
            &format!("the place of the wrapper is taken by {other}"),
            &chained(other),
        ),
    });
}

/// Other programs that stand between the function and the platform, or listen where we do.
fn neighbours(function: &Function, all: &mut Vec<Finding>) {
    let is_adapter = function.layer(&["lambdaadapter", "web-adapter"]).is_some()
        || function
            .variables
            .keys()
            .any(|name| name.starts_with("AWS_LWA_"))
        || function.variable("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/bootstrap";
    let through = function.variable("AWS_LWA_LAMBDA_RUNTIME_API_PROXY");
    let listen = function.variable("CREDENZA_LISTEN");
    let ours = if listen.is_empty() {
        "127.0.0.1:9077"
    } else {
        listen
    };
    if is_adapter && !through.contains(ours) {
        all.push(say(
            Level::Wrong,
            "web adapter",
            "the Lambda Web Adapter asks the platform for events itself, past any wrapper",
            &format!("AWS_LWA_LAMBDA_RUNTIME_API_PROXY=http://{ours}"),
        ));
    } else if is_adapter {
        all.push(say(
            Level::Good,
            "web adapter",
            "it asks through the agent",
            "",
        ));
    }
    if is_adapter {
        let port = [
            function.variable("AWS_LWA_PORT"),
            function.variable("PORT"),
            "8080",
        ];
        let port = port
            .into_iter()
            .find(|port| !port.is_empty())
            .unwrap_or_default();
        if ours.rsplit(':').next() == Some(port) {
            let message = format!("the web application and the agent both want port {port}");
            all.push(say(
                Level::Wrong,
                "port",
                &message,
                "CREDENZA_LISTEN=127.0.0.1:9077",
            ));
        }
    }
    if ours.ends_with(":9001") {
        let message = "port 9001 is the platform's own";
        all.push(say(
            Level::Wrong,
            "port",
            message,
            "CREDENZA_LISTEN=127.0.0.1:9077",
        ));
    }
    let datadog = ["DD_SERVERLESS_APPSEC_ENABLED", "DD_APPSEC_ENABLED"];
    if datadog
        .iter()
        .any(|name| matches!(function.variable(name), "true" | "1"))
    {
        all.push(say(
            Level::Doubtful,
            "other proxy",
            "Datadog's extension proxies the Runtime API at port 9000 as well",
            "let one stand behind the other: CREDENZA_UPSTREAM=127.0.0.1:9000, and Datadog's \
             wrapper in CREDENZA_NEXT_WRAPPER; or switch one of them off",
        ));
    }
    let api = function.variable("AWS_LAMBDA_RUNTIME_API");
    if !api.is_empty() && function.live.is_none() {
        let message = format!("AWS_LAMBDA_RUNTIME_API is set to {api} by the configuration");
        let fix = "remove it: the platform sets it; another proxy belongs into CREDENZA_UPSTREAM";
        all.push(say(Level::Wrong, "other proxy", &message, fix));
    }
}

fn batches(function: &Function, all: &mut Vec<Finding>) {
    for mapping in &function.mappings {
        let (source, name) = (mapping.source, &mapping.name);
        if mapping.reports {
            let message = format!("{source} {name} takes the names of failed records");
            let fix = format!("[source.{source}]\nreports_failures = true");
            let fix = format!("tell the policy, for the event does not:\n{fix}");
            all.push(say(Level::Note, "batches", &message, &fix));
        } else {
            all.push(say(
                Level::Doubtful,
                "batches",
                &format!(
                    "{source} {name} has no ReportBatchItemFailures: in block mode a bad record \
                     is dropped, for failing it would bring the whole batch again"
                ),
                &format!(
                    "on the event source mapping:\nFunctionResponseTypes: \
                     [ReportBatchItemFailures]\nin the policy:\n[source.{source}]\n\
                     reports_failures = true"
                ),
            ));
        }
    }
    if !function.knows_mappings && function.live.is_none() {
        all.push(say(
            Level::Note,
            "batches",
            "event source mappings are not in this configuration",
            "aws lambda list-event-source-mappings --function-name NAME > mappings.json, and \
             --mappings mappings.json",
        ));
    }
}

fn memory(function: &Function, all: &mut Vec<Finding>) {
    let Some(memory) = function.memory_mb else {
        return;
    };
    all.push(match memory {
        ..=128 => say(
            Level::Doubtful,
            "memory",
            &format!(
                "{memory} MB: the agent takes up to 12, and 1.2 times an event of 6 MB more; a \
                 share of 7 % of a processor makes INIT and large events slow"
            ),
            "MemorySize: 256",
        ),
        _ => say(
            Level::Good,
            "memory",
            &format!("{memory} MB, of which the agent takes 12"),
            "",
        ),
    });
}

// Limit: the platform's own: names and values of all variables together.
const VARIABLES_BYTES_MAX: u64 = 4096;

fn variables(function: &Function, all: &mut Vec<Finding>) {
    let own = function
        .variables
        .iter()
        .filter(|(name, _)| name.starts_with("CREDENZA_"));
    let own = own.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let (settings, problems) = Settings::read(own);
    for problem in &problems {
        let message = format!("{}: {}", problem.at, problem.message);
        all.push(say(
            Level::Wrong,
            "variables",
            &message,
            "write it as expected, or remove it",
        ));
    }
    if problems.is_empty() {
        let mode = settings
            .mode
            .map_or("the policy's, else monitor", |mode| mode.name());
        all.push(say(Level::Good, "variables", &format!("mode: {mode}"), ""));
    }
    let used = function.variables_bytes;
    // Both lines that switch it on take some 90 bytes.
    if function.live.is_none() && used + 100 > VARIABLES_BYTES_MAX {
        let message = format!("variables take {used} of 4,096 bytes; ours need some 100");
        let fix = "put a few of them into a parameter or a file";
        all.push(say(Level::Wrong, "variables", &message, fix));
    }
}

fn logs(function: &Function, all: &mut Vec<Finding>) {
    let own = function.variable("CREDENZA_LOG_LEVEL");
    let level = [
        own,
        function.variable("AWS_LAMBDA_LOG_LEVEL"),
        &function.log_level,
    ];
    let level = level
        .into_iter()
        .find(|level| !level.is_empty())
        .unwrap_or_default();
    if matches!(level.to_uppercase().as_str(), "ERROR" | "FATAL") {
        let message = format!("level {level} writes faults only: no finding would be in the log");
        all.push(say(
            Level::Wrong,
            "logs",
            &message,
            "CREDENZA_LOG_LEVEL=info",
        ));
    }
}
