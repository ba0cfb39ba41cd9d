//! Bodies that come as gzip. reqwest's own decoder reads the first of several members and drops the others.

use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use futures_util::TryStreamExt;
use http::{HeaderMap, header};
use tokio_util::io::{ReaderStream, StreamReader};

use super::{Body, Fault};

/// The one coding of bodies that is asked for.
pub(super) const GZIP: &str = "gzip";

pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.filter_map(|coding| coding.to_str().ok()).any(|coding| {
        coding.trim().eq_ignore_ascii_case(GZIP) || coding.trim().eq_ignore_ascii_case("x-gzip")
    })
}

/// A body that comes as gzip, of as many members as there are.
pub(super) fn unzipped(body: Body) -> Body {
    let mut decoder = GzipDecoder::new(StreamReader::new(body.map_err(io::Error::other)));
    decoder.multiple_members(true);
    let chunks = ReaderStream::with_capacity(decoder, CHUNK);
    Box::pin(chunks.map_err(|error| match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::broken(error),
    }))
}

/// How much is unpacked at a time, in bytes.
const CHUNK: usize = 32 * 1024;
