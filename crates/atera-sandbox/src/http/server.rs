//! Connections.
//!
//! axum's own server cannot reset a connection, which some faults do. So this serves each connection with hyper.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot, watch},
};

/// Lets the handler of a request reset its connection. Each request has it as an extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reset(Arc<Notify>);

impl Reset {
    /// Resets the connection, as if the network failed. It never returns, since nobody is left to answer.
    pub(crate) async fn connection(&self) -> ! {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Serves until the sender of `stopped` is dropped. Connections then finish the response that they are sending.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    // Connections watch this; they notice when it is dropped with this function.
    let (_closing, closed) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            // No value is ever sent: the sandbox drops the sender.
            _ = &mut stopped => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone(), closed.clone()));
            }
            // Either one connection failed, or the process is out of file handles, which passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one connection until the client closes it, the server stops, or a request resets it.
async fn connection(stream: TcpStream, router: Router, mut closed: watch::Receiver<()>) {
    let reset = Reset::default();
    let handle = reset.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(handle.clone());
        TowerToHyperService::new(router.clone()).call(request)
    });
    // Nagle's algorithm would hold back the second part of a response until the first is acknowledged.
    let _ = stream.set_nodelay(true);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut closing = false;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            _ = closed.changed(), if !closing => {
                closing = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            () = reset.0.notified() => {
                // A socket that is closed without lingering sends RST in place of FIN.
                let _ = connection.into_parts().io.into_inner().set_zero_linger();
                return;
            }
        }
    }
}
