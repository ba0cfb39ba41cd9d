//! HTTP: connections, requests of an operation, and answers in either dialect.
//!
//! It knows the records, but not what an operation does with them, and not the limit, faults and keys; those are put in
//! front of the handlers by `service`.

mod answer;
mod cors;
mod dialect;
mod path;
mod problem;
mod request;
mod response;
mod serialize;
mod server;

pub(crate) use answer::{Answer, AnswerId, AnswerPage};
pub(crate) use cors::Cors;
pub use dialect::Dialect;
pub(crate) use path::{BASE_PATH, path_below_base};
pub(crate) use problem::Problem;
pub(crate) use request::OperationRequest;
pub(crate) use response::{empty, too_many_requests};
pub(crate) use server::{Reset, serve};
