//! A report, and how it is asked.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use atera::Timestamp;

use super::{
    header::{Chart, Header},
    parameter::Parameter,
};
use crate::{
    engine::{Answer, Dialect, Limits, Value},
    error::{Error, ErrorKind, Flaw, Result},
    mirror::Mirror,
    state::ListsRead,
};

/// A question about the account, with the SQL that answers it.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) name: String,
    pub(super) path: Option<PathBuf>,
    pub(super) header: Header,
    /// The SQL for each database, with the rows of its data.
    pub(super) sqlite: Option<String>,
    pub(super) postgres: Option<String>,
}

impl Report {
    /// Its name: that of its file, without what comes after the first dot.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The question that it answers.
    pub fn title(&self) -> &str {
        &self.header.title
    }

    /// What its rows are. It may be empty.
    pub fn description(&self) -> &str {
        &self.header.description
    }

    /// The tables of the mirror that it reads.
    pub fn tables(&self) -> &[String] {
        &self.header.tables
    }

    /// Its parameters, by name.
    pub fn parameters(&self) -> &[Parameter] {
        &self.header.parameters
    }

    /// Its picture.
    pub fn chart(&self) -> Option<&Chart> {
        self.header.chart.as_ref()
    }

    /// Its file. `None` if it is built in.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Asks a mirror. Parameters that are not given have their defaults, and times are reckoned from `now`.
    ///
    /// # Errors
    ///
    /// `Config` if a parameter cannot have its value, and otherwise as [`Mirror::query`].
    pub async fn run(
        &self,
        mirror: &Mirror,
        given: &[(String, String)],
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Answer> {
        let parameters = self.values(given, now)?;
        let sql = self.sql(mirror.dialect())?;
        mirror
            .query(sql, &parameters, limits)
            .await
            .map_err(|error| self.failed(&error, sql))
    }

    /// Asks a mirror with the defaults, and with each value that a parameter can choose from; of the rows, one is read at most.
    ///
    /// # Errors
    ///
    /// What is wrong with the report.
    pub async fn check(&self, mirror: &Mirror, now: Timestamp) -> Result<()> {
        let chosen = self.parameters().iter().flat_map(|parameter| {
            let pair = |choice: &String| vec![(parameter.name.clone(), choice.clone())];
            parameter.choices.iter().map(pair)
        });
        let limits = Limits::default().rows(1);
        for given in std::iter::once(Vec::new()).chain(chosen) {
            let mut answer = self.run(mirror, &given, now, &limits).await?;
            let sql = self.sql(mirror.dialect())?;
            answer.all().await.map_err(|error| self.failed(&error, sql))?;
            if let Some(chart) = self.chart() {
                let names = [Some(&chart.label), chart.value.as_ref()];
                let lacks = |name: &&String| answer.columns().iter().all(|column| column.name != **name);
                if let Some(name) = names.into_iter().flatten().find(lacks) {
                    return Err(Error::config(format!(
                        "the report {} is not valid: its chart names the column `{name}`, which its rows do not have; correct the \
                         name",
                        self.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// The values of all parameters.
    fn values(&self, given: &[(String, String)], now: Timestamp) -> Result<Vec<(String, Value)>> {
        let is_unknown = |name: &str| self.parameters().iter().all(|it| it.name != name);
        if let Some((name, _)) = given.iter().find(|(name, _)| is_unknown(name)) {
            let names: Vec<_> = self.parameters().iter().map(|it| it.name.as_str()).collect();
            let has = match names.is_empty() {
                true => "none".to_string(),
                false => names.join(", "),
            };
            return Err(Error::config(format!(
                "the report {} has no parameter {name}: it has {has}; correct the name",
                self.name
            )));
        }
        let values = self.parameters().iter().map(|parameter| {
            let text = given.iter().rfind(|(name, _)| *name == parameter.name);
            let text = text.map_or(parameter.default.as_str(), |(_, text)| text);
            let value = parameter.value(text, now)?;
            Ok((parameter.name.clone(), value))
        });
        values.collect()
    }

    fn sql(&self, dialect: Dialect) -> Result<&str> {
        let (sql, database, extension) = match dialect {
            Dialect::Sqlite => (&self.sqlite, "SQLite", "sqlite"),
            Dialect::Postgres => (&self.postgres, "Postgres", "postgres"),
        };
        sql.as_deref().ok_or_else(|| {
            Error::config(format!(
                "the report {0} cannot be asked: it has no SQL for {database}; write it into {0}.{extension}.sql",
                self.name
            ))
        })
    }

    /// The lists that its SQL seems to read, if its header names none: their age is not said.
    pub fn lists_without_age(&self) -> Vec<&'static str> {
        if !self.tables().is_empty() {
            return Vec::new();
        }
        let sql = [&self.sqlite, &self.postgres].into_iter().flatten();
        let lists: BTreeSet<_> = sql.flat_map(|sql| ListsRead::of_sql(sql).into_named()).collect();
        lists.into_iter().collect()
    }

    /// An error with the name of the report, so that it is clear whose SQL it is about, in the terms of its file.
    fn failed(&self, error: &Error, sql: &str) -> Error {
        let name = &self.name;
        match error.flaw() {
            Some(Flaw::NoValue(parameter)) => {
                let declared: Vec<_> = self
                    .parameters()
                    .iter()
                    .map(|it| format!(":{}", it.name))
                    .collect();
                let instead = match declared.is_empty() {
                    true => String::new(),
                    false => format!(", or write {}, which the header has", declared.join(" or ")),
                };
                return Error::new(
                    error.kind(),
                    format!(
                        "the report {name} is not valid: its SQL has the parameter :{parameter}, which its header does not \
                         declare; add a line `-- params.{parameter} = {{ type = \"…\", default = … }}` to the header{instead}"
                    ),
                );
            }
            Some(Flaw::NoParameter(parameter)) => {
                let place = match header_line(sql, parameter) {
                    Some(line) => format!("in line {line} its header declares `params.{parameter}`"),
                    None => format!("its header declares `params.{parameter}`"),
                };
                return Error::new(
                    error.kind(),
                    format!(
                        "the report {name} is not valid: {place}, and its SQL has no :{parameter}; remove that line of the \
                         header, or correct the name"
                    ),
                );
            }
            Some(Flaw::At { offset, reason }) => {
                // Rows of data come before what is behind them, and the file does not have them.
                let place = match place(sql, *offset).filter(|_| self.header.data.is_empty()) {
                    Some((line, column)) => format!(", in line {line}, column {column} of its file"),
                    None => String::new(),
                };
                return Error::new(
                    error.kind(),
                    format!(
                        "the report {name} failed: the query is not valid: {reason}{place}; compare it with the tables and \
                         columns of the schema"
                    ),
                );
            }
            None => {}
        }
        match error.kind() {
            ErrorKind::Query | ErrorKind::Refused | ErrorKind::TimedOut => {
                Error::new(error.kind(), format!("the report {} failed: {error}", self.name))
            }
            _ => error.clone(),
        }
    }
}

/// The line of the header that declares a parameter, counted from 1.
fn header_line(sql: &str, parameter: &str) -> Option<usize> {
    let key = format!("params.{parameter}");
    let mut header = sql.lines().take_while(|line| line.starts_with("--"));
    let declares = |line: &str| {
        let rest = line.trim_start_matches(['-', ' ', '[']).strip_prefix(&key);
        rest.is_some_and(|rest| !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_' || it == '-'))
    };
    header.position(declares).map(|index| index + 1)
}

/// The line and the column of a byte, both counted from 1.
fn place(sql: &str, offset: usize) -> Option<(usize, usize)> {
    let before = sql.get(..offset)?;
    let line = before.rsplit('\n').next()?;
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}

#[cfg(test)]
mod tests;
