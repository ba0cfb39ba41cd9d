//! The connection to a server, and the script that runs there.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisError, Script, ScriptInvocation, ServerErrorKind,
    aio::MultiplexedConnection,
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
    address::{Address, Place},
    error::RedisStoreError,
};

/// How long a connection, and an answer, may take.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) const SOURCE: &str = include_str!("slots.lua");

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));

/// What the script answers.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The slot, if there was one, and the priority that it counts for.
    pub(super) slot: Option<(u64, String)>,
    /// How long to wait before asking again.
    pub(super) wait: Duration,
    /// How long until the next slot is free, if that is known.
    pub(super) next_slot: Option<Duration>,
    /// How many calls of other processes get a slot before.
    pub(super) before: usize,
    pub(super) in_use: u32,
    /// How long nothing is sent.
    pub(super) paused: Duration,
    /// How long of that is because it is unknown what was sent before.
    pub(super) quarantine: Duration,
    /// Why that is unknown.
    pub(super) reason: String,
    /// Who holds how many slots, interactive and background, if that was asked for.
    pub(super) holders: Vec<(String, u32, u32)>,
}

impl Reply {
    /// As if the server had said that it can be asked at once.
    pub(super) fn ask_at_once() -> Self {
        Reply::from((-1, String::new(), 0, -1, 0, 0, 0, 0, 0, String::new(), Vec::new()))
    }
}

/// The same as it is on the wire.
pub(super) type Values = (
    i64,
    String,
    u64,
    i64,
    usize,
    u32,
    usize,
    u64,
    u64,
    String,
    Vec<(String, u32, u32)>,
);

impl From<Values> for Reply {
    fn from(values: Values) -> Self {
        let (slot, kind, wait, next_slot, before, in_use, _, paused, quarantine, reason, holders) = values;
        Reply {
            slot: u64::try_from(slot).ok().map(|slot| (slot, kind)),
            wait: Duration::from_millis(wait),
            next_slot: u64::try_from(next_slot).ok().map(Duration::from_millis),
            before,
            in_use,
            paused: Duration::from_millis(paused),
            quarantine: Duration::from_millis(quarantine),
            reason,
            holders,
        }
    }
}

/// A server, and the connection to it.
pub(super) struct Link {
    pub(super) address: Address,
    pub(super) ca_file: Option<PathBuf>,
    live: Mutex<Live>,
}

/// The connection, if there is one.
#[derive(Default)]
struct Live {
    open: Option<Open>,
    /// How many were opened.
    count: u64,
}

#[derive(Clone)]
struct Open {
    connection: MultiplexedConnection,
    /// Which server it is: another one after each restart.
    run: Arc<str>,
    number: u64,
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Link({})", self.address)
    }
}

impl Link {
    pub(super) fn new(address: Address, ca_file: Option<PathBuf>) -> Self {
        Link {
            address,
            ca_file,
            live: Mutex::default(),
        }
    }

    /// Runs the script once.
    pub(super) async fn run(
        &self,
        keys: &[String],
        operation: &str,
        arguments: &[String],
    ) -> Result<Reply, RedisStoreError> {
        let open = self.open().await?;
        let invocation = invocation(&SCRIPT, keys, operation, &open.run, arguments);
        let mut connection = open.connection.clone();
        let answer: Result<Values, RedisError> = invocation.invoke_async(&mut connection).await;
        match answer {
            Ok(values) => Ok(values.into()),
            Err(error) => {
                // Whatever it is, a new connection does no harm, and leads to the new primary after a failover.
                self.close(open.number).await;
                Err(self.failed(error))
            }
        }
    }

    /// The connection that is open, or a new one.
    async fn open(&self) -> Result<Open, RedisStoreError> {
        let mut live = self.live.lock().await;
        if let Some(open) = &live.open {
            return Ok(open.clone());
        }
        let connecting = timeout(TIMEOUT, self.connect()).await;
        let mut connection = connecting.map_err(|_| self.unreachable("it does not answer"))??;
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        let run = info.lines().find_map(|line| line.trim().strip_prefix("run_id:"));
        let run = run.ok_or_else(|| {
            RedisStoreError::lasting(format!(
                "the limit store at {} does not say which server it is (run_id); use Redis 7 or Valkey",
                self.address
            ))
        })?;
        live.count += 1;
        let open = Open {
            connection,
            run: run.into(),
            number: live.count,
        };
        live.open = Some(open.clone());
        Ok(open)
    }

    /// Closes the connection with this number, if it is still the one in use.
    async fn close(&self, number: u64) {
        let mut live = self.live.lock().await;
        if live.open.as_ref().is_some_and(|open| open.number == number) {
            live.open = None;
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisStoreError> {
        match &self.address.place {
            Place::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream = stream.map_err(|error| self.unreachable(error))?;
                stream
                    .set_nodelay(true)
                    .map_err(|error| self.unreachable(error))?;
                if !tls {
                    return self.log_in(stream).await;
                }
                let name = ServerName::try_from(host.clone()).map_err(|error| self.no_tls(error))?;
                let connector = TlsConnector::from(Arc::new(self.tls()?));
                let stream = connector.connect(name, stream).await;
                self.log_in(stream.map_err(|error| self.no_tls(error))?).await
            }
            #[cfg(unix)]
            Place::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                self.log_in(stream.map_err(|error| self.unreachable(error))?)
                    .await
            }
            #[cfg(not(unix))]
            Place::Socket(_) => Err(RedisStoreError::lasting(
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

    async fn log_in(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<MultiplexedConnection, RedisStoreError> {
        let mut info = RedisConnectionInfo::default().set_db(self.address.database);
        if let Some(user) = &self.address.user {
            info = info.set_username(user);
        }
        if let Some(password) = self.address.password()? {
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
    fn failed(&self, error: RedisError) -> RedisStoreError {
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

    fn unreachable(&self, why: impl fmt::Display) -> RedisStoreError {
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

/// A call of the script.
pub(super) fn invocation<'a>(
    script: &'a Script,
    keys: &[String],
    operation: &str,
    run: &str,
    arguments: &[String],
) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    for key in keys {
        invocation.key(key);
    }
    invocation.arg(operation).arg(run);
    for argument in arguments {
        invocation.arg(argument);
    }
    invocation
}
