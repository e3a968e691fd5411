//! The endpoints of the Extensions API (2020-01-01).
//! It never sends an event by itself; the supervisors in `life` do.

use super::{
    answer::{Arrival, Reading},
    render::{self, Reply},
    route::{Abort, Exchange},
};
use crate::{
    generation::{ExtensionEvent, ExtensionPhase, ExtensionState, State},
    ledger::ViolationKind,
    random,
    telemetry::Subscription,
};
use hyper::{
    Request, StatusCode,
    body::Incoming,
    http::{HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: &str = "lambda-extension-identifier";
const FEATURES: &str = "lambda-extension-accept-feature";
const ERROR_TYPE: &str = "lambda-extension-function-error-type";

/// Limit: 10 extensions, external and internal together (RIE `core/registrations.go`).
pub(crate) const EXTENSIONS_MAX: usize = 10;

/// A refusal: the error type and its message.
struct Refused(&'static str, String);

/// `POST /extension/register`.
pub(crate) async fn register(
    exchange: Exchange,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    if exchange.core.config.extensions_disabled {
        return Ok(render::empty(StatusCode::NOT_FOUND));
    }
    let name = text(&request, NAME);
    let features = text(&request, FEATURES);
    let arrival = Arrival::new(&request, &exchange.connection, true);
    let core = Arc::clone(&exchange.core);
    let reading = arrival
        .read(request.into_body(), None, None, || core.ledger.now())
        .await;
    if reading == Reading::Truncated {
        return Err(Abort);
    }
    let (bytes, hash) = arrival.digest();
    core.ledger.body(exchange.call, bytes, hash);
    let result = parse_events(&name, &arrival.body()).and_then(|events| {
        let managed = exchange.generation.managed;
        let change = |state: &mut State| enlist(state, managed, &name, &events);
        exchange.generation.with(change)
    });
    let identifier = match result {
        Ok(identifier) => identifier,
        Err(refused) => return Ok(refuse(&exchange, &refused)),
    };
    let config = &core.config;
    let mut body = json!({
        "functionName": config.function_name,
        "functionVersion": config.function_version,
        "handler": config.handler,
    });
    let wants_account = features
        .split(',')
        .any(|feature| feature.trim() == "accountId");
    if let (true, Some(body)) = (wants_account, body.as_object_mut()) {
        body.insert(
            "accountId".to_owned(),
            Value::from(config.account_id.clone()),
        );
    }
    let mut reply = render::json_text(StatusCode::OK, format!("{body}\n").into());
    if let Ok(value) = HeaderValue::from_str(&identifier) {
        let name = HeaderName::from_static(IDENTIFIER);
        reply.headers_mut().insert(name, value);
    }
    Ok(reply)
}

fn parse_events(name: &str, body: &[u8]) -> Result<Vec<String>, Refused> {
    if name.is_empty() {
        let message = "Empty extension name".to_owned();
        return Err(Refused("Extension.InvalidExtensionName", message));
    }
    let invalid = |message: String| Refused("InvalidRequestFormat", message);
    let body: Value = serde_json::from_slice(body).map_err(|e| invalid(e.to_string()))?;
    let keys = body.get("configurationKeys").and_then(Value::as_array);
    if keys.is_some_and(|keys| !keys.is_empty()) {
        let message = "configurationKeys are deprecated; use environment variables instead";
        return Err(invalid(message.to_owned()));
    }
    match body.get("events") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(events)) => events
            .iter()
            .map(|event| event.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| invalid("events must be strings".to_owned())),
        Some(_) => Err(invalid("events must be an array".to_owned())),
    }
}

fn enlist(
    state: &mut State,
    managed: bool,
    name: &str,
    events: &[String],
) -> Result<String, Refused> {
    let external = state
        .extensions
        .iter()
        .position(|extension| extension.name == name && !extension.internal);
    if managed && external.is_none() && !events.is_empty() {
        let message = "No events allowed for internal extensions".to_owned();
        return Err(Refused("Extension.InvalidEventType", message));
    }
    for event in events {
        let problem = match event.as_str() {
            "INVOKE" if managed => Some("ErrorInvalidEventType"),
            "SHUTDOWN" if external.is_none() => {
                Some("ShutdownEventNotSupportedForInternalExtension")
            }
            "INVOKE" | "SHUTDOWN" => None,
            _ => Some("ErrorInvalidEventType"),
        };
        if let Some(problem) = problem {
            let message = format!("{event}: {problem}");
            return Err(Refused("Extension.InvalidEventType", message));
        }
    }
    let place = match external {
        Some(place) => place,
        None => admit_internal(state, name)?,
    };
    let Some(extension) = state.extensions.get_mut(place) else {
        return Err(invalid_state("Started", "Registered", name));
    };
    if extension.phase != ExtensionPhase::Started {
        return Err(invalid_state(extension.phase.name(), "Registered", name));
    }
    extension.phase = ExtensionPhase::Registered;
    extension.on_invoke = events.iter().any(|event| event == "INVOKE");
    extension.on_shutdown = events.iter().any(|event| event == "SHUTDOWN");
    Ok(extension.identifier.clone())
}

fn admit_internal(state: &mut State, name: &str) -> Result<usize, Refused> {
    if !state.registration_open {
        let message = "Extension registration closed already".to_owned();
        return Err(Refused("Extension.RegistrationClosed", message));
    }
    if state.extensions.len() >= EXTENSIONS_MAX {
        let message = format!("Extension limit ({EXTENSIONS_MAX}) reached");
        return Err(Refused("Extension.TooManyExtensions", message));
    }
    if state
        .extensions
        .iter()
        .any(|extension| extension.name == name)
    {
        let message = "Extension with this name already registered".to_owned();
        return Err(Refused("Extension.InvalidExtensionState", message));
    }
    state.extensions.push(ExtensionState::new(name, true));
    Ok(state.extensions.len().saturating_sub(1))
}

impl ExtensionState {
    /// An extension that has not registered yet.
    pub(crate) fn new(name: &str, internal: bool) -> Self {
        Self {
            name: name.to_owned(),
            internal,
            phase: ExtensionPhase::Started,
            identifier: random::uuid(),
            on_invoke: false,
            on_shutdown: false,
            waiter: None,
            shutdown: None,
        }
    }
}

/// `GET /extension/event/next`: waits without limit.
pub(crate) async fn next(exchange: Exchange, request: Request<Incoming>) -> Result<Reply, Abort> {
    let change = |state: &mut State| {
        let extension = identified(state, &request)?;
        match extension.phase {
            ExtensionPhase::Registered | ExtensionPhase::Running => {
                extension.phase = ExtensionPhase::Ready;
                let (sender, receiver) = oneshot::channel();
                match extension.shutdown.take() {
                    Some(body) => {
                        extension.phase = ExtensionPhase::Running;
                        let _ = sender.send(ExtensionEvent {
                            identifier: None,
                            body,
                        });
                    }
                    None => extension.waiter = Some(sender),
                }
                Ok(receiver)
            }
            phase => Err(invalid_state(phase.name(), "Ready", &extension.identifier)),
        }
    };
    let receiver = match exchange.generation.with(change) {
        Ok(receiver) => receiver,
        Err(refused) => return Ok(refuse(&exchange, &refused)),
    };
    let event = receiver.await.map_err(|_| Abort)?;
    let mut reply = render::json_text(StatusCode::OK, event.body.into());
    if let Some(Ok(value)) = event.identifier.map(|id| HeaderValue::from_str(&id)) {
        let name = HeaderName::from_static("lambda-extension-event-identifier");
        reply.headers_mut().insert(name, value);
    }
    Ok(reply)
}

/// `POST /extension/init/error`: the extension gives up before its first `next`.
pub(crate) fn init_error(exchange: &Exchange, request: &Request<Incoming>) -> Reply {
    give_up(
        exchange,
        request,
        ExtensionPhase::InitError,
        "Extension.InitError",
    )
}

/// `POST /extension/exit/error`: the extension gives up.
pub(crate) fn exit_error(exchange: &Exchange, request: &Request<Incoming>) -> Reply {
    give_up(
        exchange,
        request,
        ExtensionPhase::ExitError,
        "Extension.ExitError",
    )
}

fn give_up(
    exchange: &Exchange,
    request: &Request<Incoming>,
    into: ExtensionPhase,
    error_type: &'static str,
) -> Reply {
    let reason = text(request, ERROR_TYPE);
    let change = |state: &mut State| {
        let extension = identified(state, request)?;
        if reason.is_empty() {
            let message = "Lambda-Extension-Function-Error-Type not found".to_owned();
            return Err(Refused("Extension.MissingHeader", message));
        }
        let allowed = match extension.phase {
            ExtensionPhase::Registered => true,
            ExtensionPhase::Ready | ExtensionPhase::Running => into == ExtensionPhase::ExitError,
            phase => phase == into,
        };
        if !allowed {
            let from = extension.phase.name();
            return Err(invalid_state(from, into.name(), &extension.identifier));
        }
        extension.phase = into;
        Ok(extension.name.clone())
    };
    match exchange.generation.with(change) {
        Ok(name) => {
            exchange
                .generation
                .fail(error_type, format!("{name}: {reason}"));
            render::accepted()
        }
        Err(refused) => refuse(exchange, &refused),
    }
}

/// `PUT /telemetry`: a registered extension subscribes, until INIT is over (2.7).
pub(crate) async fn subscribe(
    exchange: Exchange,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    let identify = |state: &mut State| Ok(identified(state, &request)?.name.clone());
    let name = match exchange.generation.with(identify) {
        Ok(name) => name,
        Err(refused) => return Ok(refuse(&exchange, &refused)),
    };
    let arrival = Arrival::new(&request, &exchange.connection, true);
    let core = Arc::clone(&exchange.core);
    // Limit: 1 MiB on Managed Instances ([RIE] `rapi/router.go`), taken for both kinds here.
    let reading = arrival
        .read(request.into_body(), Some(1_048_576), None, || {
            core.ledger.now()
        })
        .await;
    if reading == Reading::Truncated {
        return Err(Abort);
    }
    let (bytes, hash) = arrival.digest();
    core.ledger.body(exchange.call, bytes, hash);
    if reading == Reading::TooLarge {
        exchange.violate(
            ViolationKind::ExtensionRefused,
            "a subscription above 1 MiB",
        );
        return Ok(render::empty(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let subscription = match Subscription::parse(&arrival.body()) {
        Ok(subscription) => subscription,
        Err(problems) => {
            exchange.violate(ViolationKind::ExtensionRefused, problems.clone());
            let status = StatusCode::BAD_REQUEST;
            return Ok(render::error(status, "ValidationError", &problems));
        }
    };
    let telemetry = &exchange.generation.telemetry;
    if telemetry.subscribe(&name, subscription) {
        return Ok(render::json_text(StatusCode::OK, "\"OK\"".into()));
    }
    let message = "Telemetry subscription closed already".to_owned();
    let refused = Refused("Telemetry.SubscriptionClosed", message);
    Ok(refuse(&exchange, &refused))
}

/// The reply of a platform without this API (RIE, measured): a non-committal 202.
pub(crate) fn not_supported(api: &str) -> Reply {
    render::error(
        StatusCode::ACCEPTED,
        &format!("{api}.NotSupported"),
        &format!("{api} API is not supported"),
    )
}

fn identified<'a>(
    state: &'a mut State,
    request: &Request<Incoming>,
) -> Result<&'a mut ExtensionState, Refused> {
    let identifier = text(request, IDENTIFIER);
    if identifier.is_empty() {
        let message = "Missing Lambda-Extension-Identifier header".to_owned();
        return Err(Refused("Extension.MissingExtensionIdentifier", message));
    }
    if !random::is_uuid(&identifier) {
        let message = "Invalid Lambda-Extension-Identifier".to_owned();
        return Err(Refused("Extension.InvalidExtensionIdentifier", message));
    }
    state
        .extensions
        .iter_mut()
        .find(|extension| extension.identifier.eq_ignore_ascii_case(&identifier))
        .ok_or_else(|| {
            let message = format!("Unknown extension {identifier}");
            Refused("Extension.UnknownExtensionIdentifier", message)
        })
}

fn invalid_state(from: &str, to: &str, who: &str) -> Refused {
    let message = format!(
        "State transition from {from} to {to} failed for extension {who}. \
         Error: State transition is not allowed"
    );
    Refused("Extension.InvalidExtensionState", message)
}

fn refuse(exchange: &Exchange, refused: &Refused) -> Reply {
    let detail = format!("{}: {}", refused.0, refused.1);
    exchange.violate(ViolationKind::ExtensionRefused, detail);
    render::error(StatusCode::FORBIDDEN, refused.0, &refused.1)
}

fn text(request: &Request<Incoming>, name: &str) -> String {
    request
        .headers()
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}
