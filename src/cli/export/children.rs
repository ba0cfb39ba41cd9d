//! Reads what hangs on the records of a list: the comments of each ticket, and the like.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Export, SIDE_BY_SIDE,
    list::records,
    manifest::{Entry, Outcome},
    plan::Part,
};
use crate::{
    DynamicCall, ErrorKind, Operation, RawRecord,
    cli::{failure::Failure, walk::not_whole},
};

pub(super) async fn export(
    export: &Export<'_>,
    part: &Part,
    parent: &'static Operation,
) -> Result<Entry, Failure> {
    let mut file = export.folder.resume(part)?;
    if let Some(entry) = file.state.done.clone() {
        return Ok(entry);
    }
    let parent = Part {
        operation: parent,
        parent: None,
    };
    let parents = export.folder.resume(&parent)?;
    let keys = parents.ids;
    file.state.parents_without_id = parents.without_id;
    let Some((parameter, field)) = part.link() else {
        return Err(Failure::Usage(format!(
            "{} has nothing to hang on",
            part.operation.id
        )));
    };
    let done = usize::try_from(file.state.next)
        .unwrap_or(usize::MAX)
        .min(keys.len());
    export.wrote(file.state.records);
    let fetched = stream::iter(&keys[done..]).map(async |key| {
        let call = export.client.operation(part.operation).set(parameter, key)?;
        Ok::<_, Failure>((key, all(part, call).await?))
    });
    let mut fetched = fetched.buffered(SIDE_BY_SIDE);
    while let Some((key, children)) = export.interrupt.or(fetched.try_next()).await?? {
        let linked: Vec<_> = children
            .iter()
            .map(|child| linked(child.get(), field, key))
            .collect();
        file.state.next += 1;
        export.expects(linked.len() as u64);
        export.wrote(file.append(linked.iter().map(String::as_str), "")?);
    }
    let outcome = match file.state.parents_without_id {
        0 => Outcome::OnePass,
        _ => Outcome::NoId,
    };
    file.complete(part, outcome)
}

/// What hangs on one record: nothing if that was there when its list was read, and has been deleted since.
async fn all(part: &Part, call: DynamicCall) -> Result<Vec<RawRecord>, Failure> {
    match read(part, call).await {
        Err(Failure::Call(error)) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

async fn read(part: &Part, call: DynamicCall) -> Result<Vec<RawRecord>, Failure> {
    if !part.operation.list {
        return records(part, &call.send().await?);
    }
    let mut records = call.records();
    let mut children = Vec::new();
    while let Some(record) = records.try_next().await? {
        children.push(record);
    }
    match not_whole(part.operation, &records.drift()) {
        None => Ok(children),
        Some(error) => Err(Failure::Call(error)),
    }
}

/// A record with the key of the one that it hangs on, if it does not tell by itself. A value becomes a record.
fn linked(record: &str, field: &str, key: &str) -> String {
    let key = match key.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => serde_json::Value::from(key).to_string(),
    };
    let inner = record.trim().strip_prefix('{').map(str::trim_start);
    match inner {
        Some(inner) if inner.contains(&format!("\"{field}\"")) => format!("{{{inner}"),
        Some("}") => format!("{{\"{field}\":{key}}}"),
        Some(inner) => format!("{{\"{field}\":{key},{inner}"),
        None => format!("{{\"{field}\":{key},\"value\":{record}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_on_a_record_tells_on_which() {
        for (record, expected) in [
            (r#"{"Comment":"x"}"#, r#"{"TicketID":7,"Comment":"x"}"#),
            (r#"{ "TicketID": 7 }"#, r#"{"TicketID": 7 }"#),
            ("{}", r#"{"TicketID":7}"#),
            (r#""a.png""#, r#"{"TicketID":7,"value":"a.png"}"#),
        ] {
            assert_eq!(linked(record, "TicketID", "7"), expected);
        }
    }
}
