//! Runs the script once, on the server that has the keys.
//!
//! All keys of a limit are in one slot of a cluster, so one connection is enough. If the slot moves, the node that had it says where it
//! is now. Sentinels do not: they are asked again and again whether the primary is still the one that is connected, because a server
//! that was replaced goes on serving until it is told, and what it gives out then is unknown to the other one.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use redis::{RedisError, Script, ScriptInvocation, ServerErrorKind};
use tokio::{sync::Mutex, time::Instant};

use super::{
    address::Node,
    connect::{Connector, Server},
    error::RedisStoreError,
};

/// How often a question is passed on from node to node.
const MOST_HOPS: usize = 5;
/// How long a primary is taken for one after the sentinels have named it.
const CONFIRMED_FOR: Duration = Duration::from_secs(2);

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
    /// The limit that applies, the strictest of those who ask: requests, if there is a limit, and window.
    pub(super) requests: Option<u32>,
    pub(super) window: Duration,
    /// Who holds how many slots, interactive and background, if that was asked for.
    pub(super) holders: Vec<(String, u32, u32)>,
}

impl Reply {
    /// As if the server had said that it can be asked at once.
    pub(super) fn ask_at_once() -> Self {
        Reply::from((
            -1,
            String::new(),
            0,
            -1,
            0,
            0,
            0,
            0,
            String::new(),
            -1,
            0,
            Vec::new(),
        ))
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
    u64,
    u64,
    String,
    i64,
    u64,
    Vec<(String, u32, u32)>,
);

impl From<Values> for Reply {
    fn from(values: Values) -> Self {
        let (
            slot,
            kind,
            wait,
            next_slot,
            before,
            in_use,
            paused,
            quarantine,
            reason,
            requests,
            window,
            holders,
        ) = values;
        Reply {
            slot: u64::try_from(slot).ok().map(|slot| (slot, kind)),
            wait: Duration::from_millis(wait),
            next_slot: u64::try_from(next_slot).ok().map(Duration::from_millis),
            before,
            in_use,
            paused: Duration::from_millis(paused),
            quarantine: Duration::from_millis(quarantine),
            reason,
            requests: u32::try_from(requests).ok(),
            window: Duration::from_millis(window),
            holders,
        }
    }
}

/// A server, and the connection to it.
pub(super) struct Link {
    pub(super) connector: Connector,
    live: Mutex<Live>,
}

/// The connection, if there is one.
#[derive(Default)]
struct Live {
    open: Option<Open>,
    /// The node that another one has named.
    named: Option<Node>,
    /// How many were opened.
    count: u64,
}

#[derive(Clone)]
struct Open {
    server: Arc<Server>,
    number: u64,
    /// When it was known to be the right one.
    confirmed: Instant,
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Link({})", self.connector.address)
    }
}

impl Link {
    pub(super) fn new(connector: Connector) -> Self {
        Link {
            connector,
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
        for _ in 0..MOST_HOPS {
            let open = self.open().await?;
            let invocation = invocation(&SCRIPT, keys, operation, &open.server.run, arguments);
            let mut connection = open.server.connection.clone();
            let answer: Result<Values, RedisError> = invocation.invoke_async(&mut connection).await;
            let error = match answer {
                Ok(values) => return Ok(values.into()),
                Err(error) => error,
            };
            match moved_to(&error, &open.server.node) {
                Some(node) => self.close(open.number, Some(node)).await,
                None => {
                    // Whatever it is, a new connection does no harm, and leads to the new primary after a failover.
                    self.close(open.number, None).await;
                    return Err(self.connector.failed(error));
                }
            }
        }
        Err(self
            .connector
            .unreachable("its nodes do not agree which of them has the keys"))
    }

    /// The connection that is open, or a new one.
    async fn open(&self) -> Result<Open, RedisStoreError> {
        let mut live = self.live.lock().await;
        if let Some(open) = &mut live.open {
            if open.confirmed.elapsed() < CONFIRMED_FOR {
                return Ok(open.clone());
            }
            let named = self.connector.named_primary().await?;
            if named.is_none_or(|named| named == open.server.node) {
                open.confirmed = Instant::now();
                return Ok(open.clone());
            }
            live.open = None;
        }
        let server = self.connector.connect(live.named.as_ref()).await?;
        live.count += 1;
        let open = Open {
            server: Arc::new(server),
            number: live.count,
            confirmed: Instant::now(),
        };
        live.open = Some(open.clone());
        Ok(open)
    }

    /// Closes the connection with this number, if it is still the one in use. The next one is to the node that is named.
    async fn close(&self, number: u64, named: Option<Node>) {
        let mut live = self.live.lock().await;
        if live.open.as_ref().is_some_and(|open| open.number == number) {
            live.open = None;
            live.named = named;
        }
    }
}

/// Where the keys are by an error of a node that does not have them. While a slot moves, its nodes run no script with several keys
/// (`ASK`, `TRYAGAIN`); that is over in a moment, and is treated as if they could not be reached.
fn moved_to(error: &RedisError, by: &Node) -> Option<Node> {
    if error.kind() != redis::ErrorKind::Server(ServerErrorKind::Moved) {
        return None;
    }
    let (named, _) = error.redirect_node()?;
    Node::named(named, by)
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
