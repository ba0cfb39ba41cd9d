//! How records are printed.

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Table,
    /// As the service sent it.
    Json,
    /// A record a line.
    Ndjson,
    /// As the service sent it, in YAML.
    Yaml,
    /// For spreadsheets.
    Csv,
}

impl Format {
    /// What the formats are called on the command line.
    pub(super) const NAMES: [&str; 5] = ["table", "json", "ndjson", "yaml", "csv"];

    /// The format of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let formats = [
            Format::Table,
            Format::Json,
            Format::Ndjson,
            Format::Yaml,
            Format::Csv,
        ];
        let position = Format::NAMES.iter().position(|known| *known == name)?;
        formats.get(position).copied()
    }
}
