//! The rows of the tables: operations, their parameters, and the schemas of their bodies and answers.

use std::borrow::Cow;

use http::Method;

use super::{OPERATIONS, SCHEMAS};
use crate::types::{AccountTime, Timestamp};

/// One operation of the API.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation: its group, an underscore and its verb, as in `tickets_list`.
    pub id: &'static str,
    /// Group of operations that it belongs to, as in `tickets`.
    pub group: &'static str,
    /// What it does within its group, as in `list`.
    pub verb: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL, with its parameters in braces.
    pub path: &'static str,
    /// Which document it comes from.
    pub source: Source,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it does, in a few sentences.
    pub description: &'static str,
    /// Whether it changes nothing: a GET, or a POST that only asks (its verb begins with `query`).
    pub reads: bool,
    /// Whether sending it twice has the same effect as sending it once. Only creates are not idempotent.
    pub idempotent: bool,
    /// Whether it answers pages.
    pub list: bool,
    /// Whether it is ordered by a growing id when no filter is set.
    pub append: bool,
    /// Whether it reads slowly changing reference data.
    pub cache: bool,
    /// Path and query parameters.
    pub parameters: &'static [Parameter],
    /// What the request body is, if there is one.
    pub body: Option<Kind>,
    /// A request body as JSON, if there is one.
    pub example: Option<&'static str>,
    /// What the body of a success is, if one is documented.
    pub answer: Option<Kind>,
}

/// A group of operations.
#[derive(Debug)]
#[non_exhaustive]
pub struct Group {
    /// Name of the group, as in `tickets`.
    pub name: &'static str,
    /// What its operations are about.
    pub description: &'static str,
}

/// Which document an operation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Atera's own OpenAPI document.
    Published,
    /// The guide that this client was made for, and not the published document.
    Guide,
}

/// A path or query parameter.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// Where it goes.
    pub location: Location,
    /// Whether it must be given.
    pub required: bool,
    /// What its values are.
    pub kind: Kind,
    /// Smallest value.
    pub minimum: Option<i64>,
    /// Largest value.
    pub maximum: Option<i64>,
    /// What it means.
    pub description: &'static str,
    /// A value that it may have.
    pub example: &'static str,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A segment of the path.
    Path,
    /// A pair of the query.
    Query,
}

/// What values are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// A UUID, which Atera calls a guid.
    Uuid,
    /// A date, `2026-03-02`.
    Date,
    /// A point in time, see [`Timestamp`](crate::Timestamp).
    Timestamp,
    /// A time in the account's zone, see [`AccountTime`](crate::AccountTime).
    AccountTime,
    /// The id in the answer to a write, see [`ActionId`](crate::ActionId).
    ActionId,
    /// One of a list of values that Atera may extend.
    Enum {
        /// Name of the list.
        name: &'static str,
        /// The values known today.
        values: &'static [&'static str],
    },
    /// An object of the named fields.
    Object(&'static Schema),
    /// An array.
    Array(&'static Kind),
    /// An object with any names.
    Map(&'static Kind),
    /// Anything.
    Any,
}

/// An object of the API.
#[derive(Debug)]
#[non_exhaustive]
pub struct Schema {
    /// Name of the type, as in [`types`](crate::types).
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The field that holds the id of a record.
    pub id_field: Option<&'static str>,
    /// Sets of fields, at least one of which must be given completely.
    pub requires: &'static [&'static [&'static str]],
    /// Its fields, in the order of the description.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
    /// What it means; empty where the name says it all.
    pub description: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is documented to be null at times.
    pub nullable: bool,
    /// Whether Atera discourages its use.
    pub deprecated: bool,
    /// Fewest characters of a text.
    pub min_length: u32,
    /// Smallest value.
    pub minimum: Option<i64>,
    /// Largest value.
    pub maximum: Option<i64>,
}

impl Operation {
    /// The operation of this name.
    ///
    /// ```
    /// let operation = atera::description::Operation::find("tickets_create").unwrap();
    /// assert_eq!(operation.path, "/tickets");
    /// assert!(!operation.idempotent);
    /// ```
    pub fn find(id: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|operation| operation.id == id)
    }

    /// Whether it creates something each time it is sent.
    pub fn creates(&self) -> bool {
        !self.idempotent
    }

    /// Whether a successful answer must have a body.
    pub(crate) fn answers(&self) -> bool {
        self.reads && self.answer.is_some()
    }

    /// What to do if it is unknown whether this call took effect, as the end of a sentence: which operation shows the created
    /// record, and by which filters.
    pub(crate) fn how_to_find_out(&self) -> String {
        let shows = |fits: &dyn Fn(&Operation) -> bool| {
            let mut all = OPERATIONS.iter();
            all.find(|other| other.method == Method::GET && fits(other))
        };
        let of_group = |verb: &str| shows(&|other| other.group == self.group && other.verb == verb);
        // Something that is created below a record is part of that record, unless it has its own list.
        let of_record = || of_group("get").filter(|_| self.path.contains('{'));
        let Some(other) = shows(&|other| other.path == self.path)
            .or_else(of_record)
            .or_else(|| of_group("list"))
        else {
            return "find out in Atera before sending it again".to_string();
        };
        let recent = of_group("list_last_modified").filter(|_| other.id == format!("{}_list", self.group));
        if let Some(recent) = recent {
            return format!("look through {} of today before sending it again", recent.id);
        }
        let sent = |parameter: &&Parameter| match self.body {
            _ if parameter.location == Location::Path => false,
            Some(Kind::Object(body)) => body
                .fields
                .iter()
                .any(|field| field.name.eq_ignore_ascii_case(parameter.name)),
            _ => false,
        };
        let filters: Vec<_> = other
            .parameters
            .iter()
            .filter(sent)
            .map(|parameter| parameter.name)
            .collect();
        match filters.is_empty() {
            true => format!("look at {} before sending it again", other.id),
            false => format!(
                "look for it with {} by {} before sending it again",
                other.id,
                filters.join(" and ")
            ),
        }
    }

    /// The schema of the records of a list.
    pub fn record(&self) -> Option<&'static Schema> {
        let Some(Kind::Object(page)) = self.answer else {
            return None;
        };
        let items = page
            .fields
            .iter()
            .find(|field| self.list && field.name == "items")?;
        match items.kind {
            Kind::Array(Kind::Object(record)) => Some(record),
            _ => None,
        }
    }

    /// Whether the records of a list have an id, so that they can be read with [`Complete`](crate::Consistency::Complete).
    pub fn has_ids(&self) -> bool {
        self.record().is_some_and(|record| record.id_field.is_some())
    }

    /// The parameter of a list that takes the time from which on records are wanted: the first one in the query that is a time.
    ///
    /// Its [`Kind`] says which kind of time: [`Kind::utc_time`] and [`Kind::account_time`] write one.
    pub fn since_parameter(&self) -> Option<&'static Parameter> {
        let mut parameters = self.parameters.iter();
        parameters.find(|parameter| {
            self.list
                && parameter.location == Location::Query
                && matches!(parameter.kind, Kind::Timestamp | Kind::AccountTime | Kind::Date)
        })
    }

    /// The parameter that a segment of `path` stands for.
    pub fn path_parameter(&self, segment: &str) -> Option<&'static Parameter> {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The parameters in a query. Letter case of their names is ignored, as the service does.
    pub fn query_arguments<'a>(
        &self,
        query: &'a str,
    ) -> impl Iterator<Item = (&'static Parameter, Cow<'a, str>)> + use<'a> {
        let parameters = self.parameters;
        url::form_urlencoded::parse(query.as_bytes()).filter_map(move |(name, value)| {
            parameters
                .iter()
                .filter(|parameter| parameter.location == Location::Query)
                .find(|parameter| parameter.name.eq_ignore_ascii_case(&name))
                .map(|parameter| (parameter, value))
        })
    }
}

impl Kind {
    /// The value of a parameter that takes a point in time. `None` if it takes a local time of the account.
    pub fn utc_time(self, time: Timestamp) -> Option<String> {
        matches!(self, Kind::Timestamp).then(|| time.to_string())
    }

    /// The value of a parameter that takes a local time of the account, or its date. Seconds are the finest that the service
    /// reads.
    pub fn account_time(self, local: AccountTime) -> String {
        let text = local.to_string();
        match self {
            Kind::Date => text.split('T').next().unwrap_or_default().to_string(),
            _ => text,
        }
    }
}

impl Parameter {
    /// What the generated table leaves out.
    pub(crate) const PLAIN: Parameter = Parameter {
        name: "",
        location: Location::Query,
        required: false,
        kind: Kind::Any,
        minimum: None,
        maximum: None,
        description: "",
        example: "",
    };
}

impl Field {
    /// A field with only a name and a kind, for tables that a program defines itself.
    ///
    /// ```
    /// use atera::description::{Field, Kind, Schema};
    ///
    /// static CHECK: Schema = Schema::new("Check", &[Field::new("Name", Kind::Text), Field::new("Passed", Kind::Boolean)]);
    /// assert_eq!(CHECK.fields[1].name, "Passed");
    /// ```
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Field {
            name,
            kind,
            ..Field::PLAIN
        }
    }

    /// What the generated table leaves out.
    pub(crate) const PLAIN: Field = Field {
        name: "",
        description: "",
        kind: Kind::Any,
        required: false,
        nullable: false,
        deprecated: false,
        min_length: 0,
        minimum: None,
        maximum: None,
    };
}

impl Schema {
    /// A schema that is not part of the API, for tables that a program defines itself.
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Schema {
            name,
            description: "",
            id_field: None,
            requires: &[],
            fields,
        }
    }

    /// The schema of this name.
    pub fn find(name: &str) -> Option<&'static Schema> {
        SCHEMAS.iter().copied().find(|schema| schema.name == name)
    }
}
