//! The function that is called for each request.

use std::{fmt, sync::Arc};

use super::arrival::Arrival;

/// A function that is called with each request.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&Arrival) + Send + Sync>);

impl Observer {
    pub(crate) fn new(tell: impl Fn(&Arrival) + Send + Sync + 'static) -> Self {
        Observer(Arc::new(tell))
    }

    pub(crate) fn tell(&self, arrival: &Arrival) {
        (self.0)(arrival);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Observer")
    }
}
