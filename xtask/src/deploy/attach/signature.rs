//! The signature of a call, computed again by the AWS CLI's own library.
//! It never uses a key that opens anything.
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::REGION;
use crate::deploy::Bench;
use crate::deploy::kit::Kit;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const LAYER: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64:1";

/// Signs what a JSON text describes; the signed headers are those that it holds.
const PROGRAM: &str = "\
import json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
told = json.loads(sys.argv[1])
request = AWSRequest(method='GET', url=told['url'], data=b'', headers=told['headers'])
request.context['timestamp'] = told['headers']['x-amz-date']
auth = SigV4Auth(Credentials('id', 'secret', 'token'), 'lambda', told['region'])
text = auth.string_to_sign(request, auth.canonical_request(request))
print(auth.signature(text, request))
";

/// Has the tool call once; gives the lines of its head.
fn call(bench: &Bench, program: &Path, listener: &TcpListener) -> Result<Vec<String>> {
    let endpoint = format!("http://{}", listener.local_addr()?);
    let mut tool = Command::new(program)
        .args(["attach", FUNCTION, "--layer", LAYER, "--region", REGION])
        .args(["--endpoint-url", &endpoint])
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_SESSION_TOKEN", "token")
        .current_dir(&bench.logs)
        .stdout(Stdio::null())
        .spawn()?;
    let (mut stream, _) = listener.accept()?;
    let mut lines = Vec::new();
    for line in BufReader::new(&stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    write!(
        stream,
        "HTTP/1.1 404 Told\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    )?;
    tool.wait()?;
    Ok(lines)
}

/// Has the tool call once, and compares its signature with that of the library.
pub(super) fn prove(bench: &Bench, program: &Path) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let lines = call(bench, program, &listener)?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let path = lines.first().and_then(|line| line.split(' ').nth(1));
    let path = path.context("a call has a path")?;
    ensure!(
        path.contains("%3Afunction%3Aorders"),
        "the tool called {path}"
    );
    let fields = lines.iter().filter_map(|line| line.split_once(": "));
    let fields: BTreeMap<String, &str> = fields
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect();
    let told = fields.get("authorization").context("a call is signed")?;
    let part = |name: &str| {
        let parts = told
            .split_once(' ')
            .map_or("", |(_, parts)| parts)
            .split(", ");
        let mut parts = parts.filter_map(|part| part.split_once('='));
        parts
            .find(|(one, _)| *one == name)
            .map(|(_, value)| value.to_owned())
    };
    let signed = part("SignedHeaders").context("signed headers")?;
    let headers = signed
        .split(';')
        .map(|name| (name, fields.get(name).copied()));
    let headers: BTreeMap<&str, Option<&str>> = headers.collect();
    ensure!(
        headers.contains_key("host"),
        "the host is not signed: {signed}"
    );
    ensure!(
        headers.contains_key("x-amz-security-token"),
        "nor the token: {signed}"
    );
    let request = json!({ "url": format!("{endpoint}{path}"), "headers": headers,
        "region": REGION });
    let mut python = Kit::Emulator.program("python");
    let again = bench.run(
        "attach-signature",
        python.args(["-c", PROGRAM, &request.to_string()]),
    )?;
    let signature = part("Signature").context("a signature")?;
    ensure!(
        signature == again.trim(),
        "signed {signature}, and should be {again}"
    );
    Ok(())
}
