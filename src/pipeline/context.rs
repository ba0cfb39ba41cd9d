//! The context of a call: the state that all clones of a client share, and the settings of the call.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::HeaderValue;

#[cfg(feature = "cache")]
use super::cache::AnswerCache;
use super::{
    congestion::Congestion,
    credential::Credentials,
    retry::{Budget, RetryPolicy},
    usage::Tally,
    wait::WaitObserver,
};
use crate::{
    limit::Priority,
    sync::lock,
    transport::{BaseUrl, Transport},
};

/// The context of a call. A clone with other settings shares the rest.
#[derive(Clone)]
pub(crate) struct Context {
    shared: Arc<ClientState>,
    settings: Arc<Settings>,
}

/// The state that all clones of a client share.
pub(crate) struct ClientState {
    pub(crate) base_url: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) user_agent: HeaderValue,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) budget: Mutex<Budget>,
    pub(crate) tally: Tally,
    pub(crate) on_wait: Option<WaitObserver>,
    #[cfg(feature = "cache")]
    pub(crate) cache: Option<AnswerCache>,
    pub(crate) jitter: Mutex<fastrand::Rng>,
}

/// Settings that a client may have for some of its calls only.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) deadline: Option<Duration>,
    pub(crate) priority: Option<Priority>,
    pub(crate) retry: RetryPolicy,
    #[cfg(feature = "cache")]
    pub(crate) without_cache: bool,
    /// Where requests of a walk report that they were refused or failed.
    pub(crate) congestion: Option<Arc<Congestion>>,
}

impl Context {
    pub(crate) fn new(shared: ClientState, settings: Settings) -> Self {
        Context {
            shared: Arc::new(shared),
            settings: Arc::new(settings),
        }
    }

    pub(crate) fn shared(&self) -> &ClientState {
        &self.shared
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same context with changed settings.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut context = self.clone();
        change(Arc::make_mut(&mut context.settings));
        context
    }

    /// The context of a walk, with background priority unless another is set, and the reports of its requests.
    pub(crate) fn for_walk(&self) -> (Self, Arc<Congestion>) {
        let congestion = Arc::new(Congestion::default());
        let context = self.with(|settings| {
            settings.priority.get_or_insert(Priority::Background);
            settings.congestion = Some(congestion.clone());
        });
        (context, congestion)
    }

    /// The cache, unless there is none or the call bypasses it.
    #[cfg(feature = "cache")]
    pub(crate) fn cache(&self) -> Option<&AnswerCache> {
        let cache = self.shared.cache.as_ref();
        cache.filter(|_| !self.settings.without_cache)
    }
}

impl ClientState {
    /// A number between 0 and 1.
    pub(crate) fn random(&self) -> f64 {
        lock(&self.jitter).f64()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Context")
            .field("base_url", &self.shared.base_url.as_str())
            .finish_non_exhaustive()
    }
}
