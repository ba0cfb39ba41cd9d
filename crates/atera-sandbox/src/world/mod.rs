//! The records, how they refer to each other, and the time: the state that handlers read and change.
//!
//! It knows nothing of HTTP. [`Entity`] lists the kinds of records, [`Store`] holds them, and [`World`] adds the clock,
//! the zone and the random numbers.

mod clock;
pub(crate) mod dump;
mod entity;
mod field_error;
mod guid;
mod record;
mod reference;
mod shape;
mod state;
mod store;
mod table;
mod zone;

pub(crate) use clock::{Clock, REFERENCE_DATE};
pub(crate) use entity::Entity;
pub(crate) use field_error::FieldError;
pub(crate) use guid::{guid_of, random_guid};
pub(crate) use record::{Record, time, without_unknown_fields};
pub(crate) use shape::{Column, Shape};
pub(crate) use state::World;
pub(crate) use store::Store;
pub(crate) use table::FieldValue;
pub(crate) use zone::Zone;
