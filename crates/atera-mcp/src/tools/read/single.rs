//! The answer of an operation that is no list: a record, or records in one piece.

use serde_json::{Value, json};

use super::checked::Read;
use crate::{
    content::{Answer, Shown, UNTRUSTED},
    decode,
    failure::Failure,
};

/// Reads it.
///
/// # Errors
///
/// `InvalidRequest` if records are to be selected where there is only one, and whatever the service fails with.
pub(super) async fn answer(read: &mut Read<'_>) -> Result<Answer, Failure> {
    let value = value(read).await?;
    let id = read.request.operation.id;
    let limits = read.setup.limits;
    let shown = match value {
        Value::Array(records) => {
            let mut wanted = wanted(read, records)?;
            if read.selection.has_totals() {
                let rows = read.selection.rows();
                let rows = rows.iter().map(|row| decode::record(row));
                wanted = rows.collect();
            }
            Shown::of(Value::Array(wanted), limits.text, limits.answer)
        }
        _ if read.arguments.selects() => {
            return Err(Failure::invalid(
                format!(
                    "{id} answers one record, so `where`, `count`, `group_by` and `sum` have nothing to choose from"
                ),
                "leave them out",
            ));
        }
        mut value => {
            read.setup.scope.check_answer(&read.request, &value)?;
            read.hide(&mut value);
            Shown::of(read.chosen(&value.to_string()), limits.answer / 2, limits.answer)
        }
    };
    let mut answer = json!({"operation": id, "untrusted": UNTRUSTED});
    let cut = read.cuts(&shown, 0, None);
    if !cut.is_empty() {
        answer["cut"] = Value::Array(cut);
    }
    if shown.removed > 0 {
        answer["invisible_characters_removed"] = json!(shown.removed);
    }
    let name = if shown.value.is_array() {
        "records"
    } else {
        "record"
    };
    answer[name] = shown.value;
    Ok(Answer::json(answer))
}

/// Those of the records that are wanted.
///
/// # Errors
///
/// As [`Read::take`].
pub(super) fn wanted(read: &mut Read<'_>, records: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let mut wanted = Vec::new();
    for record in records {
        wanted.extend(read.take(&record.to_string())?);
    }
    Ok(wanted)
}

/// The answer as a value. Of one that is not JSON only the length is told. Where the server is narrowed, a record that does not exist is told like one
/// of another customer.
///
/// # Errors
///
/// Whatever the service fails with.
pub(super) async fn value(read: &mut Read<'_>) -> Result<Value, Failure> {
    let call = read.request.call(&read.setup.client)?;
    let answer = match read.context.or_cancelled(call.send()).await? {
        Ok(answer) => answer,
        Err(error) => return read.setup.scope.missing(&read.request, error.into()),
    };
    let bytes = &answer.value;
    Ok(match bytes.is_empty() {
        true => Value::Null,
        false => decode::record(&String::from_utf8_lossy(bytes)),
    })
}
