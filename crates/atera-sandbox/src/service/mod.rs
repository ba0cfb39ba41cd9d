//! The service: what stands between HTTP and the handlers, and the paths under `/_sandbox` that steer it.

mod control;
mod permissions;
mod pipeline;
mod state;

pub use permissions::Permissions;
pub(crate) use pipeline::router;
pub(crate) use state::SandboxState;
