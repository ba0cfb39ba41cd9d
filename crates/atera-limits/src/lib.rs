//! Limits outside the process.
