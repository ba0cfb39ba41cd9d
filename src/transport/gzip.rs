//! Decompresses gzip bodies. The decoder of reqwest reads only the first of several gzip members.

use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, header};
use tokio_util::io::{ReaderStream, StreamReader};

use super::{Body, Fault};

/// The only content coding that the client accepts.
pub(super) const GZIP: &str = "gzip";

pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.filter_map(|coding| coding.to_str().ok()).any(|coding| {
        coding.trim().eq_ignore_ascii_case(GZIP) || coding.trim().eq_ignore_ascii_case("x-gzip")
    })
}

/// Decompresses a gzip body with any number of members. A body of zero bytes is empty, and not an error.
pub(super) fn unzipped(mut body: Body) -> Body {
    let body = async move {
        Ok::<Body, Fault>(match body.try_next().await? {
            Some(first) => members(Box::pin(stream::iter([Ok(first)]).chain(body))),
            None => body,
        })
    };
    Box::pin(stream::once(body).try_flatten())
}

fn members(body: Body) -> Body {
    let mut decoder = GzipDecoder::new(StreamReader::new(body.map_err(io::Error::other)));
    decoder.multiple_members(true);
    let chunks = ReaderStream::with_capacity(decoder, CHUNK);
    Box::pin(chunks.map_err(|error| match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::broken(error),
    }))
}

/// How many bytes are decompressed at a time.
const CHUNK: usize = 32 * 1024;
