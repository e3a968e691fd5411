//! The account: two hundred functions in the emulator, made and read without the tool.
//! It never signs a call: the emulator asks for no signature.
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::kinds::{kind_of, name_of, variables};
use super::{FUNCTIONS, REGION};
use crate::deploy::Bench;
use crate::deploy::emulator::{Emulator, function_zip};
use crate::publish::base64;

/// The emulator's API, without a signature: it asks for none.
pub(super) struct Api<'a> {
    pub(super) address: &'a str,
    /// ARNs of layers by their names.
    pub(super) layers: BTreeMap<&'static str, String>,
}

impl Api<'_> {
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=testing/20260101/{REGION}/lambda/\
             aws4_request, SignedHeaders=host, Signature=none\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "{method} {path}: {status}: {body}");
        Ok(serde_json::from_str(body).unwrap_or_default())
    }

    fn publish(&mut self, name: &'static str, layer: &str, zip: &str) -> Result<()> {
        let body = json!({ "Content": { "ZipFile": zip } });
        let answer = self.call(
            "POST",
            &format!("/2018-10-31/layers/{layer}/versions"),
            &body,
        )?;
        let arn = answer["LayerVersionArn"]
            .as_str()
            .context("a layer has an ARN")?;
        self.layers.insert(name, arn.to_owned());
        Ok(())
    }

    fn create(&self, at: usize, role: &str, zip: &str) -> Result<()> {
        let (kind, name) = (kind_of(at), name_of(at));
        let layers: Vec<&String> = kind
            .layers
            .iter()
            .map(|layer| &self.layers[layer])
            .collect();
        let mut body = json!({
            "FunctionName": name, "Role": role, "Layers": layers, "Timeout": 10,
            "MemorySize": 256, "Architectures": [kind.architecture],
            "Tags": { "team": if at.is_multiple_of(2) { "even" } else { "odd" } },
        });
        if kind.name == "image" {
            let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1";
            body["Code"] = json!({ "ImageUri": image });
            body["PackageType"] = json!("Image");
        } else {
            body["Code"] = json!({ "ZipFile": zip });
            body["Runtime"] = json!(kind.runtime);
            body["Handler"] = json!("app.handler");
        }
        if !kind.variables.is_empty() {
            body["Environment"] = json!({ "Variables": variables(kind) });
        }
        if kind.name == "private" {
            body["VpcConfig"] = json!({ "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] });
        }
        if kind.name == "layered" {
            body["Tags"]["aws:cloudformation:stack-name"] = json!("shop");
        }
        self.call("POST", "/2015-03-31/functions", &body)?;
        if kind.name == "published" {
            let path = format!("/2015-03-31/functions/{name}");
            self.call("POST", &format!("{path}/versions"), &json!({}))?;
            let alias = json!({ "Name": "live", "FunctionVersion": "1" });
            self.call("POST", &format!("{path}/aliases"), &alias)?;
        }
        Ok(())
    }

    /// Every function's configuration as the list tells it, in one call.
    pub(super) fn listed(&self) -> Result<BTreeMap<String, Value>> {
        let answer = self.call("GET", "/2015-03-31/functions/?MaxItems=500", &Value::Null)?;
        let functions = answer["Functions"]
            .as_array()
            .context("a list of functions")?;
        let named = functions.iter().map(|one| {
            let name = one["FunctionName"].as_str().unwrap_or_default();
            (name.to_owned(), without_counts(one.clone()))
        });
        Ok(named.collect())
    }

    /// Every function's whole configuration, but for what the service itself counts up.
    pub(super) fn all(&self) -> Result<BTreeMap<String, Value>> {
        let mut all = BTreeMap::new();
        for at in 0..FUNCTIONS {
            let name = name_of(at);
            let path = format!("/2015-03-31/functions/{name}/configuration");
            let one = self.call("GET", &path, &Value::Null)?;
            all.insert(name, without_counts(one));
        }
        Ok(all)
    }
}

fn without_counts(mut configuration: Value) -> Value {
    if let Some(members) = configuration.as_object_mut() {
        members.remove("LastModified");
        members.remove("RevisionId");
    }
    configuration
}

/// ARNs of a function's layers.
pub(super) fn arns(configuration: &Value) -> Vec<String> {
    let layers = configuration["Layers"].as_array();
    let layers = layers.into_iter().flatten();
    layers
        .filter_map(|layer| Some(layer["Arn"].as_str()?.to_owned()))
        .collect()
}

/// The functions, made in the emulator.
pub(super) fn populate(
    bench: &Bench,
    emulator: &Emulator,
) -> Result<BTreeMap<&'static str, String>> {
    let role = emulator.role(bench)?;
    let zip = base64(&fs::read(function_zip(bench)?)?);
    let mut api = Api {
        address: &emulator.endpoint,
        layers: BTreeMap::new(),
    };
    for name in [
        "other-1",
        "other-2",
        "other-3",
        "other-4",
        "other-5",
        "Datadog-Extension",
        "LambdaAdapterLayerX86",
        "credenza-arm64",
    ] {
        api.publish(name, name, &zip)?;
    }
    api.publish("credenza-x86-64-old", "credenza-x86-64", &zip)?;
    api.publish("credenza-x86-64", "credenza-x86-64", &zip)?;
    for at in 0..FUNCTIONS {
        api.create(at, &role, &zip)?;
    }
    Ok(api.layers)
}
