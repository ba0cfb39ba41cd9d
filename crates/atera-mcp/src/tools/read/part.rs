//! The rest of a text, or of a list in a record, that was cut.

use serde_json::{Value, json};

use super::{checked::Read, single, walk::Walk};
use crate::{
    clean::clean,
    content::{Answer, Part, Shown, UNTRUSTED},
    decode,
    failure::Failure,
};

/// Reads it.
///
/// # Errors
///
/// `InvalidRequest` if the record at that place is another one by now, and whatever the service fails with.
pub(super) async fn rest(read: &mut Read<'_>, part: Part) -> Result<Answer, Failure> {
    let moved = || {
        Failure::invalid(
            "`cursor` does not fit any more: the record at its place is another one, or has changed",
            "read the record or the list anew",
        )
    };
    let mut record = match read.request.operation.list {
        true => {
            let mut walk = Walk::begin(read, read.at, Some(1))?;
            let json = walk.next().await?.ok_or_else(moved)?;
            decode::record(&json)
        }
        false => single::value(read).await?,
    };
    let scope = &read.setup.scope;
    match read.request.operation.list {
        true if !scope.shows(&read.request, &record) => return Err(moved()),
        // As if it did not exist.
        false if !record.is_array() => scope.check_answer(&read.request, &record)?,
        _ => {}
    }
    if part.id.is_some() && read.id_of(&record) != part.id {
        return Err(moved());
    }
    read.hide(&mut record);
    let record = match record {
        Value::Object(_) => read.chosen(&record.to_string()),
        // The same records as before, so that the paths into them are the same.
        Value::Array(records) => Value::Array(single::wanted(read, records)?),
        record => record,
    };
    let limits = read.setup.limits;
    let (rest, of) = match record.pointer(&part.path) {
        Some(Value::String(text)) => {
            // Cleaned as the text that was cut, so that the places are the same.
            let (text, _) = clean(text);
            let rest: String = text.chars().skip(part.from).collect();
            (Value::String(rest), text.chars().count())
        }
        Some(Value::Array(values)) => {
            let rest = values.iter().skip(part.from).cloned().collect();
            (Value::Array(rest), values.len())
        }
        _ => return Err(moved()),
    };
    let left = of.saturating_sub(part.from);
    let shown = Shown::of(rest, limits.answer / 2, limits.answer);
    let count = match &shown.value {
        Value::Array(values) => values.len(),
        _ => shown.cuts.first().map_or(left, |cut| cut.shown),
    };
    let mut answer = json!({
        "operation": read.request.operation.id,
        "untrusted": UNTRUSTED,
        "path": part.path,
        "from": part.from,
        "of": of,
        "rest": shown.value,
    });
    if count < left {
        let part = Part {
            from: part.from + count,
            ..part
        };
        answer["next"] = json!(read.cursor(read.at, read.total, Some(part)));
    }
    Ok(Answer::json(answer))
}
