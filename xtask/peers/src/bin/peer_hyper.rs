//! A bare proxy as most would write it: hyper's server and client on one thread.
//! It never inspects, retries or times out.
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

fn main() -> Result<()> {
    let (upstream, listen) = credenza_peers::addresses()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind(listen).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            // The bench ends the process; a broken connection ends its task alone.
            tokio::task::spawn_local(async move {
                serve(stream, upstream).await.unwrap_or_default();
            });
        }
    })
}

/// Serves one connection with one kept connection to the platform.
async fn serve(stream: TcpStream, upstream: SocketAddr) -> Result<()> {
    stream.set_nodelay(true)?;
    let platform = TcpStream::connect(upstream).await?;
    platform.set_nodelay(true)?;
    let (sender, connection) =
        hyper::client::conn::http1::handshake::<_, Incoming>(TokioIo::new(platform)).await?;
    tokio::task::spawn_local(async move { connection.await.unwrap_or_default() });
    let sender = Rc::new(RefCell::new(Some(sender)));
    let service = service_fn(move |request| forward(Rc::clone(&sender), request));
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

async fn forward(
    kept: Rc<RefCell<Option<SendRequest<Incoming>>>>,
    request: Request<Incoming>,
) -> Result<Response<Incoming>> {
    let mut sender = kept
        .borrow_mut()
        .take()
        .context("a second request in flight")?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    kept.borrow_mut().replace(sender);
    Ok(response)
}
