//! Where the rate limit is kept: in a file of this machine, or on a server for many machines.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use atera::{
    ApiKey, ClientBuilder, RateLimit, Result,
    limit::{Rate, SlotStore},
};
use atera_limits::FileStore;
use etcetera::BaseStrategy;

use super::fleet::{Fleet, Unavailable};
use crate::output::{terminal::tell, waits::StoreKind};

/// What names the file of this machine.
pub(crate) const MACHINE: &str = "machine";

/// What the flags say about it.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// An address, or `machine`. `None` leaves it to the profile.
    pub(crate) address: Option<String>,
    /// Whether the limit of the machine takes the place of one that cannot be reached.
    pub(crate) falls_back: bool,
    /// Whether to make no remarks.
    pub(crate) quiet: bool,
    /// The limits on servers that are in use.
    pub(crate) in_use: InUse,
}

/// A limit that several processes share.
#[derive(Clone)]
pub(crate) enum LimitStore {
    /// All processes of this machine.
    Machine(FileStore),
    /// Programs on many machines.
    Fleet(Fleet),
}

/// The limits on servers that are in use. They have to be told what became of the last slots before the command ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct InUse(Arc<Mutex<Vec<Fleet>>>);

impl InUse {
    /// Waits until the servers know what became of all slots, for two seconds at most.
    pub(crate) async fn flush(&self) {
        let fleets = self.lock().clone();
        for fleet in fleets {
            fleet.flush().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fleet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LimitStore {
    /// The client with this limit.
    pub(super) fn limit(&self, builder: ClientBuilder) -> ClientBuilder {
        match self {
            LimitStore::Machine(store) => builder.slot_store(store.clone()),
            LimitStore::Fleet(fleet) => fleet.limit(builder),
        }
    }

    /// The state of the limit when it was last used.
    pub(crate) fn rate(&self) -> Rate {
        match self {
            LimitStore::Machine(store) => store.rate(),
            LimitStore::Fleet(fleet) => fleet.rate(),
        }
    }

    /// What it is, for those who wait for it.
    pub(super) fn kind(&self) -> StoreKind {
        match self {
            LimitStore::Machine(_) => StoreKind::File,
            LimitStore::Fleet(_) => StoreKind::Server,
        }
    }
}

/// Opens the limit that the flags name, or else the profile, or else that of the machine. Where the file of the machine cannot be
/// written, the process keeps the limit alone, which is worth a warning and no failure.
///
/// # Errors
///
/// `Config` if the server cannot be reached and the limit of the machine may not take its place, or if it refuses what is asked.
pub(super) async fn open(
    choice: &Choice,
    of_profile: Option<&str>,
    key: &ApiKey,
    host: &str,
    limit: RateLimit,
) -> Result<Option<LimitStore>> {
    let remark = |text: String| {
        if !choice.quiet {
            tell(text);
        }
    };
    let address = choice.address.as_deref().or(of_profile);
    if let Some(address) = address.filter(|address| *address != MACHINE) {
        match Fleet::connect(address, key, host, limit).await {
            Ok(fleet) => {
                if let Some(quarantine) = fleet.quarantine() {
                    remark(quarantine.remark());
                }
                choice.in_use.lock().push(fleet.clone());
                return Ok(Some(LimitStore::Fleet(fleet)));
            }
            Err(Unavailable { error, is_away: true }) if choice.falls_back => {
                remark(format!("the rate limit is kept for this machine alone: {error}"));
            }
            Err(Unavailable { error, .. }) => return Err(error),
        }
    }
    match state_folder().and_then(|folder| FileStore::open(&folder, key, host, limit)) {
        Ok(store) => Ok(Some(LimitStore::Machine(store))),
        Err(error) => {
            remark(format!(
                "the rate limit is kept for this process alone, since its state cannot be shared: {error}; make the folder \
                 writable, or name another with XDG_STATE_HOME"
            ));
            Ok(None)
        }
    }
}

/// The folder for the file of the rate limit.
fn state_folder() -> io::Result<PathBuf> {
    let folders = etcetera::choose_base_strategy().map_err(io::Error::other)?;
    // Windows has no folder for state; a cache that is emptied costs no more than a window of the limit.
    let folder = folders.state_dir().unwrap_or_else(|| folders.cache_dir());
    Ok(folder.join("atera"))
}
