//! What stands around a function, and what would go wrong with it: other proxies, batches, memory,
//! variables and logs. It never judges what it cannot see.
use credenza_policy::Settings;

use super::checks::{Finding, GIVE, Level, say};
use super::function::Function;

const THROUGH: &str = "AWS_LWA_LAMBDA_RUNTIME_API_PROXY";

/// Whether the Lambda Web Adapter is there.
pub(super) fn is_adapter(function: &Function) -> bool {
    function.layer(&["lambdaadapter", "web-adapter"]).is_some()
        || function
            .variables
            .keys()
            .any(|name| name.starts_with("AWS_LWA_"))
        || function.variable("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/bootstrap"
}

/// Whether it asks the agent for events.
pub(super) fn asks_through_us(function: &Function) -> bool {
    function.variable(THROUGH).contains(listen(function))
}

/// Where the agent listens.
fn listen(function: &Function) -> &str {
    match function.variable("CREDENZA_LISTEN") {
        "" => "127.0.0.1:9077",
        listen => listen,
    }
}

/// Other programs that stand between the function and the platform, or listen where we do.
pub(super) fn neighbours(function: &Function, all: &mut Vec<Finding>) {
    let is_adapter = is_adapter(function);
    let ours = listen(function);
    if is_adapter && function.later.contains_key(THROUGH) {
        let message = format!("{THROUGH} depends on {}", function.later[THROUGH]);
        all.push(say(Level::Note, "web adapter", &message, GIVE));
    } else if is_adapter && !asks_through_us(function) {
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
    proxies(function, all);
}

/// Other proxies of the Runtime API.
fn proxies(function: &Function, all: &mut Vec<Finding>) {
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

pub(super) fn batches(function: &Function, all: &mut Vec<Finding>) {
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

pub(super) fn memory(function: &Function, all: &mut Vec<Finding>) {
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

pub(super) fn variables(function: &Function, all: &mut Vec<Finding>) {
    let own = function
        .variables
        .iter()
        .filter(|(name, _)| name.starts_with("CREDENZA_") && !function.later.contains_key(*name));
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
    for (name, on) in &function.later {
        if name.starts_with("CREDENZA_") {
            let message = format!("{name} depends on {on}");
            all.push(say(Level::Note, "variables", &message, GIVE));
        }
    }
    if problems.is_empty() && !function.later.contains_key("CREDENZA_MODE") {
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

pub(super) fn logs(function: &Function, all: &mut Vec<Finding>) {
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
