//! Which endpoint a request means: paths compared exactly, as the platform's router does.
//! It never normalises a path: a slash too many, another case or an escape is another path.

use super::{Connection, extensions, render, render::Reply, runtime};
use crate::{
    config::AddressForm,
    core::Core,
    fault::FaultKind,
    generation::Generation,
    ledger::{Call, ViolationKind},
};
use hyper::{
    Method, Request, StatusCode, Version,
    body::Incoming,
    header::{CONNECTION, HOST},
    http::{HeaderName, HeaderValue},
};
use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

/// The connection ends here without a reply.
#[derive(Debug)]
pub(crate) struct Abort;

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was ended without a reply")
    }
}

impl std::error::Error for Abort {}

/// What a handler knows about the call it serves.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) core: Arc<Core>,
    pub(crate) generation: Arc<Generation>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) call: u64,
}

impl Exchange {
    pub(crate) fn violate(&self, kind: ViolationKind, detail: impl Into<String>) {
        self.core.violate(kind, self.connection.number, detail);
    }
}

/// The endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Ping,
    Next,
    Response(String),
    Error(String),
    InitError,
    RestoreNext,
    RestoreError,
    Register,
    ExtensionNext,
    ExtensionInitError,
    ExtensionExitError,
    Telemetry,
    Logs,
}

impl Endpoint {
    /// The endpoint with this path, and the one method it allows.
    fn find(path: &str) -> Option<(Self, Method)> {
        let rest = if path == "/ping" {
            return Some((Self::Ping, Method::GET));
        } else if let Some(rest) = path.strip_prefix("/2018-06-01/") {
            rest
        } else {
            return Self::find_of_extension(path);
        };
        Some(match rest {
            "ping" => (Self::Ping, Method::GET),
            "runtime/invocation/next" => (Self::Next, Method::GET),
            "runtime/init/error" => (Self::InitError, Method::POST),
            "runtime/restore/next" => (Self::RestoreNext, Method::GET),
            "runtime/restore/error" => (Self::RestoreError, Method::POST),
            _ => {
                let (id, action) = rest.strip_prefix("runtime/invocation/")?.split_once('/')?;
                let id = id.to_owned();
                match action {
                    "response" => (Self::Response(id), Method::POST),
                    "error" => (Self::Error(id), Method::POST),
                    _ => return None,
                }
            }
        })
    }

    fn find_of_extension(path: &str) -> Option<(Self, Method)> {
        Some(match path {
            "/2020-01-01/extension/register" => (Self::Register, Method::POST),
            "/2020-01-01/extension/event/next" => (Self::ExtensionNext, Method::GET),
            "/2020-01-01/extension/init/error" => (Self::ExtensionInitError, Method::POST),
            "/2020-01-01/extension/exit/error" => (Self::ExtensionExitError, Method::POST),
            "/2022-07-01/telemetry" => (Self::Telemetry, Method::PUT),
            "/2020-08-15/logs" => (Self::Logs, Method::PUT),
            _ => return None,
        })
    }

    fn of_runtime(&self) -> bool {
        matches!(
            self,
            Self::Next
                | Self::Response(_)
                | Self::Error(_)
                | Self::InitError
                | Self::RestoreNext
                | Self::RestoreError
        )
    }
}

/// Serves one request.
pub(crate) async fn answer(
    core: Weak<Core>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    let core = core.upgrade().ok_or(Abort)?;
    let generation = core.generation().ok_or(Abort)?;
    let _pending = connection.pend();
    let call = core
        .ledger
        .begin(describe(&request, &connection, &generation));
    let exchange = Exchange {
        core: Arc::clone(&core),
        generation,
        connection,
        call,
    };
    // Waiting handlers must not keep the core alive beyond the sandbox.
    drop(core);
    let ledger = Arc::downgrade(&exchange.core);
    let reply = dispatch(exchange, request).await?;
    if let Some(core) = ledger.upgrade() {
        core.ledger.reply(call, reply.status().as_u16());
    }
    Ok(reply)
}

fn describe(request: &Request<Incoming>, connection: &Connection, of: &Generation) -> Call {
    Call {
        index: 0,
        at: Duration::ZERO,
        connection: connection.number,
        generation: of.number,
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body_bytes: 0,
        body_hash: 0,
        status: None,
        replied_at: None,
    }
}

async fn dispatch(exchange: Exchange, request: Request<Incoming>) -> Result<Reply, Abort> {
    if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
        exchange.violate(ViolationKind::MalformedRequest, "no Host header");
        let mut reply = render::with_type(
            StatusCode::BAD_REQUEST,
            "text/plain; charset=utf-8",
            "400 Bad Request: missing required Host header".into(),
        );
        reply
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        return Ok(reply);
    }
    if let Some(reply) = instead(&exchange, request.uri().path()) {
        return Ok(reply);
    }
    let path = strip_prefix(&exchange, request.uri().path());
    let Some((endpoint, method)) = path.and_then(Endpoint::find) else {
        exchange.violate(ViolationKind::UnknownEndpoint, request.uri().to_string());
        return Ok(render::not_found());
    };
    if *request.method() != method {
        let detail = format!("{} {}", request.method(), request.uri());
        exchange.violate(ViolationKind::UnknownEndpoint, detail);
        return Ok(render::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    if endpoint.of_runtime() && !exchange.generation.read(|state| state.runtime_started) {
        let detail = request.uri().to_string();
        exchange.violate(ViolationKind::CallBeforeRuntime, detail);
    }
    match endpoint {
        Endpoint::Ping => Ok(render::with_type(
            StatusCode::OK,
            "text/plain; charset=utf-8",
            "pong".into(),
        )),
        Endpoint::Next => runtime::next(exchange, request).await,
        Endpoint::Response(id) => runtime::response(exchange, id, request).await,
        Endpoint::Error(id) => runtime::error(exchange, id, request).await,
        Endpoint::InitError => runtime::init_error(exchange, request).await,
        Endpoint::RestoreNext => runtime::restore_next(exchange).await,
        Endpoint::RestoreError => runtime::restore_error(exchange, request).await,
        Endpoint::Register => extensions::register(exchange, request).await,
        Endpoint::ExtensionNext => extensions::next(exchange, request).await,
        Endpoint::ExtensionInitError => Ok(extensions::init_error(&exchange, &request)),
        Endpoint::ExtensionExitError => Ok(extensions::exit_error(&exchange, &request)),
        Endpoint::Telemetry if exchange.core.config.telemetry => {
            extensions::subscribe(exchange, request).await
        }
        Endpoint::Telemetry => Ok(extensions::not_supported("Telemetry")),
        // Superseded by the Telemetry API, and only one of the two may be used (2.7).
        Endpoint::Logs => Ok(extensions::not_supported("Logs")),
    }
}

/// The reply of a fault plan, if it takes this call upon itself.
fn instead(exchange: &Exchange, path: &str) -> Option<Reply> {
    let plan = exchange.core.config.faults.as_ref()?;
    match plan.instead(path)? {
        FaultKind::Raw(bytes) => {
            exchange.connection.replace_reply(bytes.clone());
            Some(render::empty(StatusCode::OK))
        }
        FaultKind::Reply {
            status,
            headers,
            body,
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            let mut reply = render::json_text(status, body.clone());
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes());
                if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                    reply.headers_mut().append(name, value);
                }
            }
            Some(reply)
        }
        _ => None,
    }
}

/// Takes away the path prefix of the address form.
fn strip_prefix<'a>(exchange: &Exchange, path: &'a str) -> Option<&'a str> {
    match &exchange.core.config.address_form {
        AddressForm::Url { prefix } => path.strip_prefix('/')?.strip_prefix(prefix.as_str()),
        AddressForm::Plain | AddressForm::Localhost => Some(path),
    }
}
