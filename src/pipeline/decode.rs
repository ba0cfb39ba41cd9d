//! Answers as JSON.

use bytes::Bytes;
use serde::Deserialize;

use super::{failures::undecodable, response::Response};
use crate::{Result, types::json};

impl Response<Bytes> {
    /// Decodes the JSON of the body into a type of your own. Fields that the type lacks are ignored.
    ///
    /// ```no_run
    /// # async fn example(client: atera::Client) -> atera::Result<()> {
    /// let answer = client.tickets().get(54321).send_undecoded().await?;
    /// let ticket: serde_json::Value = answer.json()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Decode` if the body is not JSON or does not fit the type.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        json::decode(&self.value).map_err(|reason| undecodable(self, &reason))
    }
}
