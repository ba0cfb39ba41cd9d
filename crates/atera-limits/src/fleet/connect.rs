//! Connections to servers: over TCP, TLS or a socket, logged in, and to the one that is the primary.

use std::{collections::HashMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisError, ServerErrorKind, aio::MultiplexedConnection,
};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Mutex,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{
    address::{Address, Login, Node, Place},
    error::RedisStoreError,
};

/// How long a connection, and an answer, may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long one of several servers may take until the next one is tried.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(1);

/// How to connect to the servers of an address.
pub(super) struct Connector {
    pub(super) address: Address,
    pub(super) ca_file: Option<PathBuf>,
    /// The connections to the sentinels, by their numbers.
    sentinels: Mutex<HashMap<usize, MultiplexedConnection>>,
}

/// A server that is connected.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) connection: MultiplexedConnection,
    pub(super) node: Node,
    /// Which server it is: another one after each restart.
    pub(super) run: Arc<str>,
}

impl Connector {
    pub(super) fn new(address: Address, ca_file: Option<PathBuf>) -> Self {
        Connector {
            address,
            ca_file,
            sentinels: Mutex::default(),
        }
    }

    /// Connects to the server that has the keys, as far as this is known. `known` is what a node of a cluster has said.
    ///
    /// # Errors
    ///
    /// That none can be reached, or that it refuses the login.
    pub(super) async fn connect(&self, known: Option<&Node>) -> Result<Server, RedisStoreError> {
        match &self.address.place {
            Place::Server(node) if known.is_none() => {
                let connecting = timeout(TIMEOUT, self.server(node)).await;
                connecting.map_err(|_| self.unreachable("it does not answer"))?
            }
            Place::Server(node) => self.first(known.into_iter().chain([node])).await,
            Place::Cluster(nodes) => self.first(known.into_iter().chain(nodes)).await,
            Place::Sentinels { .. } => {
                let node = self.named_primary().await?;
                let node = node.ok_or_else(|| self.unreachable("it has no sentinels"))?;
                let connecting = timeout(TIMEOUT, self.of_role("master", &node)).await;
                connecting
                    .map_err(|_| self.unreachable(format_args!("the primary {node} does not answer")))?
            }
        }
    }

    /// The first of these servers that can be reached.
    async fn first(&self, nodes: impl Iterator<Item = &Node>) -> Result<Server, RedisStoreError> {
        let mut failure = self.unreachable("it has no nodes");
        for node in nodes {
            match timeout(ONE_OF_SEVERAL, self.server(node)).await {
                Ok(Ok(server)) => return Ok(server),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = self.unreachable(format_args!("{node} does not answer")),
            }
        }
        Err(failure)
    }

    /// The node that more than half of the sentinels name as the primary. `None` if the address has no sentinels.
    ///
    /// Those that were cut off may name a server that was replaced, so one that a minority names does not count.
    ///
    /// # Errors
    ///
    /// That they do not agree, or that too few of them can be reached.
    pub(super) async fn named_primary(&self) -> Result<Option<Node>, RedisStoreError> {
        let Place::Sentinels { sentinels, primary } = &self.address.place else {
            return Ok(None);
        };
        let mut answers: FuturesUnordered<_> = (0..sentinels.len())
            .map(|number| self.named_by(number, &sentinels[number], primary))
            .collect();
        let (mut votes, mut failure): (Vec<(Option<Node>, usize)>, _) = (Vec::new(), None);
        while let Some(answer) = answers.next().await {
            let named = match answer {
                Ok(named) => named,
                Err(error) => {
                    failure = Some(error);
                    continue;
                }
            };
            let count = match votes.iter_mut().find(|(node, _)| *node == named) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    votes.push((named.clone(), 1));
                    1
                }
            };
            if count * 2 <= sentinels.len() {
                continue;
            }
            return match named {
                Some(_) => Ok(named),
                None => Err(RedisStoreError::lasting(format!(
                    "the sentinels of the limit store at {} know no primary of this name; check the name",
                    self.address
                ))),
            };
        }
        Err(failure
            .unwrap_or_else(|| self.unreachable("its sentinels do not agree which server is the primary")))
    }

    /// What a sentinel says about the primary, within a second.
    async fn named_by(
        &self,
        number: usize,
        sentinel: &Node,
        name: &str,
    ) -> Result<Option<Node>, RedisStoreError> {
        let known = self.sentinels.lock().await.get(&number).cloned();
        let asking = async {
            let mut connection = match known {
                Some(connection) => connection,
                None => self.log_in(sentinel, &self.address.sentinel_login, 0).await?,
            };
            let mut question = redis::cmd("SENTINEL");
            question.arg("get-master-addr-by-name").arg(name);
            let named: Result<Option<(String, u16)>, _> = question.query_async(&mut connection).await;
            let named = named.map_err(|error| self.failed(error))?;
            Ok((named, connection))
        };
        let answer = timeout(ONE_OF_SEVERAL, asking).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(self.unreachable(format_args!("the sentinel {sentinel} does not answer")))
        });
        let mut sentinels = self.sentinels.lock().await;
        match answer {
            Ok((named, connection)) => {
                sentinels.insert(number, connection);
                Ok(named.map(|(host, port)| Node::like(sentinel, host, port)))
            }
            Err(error) => {
                sentinels.remove(&number);
                Err(error)
            }
        }
    }

    /// Connects to a server.
    pub(super) async fn server(&self, node: &Node) -> Result<Server, RedisStoreError> {
        self.of_role("", node).await
    }

    /// Connects to a server that has this role, or any if it is empty.
    async fn of_role(&self, role: &str, node: &Node) -> Result<Server, RedisStoreError> {
        let mut connection = self
            .log_in(node, &self.address.login, self.address.database)
            .await?;
        let mut question = redis::cmd("INFO");
        question.arg("server").arg("replication");
        let info: String = question
            .query_async(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        let value = |name| info.lines().find_map(|line| line.trim().strip_prefix(name));
        if !role.is_empty() && value("role:") != Some(role) {
            return Err(self.unreachable(format_args!("{node} is not the primary any more")));
        }
        let run = value("run_id:").ok_or_else(|| {
            RedisStoreError::lasting(format!(
                "the limit store at {} does not say which server it is (run_id); use Redis 7 or Valkey",
                self.address
            ))
        })?;
        Ok(Server {
            connection,
            node: node.clone(),
            run: run.into(),
        })
    }

    async fn log_in(
        &self,
        node: &Node,
        login: &Login,
        database: i64,
    ) -> Result<MultiplexedConnection, RedisStoreError> {
        match node {
            Node::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream = stream.map_err(|error| self.unreachable(error))?;
                stream
                    .set_nodelay(true)
                    .map_err(|error| self.unreachable(error))?;
                if !tls {
                    return self.begin(stream, login, database).await;
                }
                let name = ServerName::try_from(host.clone()).map_err(|error| self.no_tls(error))?;
                let connector = TlsConnector::from(Arc::new(self.tls()?));
                let stream = connector.connect(name, stream).await;
                self.begin(stream.map_err(|error| self.no_tls(error))?, login, database)
                    .await
            }
            #[cfg(unix)]
            Node::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                let stream = stream.map_err(|error| self.unreachable(error))?;
                self.begin(stream, login, database).await
            }
            #[cfg(not(unix))]
            Node::Socket(_) => Err(RedisStoreError::lasting(
                "the limit store is at a Unix socket, which this system does not have; name a host",
            )),
        }
    }

    /// TLS as the client of Atera has it: rustls, and the certificates that the system trusts, or one of the user's own.
    fn tls(&self) -> Result<ClientConfig, RedisStoreError> {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| self.no_tls(error))?;
        let Some(file) = &self.ca_file else {
            let builder = builder
                .with_platform_verifier()
                .map_err(|error| self.no_tls(error))?;
            return Ok(builder.with_no_client_auth());
        };
        let roots = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| {
                RedisStoreError::lasting(format!(
                    "the certificates of the limit store cannot be read from {}: {error}; name a file in PEM format",
                    file.display()
                ))
            })?;
        let verifier = Verifier::new_with_extra_roots(roots, provider).map_err(|error| self.no_tls(error))?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        Ok(builder.with_no_client_auth())
    }

    async fn begin(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        login: &Login,
        database: i64,
    ) -> Result<MultiplexedConnection, RedisStoreError> {
        let mut info = RedisConnectionInfo::default().set_db(database);
        if let Some(user) = &login.user {
            info = info.set_username(user);
        }
        if let Some(password) = login.password()? {
            info = info.set_password(password);
        }
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(TIMEOUT));
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| self.failed(error))?;
        tokio::spawn(driver);
        Ok(connection)
    }

    /// An error of the connection or of the server.
    pub(super) fn failed(&self, error: RedisError) -> RedisStoreError {
        use redis::ErrorKind::{
            AuthenticationFailed, InvalidClientConfig, RESP3NotSupported, Server, UnexpectedReturnType,
        };
        match error.kind() {
            AuthenticationFailed => RedisStoreError::lasting(format!(
                "the limit store at {} refused the login; check its user and password",
                self.address
            )),
            Server(ServerErrorKind::NoPerm) => RedisStoreError::lasting(format!(
                "the limit store at {} does not allow its user what is needed; allow it the keys and commands that the \
                 documentation of atera-limits lists",
                self.address
            )),
            Server(ServerErrorKind::ResponseError | ServerErrorKind::CrossSlot)
            | InvalidClientConfig
            | RESP3NotSupported
            | UnexpectedReturnType => RedisStoreError::lasting(format!(
                "the limit store at {} does not work: {error}; check that it is Redis 7 or Valkey, and that its user may \
                 run scripts",
                self.address
            )),
            _ => return self.unreachable(error),
        }
        .with_source(error)
    }

    pub(super) fn unreachable(&self, why: impl fmt::Display) -> RedisStoreError {
        RedisStoreError::temporary(format!(
            "the limit store at {} cannot be reached: {why}; check that it runs, or use the limit of this machine alone",
            self.address
        ))
    }

    fn no_tls(&self, error: impl fmt::Display) -> RedisStoreError {
        RedisStoreError::temporary(format!(
            "no TLS connection to the limit store at {}: {error}; check its certificate, and name that of its issuer if \
             the system does not trust it",
            self.address
        ))
    }
}
