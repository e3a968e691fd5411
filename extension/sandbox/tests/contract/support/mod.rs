//! A tiny client over a raw socket, and sandboxes whose runtime is the test itself.
//! It never hides a byte of what the API answers.

use credenza_sandbox::{Bound, Config, Extension, Invocation, Outcome, Sandbox, ViolationKind};
use std::{
    fs::Permissions, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

/// Long enough for a loaded machine; reached only by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const NEXT: &str = "/2018-06-01/runtime/invocation/next";

/// A reply as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and body in one line, for comparisons.
    pub(crate) fn summary(&self) -> String {
        format!("{} {}", self.status, self.text().trim_end())
    }

    pub(crate) fn request_id(&self) -> &str {
        self.header("lambda-runtime-aws-request-id")
    }
}

/// One connection to the API.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(api: SocketAddr) -> Self {
        let stream = TcpStream::connect(api).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request with a length.
    pub(crate) async fn request(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let mut bytes = format!(
            "{method} {path} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes).await;
    }

    pub(crate) async fn get(&mut self, path: &str, headers: &str) -> Reply {
        let request = format!("GET {path} HTTP/1.1\r\nHost: sandbox\r\n{headers}\r\n");
        self.send(request.as_bytes()).await;
        self.reply().await
    }

    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Reply {
        self.request("POST", path, headers, body).await;
        self.reply().await
    }

    /// Begins to wait for an event, without waiting for it here.
    pub(crate) async fn begin_next(&mut self) {
        let request = format!("GET {NEXT} HTTP/1.1\r\nHost: sandbox\r\n\r\n");
        self.send(request.as_bytes()).await;
    }

    pub(crate) async fn next(&mut self) -> Reply {
        self.get(NEXT, "").await
    }

    pub(crate) async fn respond(&mut self, id: &str, body: &[u8]) -> Reply {
        self.post(&response_path(id), "", body).await
    }

    /// Reads one reply; `None` if the connection ends before it is whole.
    pub(crate) async fn try_reply(&mut self) -> Option<Reply> {
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let length = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.parse().unwrap());
        while self.buffer.len() < head_end + length {
            self.fill().await?;
        }
        let body = self.buffer[head_end..head_end + length].to_vec();
        self.buffer.drain(..head_end + length);
        Some(Reply {
            status,
            headers,
            body,
        })
    }

    pub(crate) async fn reply(&mut self) -> Reply {
        timeout(PATIENCE, self.try_reply())
            .await
            .expect("a reply in time")
            .expect("a whole reply")
    }

    /// Whether the other side ends the connection without another reply.
    pub(crate) async fn is_ended(&mut self) -> bool {
        timeout(PATIENCE, self.try_reply())
            .await
            .expect("an end in time")
            .is_none()
    }

    async fn fill(&mut self) -> Option<()> {
        let mut piece = vec![0; 65_536];
        let count = self.stream.read(&mut piece).await.ok()?;
        self.buffer.extend_from_slice(&piece[..count]);
        (count > 0).then_some(())
    }
}

pub(crate) fn response_path(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/response")
}

pub(crate) fn error_path(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/error")
}

/// A function whose process only sleeps: the test speaks for it.
pub(crate) fn silent() -> Config {
    let mut config = Config::new(["sleep", "1000"]);
    config.init_timeout = PATIENCE;
    config.timeout = PATIENCE;
    config
}

/// A sandbox in the middle of its INIT.
pub(crate) struct Starting {
    pub(crate) api: SocketAddr,
    pub(crate) sandbox: JoinHandle<Sandbox>,
}

impl Starting {
    pub(crate) async fn done(self) -> Arc<Sandbox> {
        let sandbox = timeout(PATIENCE, self.sandbox).await;
        Arc::new(sandbox.expect("INIT in time").unwrap())
    }
}

pub(crate) async fn starting(config: Config) -> Starting {
    let bound: Bound = Sandbox::bind(config).await.unwrap();
    Starting {
        api: bound.api(),
        sandbox: tokio::spawn(bound.start()),
    }
}

/// A sandbox after INIT, and the connection on which its runtime waits for an event.
pub(crate) async fn ready(config: Config) -> (Arc<Sandbox>, Client) {
    let starting = starting(config).await;
    let mut client = Client::connect(starting.api).await;
    client.begin_next().await;
    let sandbox = starting.done().await;
    assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
    (sandbox, client)
}

/// Invokes in the background.
pub(crate) fn invoking(sandbox: &Arc<Sandbox>, invocation: Invocation) -> JoinHandle<Outcome> {
    let sandbox = Arc::clone(sandbox);
    tokio::spawn(async move { sandbox.invoke(invocation).await })
}

pub(crate) async fn outcome(task: JoinHandle<Outcome>) -> Outcome {
    timeout(PATIENCE, task)
        .await
        .expect("an outcome in time")
        .unwrap()
}

pub(crate) fn violations(sandbox: &Sandbox) -> Vec<ViolationKind> {
    let all = sandbox.violations();
    all.into_iter().map(|violation| violation.kind).collect()
}

/// Waits for a condition that the sandbox brings about by itself.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("the condition in time");
}

/// A folder of this test's own, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("credenza-sandbox-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A shell script, or any text with an interpreter line.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// An extension whose process only sleeps: the test speaks for it.
    pub(crate) fn extension(&self, name: &str) -> Extension {
        Extension::new(self.script(name, "#!/bin/sh\nexec sleep 1000\n"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Registers an extension; gives its identifier.
pub(crate) async fn register(client: &mut Client, name: &str, events: &str) -> String {
    let reply = try_register(client, name, events).await;
    assert_eq!(reply.status, 200, "{}", reply.summary());
    reply.header("lambda-extension-identifier").to_owned()
}

pub(crate) async fn try_register(client: &mut Client, name: &str, events: &str) -> Reply {
    let headers = format!("Lambda-Extension-Name: {name}\r\n");
    let body = format!("{{\"events\":[{events}]}}");
    let path = "/2020-01-01/extension/register";
    client.post(path, &headers, body.as_bytes()).await
}

pub(crate) async fn begin_extension_next(client: &mut Client, identifier: &str) {
    let request = format!(
        "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: sandbox\r\n\
         Lambda-Extension-Identifier: {identifier}\r\n\r\n"
    );
    client.send(request.as_bytes()).await;
}
