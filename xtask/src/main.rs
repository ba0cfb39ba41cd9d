//! Tools for maintainers: `cargo xtask`.
fn main() {}
