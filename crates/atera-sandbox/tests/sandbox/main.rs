//! The sandbox over HTTP: with the client of the library, and byte by byte where that matters.

mod answers;
mod cors;
mod crud;
mod data;
mod description;
mod dialect;
mod faults;
mod limits;
mod lists;
mod persist;
mod refusals;
mod rules;
mod running;
mod wire;
mod writes;
