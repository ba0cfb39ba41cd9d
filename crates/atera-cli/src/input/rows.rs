//! The rows of `--from`: a request for each row of a CSV file, or for each record of an NDJSON or JSON file.
//!
//! Columns are named as the fields of the body, in any case or as their flags are called, and as the parameters of the path:
//!
//! ```text
//! TicketID,TicketStatus,TechnicianContactID
//! 54321,Closed,77
//! ```
//!
//! A record that people know by a name may be named in place of its id, in a column that is called as the flag for it:
//! `Customer`, `Contact`, `Technician`.
//!
//! An empty cell says nothing about its field, so an update leaves that alone. The records of a JSON file are bodies as they
//! stand, with the parameters of the path beside their fields. Flags for fields set them in every row, and win.
//!
//! Every row is checked before the first is sent, and everything that is wrong is told with its line.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use atera::description::{Kind, Operation, Parameter, Schema};
use clap::ArgMatches;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};
use sha2::{Digest, Sha256};

use super::{
    arguments, check,
    fields::{self, ScalarField},
    named::{self, Named, Pending, Place},
    request::OperationRequest,
    source, target,
};
use crate::output::{
    columns::{self, Column},
    failure::Failure,
    terminal::tell,
};

/// The requests of a file.
#[derive(Debug)]
pub(crate) struct Rows {
    /// One for each row, in the order of the file.
    pub(crate) rows: Vec<Row>,
    /// What messages call the file.
    pub(crate) name: String,
    /// What may be meant otherwise although it cannot be refused.
    pub(crate) remark: Option<String>,
    /// The file. `None` for stdin.
    pub(crate) file: Option<PathBuf>,
    /// The SHA-256 of its text, and of what the arguments say about every row, in hexadecimal digits.
    pub(crate) content: String,
}

/// A row, and the request that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The line that it begins on, from 1.
    pub(crate) line: u64,
    /// The request.
    pub(crate) request: OperationRequest,
}

/// Reads the file of `--from`, if it is given, and checks every row. What is wrong with single rows is told on stderr, a line
/// each.
///
/// # Errors
///
/// `Usage` if the file cannot be read, if a column belongs nowhere, or if a row cannot be sent.
pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Option<Rows>, Failure> {
    let given = target::takes_rows(operation)
        .then(|| matches.get_one::<PathBuf>(arguments::FROM))
        .flatten();
    let (Some(file), Some(Kind::Object(schema))) = (given, operation.body) else {
        return Ok(None);
    };
    if let Some(parameter) = target::many(operation)
        && matches
            .get_many::<Value>(parameter.name)
            .is_some_and(|ids| ids.len() > 1)
    {
        return Err(Failure::Usage(format!(
            "the rows of --from go to one `{}` at most; name it in a column, so that each row has its own",
            parameter.name
        )));
    }
    let name = source::name(file);
    let refused = |reason: String| Failure::Usage(format!("the rows in {name} cannot be read: {reason}"));
    let text = source::text(file).map_err(|error| refused(error.to_string()))?;
    let template = OperationRequest::unchecked(operation, matches)?;
    let mut content = Sha256::new_with_prefix(text.as_bytes());
    content.update(template.fingerprint());
    let reader = Reader {
        operation,
        schema,
        template,
    };
    let (rows, guarded) = match text.trim_start().starts_with(['{', '[']) {
        true => (reader.records(&text).map_err(refused)?, Vec::new()),
        false => reader.csv(&text)?,
    };
    let all = rows.len();
    if all == 0 {
        return Err(Failure::Usage(format!(
            "{} was not sent: {name} has no rows",
            operation.id
        )));
    }
    let mut sound = Vec::with_capacity(all);
    let mut unsound = 0;
    for (line, row) in rows {
        match row {
            Ok(request) => sound.push(Row { line, request }),
            Err(reasons) => {
                unsound += 1;
                tell(format!("{name}, line {line}: {}", reasons.join("; ")));
            }
        }
    }
    if unsound > 0 {
        return Err(Failure::Usage(format!(
            "{} was not sent: {unsound} of {all} rows in {name} cannot be sent as they are; correct them, nothing was sent",
            operation.id
        )));
    }
    Ok(Some(Rows {
        rows: sound,
        remark: (!guarded.is_empty()).then(|| about_guarded(&name, &guarded)),
        name,
        file: (!source::is_stdin(file)).then(|| file.clone()),
        content: hexadecimal(&content.finalize()),
    }))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row with its line: a request, or what is wrong with it.
type Read = (u64, Result<OperationRequest, Vec<String>>);

/// Makes requests of rows.
struct Reader {
    operation: &'static Operation,
    /// The type of the body.
    schema: &'static Schema,
    /// What the arguments say about every row.
    template: OperationRequest,
}

/// Where the cells of a column go.
enum Target {
    /// A parameter of the path.
    Path(&'static Parameter),
    /// The name of a record, in place of its id.
    Name(&'static Named, Place),
    /// A field of the body, or of an object in it.
    Field(Option<String>, String, Kind),
}

impl Target {
    /// The value that it sets, by its names on the wire: that of the object, if it is in one, and its own.
    fn place(&self) -> (Option<&str>, &str) {
        const PATH: Option<&str> = Some("{}");
        match self {
            Target::Path(parameter) | Target::Name(_, Place::Parameter(parameter)) => (PATH, parameter.name),
            Target::Name(_, Place::Field(scalar)) => {
                (scalar.parent.map(|parent| parent.name), scalar.field.name)
            }
            Target::Field(parent, name, _) => (parent.as_deref(), name),
        }
    }

    /// Whether it takes a text.
    fn is_text(&self) -> bool {
        matches!(self, Target::Field(_, _, Kind::Text))
    }

    /// The first that sets what an earlier one sets already, or a part of it.
    fn repeated(targets: &[Target]) -> Option<usize> {
        let is_in = |(parent, _): (Option<&str>, &str), other: (Option<&str>, &str)| {
            other.0.is_none() && parent == Some(other.1)
        };
        (0..targets.len()).find(|second| {
            let place = targets[*second].place();
            targets[..*second].iter().any(|first| {
                let first = first.place();
                first == place || is_in(first, place) || is_in(place, first)
            })
        })
    }
}

/// What is wrong where a value is given twice.
fn twice(name: &str) -> String {
    format!(
        "`{}` is there twice, perhaps in another spelling; leave one of them out",
        name.trim()
    )
}

impl Reader {
    /// The rows of a CSV text. Its first line says what the columns are.
    /// Beside them are the lines of those with a text that begins as `--output csv` writes formulas.
    fn csv(&self, text: &str) -> Result<(Vec<Read>, Vec<u64>), Failure> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        let unfit = |error: csv::Error| Failure::Usage(format!("the rows cannot be read as CSV: {error}"));
        let targets = reader
            .headers()
            .map_err(unfit)?
            .iter()
            .map(|name| self.target(name.trim()));
        let targets: Vec<_> = targets.collect::<Result<_, _>>()?;
        if let Some(second) = Target::repeated(&targets) {
            let name = reader.headers().map_err(unfit)?.get(second).unwrap_or_default();
            return Err(Failure::Usage(twice(name)));
        }
        let (mut rows, mut guarded) = (Vec::new(), Vec::new());
        for row in reader.records() {
            let row = row.map_err(unfit)?;
            let line = row.position().map_or(0, csv::Position::line);
            let mut cells = targets.iter().zip(&row);
            if cells.any(|(target, cell)| target.is_text() && is_guarded(cell)) {
                guarded.push(line);
            }
            rows.push((line, self.cells(&targets, &row)));
        }
        Ok((rows, guarded))
    }

    /// Where a column of this name goes.
    fn target(&self, name: &str) -> Result<Target, Failure> {
        if let Some(parameter) = self.parameter(name) {
            return Ok(Target::Path(parameter));
        }
        if let Some((named, place)) = self.named(name) {
            return Ok(Target::Name(named, place));
        }
        let scalars = fields::scalars(Kind::Object(self.schema));
        let is_named =
            |scalar: &ScalarField| scalar.field.name.eq_ignore_ascii_case(name) || scalar.flag() == name;
        if let Some(scalar) = scalars.into_iter().find(is_named) {
            let parent = scalar.parent.map(|parent| parent.name.to_string());
            return Ok(Target::Field(
                parent,
                scalar.field.name.to_string(),
                scalar.field.kind,
            ));
        }
        let column = Column::named(Some(self.schema), name, self.template.allow_unknown)?;
        match column.path.as_slice() {
            [field] => Ok(Target::Field(None, field.clone(), column.kind)),
            [parent, field] => Ok(Target::Field(Some(parent.clone()), field.clone(), column.kind)),
            _ => Err(Failure::Usage(format!(
                "the column `{name}` lies too deep; give such rows as NDJSON"
            ))),
        }
    }

    /// The parameter of the path whose values stand under this name.
    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        target::in_path(self.operation).find(|parameter| target::is_named(self.operation, parameter, name))
    }

    /// The record that is named under this heading, which is called as the flag for it, unless there is a field of that name.
    fn named(&self, name: &str) -> Option<(&'static Named, Place)> {
        let is_field = columns::find(self.schema, name).is_some();
        let mut places = named::places(self.operation).into_iter();
        places.find(|(named, _)| !is_field && named.noun.eq_ignore_ascii_case(name))
    }

    /// The request of a row of cells.
    fn cells(&self, targets: &[Target], row: &csv::StringRecord) -> Result<OperationRequest, Vec<String>> {
        let (mut path, mut names) = (Vec::new(), Vec::new());
        let mut body = Map::new();
        let mut reasons = Vec::new();
        for (target, cell) in targets
            .iter()
            .zip(row)
            .filter(|(_, cell)| !cell.trim().is_empty())
        {
            let (name, kind) = match target {
                Target::Name(named, place) => {
                    names.push(Pending::new(named, *place, cell.trim()));
                    continue;
                }
                Target::Path(parameter) => (parameter.name, parameter.kind),
                Target::Field(_, name, kind) => (name.as_str(), *kind),
            };
            let value = match cell_value(kind, cell) {
                Ok(value) => value,
                Err(reason) => {
                    reasons.push(format!("`{name}` cannot be `{}`: {reason}", cell.trim()));
                    continue;
                }
            };
            match target {
                Target::Name(..) => {}
                Target::Path(parameter) => path.push((*parameter, target::text(&value))),
                Target::Field(None, name, _) => drop(body.insert(name.clone(), value)),
                Target::Field(Some(parent), name, _) => {
                    let parent = body.entry(parent).or_insert_with(|| Value::Object(Map::new()));
                    parent[name] = value;
                }
            }
        }
        match reasons.is_empty() {
            true => self.request(path, body, names),
            false => Err(reasons),
        }
    }

    /// The rows of a text of JSON records, in an array or one after another.
    fn records(&self, text: &str) -> Result<Vec<Read>, String> {
        let not_json = |error: serde_json::Error| format!("it is not JSON: {error}");
        let mut records: Vec<&RawValue> = Vec::new();
        for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            let value = value.map_err(not_json)?;
            match value.get().starts_with('[') {
                true => {
                    records.extend(serde_json::from_str::<Vec<&RawValue>>(value.get()).map_err(not_json)?)
                }
                false => records.push(value),
            }
        }
        let mut lines = Lines::new(text);
        let rows = records
            .into_iter()
            .map(|record| (lines.of(record.get()), self.record(record.get())));
        Ok(rows.collect())
    }

    /// The request of a record.
    fn record(&self, json: &str) -> Result<OperationRequest, Vec<String>> {
        let Ok(Members(record)) = serde_json::from_str(json) else {
            return Err(vec!["it is not an object of fields".to_string()]);
        };
        let target = |name: &String| match (self.parameter(name), self.named(name)) {
            (Some(parameter), _) => Target::Path(parameter),
            (None, Some((named, place))) => Target::Name(named, place),
            // The service takes names in any case, and so do columns.
            (None, None) => {
                let field = columns::find(self.schema, name);
                let name = field.map_or(name.as_str(), |field| field.name);
                Target::Field(None, name.to_string(), Kind::Any)
            }
        };
        let targets: Vec<_> = record.iter().map(|(name, _)| target(name)).collect();
        if let Some(second) = Target::repeated(&targets) {
            return Err(vec![twice(&record[second].0)]);
        }
        let (mut path, mut names) = (Vec::new(), Vec::new());
        let mut body = Map::new();
        for (target, (_, value)) in targets.into_iter().zip(record) {
            match target {
                Target::Path(parameter) => path.push((parameter, target::text(&value))),
                Target::Name(named, place) => names.push(Pending::new(named, place, &target::text(&value))),
                Target::Field(_, name, _) => drop(body.insert(name, value)),
            }
        }
        self.request(path, body, names)
    }

    /// The request with these parameters and this body, and what the flags say over it.
    fn request(
        &self,
        path: Vec<(&'static Parameter, String)>,
        mut body: Map<String, Value>,
        names: Vec<Pending>,
    ) -> Result<OperationRequest, Vec<String>> {
        let mut request = self.template.clone();
        let mut reasons = Vec::new();
        for (parameter, value) in path {
            match request.value(parameter.name) {
                Some(_) => reasons.push(format!(
                    "`{}` is given as an argument and in the row; leave one of them out",
                    parameter.name
                )),
                None => request.set(parameter.name, value),
            }
        }
        if let Some(Value::Object(given)) = request.body.take() {
            merge(&mut body, given);
        }
        if body.is_empty() && names.is_empty() {
            reasons.push("it has no field to send".to_string());
        }
        request.body = Some(Value::Object(body));
        for pending in names {
            let put_off = request.put_off(pending);
            reasons.extend(put_off.err().and_then(|failure| failure.sentence()));
        }
        reasons.extend(check::reasons(
            self.operation,
            &request.parameters,
            request.body.as_ref(),
            request.allow_unknown,
        ));
        match reasons.is_empty() {
            true => Ok(request),
            false => Err(reasons),
        }
    }
}

/// Whether a text begins as `--output csv` writes one that a spreadsheet would take for a formula. Whether the apostrophe is part
/// of the text cannot be known, so it is left where it is.
fn is_guarded(cell: &str) -> bool {
    let rest = cell.strip_prefix('\'');
    rest.is_some_and(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']))
}

/// The remark about the rows on these lines.
fn about_guarded(name: &str, lines: &[u64]) -> String {
    let first: Vec<_> = lines.iter().take(5).map(u64::to_string).collect();
    let others = match lines.len() {
        all if all > 5 => format!(" and {} others", all - 5),
        _ => String::new(),
    };
    format!(
        "{name}: a text on line {}{others} begins with an apostrophe, and is sent with it; `--output csv` puts one before what a \
         spreadsheet would take for a formula, so take it away if it is not part of the text",
        first.join(", ")
    )
}

/// The value of a cell.
fn cell_value(kind: Kind, cell: &str) -> Result<Value, String> {
    match kind {
        Kind::Text => Ok(Value::from(cell)),
        Kind::Enum { values, .. } => Ok(Value::from(arguments::as_known(values, cell.trim()))),
        Kind::Object(_) | Kind::Array(_) | Kind::Map(_) => {
            serde_json::from_str(cell).map_err(|error| format!("it must be JSON: {error}"))
        }
        kind => arguments::parse(kind, cell.trim()),
    }
}

/// The members of a JSON object in their order, also those whose names are equal.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// Sets these fields, and those within objects one by one.
fn merge(body: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (body.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(over)) => merge(inner, over),
            (_, value) => drop(body.insert(name, value)),
        }
    }
}

/// What separates the cells: a comma, unless the first line has only semicolons or tabs, as spreadsheets write them in countries
/// with a decimal comma.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let only = |separator: char| first.contains(separator) && !first.contains(',');
    match () {
        () if only(';') => b';',
        () if only('\t') => b'\t',
        () => b',',
    }
}

/// The lines of the parts of a text, which are asked for in their order.
struct Lines<'a> {
    text: &'a str,
    /// How far lines were counted, in bytes.
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Lines { text, at: 0, line: 1 }
    }

    /// The line that a part begins on.
    fn of(&mut self, part: &str) -> u64 {
        let begins = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let between = self.text.as_bytes().get(self.at..begins).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = self.at.max(begins);
        self.line
    }
}

/// The file that a symbolic link leads to, or the file itself: by whatever link it is named, there is one journal beside it.
pub(crate) fn followed(file: &Path) -> PathBuf {
    match file.is_symlink() {
        true => fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf()),
        false => file.to_path_buf(),
    }
}

/// A file beside another one, with this at the end of its name.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::input::groups;

    /// The rows of this text.
    fn rows(arguments: &[&str], text: &str) -> Result<Rows, Failure> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("a file");
        let path = file.path().to_str().expect("a path");
        let arguments = [&["atera"], arguments, &["--from", path]].concat();
        let matches = groups::root()
            .try_get_matches_from(arguments)
            .map_err(Failure::Arguments)?;
        let (group, matches) = matches.subcommand().expect("a group");
        let (operation, matches) = groups::chosen(group, matches)?;
        Ok(read(operation, matches)?.expect("rows"))
    }

    fn bodies(arguments: &[&str], text: &str) -> Vec<Value> {
        let rows = rows(arguments, text).expect("rows").rows;
        rows.into_iter()
            .map(|row| row.request.body.expect("a body"))
            .collect()
    }

    #[test]
    fn columns_are_named_as_fields() {
        let text = "TicketTitle,description,end-user-id,TicketPriority\r\n\"Printer, again\",Fire,7,high\r\n'=1,x,8,\r\n";
        assert_eq!(
            bodies(&["tickets", "create"], text),
            [
                json!({"TicketTitle": "Printer, again", "Description": "Fire", "EndUserID": 7, "TicketPriority": "High"}),
                json!({"TicketTitle": "'=1", "Description": "x", "EndUserID": 8}),
            ]
        );
        let semicolons = "TicketTitle;Description;EndUserID\nPrinter, again;Fire;7\n";
        assert_eq!(
            bodies(&["tickets", "create"], semicolons)[0]["TicketTitle"],
            "Printer, again"
        );
    }

    #[test]
    fn records_are_bodies_with_the_id_beside_the_fields() {
        for (text, lines) in [
            (
                "{\"TicketID\": 7, \"TicketTitle\": \"a\"}\n\n{\"ticketid\": \"8\", \"TicketTitle\": null}\n",
                [1, 3],
            ),
            (
                "[\n{\"TicketID\": 7, \"TicketTitle\": \"a\"},\n{\"TicketID\": 8, \"TicketTitle\": null}]",
                [2, 3],
            ),
        ] {
            let rows = rows(&["tickets", "update"], text).expect("rows").rows;
            assert_eq!([rows[0].line, rows[1].line], lines);
            assert_eq!([rows[0].request.target(), rows[1].request.target()], ["7", "8"]);
            assert_eq!(rows[1].request.body, Some(json!({"TicketTitle": null})));
        }
    }

    #[test]
    fn flags_set_a_field_in_every_row() {
        let text = "CommentText,TechnicianId\nDone,3\n";
        let arguments = [
            "tickets",
            "add-comment",
            "7",
            "--is-internal",
            "--comment-text",
            "Over",
        ];
        assert_eq!(
            bodies(&arguments, text),
            [
                json!({"CommentText": "Over", "TechnicianCommentDetails": {"TechnicianId": 3, "IsInternal": true}})
            ]
        );
    }

    #[test]
    fn an_apostrophe_is_sent_and_remarked() {
        let text = "TicketTitle\n'@home' printer broken\n'quoted'\n";
        let rows = rows(&["tickets", "update", "7"], text).expect("rows");
        let title = rows.rows[0].request.body.clone();
        assert_eq!(title, Some(json!({"TicketTitle": "'@home' printer broken"})));
        let remark = rows.remark.expect("a remark");
        assert!(remark.contains("on line 2 begins"), "{remark}");
    }

    #[test]
    fn a_field_that_is_given_twice_is_refused() {
        for (arguments, text, told) in [
            (
                &["tickets", "create"][..],
                "TicketTitle,Description,ticket-title\nx,y,z\n",
                "`ticket-title` is there twice",
            ),
            (
                &["tickets", "create"],
                "EndUserID,TicketTitle,Description,Contact\n7,x,y,Ann\n",
                "`Contact` is there twice",
            ),
            (
                &["tickets", "add-comment", "7"],
                "CommentText,TechnicianId,TechnicianCommentDetails\nx,7,[]\n",
                "`TechnicianCommentDetails` is there twice",
            ),
            // What is wrong with a record is told on its line.
            (
                &["tickets", "update", "7"],
                "{\"TicketTitle\": \"x\", \"tickettitle\": \"y\"}",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update", "7"],
                "{\"TicketTitle\": \"x\", \"TicketTitle\": \"y\"}",
                "1 of 1 rows",
            ),
        ] {
            match rows(arguments, text) {
                Err(Failure::Usage(sentence)) => assert!(sentence.contains(told), "{sentence}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn rows_that_cannot_be_sent_are_refused() {
        for (arguments, text, reason) in [
            (
                &["tickets", "create"][..],
                "TicketTitel\nx\n",
                "(did you mean `TicketTitle`?)",
            ),
            (
                &["tickets", "create"],
                "TicketTitle,Description\nx,y\n",
                "1 of 1 rows",
            ),
            (&["tickets", "update"], "TicketTitle\nx\n", "1 of 1 rows"),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\nseven,x\n8,y\n",
                "1 of 2 rows",
            ),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\n8,\n",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update", "7"],
                "TicketID,TicketTitle\n8,x\n",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\n8\n",
                "cannot be read as CSV",
            ),
        ] {
            match rows(arguments, text) {
                Err(Failure::Usage(sentence)) => assert!(sentence.contains(reason), "{sentence}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
