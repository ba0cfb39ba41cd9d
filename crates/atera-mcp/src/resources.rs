//! Resources: what a host can put before a model without a tool. The guide, the tables of the mirror, and any record by its address.

use atera::description::{Location, OPERATIONS, Operation};
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    setup::Setup,
    tools::{
        context::CallContext,
        read::{self, ReadArguments},
    },
};

/// The address of the guide.
const GUIDE: &str = "atera://guide";
/// The address of the tables of the mirror.
const TABLES: &str = "atera://mirror/schema";
/// The beginning of all addresses.
const SCHEME: &str = "atera://";

/// The resources that a server has.
pub(crate) fn all(setup: &Setup) -> Vec<Resource> {
    let mut all = vec![
        Resource::new(GUIDE, "guide")
            .with_title("Working with an Atera account")
            .with_mime_type("text/markdown"),
    ];
    if setup.has_mirror() {
        let tables = Resource::new(TABLES, "mirror-schema")
            .with_title("The tables of the mirror")
            .with_mime_type("text/markdown");
        all.push(tables);
    }
    all
}

/// The addresses of records.
pub(crate) fn templates(setup: &Setup) -> Vec<ResourceTemplate> {
    let reads = OPERATIONS.iter().filter(|it| setup.offers(it));
    let templates = reads.filter_map(|operation| {
        let parameter = parameter(operation)?;
        let uri = format!("{SCHEME}{}/{{{parameter}}}", operation.group);
        let template = ResourceTemplate::new(uri, operation.group)
            .with_title(operation.summary)
            .with_mime_type("application/json");
        Some(template)
    });
    templates.collect()
}

/// Reads a resource.
///
/// # Errors
///
/// `InvalidRequest` if there is none at this address, and as `read`.
pub(crate) async fn read(
    setup: &Setup,
    context: CallContext<'_>,
    uri: &str,
) -> Result<ResourceContents, Failure> {
    let markdown = |text: String| ResourceContents::text(text, uri).with_mime_type("text/markdown");
    if uri == GUIDE {
        return Ok(markdown(include_str!("guide.md").to_string()));
    }
    #[cfg(feature = "mirror")]
    if uri == TABLES
        && let Some(mirrored) = &setup.mirror
    {
        return Ok(markdown(tables(mirrored.mirror.dialect())));
    }
    let unknown = || {
        Failure::invalid(
            "there is no such resource",
            "read one of the list, or a record by its address, as in atera://tickets/54321",
        )
    };
    let (group, id) = uri
        .strip_prefix(SCHEME)
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(unknown)?;
    let operation = Operation::find(&format!("{group}_get")).ok_or_else(unknown)?;
    let parameter = parameter(operation).ok_or_else(unknown)?;
    let arguments = ReadArguments {
        operation: Some(operation.id.to_string()),
        arguments: Some(json!({parameter: id})),
        ..ReadArguments::default()
    };
    let answer = read::read(setup, context, arguments).await?;
    let text = Value::to_string(&answer.structured);
    Ok(ResourceContents::text(text, uri).with_mime_type("application/json"))
}

/// The parameter of an operation that reads a record of its group by the id alone.
fn parameter(operation: &Operation) -> Option<&'static str> {
    let mut in_path = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Path);
    let parameter = in_path.next()?;
    (operation.verb == "get" && operation.reads && in_path.next().is_none()).then_some(parameter.name)
}

/// The tables of the mirror, a line each.
#[cfg(feature = "mirror")]
fn tables(dialect: atera_mirror::Dialect) -> String {
    use atera_mirror::{ColumnType, Dialect, schema::tables};

    let of_database = match dialect {
        Dialect::Postgres => {
            "The database is Postgres. Times are `timestamptz`, local times `timestamp`, and records `json`. `search` finds words: \
             `SELECT table_name, id, label FROM search WHERE words @@ websearch_to_tsquery('simple', 'printer')`."
        }
        _ => {
            "The database is SQLite. Times are texts in UTC, `2026-03-02T08:15:00.000Z`, and compare as such; booleans are 0 and 1. \
             `search` finds words: `SELECT table_name, id, label FROM search WHERE words MATCH 'printer'`."
        }
    };
    let mut page = format!(
        "# The tables of the mirror\n\nRows of records that are gone stay, with the time in `_deleted`: add `WHERE _deleted IS NULL`. `record` \
         has the record as JSON. `_syncs` says how old each list is, `_history` what records were.\n\n{of_database}\n\n\
         Columns are texts unless a type is named; the key comes first.\n\n",
    );
    for table in tables() {
        let columns = table.columns.iter().map(|column| match column.column_type {
            ColumnType::Text => column.name.clone(),
            ColumnType::Integer => format!("{} integer", column.name),
            ColumnType::Real => format!("{} real", column.name),
            ColumnType::Boolean => format!("{} boolean", column.name),
            ColumnType::Date => format!("{} date", column.name),
            ColumnType::Timestamp => format!("{} time", column.name),
            ColumnType::LocalTime => format!("{} local time", column.name),
            _ => format!("{} json", column.name),
        });
        let columns: Vec<_> = columns.collect();
        page.push_str(&format!("- `{}` ({})\n", table.name, columns.join(", ")));
    }
    page
}
