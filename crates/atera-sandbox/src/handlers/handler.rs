//! The type of handlers.

use crate::{
    http::{Answer, OperationRequest, Problem},
    world::World,
};

/// Carries out a request. When it is called, the request breaks no rule of the description; the handler refuses what
/// only the records can tell. A handler that refuses leaves the records as they were.
pub(crate) type Handler = fn(&mut World, &OperationRequest) -> Result<Answer, Problem>;

/// The handlers of a module, each with the id of its operation.
pub(super) type Handlers = &'static [(&'static str, Handler)];
