//! Makes a request of each row, or says what is wrong with it.

use atera::description::Parameter;
use serde_json::{Map, Value, value::RawValue};

use super::{
    columns::{Columns, Target},
    text::{Lines, Members, cell_value, delimiter, is_guarded},
};
use crate::{
    input::{check, named::Pending, request::OperationRequest, target},
    output::failure::Failure,
};

/// A row with its line: a request, or what is wrong with it.
pub(crate) type Read = (u64, Result<OperationRequest, Vec<String>>);

/// Makes requests of rows.
pub(crate) struct Reader {
    pub(crate) columns: Columns,
    /// What the arguments say about every row.
    pub(crate) template: OperationRequest,
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
    ///
    /// # Errors
    ///
    /// What is wrong with the file as a whole.
    pub(crate) fn csv(&self, text: &str) -> Result<(Vec<Read>, Vec<u64>), String> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        let unfit = |error: csv::Error| format!("it is not CSV: {error}");
        let targets = reader
            .headers()
            .map_err(unfit)?
            .iter()
            .map(|name| self.columns.target(name.trim()));
        let targets: Vec<_> = targets
            .collect::<Result<_, _>>()
            .map_err(|failure: Failure| failure.sentence().unwrap_or_default())?;
        if let Some(second) = Target::repeated(&targets) {
            let name = reader.headers().map_err(unfit)?.get(second).unwrap_or_default();
            return Err(twice(name));
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
    ///
    /// # Errors
    ///
    /// That it is not JSON.
    pub(crate) fn records(&self, text: &str) -> Result<Vec<Read>, String> {
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
        let targets: Vec<_> = record.iter().map(|(name, _)| self.columns.member(name)).collect();
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
            self.columns.operation,
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

/// Sets these fields, and those within objects one by one.
fn merge(body: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (body.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(over)) => merge(inner, over),
            (_, value) => drop(body.insert(name, value)),
        }
    }
}
