//! The one place that locks a mutex.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also after a panic of a thread that held it.
///
/// A handler that panics may leave an incomplete change behind. The sandbox still answers, so that other tests that share
/// it fail for their own reasons, and not because of a poisoned lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
