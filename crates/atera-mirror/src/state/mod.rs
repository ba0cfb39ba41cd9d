//! What the mirror knows of its lists: how old each one is, and how its last sync went. And what it is a mirror of.

mod identity;
mod list;
mod reads;

pub(crate) use identity::{check as check_identity, check_account};
pub use list::{ListState, ListStatus, Strategy};
pub use reads::ListsRead;
