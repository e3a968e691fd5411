//! The environment variables that the platform gives to runtime and extensions.
//! It never passes on a variable of the sandbox's own environment, except the search path.

use crate::{config::Extension, core::Core};

/// Search path of the managed runtimes, after which the desk's own path is kept, so that
/// interpreters are found.
const PATH: &str = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";

/// What the runtime process receives.
pub(crate) fn of_runtime(core: &Core) -> Vec<(String, String)> {
    let config = &core.config;
    let mut env = shared(core);
    let mut add = |name: &str, value: String| env.push((name.to_owned(), value));
    add("_HANDLER", config.handler.clone());
    add(
        "LAMBDA_TASK_ROOT",
        config.task_root.to_string_lossy().into_owned(),
    );
    add("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned());
    add("AWS_EXECUTION_ENV", "AWS_Lambda_sandbox".to_owned());
    add(
        "AWS_LAMBDA_LOG_GROUP_NAME",
        format!("/aws/lambda/{}", config.function_name),
    );
    add(
        "AWS_LAMBDA_LOG_STREAM_NAME",
        format!("2026/01/01/[{}]sandbox", config.function_version),
    );
    add("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".to_owned());
    add("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000".to_owned());
    if let Some(wrapper) = &config.wrapper {
        add(
            "AWS_LAMBDA_EXEC_WRAPPER",
            wrapper.to_string_lossy().into_owned(),
        );
    }
    env
}

/// What an extension receives: no name with a leading underscore, no task root, no log names
/// and no X-Ray variables (RIE `rapidcore/env/`).
pub(crate) fn of_extension(core: &Core, extension: &Extension) -> Vec<(String, String)> {
    let mut env = shared(core);
    env.retain(|(name, _)| !name.starts_with('_'));
    env.extend(extension.env.iter().cloned());
    env
}

/// The customer's variables first, then the platform's, which win.
fn shared(core: &Core) -> Vec<(String, String)> {
    let config = &core.config;
    let own_path = std::env::var("PATH").unwrap_or_default();
    let mut env = vec![
        ("PATH".to_owned(), format!("{PATH}:{own_path}")),
        ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
        ("TZ".to_owned(), ":UTC".to_owned()),
    ];
    env.extend(config.env.iter().cloned());
    let kind = config.initialization_type();
    for (name, value) in [
        ("AWS_REGION", config.region.clone()),
        ("AWS_DEFAULT_REGION", config.region.clone()),
        ("AWS_LAMBDA_FUNCTION_NAME", config.function_name.clone()),
        (
            "AWS_LAMBDA_FUNCTION_VERSION",
            config.function_version.clone(),
        ),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            config.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", kind.to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", core.runtime_api()),
    ] {
        env.push((name.to_owned(), value));
    }
    if let Some(slots) = config.concurrency {
        env.push(("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), slots.to_string()));
    }
    env
}
