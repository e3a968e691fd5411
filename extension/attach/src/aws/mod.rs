//! The Lambda API: seven calls, signed, paced and repeated where that helps.
//! It never changes anything but by [`Lambda::update`].
mod credentials;
mod pace;
mod profile;
mod refusal;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::Value;

use crate::configuration::Configuration;
use crate::layer::{Architecture, LayerArn};
use credentials::Source;
pub use pace::Pace;
pub use refusal::{Kind, Refusal};

/// The environment, by name.
pub type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

// Limit: 50 functions with 4 KB of variables and some KB of the rest each are far below this.
const ANSWER_BYTES_MAX: u64 = 32 << 20;
// Limit: with waits up to 20 s nine repetitions are some two minutes of throttling.
const TRIES_MAX: u32 = 10;
// Limit: an address that has never answered is wrong more often than busy.
const TRIES_UNHEARD_MAX: u32 = 2;
// Limit: the API answers in a second or two.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// Where to call, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The region, if the command line has one.
    pub region: Option<String>,
    /// The profile, if the command line has one.
    pub profile: Option<String>,
    /// The address of the API, if it is not that of AWS.
    pub endpoint: Option<String>,
}

/// The Lambda API of one region, as one caller.
pub struct Lambda {
    /// The region.
    pub region: String,
    endpoint: String,
    agent: ureq::Agent,
    source: Source,
    credentials: Mutex<Credentials>,
    pace: Pace,
    /// Whether anything was ever answered.
    is_heard: AtomicBool,
}

impl std::fmt::Debug for Lambda {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lambda")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// One call.
struct Call<'a> {
    method: &'a str,
    path: String,
    body: String,
}

impl Lambda {
    /// Finds region, address and credentials; an error says what is missing.
    pub fn new(account: &Account, variables: Box<Variables>, pace: Pace) -> Result<Self, String> {
        let set = |name: &str| variables(name).filter(|value| !value.is_empty());
        let name = profile::name(account.profile.as_deref(), &variables);
        let profile = profile::read(&name, &variables);
        let region = account.region.clone();
        let region = region
            .or_else(|| set("AWS_REGION"))
            .or_else(|| set("AWS_DEFAULT_REGION"))
            .or_else(|| profile.get("region").cloned())
            .ok_or("no region is told: --region, AWS_REGION, or `region` in the profile")?;
        let endpoint = account.endpoint.clone();
        let endpoint = endpoint
            .or_else(|| set("AWS_ENDPOINT_URL_LAMBDA"))
            .or_else(|| set("AWS_ENDPOINT_URL"))
            .or_else(|| profile.get("endpoint_url").cloned())
            .unwrap_or_else(|| of_region(&region));
        let agent = agent(set("AWS_CA_BUNDLE").as_deref())?;
        let source = Source {
            profile: account.profile.clone(),
            variables,
        };
        let credentials = Mutex::new(source.find()?);
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            region,
            agent,
            source,
            credentials,
            pace,
            is_heard: AtomicBool::new(false),
        })
    }

    /// A page of functions: the `FunctionConfiguration`s, and where the next page begins.
    pub fn functions(
        &self,
        marker: Option<&str>,
    ) -> Result<(Vec<Configuration>, Option<String>), Refusal> {
        let marker = marker.map(|marker| format!("&Marker={}", escaped(marker)));
        let marker = marker.unwrap_or_default();
        let page = self.read(format!("/2015-03-31/functions/?MaxItems=50{marker}"))?;
        let functions = page.get("Functions").and_then(Value::as_array);
        let functions = functions.into_iter().flatten();
        let next = page.get("NextMarker").and_then(Value::as_str);
        let next = next.filter(|next| !next.is_empty()).map(str::to_owned);
        Ok((functions.filter_map(Configuration::read).collect(), next))
    }

    /// The configuration of a function as it is now.
    pub fn configuration(&self, function: &str) -> Result<Configuration, Refusal> {
        let path = format!("/2015-03-31/functions/{}/configuration", escaped(function));
        let answer = self.read(path)?;
        Configuration::read(&answer).ok_or_else(|| Refusal::of_way(&"no configuration came"))
    }

    /// Changes a function's configuration; gives what it is then.
    pub fn update(&self, function: &str, body: &Value) -> Result<Configuration, Refusal> {
        let answer = self.call(&Call {
            method: "PUT",
            path: format!("/2015-03-31/functions/{}/configuration", escaped(function)),
            body: body.to_string(),
        })?;
        Configuration::read(&answer).ok_or_else(|| Refusal::of_way(&"no configuration came"))
    }

    /// The tags of a function.
    pub fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let answer = self.read(format!("/2017-03-31/tags/{}", escaped(arn)))?;
        let tags = answer.get("Tags").and_then(Value::as_object);
        let tags = tags.into_iter().flatten();
        Ok(tags
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or_default();
                (name.clone(), value.to_owned())
            })
            .collect())
    }

    /// The aliases of a function that lead to a published version.
    pub fn aliases(&self, function: &str) -> Result<Vec<String>, Refusal> {
        let answer = self.read(format!(
            "/2015-03-31/functions/{}/aliases",
            escaped(function)
        ))?;
        let aliases = answer.get("Aliases").and_then(Value::as_array);
        let aliases = aliases.into_iter().flatten().filter_map(|alias| {
            let version = alias.get("FunctionVersion")?.as_str()?;
            let name = alias.get("Name")?.as_str()?;
            (version != "$LATEST").then(|| name.to_owned())
        });
        Ok(aliases.collect())
    }

    /// The architectures that a layer's version is for, as its publisher says.
    pub fn architectures(&self, layer: &LayerArn) -> Result<Vec<Architecture>, Refusal> {
        let arn = escaped(layer.text());
        let answer = self.read(format!("/2018-10-31/layers?find=LayerVersion&Arn={arn}"))?;
        let names = answer
            .get("CompatibleArchitectures")
            .and_then(Value::as_array);
        let names = names.into_iter().flatten();
        Ok(names
            .filter_map(|name| Architecture::named(name.as_str()?))
            .collect())
    }

    /// The newest version of the layer of an architecture in this account.
    pub fn newest(&self, architecture: Architecture) -> Result<Option<LayerArn>, Refusal> {
        let name = architecture.layer();
        let answer = match self.read(format!("/2018-10-31/layers/{name}/versions")) {
            Err(refusal) if refusal.kind == Kind::Absent => return Ok(None),
            answer => answer?,
        };
        let versions = answer.get("LayerVersions").and_then(Value::as_array);
        let arns = versions
            .into_iter()
            .flatten()
            .filter_map(|version| LayerArn::read(version.get("LayerVersionArn")?.as_str()?));
        Ok(arns.max_by_key(|arn| arn.version))
    }

    fn read(&self, path: String) -> Result<Value, Refusal> {
        self.call(&Call {
            method: "GET",
            path,
            body: String::new(),
        })
    }

    /// Calls, and calls again where that may help.
    fn call(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let mut has_renewed = false;
        for tries in 1..=TRIES_MAX {
            self.pace.wait();
            match self.once(call) {
                Err(refusal) if refusal.kind == Kind::Expired && !has_renewed => {
                    has_renewed = true;
                    let new = self.source.find().map_err(|why| Refusal {
                        message: format!("{}; and there are no new ones: {why}", refusal.message),
                        ..refusal
                    })?;
                    *self
                        .credentials
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = new;
                }
                Err(refusal) if refusal.kind.passes() && tries < self.tries_max() => {
                    let is_throttled = refusal.kind == Kind::Throttled;
                    self.pace.back_off(tries, is_throttled);
                }
                outcome => return outcome,
            }
        }
        Err(Refusal::of_way(&"no answer"))
    }

    fn tries_max(&self) -> u32 {
        if self.is_heard.load(Ordering::Relaxed) {
            TRIES_MAX
        } else {
            TRIES_UNHEARD_MAX
        }
    }

    fn once(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let uri = format!("{}{}", self.endpoint, call.path);
        let mut request = ureq::http::Request::builder()
            .method(call.method)
            .uri(&uri)
            .header("content-type", "application/json");
        for (name, value) in self.signature(call, &uri)? {
            request = request.header(name, value);
        }
        let request = request.body(call.body.as_str());
        let request = request.map_err(|error| Refusal::of_way(&error))?;
        let mut answer = match call.method {
            "GET" => self.agent.run(request.map(|_| ())),
            _ => self.agent.run(request),
        }
        .map_err(|error| Refusal::of_way(&error))?;
        self.is_heard.store(true, Ordering::Relaxed);
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = bytes
            .read_to_vec()
            .map_err(|error| Refusal::of_way(&error))?;
        if answer.status().is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| Refusal::of_way(&error));
        }
        let code = answer.headers().get("x-amzn-errortype");
        let code = code.and_then(|code| code.to_str().ok());
        Err(Refusal::read(status, code, &bytes))
    }

    /// The headers that prove who calls (Signature Version 4).
    fn signature(&self, call: &Call<'_>, uri: &str) -> Result<Vec<(String, String)>, Refusal> {
        let credentials = self.credentials.lock();
        let credentials = credentials.unwrap_or_else(PoisonError::into_inner).clone();
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| Refusal::of_way(&error))?;
        let headers = [("content-type", "application/json")];
        let body = SignableBody::Bytes(call.body.as_bytes());
        let request = SignableRequest::new(call.method, uri, headers.into_iter(), body)
            .map_err(|error| Refusal::of_way(&error))?;
        let signed = sign(request, &params.into()).map_err(|error| Refusal::of_way(&error))?;
        let (headers, _) = signed.into_parts().0.into_parts();
        let headers = headers.iter();
        Ok(headers
            .map(|header| (header.name().to_owned(), header.value().to_owned()))
            .collect())
    }
}

/// The address of the API in a region.
fn of_region(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://lambda.{region}.amazonaws.com{suffix}")
}

/// The one who calls, who trusts the authorities of browsers, or those in a file.
fn agent(bundle: Option<&str>) -> Result<ureq::Agent, String> {
    let mut builder = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(CALL_TIME_MAX))
        .user_agent(concat!("credenza/", env!("CARGO_PKG_VERSION")));
    if let Some(bundle) = bundle {
        let told = |error: &dyn std::fmt::Display| format!("AWS_CA_BUNDLE {bundle}: {error}");
        let text = std::fs::read(bundle).map_err(|error| told(&error))?;
        let mut certificates = Vec::new();
        for item in ureq::tls::parse_pem(&text) {
            if let ureq::tls::PemItem::Certificate(certificate) =
                item.map_err(|error| told(&error))?
            {
                certificates.push(certificate);
            }
        }
        let roots = ureq::tls::RootCerts::new_with_certs(&certificates);
        let tls = ureq::tls::TlsConfig::builder().root_certs(roots).build();
        builder = builder.tls_config(tls);
    }
    Ok(builder.build().into())
}

/// A text as one piece of a path or query.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
