//! All windows of the process: one for each key and host, whichever client asks.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::{Limiter, RateLimit, Shared};

/// Keys are kept as hashes, whose seed is drawn anew by every process.
struct Registry {
    seed: RandomState,
    windows: HashMap<(u64, String), Arc<Shared>>,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
    Mutex::new(Registry {
        seed: RandomState::new(),
        windows: HashMap::new(),
    })
});

/// The limiter of a key and a host. Of limits that differ the stricter is kept, as long as the window is in use.
pub(crate) fn shared(key: &str, host: &str, limit: RateLimit) -> Limiter {
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    // A window outlives its clients until nothing is in it, or a client made anew would begin with an empty one.
    registry
        .windows
        .retain(|_, window| Arc::strong_count(window) > 1 || !window.with(|state, now| state.is_idle(now)));
    let place = (registry.seed.hash_one(key), host.to_string());
    let window = registry
        .windows
        .entry(place)
        .and_modify(|window| window.with(|state, now| state.tighten(now, limit)))
        .or_insert_with(|| Arc::new(Shared::new(limit)))
        .clone();
    Limiter::Window(window)
}
