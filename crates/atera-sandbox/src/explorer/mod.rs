//! The sandbox in a browser (feature `explorer`).

mod pages;

pub(crate) use pages::router;
