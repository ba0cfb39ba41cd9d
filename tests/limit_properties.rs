//! The limit of a process keeps what stores have to keep.

use std::sync::atomic::{AtomicU64, Ordering};

use atera::{ApiKey, ClientBuilder, RateLimit};
use atera_testkit::limits::Fleet;

/// Clients with the same key, which share the built-in limit.
struct OneProcess {
    key: ApiKey,
    limit: RateLimit,
}

impl Fleet for OneProcess {
    fn new(limit: RateLimit) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        OneProcess {
            key: ApiKey::new(format!("key-of-limit-properties-{number}")).unwrap(),
            limit,
        }
    }

    fn join(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.api_key(self.key.clone()).rate_limit(self.limit)
    }
}

atera_testkit::limit_properties!(OneProcess);
