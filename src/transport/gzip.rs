//! Decompresses gzip bodies. The decoder of reqwest reads only the first of several gzip members.

use std::{io::Write, mem};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures_util::{TryStreamExt, stream};
use http::{HeaderMap, header};

use super::{Body, Fault};

/// The only content coding that the client accepts.
pub(super) const GZIP: &str = "gzip";

/// How many bytes are decompressed at a time. They become at most a thousand times as many, and the reader of the body stops at
/// its limit in between.
const PIECE: usize = 4 * 1024;

pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.filter_map(|coding| coding.to_str().ok()).any(|coding| {
        coding.trim().eq_ignore_ascii_case(GZIP) || coding.trim().eq_ignore_ascii_case("x-gzip")
    })
}

/// Decompresses a gzip body with any number of members. A body of zero bytes is empty, and not an error.
pub(super) fn unzipped(body: Body) -> Body {
    let unzipping = Unzipping {
        body,
        compressed: Bytes::new(),
        decoder: MultiGzDecoder::new(Vec::new()),
        has_begun: false,
        has_ended: false,
    };
    Box::pin(stream::try_unfold(unzipping, async |mut unzipping| {
        let chunk = unzipping.next().await?;
        Ok(chunk.map(|chunk| (chunk, unzipping)))
    }))
}

struct Unzipping {
    body: Body,
    /// What came of the body and is not decompressed yet.
    compressed: Bytes,
    decoder: MultiGzDecoder<Vec<u8>>,
    has_begun: bool,
    has_ended: bool,
}

impl Unzipping {
    /// The next decompressed bytes. `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let out = mem::take(self.decoder.get_mut());
            if !out.is_empty() || self.has_ended {
                return Ok((!out.is_empty()).then(|| out.into()));
            }
            if self.compressed.is_empty() {
                match self.body.try_next().await? {
                    Some(chunk) => self.compressed = chunk,
                    None => self.end()?,
                }
                continue;
            }
            let piece = self.compressed.split_to(self.compressed.len().min(PIECE));
            self.has_begun = true;
            self.decoder.write_all(&piece).map_err(Fault::broken)?;
        }
    }

    /// Ends the last member, which fails if it was cut short.
    fn end(&mut self) -> Result<(), Fault> {
        self.has_ended = true;
        match self.has_begun {
            true => self.decoder.try_finish().map_err(Fault::broken),
            false => Ok(()),
        }
    }
}
