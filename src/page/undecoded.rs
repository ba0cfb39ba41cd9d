//! Pages whose records are not decoded.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    list_reader::{Fetched, Item},
    page::Page,
    record::{Identity, UndecodedRecord},
};
use crate::{
    Result,
    description::Operation,
    pipeline::{failures, response::Answer},
    types::json,
};

/// Decodes a page, but not its records.
pub(crate) fn undecoded(operation: &'static Operation, answer: Answer) -> Result<Fetched<UndecodedRecord>> {
    let body = json::without_bom(&answer.value);
    let text = legible(body);
    let page: Page<&RawValue> =
        json::decode(text.as_bytes()).map_err(|reason| failures::undecodable(&answer, &reason))?;
    let field = operation.record().and_then(|record| record.id_field);
    let (page, records) = page.with_items(Vec::new());
    let items = records.into_iter().enumerate().map(|(index, record)| {
        let begin = record.get().as_ptr().addr() - text.as_ptr().addr();
        let came = &body[begin..begin + record.get().len()];
        let id = field.and_then(|field| UndecodedRecord::id_of(record, field));
        let record = match came == record.get().as_bytes() {
            true => Ok(UndecodedRecord::from(record)),
            false => Err(failures::malformed(&answer, index, came, "it is not UTF-8")),
        };
        Item::new(Identity::new(id, came), record)
    });
    let items = items.collect();
    Ok(Fetched { answer, page, items })
}

/// A body as text. Each byte that is not UTF-8 becomes a question mark, so that offsets stay the same and the rest can be read.
fn legible(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(text)
}
