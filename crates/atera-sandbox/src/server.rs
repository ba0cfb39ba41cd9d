//! Connections: who may come in, and how the server ends.

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

/// By which a request tells its connection to end without an answer, as if the network had failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Reset(Arc<Notify>);

impl Reset {
    /// Ends the connection. It is as good as over, so nothing is ever returned.
    pub(super) async fn connection(&self) -> ! {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Serves until `stopped` is dropped. Answers that are on their way are still sent.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    // Dropped with this function, which tells the connections to end.
    let (_closing, closed) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            // Nothing is ever sent: the sender is dropped with the sandbox.
            _ = &mut stopped => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone(), closed.clone()));
            }
            // What concerns one connection is no reason to stop, and for a want of file handles there is waiting.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, router: Router, mut closed: watch::Receiver<()>) {
    let reset = Reset::default();
    let handle = reset.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(handle.clone());
        TowerToHyperService::new(router.clone()).call(request)
    });
    // Small answers in several pieces would otherwise wait for each other.
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
                // Without lingering, the other side is told that the connection was reset.
                let _ = connection.into_parts().io.into_inner().set_zero_linger();
                return;
            }
        }
    }
}
