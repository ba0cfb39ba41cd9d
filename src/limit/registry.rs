//! All windows of the process: one for each key and host, whichever client asks.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock, Mutex},
};

use super::{
    limiter::{Limiter, SharedWindow},
    rate::RateLimit,
};
use crate::sync::lock;

/// Keys are kept as hashes, whose seed is drawn anew by every process.
struct Registry {
    seed: RandomState,
    windows: HashMap<(u64, String), Arc<SharedWindow>>,
    /// How many windows there have to be before those that are over are looked for again: twice as many as were left, so that
    /// a program with many keys does not look at all of them for each.
    sweep_at: usize,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
    Mutex::new(Registry {
        seed: RandomState::new(),
        windows: HashMap::new(),
        sweep_at: 0,
    })
});

/// The limiter of a key and a host. Of limits that differ the stricter is kept, as long as the window is in use.
pub(crate) fn shared(key: &str, host: &str, limit: RateLimit) -> Limiter {
    let mut registry = lock(&REGISTRY);
    if registry.windows.len() >= registry.sweep_at {
        registry.windows.retain(|_, window| !is_over(window));
        registry.sweep_at = registry.windows.len() * 2;
    }
    let place = (registry.seed.hash_one(key), host.to_string());
    if registry.windows.get(&place).is_some_and(is_over) {
        registry.windows.remove(&place);
    }
    let window = registry
        .windows
        .entry(place)
        .and_modify(|window| window.with(|state, now| state.tighten(now, limit)))
        .or_insert_with(|| Arc::new(SharedWindow::new(limit)))
        .clone();
    Limiter::Window(window)
}

/// Whether a window need not be kept. It outlives its clients until nothing is in it, or a client made anew would begin with
/// an empty one.
fn is_over(window: &Arc<SharedWindow>) -> bool {
    Arc::strong_count(window) == 1 && window.with(|state, now| state.is_idle(now))
}
