//! Names in place of ids: `--customer 'Harbor Dental'`, `--contact ada@harbor.example`, `--technician 'Tom Reyes'`.
//!
//! Wherever an operation takes the id of a customer, a contact, a technician or an agent, as a parameter or in its body, there is
//! a flag for its name. The name has to be exact, but for letter case: one that fits several records, or none, is refused with
//! the candidates, and nothing is sent. What counts as such an id is said once, in [`NAMED`], by the names on the wire.

use std::collections::{BTreeMap, HashMap};

use atera::{
    Client, Error, ErrorKind,
    description::{Kind, Location, Operation, Parameter},
};
use clap::{Arg, ArgMatches};
use serde_json::{Map, Value};

use super::{
    arguments,
    fields::{self, ScalarField},
    globals::Globals,
    interrupt::Interrupt,
    target,
};
use crate::{
    names::{flag_name, nearest},
    output::{failure::Failure, terminal::tell},
};

/// Records that people know by a name.
#[derive(Debug)]
pub(crate) struct Named {
    /// What one of them is called, which is the flag as well.
    pub(crate) noun: &'static str,
    /// What their ids are called on the wire, in small letters.
    ids: &'static [&'static str],
    /// The list that has them.
    list: &'static str,
    /// The field of its records with the id.
    id: &'static str,
    /// The fields with their names. Several fields make one name, with spaces between them.
    names: &'static [&'static [&'static str]],
    /// Whether the list is that of other records, so that all of it has to be read.
    borrowed: bool,
}

/// All of them. The service has no list of technicians, so they are known by their tickets.
static NAMED: [Named; 4] = [
    Named {
        noun: "customer",
        ids: &["customerid"],
        list: "customers_list",
        id: "CustomerID",
        names: &[&["CustomerName"]],
        borrowed: false,
    },
    Named {
        noun: "contact",
        ids: &["contactid", "enduserid"],
        list: "contacts_list",
        id: "EndUserID",
        names: &[&["Email"], &["Firstname", "Lastname"]],
        borrowed: false,
    },
    Named {
        noun: "technician",
        ids: &["techniciancontactid", "technicianid"],
        list: "tickets_list_without_comments",
        id: "TechnicianContactID",
        names: &[&["TechnicianEmail"], &["TechnicianFullName"]],
        borrowed: true,
    },
    Named {
        noun: "agent",
        ids: &["agentid", "monitoringagentid", "defaultagentid"],
        list: "agents_list",
        id: "AgentID",
        names: &[&["AgentName"], &["MachineName"]],
        borrowed: false,
    },
];

/// Where an id goes.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A parameter.
    Parameter(&'static Parameter),
    /// A field of the body.
    Field(ScalarField),
}

impl Place {
    /// The name of the id on the wire.
    fn name(self) -> &'static str {
        match self {
            Place::Parameter(parameter) => parameter.name,
            Place::Field(scalar) => scalar.field.name,
        }
    }

    /// Whether its values are numbers, as ids of these records are.
    fn is_number(self) -> bool {
        let kind = match self {
            Place::Parameter(parameter) => parameter.kind,
            Place::Field(scalar) => scalar.field.kind,
        };
        matches!(kind, Kind::Integer)
    }
}

/// The ids of an operation that may be given by name. Each flag stands for one of them.
pub(crate) fn places(operation: &'static Operation) -> Vec<(&'static Named, Place)> {
    // An argument that others follow cannot be left out, so a name takes the place of the last one alone.
    let last = target::in_path(operation).last().map(|parameter| parameter.name);
    let can = |parameter: &&Parameter| parameter.location == Location::Query || Some(parameter.name) == last;
    let parameters = operation.parameters.iter().filter(can).map(Place::Parameter);
    let scalars = operation.body.map(fields::scalars).unwrap_or_default();
    let all = parameters.chain(scalars.into_iter().map(Place::Field));
    let mut places: Vec<(&'static Named, Place)> = Vec::new();
    for place in all.filter(|place| place.is_number()) {
        let name = place.name().to_ascii_lowercase();
        let named = NAMED.iter().find(|named| named.ids.contains(&name.as_str()));
        let Some(named) = named else { continue };
        if places.iter().all(|(other, _)| other.noun != named.noun) {
            places.push((named, place));
        }
    }
    places
}

/// The flags for names, each in place of that for the id.
pub(crate) fn flags(operation: &'static Operation) -> impl Iterator<Item = Arg> {
    places(operation).into_iter().map(|(named, place)| {
        let mut fields = named.names.iter().copied().flatten();
        let has_email = fields.any(|name| name.ends_with("Email"));
        let instead = match place {
            Place::Parameter(parameter) if operation.path.contains(&format!("{{{}}}", parameter.name)) => {
                "its id".to_string()
            }
            place => format!("--{}", flag_name(place.name())),
        };
        let help = format!(
            "The {} by its name{}, in place of {instead}; the name has to be exact",
            named.noun,
            if has_email { " or e-mail address" } else { "" },
        );
        arguments::by_name(named.noun, matches!(place, Place::Field(_)), help).conflicts_with(place.name())
    })
}

/// The flag that names the record of a parameter of the path, if it has one.
pub(crate) fn of_path(operation: &'static Operation, parameter: &Parameter) -> Option<&'static str> {
    let mut places = places(operation).into_iter();
    places.find_map(|(named, place)| match place {
        Place::Parameter(own) if own.name == parameter.name => Some(named.noun),
        _ => None,
    })
}

/// An id that is given by a name, and not known yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) named: &'static Named,
    /// Where its id goes: a parameter, or a field with the object that it belongs to.
    pub(crate) to: To,
    pub(crate) name: String,
}

/// Where the id of a pending name goes, by names on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Parameter(&'static str),
    Field(Option<&'static str>, &'static str),
}

impl Pending {
    /// A name for this place.
    pub(crate) fn new(named: &'static Named, place: Place, name: &str) -> Self {
        Pending {
            named,
            to: match place {
                Place::Parameter(parameter) => To::Parameter(parameter.name),
                Place::Field(scalar) => To::Field(scalar.parent.map(|parent| parent.name), scalar.field.name),
            },
            name: name.to_string(),
        }
    }
}

/// The names that the arguments give.
pub(crate) fn given(operation: &'static Operation, matches: &ArgMatches) -> Vec<Pending> {
    let places = places(operation).into_iter();
    let given = places.filter_map(|(named, place)| {
        let name = matches.get_one::<String>(named.noun)?;
        Some(Pending::new(named, place, name))
    });
    given.collect()
}

/// A record of a list, with its names.
#[derive(Clone, Debug)]
struct Entry {
    id: i64,
    names: Vec<String>,
}

impl Entry {
    /// Reads a record.
    fn read(named: &Named, record: &Map<String, Value>) -> Option<Self> {
        let id = record.get(named.id)?.as_i64()?;
        let name = |fields: &&[&str]| {
            let texts: Vec<_> = fields
                .iter()
                .filter_map(|field| record.get(*field)?.as_str())
                .collect();
            texts.join(" ")
        };
        let names = named
            .names
            .iter()
            .map(name)
            .filter(|name| !name.trim().is_empty());
        Some(Entry {
            id,
            names: names.collect(),
        })
    }

    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|other| alike(other) == name)
    }

    /// The record in a message.
    fn shown(&self) -> String {
        format!("{} ({})", self.names.join(", "), self.id)
    }
}

/// A name without what does not matter: letter case, and how many spaces there are.
fn alike(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Looks names up. Each list is read once, however many names are looked up in it.
pub(crate) struct Directory<'a> {
    client: &'a Client,
    interrupt: &'a Interrupt,
    quiet: bool,
    /// The lists that were read, by what their records are called.
    lists: HashMap<&'static str, Vec<Entry>>,
    /// The ids that were found by a filter of the service.
    filtered: HashMap<String, i64>,
}

/// How many names are looked up by a filter of the service, a request each, before the whole list is read instead.
const FILTERED: usize = 20;

impl<'a> Directory<'a> {
    /// A directory in which nothing was looked up yet.
    pub(crate) fn new(client: &'a Client, globals: &Globals, interrupt: &'a Interrupt) -> Self {
        Directory {
            client,
            interrupt,
            quiet: globals.quiet,
            lists: HashMap::new(),
            filtered: HashMap::new(),
        }
    }

    /// The id of the only record with this name.
    ///
    /// # Errors
    ///
    /// `NotFound` if no record has it, `Usage` if several have, both with the candidates; and what the list fails with.
    pub(crate) async fn id(&mut self, pending: &Pending) -> Result<i64, Failure> {
        let named = pending.named;
        if !self.lists.contains_key(named.noun) {
            if let Some(id) = self.by_filter(pending).await? {
                return Ok(id);
            }
            let list = self.read(named, None).await?;
            self.lists.insert(named.noun, list);
        }
        let entries = self.lists.get(named.noun).map_or(&[][..], Vec::as_slice);
        one(named, entries, &pending.name)
    }

    /// The id of the only record with this e-mail address, if the list can be filtered by it. That is one request instead of all
    /// of the list. `None` means no more than that the list has to be read, for the candidates.
    async fn by_filter(&mut self, pending: &Pending) -> Result<Option<i64>, Failure> {
        let (named, name) = (pending.named, pending.name.trim());
        if let Some(id) = self.filtered.get(name) {
            return Ok(Some(*id));
        }
        let is_email = |name: &&&[&'static str]| matches!(name, ["Email"]);
        let has_filter = |list: &Operation| list.parameters.iter().any(|parameter| parameter.name == "Email");
        let can = named.names.iter().any(|name| is_email(&name))
            && Operation::find(named.list).is_some_and(has_filter);
        if !can || !name.contains('@') || self.filtered.len() >= FILTERED {
            return Ok(None);
        }
        let entries = self.read(named, Some(("Email", name))).await?;
        let id = one(named, &entries, name).ok();
        self.filtered.extend(id.map(|id| (name.to_string(), id)));
        Ok(id)
    }

    /// Reads the records of a list, with this filter.
    async fn read(&self, named: &Named, filter: Option<(&str, &str)>) -> Result<Vec<Entry>, Failure> {
        let Some(list) = Operation::find(named.list) else {
            return Ok(Vec::new());
        };
        if named.borrowed && !self.quiet {
            tell(format!(
                "the service has no list of {}s, so those with tickets are looked through",
                named.noun
            ));
        }
        let mut entries: BTreeMap<i64, Entry> = BTreeMap::new();
        let mut call = self.client.operation(list);
        if let Some((name, value)) = filter {
            call = call.set(name, value)?;
        }
        let mut records = call.records();
        while let Some(record) = self.interrupt.or(records.try_next()).await?.transpose() {
            let record = serde_json::from_str(record?.get()).ok();
            if let Some(entry) = record.and_then(|record| Entry::read(named, &record)) {
                entries.entry(entry.id).or_insert(entry);
            }
        }
        Ok(entries.into_values().collect())
    }
}

/// The id of the only record with this name.
fn one(named: &Named, entries: &[Entry], name: &str) -> Result<i64, Failure> {
    let wanted = alike(name);
    let called: Vec<_> = entries.iter().filter(|entry| entry.is_called(&wanted)).collect();
    match called.as_slice() {
        [entry] => Ok(entry.id),
        [] => Err(Failure::Call(Error::new(
            ErrorKind::NotFound,
            format!(
                "nothing was sent: no {} is called `{name}`; {}",
                named.noun,
                candidates(named, entries, &wanted)
            ),
        ))),
        several => Err(Failure::Usage(format!(
            "nothing was sent: {} {}s are called `{name}`: {}; give the id of one of them",
            several.len(),
            named.noun,
            several
                .iter()
                .map(|entry| entry.shown())
                .collect::<Vec<_>>()
                .join("; ")
        ))),
    }
}

/// How many candidates a message lists.
const CANDIDATES: usize = 10;

/// The records that may be meant: those whose names have the text in them, or are nearly the same.
fn candidates(named: &Named, entries: &[Entry], wanted: &str) -> String {
    let may_be = |entry: &&Entry| {
        let mut names = entry.names.iter().map(|name| alike(name));
        names.any(|name| {
            (!wanted.is_empty() && name.contains(wanted)) || nearest(wanted, [name.as_str()]).is_some()
        })
    };
    let meant: Vec<_> = entries.iter().filter(may_be).collect();
    let shown: Vec<_> = meant.iter().take(CANDIDATES).map(|entry| entry.shown()).collect();
    match meant.len() {
        0 => format!("none of {} {}s has a name like it", entries.len(), named.noun),
        all if all > CANDIDATES => format!("there are {}, and {} more", shown.join("; "), all - CANDIDATES),
        _ => format!("there is {}", shown.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use atera::description::{OPERATIONS, Schema};

    use super::*;

    fn flags_of(id: &str) -> Vec<&'static str> {
        let operation = Operation::find(id).expect(id);
        places(operation)
            .into_iter()
            .map(|(named, _)| named.noun)
            .collect()
    }

    #[test]
    fn ids_that_people_know_by_a_name_have_a_flag_for_it() {
        for (id, flags) in [
            ("tickets_list", &["customer"][..]),
            ("tickets_create", &["contact", "technician"]),
            ("tickets_add_comment", &["technician", "contact"]),
            ("customers_update", &["customer"]),
            ("contacts_create", &["customer", "agent"]),
            ("devices_http_list", &["customer", "agent"]),
            ("agents_list_by_customer", &["customer"]),
            ("alerts_list", &[]),
        ] {
            assert_eq!(flags_of(id), flags, "{id}");
        }
    }

    #[test]
    fn the_lists_have_the_fields_that_names_are_read_from() {
        for named in &NAMED {
            let list = Operation::find(named.list).expect(named.list);
            let schema: &Schema = list.record().expect("records");
            for name in named.names.iter().copied().flatten().chain([&named.id]) {
                assert!(schema.fields.iter().any(|field| field.name == *name), "{name}");
            }
        }
        let known = |id: &&str| {
            OPERATIONS.iter().any(|operation| {
                places(operation)
                    .iter()
                    .any(|(_, place)| place.name().eq_ignore_ascii_case(id))
            })
        };
        assert!(NAMED.iter().flat_map(|named| named.ids).all(known));
    }

    #[test]
    fn a_name_has_to_be_exact() {
        let entry = |id, name: &str| Entry {
            id,
            names: vec![name.to_string()],
        };
        let entries = [
            entry(1, "Harbor Dental"),
            entry(2, "Harbor Freight"),
            entry(3, "Twin"),
            entry(4, "twin"),
        ];
        let named = &NAMED[0];
        assert_eq!(one(named, &entries, " harbor  DENTAL ").ok(), Some(1));
        for (name, code, says) in [
            (
                "Harbor",
                3,
                "no customer is called `Harbor`; there is Harbor Dental (1); Harbor Freight (2)",
            ),
            ("Harbour Dental", 3, "there is Harbor Dental (1)"),
            ("Nobody", 3, "none of 4 customers has a name like it"),
            ("Twin", 2, "2 customers are called `Twin`: Twin (3); twin (4)"),
        ] {
            let failure = one(named, &entries, name).expect_err(name);
            let sentence = failure.sentence().unwrap_or_default();
            assert!(
                failure.exit_code() == code && sentence.contains(says),
                "{sentence}"
            );
        }
    }
}
