//! The rate limit of a fleet in a build without the feature `redis`: the flag is there, and says how to get it.

use atera::{ApiKey, ClientBuilder, Error, RateLimit, Result, limit::Rate};

use crate::output::failure;

/// A limit on a server. There is none in this build.
#[derive(Clone, Debug)]
pub(crate) enum Fleet {}

/// Why there is none.
pub(crate) struct Unavailable {
    pub(crate) error: Error,
    pub(crate) is_away: bool,
}

/// That nothing is sent.
pub(crate) enum Quarantine {}

impl Fleet {
    /// # Errors
    ///
    /// `Config`, always.
    pub(crate) async fn connect(_: &str, _: &ApiKey, _: &str, _: RateLimit) -> Result<Self, Unavailable> {
        Err(Unavailable {
            error: Error::config(failure::left_out("a limit store on a server")),
            is_away: false,
        })
    }

    pub(crate) fn limit(&self, _: ClientBuilder) -> ClientBuilder {
        match *self {}
    }

    pub(crate) fn address(&self) -> String {
        match *self {}
    }

    pub(crate) fn rate(&self) -> Rate {
        match *self {}
    }

    pub(crate) fn quarantine(&self) -> Option<Quarantine> {
        match *self {}
    }

    pub(crate) async fn status(&self) -> Result<(Rate, Vec<(String, u32, u32)>)> {
        match *self {}
    }

    pub(crate) async fn trust_that_nothing_was_sent(&self) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn flush(&self) {
        match *self {}
    }
}

impl Quarantine {
    pub(crate) fn remark(&self) -> String {
        match *self {}
    }

    pub(crate) fn reason(&self) -> String {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_flag_says_how_to_get_it() {
        let key = ApiKey::new("0123456789abcdef0123456789abcdef").expect("a key");
        let Err(Unavailable { error, .. }) =
            Fleet::connect("redis://host", &key, "host", RateLimit::default()).await
        else {
            panic!("there is a server");
        };
        let sentence = error.to_string();
        assert!(
            sentence.contains("cargo install --path crates/atera-cli"),
            "{sentence}"
        );
    }
}
