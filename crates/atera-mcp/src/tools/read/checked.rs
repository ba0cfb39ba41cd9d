//! The read once it is checked.

use atera::{Timestamp, description::Operation};
use atera_records::{Column, Fields, OptionNames, Record, Selection, project};
use serde_json::{Value, json};

use super::{super::context::CallContext, arguments::ReadArguments};
use crate::{
    content::{Cursor, Part, Shown, cursor},
    decode,
    failure::{Failure, FieldProblem},
    level::Level,
    request::{self, Request, record_of},
    secret,
    setup::Setup,
};

/// What messages call the arguments.
const NAMES: OptionNames = OptionNames {
    expand: None,
    ..OptionNames::ARGUMENTS
};

/// A read that is checked, and its place.
pub(super) struct Read<'a> {
    pub(super) setup: &'a Setup,
    pub(super) context: CallContext<'a>,
    pub(super) arguments: ReadArguments,
    pub(super) request: Request,
    pub(super) selection: Selection,
    /// The fields that are shown. Without any, all are.
    columns: Vec<Column>,
    /// Whether its records have secrets, which must not be compared with anything either.
    has_secrets: bool,
    /// How many records of the list come before.
    pub(super) at: u64,
    /// How many records the list has, if an earlier answer told.
    pub(super) total: Option<u64>,
    /// When the first read of the list was made, if that matters.
    now: Option<Timestamp>,
}

impl<'a> Read<'a> {
    /// Checks a read, and returns it with the part of a record that goes on, if that is what the cursor says.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `NotAllowed`, and whatever the service fails with if a record or the time zone has to be read first.
    pub(super) async fn check(
        setup: &'a Setup,
        context: CallContext<'a>,
        arguments: ReadArguments,
    ) -> Result<(Self, Option<Part>), Failure> {
        let (from, is_kept) = place(setup, arguments)?;
        let Cursor {
            arguments,
            at,
            total,
            now,
            part,
        } = from;
        let name = arguments.operation.as_deref().ok_or_else(|| {
            Failure::invalid(
                "`operation` is missing",
                "name one, as in tickets_list; `search` finds them",
            )
        })?;
        let operation = request::operation(name)?;
        setup.check_access(operation)?;
        let mut request = Request::read(operation, arguments.arguments.clone(), arguments.body.clone())?;
        setup.check_level(&request, Level::Read)?;
        // One that is made up would find out where the list of all customers ends.
        if (at > 0 || part.is_some()) && !is_kept && setup.scope.filters(&request) {
            return Err(cursor::unknown());
        }
        let fields = Fields::of(record_of(operation)).option_names(&NAMES);
        let has_condition = !arguments.selection(None).conditions.is_empty();
        let now = has_condition.then(|| now.unwrap_or_else(Timestamp::now));
        let selection = Selection::new(&arguments.selection(now), fields)
            .map_err(|error| unfit(operation, "where, group_by, sum", &error))?;
        let columns = columns(&arguments.fields, operation, selection.fields())?;
        check_length(operation, &arguments, now)?;
        // The service sends fewer records where it can filter itself.
        if operation.list {
            for (name, value) in selection.parameters(operation) {
                if request.value(name).is_none() {
                    request.set(name, value);
                }
            }
        }
        context
            .or_cancelled(setup.scope.check(&mut request, &setup.client))
            .await??;
        let schema = record_of(operation);
        let mut read = Read {
            setup,
            context,
            arguments,
            request,
            selection,
            columns,
            has_secrets: schema.is_some_and(|it| {
                let mut fields = it.fields.iter();
                fields.any(|field| secret::is_secret(field.name) || secret::is_field_name(field.name))
            }),
            at,
            total,
            now,
        };
        if read.selection.needs_zone() {
            let zone = context.or_cancelled(setup.client.account_zone()).await??;
            let set = read.selection.set_zone(zone);
            set.map_err(|error| unfit(operation, "where", &error))?;
        }
        Ok((read, part))
    }

    /// Whether records have to be looked at one by one: some are not wanted, or are of another customer.
    pub(super) fn filters(&self) -> bool {
        self.selection.alters() || self.setup.scope.filters(&self.request)
    }

    /// What comes of a record: nothing if it is not wanted, or was added to the totals.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if a value cannot be summed exactly.
    pub(super) fn take(&mut self, json: &str) -> Result<Option<Value>, Failure> {
        let mut record = decode::record(json);
        if !self.setup.scope.shows(&self.request, &record) {
            return Ok(None);
        }
        let hidden;
        let json = match self.has_secrets {
            true => {
                self.hide(&mut record);
                hidden = record.to_string();
                hidden.as_str()
            }
            false => json,
        };
        let mut taken = None;
        let operation = self.request.operation;
        self.selection
            .take(json, |wanted| {
                taken = Some(wanted.to_string());
                Ok::<_, atera_records::Error>(())
            })
            .map_err(|error| unfit(operation, "sum", &error))?;
        Ok(taken.map(|wanted| self.chosen(&wanted)))
    }

    /// Replaces the secrets of a record. Before fields are chosen: a custom field's value is a secret by the name beside it.
    pub(super) fn hide(&self, record: &mut Value) {
        secret::hide(record);
        if self.request.names_secret() {
            secret::hide_custom_values(record);
        }
    }

    /// The fields of a record that are shown.
    pub(super) fn chosen(&self, json: &str) -> Value {
        let json = match self.columns.is_empty() {
            true => std::borrow::Cow::Borrowed(json),
            false => project(&Record::new(json), &self.columns).into(),
        };
        decode::record(&json)
    }

    /// The id of a record, if it has one that is shown.
    pub(super) fn id_of(&self, record: &Value) -> Option<String> {
        let field = record_of(self.request.operation)?.id_field?;
        record.get(field).map(Value::to_string)
    }

    /// The text of a cursor.
    pub(super) fn cursor(&self, at: u64, total: Option<u64>, part: Option<Part>) -> String {
        let place = Cursor {
            arguments: self.arguments.clone(),
            at,
            total,
            now: self.now,
            part,
        };
        match self.setup.scope.filters(&self.request) {
            true => self.setup.places.keep(place.write()),
            false => place.write(),
        }
    }

    /// What was cut of a record, each with a cursor to go on with.
    pub(super) fn cuts(&self, shown: &Shown, at: u64, id: Option<&str>) -> Vec<Value> {
        let cuts = shown.cuts.iter().map(|cut| {
            let part = Part {
                path: cut.path.clone(),
                from: cut.shown,
                id: id.map(str::to_string),
            };
            let mut told = json!({"path": cut.path, "shown": cut.shown, "of": cut.of});
            // Names that people choose may make a path that no cursor has room for.
            let next = Some(self.cursor(at, self.total, Some(part)));
            if let Some(next) = next.filter(|next| next.len() <= cursor::LONGEST) {
                told["next"] = json!(next);
            }
            told
        });
        let mut cuts: Vec<_> = cuts.collect();
        if shown.more_cuts > 0 {
            cuts.push(json!({"further_cuts": shown.more_cuts}));
        }
        cuts
    }
}

/// What is read, and from where on; and whether that is a place that this server has remembered.
fn place(setup: &Setup, arguments: ReadArguments) -> Result<(Cursor<ReadArguments>, bool), Failure> {
    let Some(text) = &arguments.cursor else {
        let beginning = Cursor {
            arguments,
            at: 0,
            total: None,
            now: None,
            part: None,
        };
        return Ok((beginning, false));
    };
    let kept = setup.places.find(text);
    let is_kept = kept.is_some();
    let cursor = Cursor::<ReadArguments>::read(kept.as_deref().unwrap_or(text))?;
    let named = arguments.operation.as_ref();
    match named.is_none_or(|named| Some(named) == cursor.arguments.operation.as_ref()) {
        true => Ok((cursor, is_kept)),
        false => Err(Failure::invalid(
            "`cursor` is one of another operation",
            "give the cursor alone, or leave it out",
        )),
    }
}

/// Checks that the arguments fit into a cursor, wherever that is.
///
/// # Errors
///
/// `InvalidRequest` if they do not: the answer would end where nothing goes on, or be as long as its cursors.
fn check_length(
    operation: &Operation,
    arguments: &ReadArguments,
    now: Option<Timestamp>,
) -> Result<(), Failure> {
    let longest = Cursor {
        arguments: arguments.clone(),
        at: u64::MAX,
        total: Some(u64::MAX),
        now,
        part: None,
    };
    match longest.write().len() <= cursor::LONGEST_OF_A_RECORD {
        true => Ok(()),
        false => Err(Failure::invalid(
            format!(
                "{} was not read: its arguments are too long for a cursor, which has at most {} characters",
                operation.id,
                cursor::LONGEST_OF_A_RECORD
            ),
            "shorten `where`, `fields`, `arguments` or `body`",
        )),
    }
}

/// The fields that are shown, with the id of the record, without which nobody can do anything with it.
fn columns(names: &[String], operation: &Operation, fields: Fields) -> Result<Vec<Column>, Failure> {
    let mut problems = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for name in names.iter().filter(|name| name.as_str() != "*") {
        match fields.column(name) {
            Ok(column) => columns.push(column),
            Err(error) => problems.push(FieldProblem {
                field: "fields".to_string(),
                problem: error.to_string(),
            }),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::invalid(
            format!("{} was not read: its records have no such fields", operation.id),
            "correct the names, or leave out `fields` for all of them",
        )
        .with_fields(problems));
    }
    let id = fields.schema().and_then(|schema| schema.id_field);
    if let Some(id) = id.filter(|_| !columns.is_empty())
        && !columns.iter().any(|column| column.path.as_slice() == [id])
    {
        columns.insert(0, Column::plain(id));
    }
    Ok(columns)
}

/// That what is asked for does not fit the records.
fn unfit(operation: &Operation, field: &str, error: &atera_records::Error) -> Failure {
    Failure::invalid(
        format!("{} was not read: {error}", operation.id),
        format!("correct it; `describe` with `{}` lists the fields", operation.id),
    )
    .with_fields(vec![FieldProblem {
        field: field.to_string(),
        problem: error.to_string(),
    }])
}
