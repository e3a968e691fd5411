//! The HTTP front door: what a Function URL does between a browser and the function.
//! It never listens beyond loopback and never keeps a request's bytes.
mod event;
mod reply;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::failure::Failure;

/// Where the front door opens when nobody says where.
pub(crate) const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

// Limit: the next 32 ports after the default are tried; whoever uses them all names one.
const PORTS_TRIED: u16 = 32;

// Limit: an event of Lambda's is at most 6 MiB; the body alone cannot be more.
const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;

/// What a guest asked for, as far as the live view shows it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Method, path and query as they came.
    pub(crate) line: String,
    /// The Function URL event made of it.
    pub(crate) event: Bytes,
}

/// Opens the door at `address`, or at the default address or the next free port after it.
pub(crate) async fn open(address: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    let Some(address) = address else {
        return open_default().await;
    };
    if !address.ip().is_loopback() {
        let fix = "use 127.0.0.1 or [::1]; a vulnerable function is nothing for a network";
        return Err(Failure::new(address, "this is not a loopback address", fix).into());
    }
    let fix = "name another one, or port 0 for any free port";
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new(address, error, fix).into())
}

async fn open_default() -> anyhow::Result<TcpListener> {
    let first = DEFAULT_ADDRESS.port();
    for port in first..first + PORTS_TRIED {
        if let Ok(listener) = TcpListener::bind((DEFAULT_ADDRESS.ip(), port)).await {
            return Ok(listener);
        }
    }
    let reason = format!("this port and the {} after it are taken", PORTS_TRIED - 1);
    Err(Failure::new(
        DEFAULT_ADDRESS,
        reason,
        "name a free one with --http ADDRESS",
    )
    .into())
}

/// Serves guests until the future is dropped, and them with it.
///
/// `invoke` turns a call into the function's output.
pub(crate) async fn serve<I, F>(listener: TcpListener, invoke: I)
where
    I: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Bytes, String>> + Send + 'static,
{
    let invoke = Arc::new(invoke);
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    guests.spawn(guest(stream, Arc::clone(&invoke)));
                }
                // Out of file descriptors, most likely: wait for some to come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            // Who has left is forgotten, or the set would grow for ever.
            Some(_) = guests.join_next() => (),
        }
    }
}

async fn guest<I, F>(stream: TcpStream, invoke: Arc<I>)
where
    I: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Bytes, String>> + Send + 'static,
{
    // Small answers must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let invoke = Arc::clone(&invoke);
        async move { Ok::<_, std::convert::Infallible>(answer(request, &*invoke).await) }
    });
    // A guest who leaves early is no concern of the function's.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<I, F>(request: Request<Incoming>, invoke: &I) -> Response<Full<Bytes>>
where
    I: Fn(Call) -> F,
    F: Future<Output = Result<Bytes, String>>,
{
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return reply::error(413, "the body is larger than an event may be");
    };
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let call = Call {
        line: format!("{} {target}", head.method),
        event: event::build(&head, &body.to_bytes()),
    };
    match invoke(call).await {
        Ok(output) => reply::build(&output),
        Err(reason) => reply::error(502, &reason),
    }
}

#[cfg(test)]
mod tests;
