//! `query`: SQL over the mirror of the account. It asks the service nothing, and the database itself lets it only read.

use std::time::Duration;

use atera::Timestamp;
use atera_mirror::{Answer as Rows, ErrorKind, Limits, ListStatus, ListsRead, Mirror, Value as Cell};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::context::CallContext;
use crate::{
    content::{Answer, Cut, Shown, UNTRUSTED},
    decode,
    failure::Failure,
    secret,
    setup::Setup,
};

/// How long a query may take.
const TIME: Duration = Duration::from_secs(30);
/// How many rows are answered if nothing is said.
const USUAL: u64 = 100;
/// The most rows that are answered at once.
const MOST: u64 = 1_000;
/// How many cuts are told.
const MOST_CUTS: usize = 10;

/// The arguments of `query`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryArguments {
    sql: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    limit: Option<u64>,
}

/// Asks the mirror.
///
/// # Errors
///
/// `InvalidRequest` if the SQL is wrong or would do more than read, and whatever the database fails with.
pub(crate) async fn query(
    setup: &Setup,
    context: CallContext<'_>,
    arguments: QueryArguments,
) -> Result<Answer, Failure> {
    let mirror = mirror(setup)?;
    let parameters = arguments.parameters.iter();
    let parameters: Vec<_> = parameters
        .map(|(name, value)| Ok((name.trim_start_matches(':').to_string(), cell(name, value)?)))
        .collect::<Result<_, Failure>>()?;
    let limits = limits(arguments.limit)?;
    let ages = ages(mirror, context, &ListsRead::of_sql(&arguments.sql)).await?;
    let rows = mirror.query(&arguments.sql, &parameters, &limits);
    let rows = context
        .or_cancelled(rows)
        .await?
        .map_err(|error| failure(&error))?;
    let mut answer = table(setup, context, rows).await?;
    answer["as_of"] = ages;
    Ok(Answer::json(answer))
}

/// The mirror.
///
/// # Errors
///
/// `NotAllowed` if the server has none.
pub(super) fn mirror(setup: &Setup) -> Result<&Mirror, Failure> {
    setup
        .mirror
        .as_ref()
        .map(|mirrored| &mirrored.mirror)
        .ok_or_else(|| {
            Failure::not_allowed(
                "this server has no mirror",
                "use `read`, or tell the user, who can start the server with --mirror",
            )
        })
}

/// The limits of a query.
///
/// # Errors
///
/// `InvalidRequest` if too many rows are wanted.
pub(super) fn limits(rows: Option<u64>) -> Result<Limits, Failure> {
    match rows.unwrap_or(USUAL) {
        rows @ 1..=MOST => Ok(Limits::default().time(TIME).rows(rows)),
        rows => Err(Failure::invalid(
            format!("`limit` must be 1 to {MOST}, not {rows}"),
            "correct it, or have the query count and group",
        )),
    }
}

/// The rows as far as the answer has room for them.
///
/// # Errors
///
/// Whatever the database fails with.
pub(super) async fn table(setup: &Setup, context: CallContext<'_>, mut rows: Rows) -> Result<Value, Failure> {
    let columns: Vec<_> = rows.columns().iter().map(|column| column.name.clone()).collect();
    let limits = setup.limits;
    let (mut shown, mut size, mut removed, mut is_full) = (Vec::new(), 0, 0, false);
    let (mut cuts, mut more_cuts) = (Vec::new(), 0);
    'rows: while let Some(batch) = context
        .or_cancelled(rows.next())
        .await?
        .map_err(|error| failure(&error))?
    {
        for row in batch {
            let cells = columns.iter().zip(row).map(|(column, cell)| value(column, cell));
            let row = Shown::of(Value::Array(cells.collect()), limits.text, limits.answer);
            if !shown.is_empty() && size + row.size > limits.answer {
                is_full = true;
                break 'rows;
            }
            size += row.size;
            removed += row.removed;
            more_cuts += row.more_cuts;
            for cut in &row.cuts {
                match cuts.len() < MOST_CUTS {
                    true => cuts.push(told_cut(shown.len(), &columns, cut)),
                    false => more_cuts += 1,
                }
            }
            shown.push(row.value);
        }
    }
    let mut answer =
        json!({"untrusted": UNTRUSTED, "columns": columns, "returned": shown.len(), "rows": shown});
    if is_full {
        answer["more"] = json!(
            "the answer is full, and there are more rows; choose columns, group, or use LIMIT and OFFSET"
        );
    } else if rows.is_cut() {
        answer["more"] = json!("there are more rows; raise `limit`, group, or use OFFSET");
    }
    if more_cuts > 0 {
        cuts.push(json!({"further_cuts": more_cuts}));
    }
    if !cuts.is_empty() {
        answer["cut"] = Value::Array(cuts);
        answer["remarks"] =
            json!(["some texts are cut; substr(column, from, length) in SQL shows more of one"]);
    }
    if removed > 0 {
        answer["invisible_characters_removed"] = json!(removed);
    }
    Ok(answer)
}

/// What was cut of a cell: of which row and column, and where within it if it is a record.
fn told_cut(row: usize, columns: &[String], cut: &Cut) -> Value {
    let path = cut.path.strip_prefix('/').unwrap_or_default();
    let (index, within) = path.split_once('/').unwrap_or((path, ""));
    let column = index.parse().ok().and_then(|index: usize| columns.get(index));
    let mut told = json!({"row": row, "column": column, "shown": cut.shown, "of": cut.of});
    if !within.is_empty() {
        told["path"] = json!(format!("/{within}"));
    }
    told
}

/// How old the lists are that are asked, so that nobody takes the mirror for the account as it is now. It is to be called before they are
/// asked: the rows may be younger than what is said of them, and not older.
///
/// # Errors
///
/// Whatever the database fails with.
pub(super) async fn ages(
    mirror: &Mirror,
    context: CallContext<'_>,
    lists: &ListsRead,
) -> Result<Value, Failure> {
    let known = context
        .or_cancelled(mirror.status())
        .await?
        .map_err(|error| failure(&error))?;
    let told = |status: &ListStatus| {
        let time = status.as_of.map(|time: Timestamp| time.to_string());
        let is_new = time.is_none() && status.tried.is_none();
        let time = time.unwrap_or_else(|| "never read".to_string());
        match status.state.name() {
            "complete" => time,
            // None was asked for, or is read right now.
            _ if is_new => time,
            state => format!("{time} ({state})"),
        }
    };
    let lists = lists.status(&known).into_iter();
    Ok(lists
        .map(|status| (status.list.clone(), Value::from(told(&status))))
        .collect())
}

/// A parameter of a query.
fn cell(name: &str, value: &Value) -> Result<Cell, Failure> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Boolean(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Cell::Integer(number),
            (None, Some(number)) => Cell::Real(number),
            (None, None) => Cell::Text(number.to_string()),
        },
        Value::String(text) => Cell::Text(text.clone()),
        _ => {
            return Err(Failure::invalid(
                format!("the parameter `{name}` must be a text, a number, true, false or null"),
                "correct it and call again",
            ));
        }
    })
}

/// A value of a row. Records are JSON, which is shown as such, so that secrets in it are found.
fn value(column: &str, cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(value) => value.into(),
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(_) if secret::is_secret(column) => secret::HIDDEN.into(),
        Cell::Text(text) => match decode::decode(text.as_bytes()) {
            Some(json @ (Value::Object(_) | Value::Array(_))) => json,
            _ => text.into(),
        },
    }
}

/// A failure of the mirror.
pub(super) fn failure(error: &atera_mirror::Error) -> Failure {
    match error.kind() {
        ErrorKind::Refused | ErrorKind::Query => Failure::invalid(
            error.to_string(),
            "correct the SQL; the resource atera://mirror/schema has the tables and their columns",
        ),
        ErrorKind::TimedOut => Failure::new(
            atera::ErrorKind::Timeout,
            error.to_string(),
            "ask for less: fewer rows, fewer joins, an index column in the condition",
        ),
        _ => Failure::new(
            atera::ErrorKind::Config,
            error.to_string(),
            "tell the user, who has to see to the mirror (`atera mirror status`), and use `read` meanwhile",
        ),
    }
}
