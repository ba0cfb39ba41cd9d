//! The operations as an assistant finds them: by words, and one in detail.
//!
//! | module | is |
//! |---|---|
//! | [`search`] | operations by words |
//! | [`describe`] | what an operation takes and answers |

pub(crate) mod describe;
pub(crate) mod search;
