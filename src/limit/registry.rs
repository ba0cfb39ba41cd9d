//! All windows of the process: one for each key and host, shared by all clients.

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

/// The windows by the hash of their key and their host. The seed of the hash is random in each process.
struct Registry {
    seed: RandomState,
    windows: HashMap<(u64, String), Arc<SharedWindow>>,
    /// The number of windows at which idle ones are removed next: twice as many as were left the last time, so that a program
    /// with many keys does not check all of them for each new one.
    sweep_at: usize,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
    Mutex::new(Registry {
        seed: RandomState::new(),
        windows: HashMap::new(),
        sweep_at: 0,
    })
});

/// The limiter of a key and a host. If clients have different limits, the stricter one applies as long as the window is in use.
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

/// Whether a window can be removed. A window outlives its clients until it is idle; otherwise a new client would start with an
/// empty one and exceed the limit.
fn is_over(window: &Arc<SharedWindow>) -> bool {
    Arc::strong_count(window) == 1 && window.with(|state, now| state.is_idle(now))
}
