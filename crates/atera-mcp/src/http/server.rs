//! Accepts connections, and ends them.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use atera::Error;
use futures_util::{Stream, StreamExt, stream};
use http::Response;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    exposure::Exposure,
    guard::{AnswerBody, Guard, PATH},
    limits::Limits,
    patience::Patience,
    token::Token,
};
use crate::server::AteraServer;

/// How long to wait when no connection can be accepted, as when the process has too many files open.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The names by which this machine calls itself.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The origins of web pages that this machine serves itself. The protocol wants them let through; like all others they need the token.
const LOOPBACK_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// Sets a server over HTTP up. Made by [`HttpServer::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is bound"]
pub struct HttpServerBuilder {
    server: AteraServer,
    token: Token,
    address: SocketAddr,
    exposure: Exposure,
    hosts: Vec<String>,
    origins: Vec<String>,
    limits: Limits,
}

impl HttpServerBuilder {
    /// Where to listen; port 8765 of loopback by default. Port 0 is any that is free.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// How the way to the server is protected; [`Exposure::Loopback`] by default.
    pub fn exposure(mut self, exposure: Exposure) -> Self {
        self.exposure = exposure;
        self
    }

    /// Further names, with or without a port, by which the server may be called in `Host`. Those of loopback, and the address that
    /// it listens on, are known.
    pub fn hosts<T: Into<String>>(mut self, hosts: impl IntoIterator<Item = T>) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Further origins, as in `https://app.example.com:443`, whose requests are let through. Programs send no `Origin`; web pages do,
    /// and only those that this machine serves are let through by default.
    pub fn origins<T: Into<String>>(mut self, origins: impl IntoIterator<Item = T>) -> Self {
        self.origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// How many connections there are at once, 256 by default. Others wait until one ends.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections.max(1);
        self
    }

    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// `Config` if the address is not of loopback and the way to it is not protected, or if nothing can listen there.
    pub async fn bind(self) -> atera::Result<HttpServer> {
        self.exposure.check(self.address)?;
        let unusable = |error: io::Error| {
            Error::config(format!(
                "nothing can listen on {}: {error}; choose another address or port",
                self.address
            ))
        };
        let listener = TcpListener::bind(self.address).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let exposure = self.exposure.clone();
        Ok(HttpServer {
            listener,
            address,
            exposure,
            service: Service::new(self, address),
        })
    }
}

/// A server for assistants over HTTP, which listens already.
///
/// ```no_run
/// use atera_mcp::{AteraServer, HttpServer, Token};
///
/// # async fn example(client: atera::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let token = Token::from_file("/etc/atera/mcp-token")?;
/// let server = AteraServer::builder(client).build()?;
/// let http = HttpServer::builder(server, token).bind().await?;
/// println!("{}", http.url());
/// http.serve(std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
    exposure: Exposure,
    service: Service,
}

impl HttpServer {
    /// A server over HTTP, to be set up further. Every request needs the token.
    pub fn builder(server: AteraServer, token: Token) -> HttpServerBuilder {
        HttpServerBuilder {
            server,
            token,
            address: SocketAddr::from(([127, 0, 0, 1], 8765)),
            exposure: Exposure::default(),
            hosts: Vec::new(),
            origins: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for a host.
    pub fn url(&self) -> String {
        format!("{}://{}{PATH}", self.exposure.scheme(), self.address)
    }

    /// Serves until `stop` is ready. Calls that are under way then have 10 seconds to end.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let HttpServer {
            listener,
            exposure,
            service,
            ..
        } = self;
        let accepted = stream::unfold(listener, |listener| async move {
            let accepted = listener.accept().await.map(|(connection, _)| connection);
            Some((accepted, listener))
        });
        match exposure {
            Exposure::Tls(config) => {
                service
                    .serve(accepted, Some(TlsAcceptor::from(config)), stop)
                    .await
            }
            Exposure::Loopback | Exposure::BehindProxy => service.serve(accepted, None, stop).await,
        }
    }
}

/// What answers the requests of all connections.
#[derive(Clone, Debug)]
struct Service {
    guard: Arc<Guard>,
    protocol: Protocol,
    limits: Limits,
    /// Ends the calls that are under way.
    end: CancellationToken,
}

/// The protocol, in requests and answers.
#[derive(Clone)]
struct Protocol(StreamableHttpService<AteraServer, NeverSessionManager>);

impl std::fmt::Debug for Protocol {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Protocol")
    }
}

impl Service {
    fn new(builder: HttpServerBuilder, address: SocketAddr) -> Self {
        let end = CancellationToken::new();
        let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
        let hosts = LOOPBACK_HOSTS
            .map(str::to_string)
            .into_iter()
            .chain(own)
            .chain(builder.hosts);
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_allowed_hosts(hosts)
            .with_allowed_origins(
                LOOPBACK_ORIGINS
                    .map(str::to_string)
                    .into_iter()
                    .chain(builder.origins),
            )
            .enforce_origin_validation()
            .with_max_request_body_bytes(builder.limits.body)
            .with_cancellation_token(end.clone());
        let server = builder.server;
        let protocol = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Service {
            guard: Arc::new(Guard::new(builder.token, builder.limits)),
            protocol: Protocol(protocol),
            limits: builder.limits,
            end,
        }
    }

    /// Serves connections until `stop` is ready, or until there are no more.
    async fn serve<T>(
        self,
        connections: impl Stream<Item = io::Result<T>>,
        tls: Option<TlsAcceptor>,
        stop: impl Future<Output = ()>,
    ) where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut connections, mut stop) = (pin!(connections), pin!(stop));
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let graceful = GracefulShutdown::new();
        let mut tasks = JoinSet::new();
        loop {
            // A connection is accepted only when there is a place for it. Those that wait are kept by the system.
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, connections.next().await)
            };
            let (place, connection) = tokio::select! {
                next = next => next,
                () = &mut stop => break,
            };
            match (place, connection) {
                (Ok(place), Some(Ok(connection))) => {
                    let (service, tls, watcher) = (self.clone(), tls.clone(), graceful.watcher());
                    tasks.spawn(async move {
                        service.connection(connection, tls, watcher).await;
                        drop(place);
                    });
                }
                (_, Some(Err(error))) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(ACCEPT_AGAIN).await;
                }
                _ => break,
            }
            while tasks.try_join_next().is_some() {}
        }
        // Idle connections end at once, others with the answer that is under way.
        if timeout(self.limits.stop_within, graceful.shutdown())
            .await
            .is_err()
        {
            self.end.cancel();
            tasks.abort_all();
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Serves one connection to its end.
    async fn connection<T>(&self, connection: T, tls: Option<TlsAcceptor>, watcher: Watcher)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let connection = Patience::new(connection, self.limits.write_within);
        match tls {
            None => self.requests(connection, watcher).await,
            Some(tls) => match timeout(self.limits.header_within, tls.accept(connection)).await {
                Ok(Ok(connection)) => self.requests(connection, watcher).await,
                Ok(Err(error)) => tracing::debug!(%error, "a handshake of TLS failed"),
                Err(_) => tracing::debug!("a handshake of TLS took too long"),
            },
        }
    }

    /// Answers the requests of a connection, one after another.
    async fn requests<T>(&self, connection: T, watcher: Watcher)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let answer = service_fn(|request| async {
            Ok::<Response<AnswerBody>, Infallible>(match self.guard.admit(request).await {
                Ok(request) => self.protocol.0.handle(request).await,
                Err(refused) => *refused,
            })
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_within)
            .serve_connection(TokioIo::new(connection), answer);
        if let Err(error) = watcher.watch(served).await {
            tracing::debug!(%error, "a connection ended");
        }
    }
}

#[cfg(test)]
mod tests;
