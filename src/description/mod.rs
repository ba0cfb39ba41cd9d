//! The description as data: operations, parameters and schemas, the checks that follow from them, and the paths.
//!
//! [`OPERATIONS`], [`GROUPS`] and [`SCHEMAS`] are generated from `spec/atera-v3.yaml`. Every call of an
//! operation is checked against it before it is sent; a [request to any path](crate::Client::request) is not. The command line
//! makes its commands of these tables, and the sandbox its answers; so can your own program:
//!
//! ```
//! use atera::description::{OPERATIONS, Operation};
//!
//! let lists = OPERATIONS.iter().filter(|operation| operation.list).count();
//! assert!(lists > 30);
//!
//! let create = Operation::find("tickets_create").unwrap();
//! assert_eq!((create.path, create.idempotent), ("/tickets", false));
//! ```

mod check;
mod collection;
mod operation;
mod paging;
mod path;

pub use check::{Check, Violation, expected, parse_boolean};
pub use collection::{ChangeFilter, Collection, CopiedFields};
pub use generated::{BASE_URL, GROUPS, OPERATIONS, SCHEMAS};
pub use operation::{Field, Group, Kind, Location, Operation, Parameter, Schema, Source};
pub use paging::{DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE, PAGE, PAGE_SIZE, is_paging};
pub use path::{Route, route};
pub(crate) use path::{encode_segment, percent_decoded};

/// The description itself: OpenAPI 3.0.3, as YAML. Other programs can be made from it, and the sandbox serves it.
pub const OPENAPI: &str = include_str!("../../spec/atera-v3.yaml");

/// What `build.rs` makes of the operations and schemas of the description.
mod generated {
    #![allow(clippy::all, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/description.rs"));
}
