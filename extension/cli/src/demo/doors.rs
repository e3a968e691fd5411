//! The demo's two front doors: the same function, alone and protected, for curl and a browser.
//! It never opens one beyond loopback.
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpListener;

use super::{View, serve, view};
use crate::arguments::Format;
use crate::front_door::{self, Call};
use crate::interrupt::Interrupt;
use crate::stage::Stage;

/// Keeps both sides, unprotected and protected, open until Ctrl-C.
pub(super) async fn open(
    sides: &[Arc<Stage>; 2],
    shown: &View,
    mut interrupt: Interrupt,
) -> anyhow::Result<()> {
    let unprotected = front_door::open(None).await?;
    let protected = front_door::open(None).await?;
    let addresses = (unprotected.local_addr()?, protected.local_addr()?);
    invite(addresses, shown);
    let [alone, guarded] = sides;
    tokio::select! {
        () = receive(alone, unprotected, *shown) => Ok(()),
        () = receive(guarded, protected, *shown) => Ok(()),
        () = interrupt.wait() => {
            // The terminal shows `^C` for the key; what comes next has a line of its own.
            shown.text(|_| "\n".to_owned());
            Ok(())
        }
    }
}

/// Prints where to knock and what to say.
fn invite(addresses: (SocketAddr, SocketAddr), shown: &View) {
    let (unprotected, protected) = addresses;
    if shown.format == Format::Json {
        let doors = serde_json::json!({ "http": {
            "unprotected": format!("http://{unprotected}"),
            "protected": format!("http://{protected}"),
        } });
        return super::write(&format!("{doors}\n"));
    }
    // Plus signs, so that the line fits on a terminal of 80 columns.
    let dump = "id=-1+union+select+id,secret+from+users";
    let lines = [
        (
            "honest".to_owned(),
            format!("curl 'http://{protected}/q?id=7'"),
        ),
        (
            "attack, alone".to_owned(),
            format!("curl 'http://{unprotected}/q?{dump}'"),
        ),
        (
            "attack, protected".to_owned(),
            format!("curl 'http://{protected}/q?{dump}'"),
        ),
        (
            "browser".to_owned(),
            format!("http://{unprotected}/  and  http://{protected}/"),
        ),
    ];
    shown.text(|painter| view::invitation(&lines, painter));
}

async fn receive(stage: &Arc<Stage>, door: TcpListener, shown: View) {
    let stage = Arc::clone(stage);
    front_door::serve(door, move |Call { line, event }| {
        let stage = Arc::clone(&stage);
        async move { guest(&stage, shown, &line, event).await }
    })
    .await;
}

async fn guest(stage: &Stage, shown: View, line: &str, event: Bytes) -> Result<Bytes, String> {
    let serving = serve(stage, event).await;
    let side = if stage.is_protected() {
        "protected"
    } else {
        "unprotected"
    };
    shown.text(|painter| view::guest(side, line, &serving.served, &serving.records, painter));
    serving.output
}
