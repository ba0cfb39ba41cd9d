//! `--where` in place of ids: the records of the list that fulfil a condition.
//!
//! The list is read until nothing is missing, and nothing is sent if that fails: a part of the records would be taken for all.

use atera::{AccountZone, Consistency, Timestamp};
use atera_records::{Clock, Condition, Record};
use clap::ArgMatches;

use crate::{
    commands::{operation, walk},
    input::{
        connection::Connection,
        globals::Globals,
        interrupt::Interrupt,
        request::OperationRequest,
        selection_flags,
        target::{self, text},
    },
    names::fields,
    output::{failure::Failure, progress::Progress, terminal::tell},
};

/// A condition, and the list whose records it chooses from.
#[derive(Debug)]
pub(crate) struct Selected {
    list: OperationRequest,
    id_field: &'static str,
    condition: Condition,
    zone: Option<AccountZone>,
}

impl Selected {
    /// Reads the condition of a command that takes ids, if it has one.
    ///
    /// # Errors
    ///
    /// `Usage` if the condition does not fit the records.
    pub(crate) fn read(
        operation: &'static atera::description::Operation,
        matches: &ArgMatches,
    ) -> Result<Option<Self>, Failure> {
        let Some(list) = target::list_of(operation) else {
            return Ok(None);
        };
        let options = selection_flags::read(matches).records;
        let schema = list.record();
        let Some(id_field) = schema
            .and_then(|schema| schema.id_field)
            .filter(|_| !options.conditions.is_empty())
        else {
            return Ok(None);
        };
        let clock = clock(options.zone.unwrap_or(AccountZone::UTC));
        Ok(Some(Selected {
            list: OperationRequest::of(list),
            id_field,
            condition: Condition::new(&options.conditions, fields(schema, false), &clock)?,
            zone: options.zone,
        }))
    }

    /// Reads the list, and returns the ids of the records that fulfil the condition.
    ///
    /// # Errors
    ///
    /// A call fails, the list cannot be read as a whole, or a record has no id.
    pub(crate) async fn ids(
        mut self,
        connection: &Connection,
        globals: &Globals,
        interrupt: &Interrupt,
    ) -> Result<Vec<String>, Failure> {
        if self.zone.is_none() && self.condition.needs_zone() {
            self.condition
                .set_clock(&clock(operation::zone(connection, interrupt).await?))?;
        }
        if !globals.quiet {
            self.condition.hints().iter().for_each(tell);
        }
        let narrowed = self.list.narrow(self.condition.parameters(self.list.operation));
        if !narrowed.is_empty() && globals.verbose {
            tell(format!("the service filters by {}", narrowed.join(" and ")));
        }
        let client = connection.client_for_names()?;
        let call = self.list.call(&client)?.consistency(Consistency::Complete)?;
        let mut records = call.records();
        let progress = Progress::new(!globals.quiet, true, &globals.waits);
        let (mut read, mut ids) = (0, Vec::new());
        while let Some(record) = interrupt.or(records.try_next()).await?? {
            read += 1;
            progress.reached(read);
            let record = Record::new(record.get());
            if self.condition.holds(&record) {
                ids.push(self.id(&record)?);
            }
        }
        drop(progress);
        match walk::not_whole(self.list.operation, &records.drift()) {
            Some(error) => Err(error.into()),
            None => {
                if !globals.quiet {
                    tell(format!(
                        "{} of {} fulfil the condition",
                        ids.len(),
                        walk::count_of(read)
                    ));
                    self.condition.remark().into_iter().for_each(tell);
                }
                Ok(ids)
            }
        }
    }

    fn id(&self, record: &Record<'_>) -> Result<String, Failure> {
        let id = record
            .fields
            .as_ref()
            .and_then(|fields| fields.get(self.id_field));
        let id: Option<serde_json::Value> = id.and_then(|id| serde_json::from_str(id).ok());
        match id.filter(|id| !id.is_null()) {
            Some(id) => Ok(text(&id)),
            None => Err(Failure::Usage(format!(
                "a record that fulfils the condition has no {}, so nothing was sent; look at it with {} and --where",
                self.id_field, self.list.operation.id
            ))),
        }
    }
}

fn clock(zone: AccountZone) -> Clock {
    Clock {
        now: Timestamp::now().to_utc(),
        zone,
    }
}
