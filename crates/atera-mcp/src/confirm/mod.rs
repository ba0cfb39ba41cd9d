//! A person's yes to a call that cannot be undone.
//!
//! The question names the record as it is at that moment, and the person types its name. The answer comes from the host and not
//! from the model: no argument of a tool can hold it. An answer is for one call, once, and for a few minutes; if the record is
//! another one by then, nothing is sent.
//!
//! | module | is |
//! |---|---|
//! | [`subject`] | the record that a call is about |
//! | [`question`] | what the person reads, and whether the answer is a yes |
//! | [`unseen`] | what a person would not see of a call |
//! | [`pending`] | the questions that are not answered yet |

pub(crate) mod pending;
pub(crate) mod question;
pub(crate) mod subject;
pub(crate) mod unseen;

pub(crate) use pending::Questions;
pub(crate) use question::{Reply, question};
pub(crate) use subject::Subject;
