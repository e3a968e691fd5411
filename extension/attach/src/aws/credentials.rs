//! Who is asking: the usual places for credentials, in the usual order.
//! It never writes a credential anywhere, and never sends one but to the service that asked.
//!
//! Environment, profile (keys, a process), container, instance. What a profile says of roles and
//! of single sign-on is answered by the AWS CLI, which prints credentials for other programs.
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_credential_types::Credentials;
use serde_json::Value;

use super::Variables;
use super::profile::{self, Profile};

/// Where container credentials are, if only their path is told (Amazon ECS, task IAM roles).
const CONTAINER: &str = "http://169.254.170.2";
/// The instance metadata service.
const INSTANCE: &str = "http://169.254.169.254";

/// Where credentials come from.
pub(super) struct Source {
    /// The profile that was asked for.
    pub(super) profile: Option<String>,
    pub(super) variables: Box<Variables>,
}

impl Source {
    /// Finds credentials, or says where they were sought.
    pub(super) fn find(&self) -> Result<Credentials, String> {
        let set = |name: &str| (self.variables)(name).filter(|value| !value.is_empty());
        // A profile on the command line says more than the environment.
        if self.profile.is_none()
            && let (Some(id), Some(secret)) =
                (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY"))
        {
            return Ok(made(id, secret, set("AWS_SESSION_TOKEN")));
        }
        if self.profile.is_none()
            && set("AWS_WEB_IDENTITY_TOKEN_FILE").is_some()
            && set("AWS_ROLE_ARN").is_some()
        {
            return exported(None);
        }
        let name = profile::name(self.profile.as_deref(), &self.variables);
        let profile = profile::read(&name, &self.variables);
        if let Some(found) = of_profile(&name, &profile) {
            return found;
        }
        if self.profile.is_some() {
            return Err(format!("the profile `{name}` holds no credentials"));
        }
        if let Some(found) = self.of_container() {
            return found;
        }
        if set("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value == "true") {
            return Err("the environment and the profile hold no credentials".to_owned());
        }
        let base = set("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| INSTANCE.to_owned());
        of_instance(base.trim_end_matches('/')).map_err(|why| {
            format!(
                "the environment and the profile hold no credentials, nor has this machine: {why}"
            )
        })
    }

    /// What a container's agent hands out.
    fn of_container(&self) -> Option<Result<Credentials, String>> {
        let set = |name: &str| (self.variables)(name).filter(|value| !value.is_empty());
        let uri = set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            .map(|path| format!("{CONTAINER}{path}"))
            .or_else(|| set("AWS_CONTAINER_CREDENTIALS_FULL_URI"))?;
        let token = set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            .and_then(|file| std::fs::read_to_string(file).ok())
            .or_else(|| set("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
        let mut request = near().get(&uri);
        if let Some(token) = &token {
            request = request.header("Authorization", token.trim());
        }
        Some(text(request.call()).and_then(|text| of_json(&text)))
    }
}

/// Keys in a profile, or who makes them; nothing if it speaks of neither.
fn of_profile(name: &str, profile: &Profile) -> Option<Result<Credentials, String>> {
    let has = |key: &str| profile.contains_key(key);
    if has("role_arn") || has("sso_session") || has("sso_start_url") || has("login_session") {
        return Some(exported(Some(name)));
    }
    if let (Some(id), Some(secret)) = (
        profile.get("aws_access_key_id"),
        profile.get("aws_secret_access_key"),
    ) {
        let token = profile.get("aws_session_token").cloned();
        return Some(Ok(made(id.clone(), secret.clone(), token)));
    }
    let process = profile.get("credential_process")?;
    let mut shell = Command::new("sh");
    Some(printed(shell.arg("-c").arg(process)))
}

/// What the AWS CLI makes of a profile.
fn exported(profile: Option<&str>) -> Result<Credentials, String> {
    let mut aws = Command::new("aws");
    aws.args(["configure", "export-credentials", "--format", "process"]);
    if let Some(profile) = profile {
        aws.args(["--profile", profile]);
    }
    printed(&mut aws)
}

/// The credentials that a program prints.
fn printed(command: &mut Command) -> Result<Credentials, String> {
    let spelled = command.get_program().to_string_lossy().into_owned();
    let spelled = if spelled == "sh" {
        "credential_process".to_owned()
    } else {
        spelled
    };
    let output = command
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{spelled}`, which would make the credentials: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "`{spelled}` made no credentials: {}",
            output.status
        ));
    }
    of_json(&String::from_utf8_lossy(&output.stdout))
}

/// Instance roles: a token first, then the role's name, then its credentials.
fn of_instance(base: &str) -> Result<Credentials, String> {
    let agent = near();
    let token = agent
        .put(format!("{base}/latest/api/token"))
        .header("X-aws-ec2-metadata-token-ttl-seconds", "300")
        .send_empty();
    let token = text(token)?;
    let read = |path: &str| {
        let uri = format!("{base}/latest/meta-data/iam/security-credentials/{path}");
        text(
            agent
                .get(uri)
                .header("X-aws-ec2-metadata-token", &token)
                .call(),
        )
    };
    let role = read("")?;
    of_json(&read(role.lines().next().unwrap_or_default())?)
}

/// A caller for what is near: it answers at once or not at all, and no proxy stands before it.
fn near() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(2)))
        .proxy(None)
        .build()
        .into()
}

fn text(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    answer
        .body_mut()
        .read_to_string()
        .map_err(|error| error.to_string())
}

/// Credentials as processes, containers and instances spell them.
fn of_json(text: &str) -> Result<Credentials, String> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("AccessKeyId"), text("SecretAccessKey")) {
        (Some(id), Some(secret)) => Ok(made(
            id,
            secret,
            text("SessionToken").or_else(|| text("Token")),
        )),
        _ => Err("what came are no credentials".to_owned()),
    }
}

fn made(id: String, secret: String, token: Option<String>) -> Credentials {
    Credentials::new(id, secret, token, None, "credenza")
}

#[cfg(test)]
mod tests;
