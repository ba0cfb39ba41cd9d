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
    let mut removed = 0;
    let (rest, of) = match record.pointer(&part.path) {
        Some(Value::String(text)) => {
            // Cleaned as the text that was cut, so that the places are the same.
            let (text, of_text) = clean(text);
            removed += of_text;
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
    let mut shown = Shown::of(rest, limits.answer / 2, limits.answer);
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
        "rest": shown.value.take(),
    });
    removed += shown.removed;
    if removed > 0 {
        answer["invisible_characters_removed"] = json!(removed);
    }
    let cut = read.cuts(&within(shown, &part), read.at, part.id.as_deref());
    if !cut.is_empty() {
        answer["cut"] = Value::Array(cut);
    }
    if count < left {
        let part = Part {
            from: part.from + count,
            ..part
        };
        answer["next"] = json!(read.cursor(read.at, read.total, Some(part)));
    }
    Ok(Answer::json(answer))
}

/// What was cut within the entries of a list, each with its place in the record. That of the list itself is where the answer goes on.
fn within(mut shown: Shown, part: &Part) -> Shown {
    shown.cuts.retain_mut(|cut| {
        let path = cut
            .path
            .strip_prefix('/')
            .map(|path| path.split_once('/').unwrap_or((path, "")));
        let Some((index, rest)) = path.and_then(|(index, rest)| Some((index.parse::<usize>().ok()?, rest)))
        else {
            return false;
        };
        let rest = if rest.is_empty() {
            String::new()
        } else {
            format!("/{rest}")
        };
        cut.path = format!("{}/{}{rest}", part.path, part.from + index);
        true
    });
    shown
}
