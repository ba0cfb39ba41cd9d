//! Whole lists from the cache.

use std::sync::Arc;

use super::{
    call,
    typed_list::{self, TypedList},
};
use crate::{
    Error, ErrorKind, Result,
    page::{Consistency, Fetched, ListReader, UndecodedRecord, undecoded},
    pipeline::{CallFuture, response::Answer},
};

/// Whether a cache may answer this call: it must read the whole list in one pass.
pub(super) fn is_cacheable<L: TypedList>(list: &L) -> bool {
    let options = list.clone().options().to_owned();
    L::OPERATION.cache
        && options.limit.is_none()
        && options.consistency == Consistency::OnePass
        && list.requested_page() == (None, None)
}

/// The list from the cache, which is filled first if it does not have the list. Without a cache, the list itself.
pub(super) async fn list<L: TypedList>(list: L) -> Result<ListReader<L::Record>> {
    let Some(cache) = list.context().cache() else {
        return Ok(typed_list::typed(list));
    };
    let pages = cache.list(&call::address(&list)?, walk(list.clone())).await?;
    let mut kept = typed_list::typed(list);
    // The walk ends with the last cached page, whatever the answers report about further pages.
    kept.last = i32::try_from(pages.len()).ok();
    kept.fetch = Arc::new(move |page, _| Box::pin(std::future::ready(decoded::<L>(&pages, page))));
    Ok(kept)
}

/// Decodes a cached page of the list.
fn decoded<L: TypedList>(pages: &[Answer], page: i32) -> Result<Fetched<L::Record>> {
    let answer = usize::try_from(page - 1).ok().and_then(|index| pages.get(index));
    let answer = answer.ok_or_else(|| {
        let sentence = format!(
            "page {page} of {} is not in the cache; read the list with `without_cache`",
            L::OPERATION.id
        );
        Error::new(ErrorKind::Decode, sentence).with_operation(L::OPERATION)
    })?;
    typed_list::decoded::<L>(answer.clone())
}

/// The undecoded pages of the list. A list with missing records is an error, so that it is not cached.
async fn walk<L: TypedList>(list: L) -> Result<Vec<Answer>> {
    let fetch = |call| -> CallFuture<Fetched<UndecodedRecord>> {
        call::sending(call, |answer| undecoded(L::OPERATION, answer))
    };
    let (answers, drift) = typed_list::reading(list, fetch).answers().await?;
    match drift.unsettled(L::OPERATION) {
        Some(error) => Err(error),
        None => Ok(answers),
    }
}
