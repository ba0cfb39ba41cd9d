//! What a report says of itself: the comments at the top of its file, as TOML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parameter::{Parameter, ParameterKind};
use crate::schema::Table;

/// What a report says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tables: Vec<String>,
    pub(super) data: Vec<String>,
    pub(super) chart: Option<Chart>,
    pub(super) parameters: Vec<Parameter>,
}

/// The picture of a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Chart {
    /// What is drawn.
    #[serde(rename = "type")]
    pub kind: ChartKind,
    /// The column whose values are named.
    pub label: String,
    /// The column that is summed for each label. If there is none, rows are counted.
    pub value: Option<String>,
}

/// What the picture of a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChartKind {
    /// A bar for each label, the longest first.
    Bar,
    /// A bar for each label, in the order of the labels, as of months.
    Column,
}

/// The header as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tables: Vec<String>,
    #[serde(default)]
    data: Vec<String>,
    chart: Option<Chart>,
    #[serde(default)]
    params: BTreeMap<String, WrittenParameter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenParameter {
    #[serde(rename = "type")]
    kind: ParameterKind,
    default: toml::Value,
    #[serde(default)]
    choices: Vec<String>,
    #[serde(default)]
    description: String,
}

impl Header {
    /// Reads the header of a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(sql: &str) -> Result<Self, String> {
        let lines = sql
            .trim_start_matches('\u{feff}')
            .lines()
            .map_while(|line| line.strip_prefix("--"));
        // Nothing is taken away but the dashes, so that lines and columns of messages are those of the file.
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        if text.trim().is_empty() {
            return Err("it does not begin with comments that describe it, as in `-- title = \"How many tickets are open?\"`".into());
        }
        let written: Written = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].lines().count().max(1));
            let place = line.map_or_else(String::new, |line| format!(" in line {line}"));
            format!("its header is not valid{place}: {}", error.message().trim())
        })?;
        let is_known =
            |name: &&String| Table::find(name).is_some() || name.starts_with('_') || *name == "search";
        if let Some(name) = written.tables.iter().find(|name| !is_known(name)) {
            return Err(format!(
                "its header names the table `{name}`, which a mirror does not have"
            ));
        }
        let mut parameters = Vec::new();
        for (name, it) in written.params {
            let default = match it.default {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                toml::Value::Boolean(value) => value.to_string(),
                other => {
                    return Err(format!(
                        "the default of its parameter {name} cannot be {}",
                        other.type_str()
                    ));
                }
            };
            parameters.push(Parameter {
                name,
                kind: it.kind,
                default,
                choices: it.choices,
                description: it.description,
            });
        }
        Ok(Header {
            title: written.title,
            description: written.description,
            tables: written.tables,
            data: written.data,
            chart: written.chart,
            parameters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let header = Header::read(
            "-- title = \"How many?\"\n-- tables = [\"tickets\", \"_syncs\"]\n-- chart = { type = \"bar\", label = \"status\" }\n\
             -- # A remark.\n-- params.days = { type = \"days ago\", default = 30 }\n-- params.by = { type = \"text\", default = \
             \"a\", choices = [\"a\", \"b\"], description = \"What\" }\n--\nSELECT 1\n-- no = header\n",
        )
        .unwrap();
        assert_eq!(header.title, "How many?");
        assert_eq!(header.tables, ["tickets", "_syncs"]);
        assert_eq!(header.chart.unwrap().label, "status");
        let [by, days] = &header.parameters[..] else {
            panic!("{:?}", header.parameters)
        };
        assert_eq!(
            (by.name.as_str(), by.choices.len(), by.description.as_str()),
            ("by", 2, "What")
        );
        assert_eq!((days.kind, days.default.as_str()), (ParameterKind::DaysAgo, "30"));
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said() {
        for (sql, expected) in [
            ("SELECT 1", "it does not begin with comments"),
            (
                "-- title = \"x\"\n-- colour = 1\nSELECT 1",
                "in line 2: unknown field `colour`",
            ),
            ("-- How many?\nSELECT 1", "its header is not valid in line 1"),
            ("-- tables = []\nSELECT 1", "missing field `title`"),
            (
                "-- title = \"x\"\n-- tables = [\"ticket\"]\n",
                "names the table `ticket`",
            ),
            (
                "-- title = \"x\"\n-- params.a = { type = \"weeks\", default = 1 }\n",
                "unknown variant `weeks`",
            ),
            (
                "-- title = \"x\"\n-- params.a = { type = \"text\", default = [] }\n",
                "cannot be array",
            ),
        ] {
            let error = Header::read(sql).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
