//! `--jq` in a build without the feature `jq`: the flag is there, and says how to get it.

use crate::output::{failure::Failure, records::Transform};

/// A filter. There is none in this build.
pub(crate) enum Jq {}

impl Jq {
    /// # Errors
    ///
    /// `Usage`, always.
    pub(crate) fn new(_code: &str) -> Result<Self, Failure> {
        Err(Failure::left_out("--jq"))
    }
}

impl Transform for Jq {
    fn values(&self, _json: &str) -> Result<Vec<String>, Failure> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_says_how_to_get_it() {
        let Err(Failure::Usage(sentence)) = Jq::new(".") else {
            panic!("there is a filter");
        };
        assert!(
            sentence.contains("cargo install --path crates/atera-cli"),
            "{sentence}"
        );
    }
}
