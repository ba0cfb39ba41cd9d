//! Where the values of a column go, or of a member of a JSON record: into the path, into the body, or a name in place of an id.

use atera::description::{Kind, Operation, Parameter, Schema};
use atera_records::find_field;

use crate::{
    input::{
        fields::{self, ScalarField},
        named::{self, Named, Place},
        target,
    },
    names,
    output::failure::Failure,
};

/// Where the cells of a column go.
pub(crate) enum Target {
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
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Target::Field(_, _, Kind::Text))
    }

    /// The first that sets what an earlier one sets already, or a part of it.
    pub(crate) fn repeated(targets: &[Target]) -> Option<usize> {
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

/// The columns that the rows of an operation may have.
pub(crate) struct Columns {
    pub(crate) operation: &'static Operation,
    /// The type of the body.
    pub(crate) schema: &'static Schema,
    /// Whether there may be columns that the type lacks.
    pub(crate) allow_unknown: bool,
}

impl Columns {
    /// Where a column of this name goes.
    ///
    /// # Errors
    ///
    /// `Usage` if it belongs nowhere.
    pub(crate) fn target(&self, name: &str) -> Result<Target, Failure> {
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
        let column = names::fields(Some(self.schema), self.allow_unknown).column(name)?;
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
        let is_field = find_field(self.schema, name).is_some();
        let mut places = named::places(self.operation).into_iter();
        places.find(|(named, _)| !is_field && named.noun.eq_ignore_ascii_case(name))
    }

    /// Where a member of a JSON record goes.
    pub(crate) fn member(&self, name: &str) -> Target {
        match (self.parameter(name), self.named(name)) {
            (Some(parameter), _) => Target::Path(parameter),
            (None, Some((named, place))) => Target::Name(named, place),
            // The service takes names in any case, and so do columns.
            (None, None) => {
                let field = find_field(self.schema, name);
                let name = field.map_or(name, |field| field.name);
                Target::Field(None, name.to_string(), Kind::Any)
            }
        }
    }
}
