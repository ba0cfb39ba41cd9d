//! All reports: those that are built in, and those of a folder.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{data, file::Report, header::Header};
use crate::error::{Error, Result};

/// The files that are built in.
const BUILT_IN: [(&str, &str); 14] = [
    ("alert-storms.sql", include_str!("../../reports/alert-storms.sql")),
    ("backlog.sql", include_str!("../../reports/backlog.sql")),
    ("coverage.sql", include_str!("../../reports/coverage.sql")),
    (
        "customer-health.postgres.sql",
        include_str!("../../reports/customer-health.postgres.sql"),
    ),
    (
        "customer-health.sqlite.sql",
        include_str!("../../reports/customer-health.sqlite.sql"),
    ),
    ("invoices.sql", include_str!("../../reports/invoices.sql")),
    ("os-support.csv", include_str!("../../reports/os-support.csv")),
    ("patch-gaps.sql", include_str!("../../reports/patch-gaps.sql")),
    ("quality.sql", include_str!("../../reports/quality.sql")),
    ("sla-risk.sql", include_str!("../../reports/sla-risk.sql")),
    ("stale-agents.sql", include_str!("../../reports/stale-agents.sql")),
    (
        "warranty-and-os.sql",
        include_str!("../../reports/warranty-and-os.sql"),
    ),
    (
        "workload.postgres.sql",
        include_str!("../../reports/workload.postgres.sql"),
    ),
    (
        "workload.sqlite.sql",
        include_str!("../../reports/workload.sqlite.sql"),
    ),
];

/// Names that a report cannot have, since they are commands.
const TAKEN: [&str; 3] = ["check", "help", "new"];

/// All reports, by name.
#[derive(Clone, Debug)]
pub struct Reports {
    reports: BTreeMap<String, Result<Report>>,
}

impl Reports {
    /// The reports that are built in.
    pub fn built_in() -> Self {
        let files = BUILT_IN.map(|(name, text)| (name.to_string(), (None, text.to_string())));
        Reports::of(files.into())
    }

    /// The reports that are built in, and those of a folder. A report of the folder replaces the built-in one of its name, and so does
    /// a file of data. A report with an error hinders no other one.
    ///
    /// # Errors
    ///
    /// `Config` if the folder cannot be read.
    pub fn with_folder(folder: &Path) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::config(format!(
                "the reports in {} cannot be read: {error}; correct the folder",
                folder.display()
            ))
        };
        let mut own = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let is_file =
                [".sql", ".csv"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.');
            if is_file && path.is_file() {
                let text = fs::read_to_string(&path).map_err(|error| {
                    Error::config(format!(
                        "the file {} cannot be read: {error}; correct it",
                        path.display()
                    ))
                })?;
                own.insert(name.to_string(), (Some(path.clone()), text));
            }
        }
        let mut files: Files = BUILT_IN
            .iter()
            .filter(|(name, _)| !own.keys().any(|other| replaces(other, name)))
            .map(|(name, text)| ((*name).to_string(), (None, (*text).to_string())))
            .collect();
        files.extend(own);
        Ok(Reports::of(files))
    }

    /// The reports, by name, or what is wrong with them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Result<&Report, &Error>)> {
        self.reports
            .iter()
            .map(|(name, report)| (name.as_str(), report.as_ref()))
    }

    /// The report of a name.
    ///
    /// # Errors
    ///
    /// `Config` if there is none, or something is wrong with it.
    pub fn find(&self, name: &str) -> Result<&Report> {
        match self.reports.get(name) {
            Some(Ok(report)) => Ok(report),
            Some(Err(error)) => Err(error.clone()),
            None => {
                // A file whose name no report can have is none to choose.
                let names = self.reports.keys().map(String::as_str);
                let names: Vec<_> = names.filter(|name| Reports::is_name(name)).collect();
                Err(Error::config(format!(
                    "there is no report `{name}`: there are {}; choose one of them",
                    names.join(", ")
                )))
            }
        }
    }

    /// Whether a report can have this name.
    pub fn is_name(name: &str) -> bool {
        let is_plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-' || it == '_';
        name.starts_with(|it: char| it.is_ascii_lowercase())
            && name.chars().all(is_plain)
            && !TAKEN.contains(&name)
    }

    /// A file to begin a report of one's own with. Its SQL is that of both databases.
    pub fn skeleton(name: &str) -> String {
        include_str!("skeleton.sql").replace("{name}", name)
    }

    fn of(files: Files) -> Self {
        let mut names: Vec<_> = files.keys().filter_map(|file| report_name(file)).collect();
        names.dedup();
        let reports = names.into_iter().map(|name| {
            let report = report(name, &files).map_err(|reason| {
                let path = paths(name, &files).next();
                let place = path.map_or_else(|| name.to_string(), |path| path.display().to_string());
                Error::config(format!("the report {place} is not valid: {reason}; correct it"))
            });
            (name.to_string(), report)
        });
        Reports {
            reports: reports.collect(),
        }
    }
}

/// The text of each file, and its path if it is not built in.
type Files = BTreeMap<String, (Option<PathBuf>, String)>;

/// The name of the report in a file, if it is one.
fn report_name(file: &str) -> Option<&str> {
    file.strip_suffix(".sql")
        .map(|stem| stem.split('.').next().unwrap_or(stem))
}

/// Whether a file of a folder replaces one that is built in.
fn replaces(own: &str, built_in: &str) -> bool {
    match (report_name(own), report_name(built_in)) {
        (Some(own), Some(built_in)) => own == built_in,
        _ => own == built_in,
    }
}

/// The paths of the files of a report.
fn paths<'a>(name: &str, files: &'a Files) -> impl Iterator<Item = &'a PathBuf> {
    let of_report = files
        .iter()
        .filter(move |(file, _)| report_name(file) == Some(name));
    of_report.filter_map(|(_, (path, _))| path.as_ref())
}

/// The report of a name.
///
/// # Errors
///
/// What is wrong with it.
fn report(name: &str, files: &Files) -> Result<Report, String> {
    if !Reports::is_name(name) {
        return Err(format!(
            "a name has lower-case letters, digits and hyphens, begins with a letter, and is none of {}",
            TAKEN.join(", ")
        ));
    }
    let of_report = |dialect: &str| files.get(&format!("{name}{dialect}.sql"));
    let known = ["", ".sqlite", ".postgres"];
    let expected = |file: &str| known.iter().any(|dialect| file == format!("{name}{dialect}.sql"));
    if let Some(file) = files
        .keys()
        .find(|file| report_name(file) == Some(name) && !expected(file))
    {
        return Err(format!(
            "the file {file} is for no database; it is {name}.sql, {name}.sqlite.sql or {name}.postgres.sql"
        ));
    }
    let (sqlite, postgres) = match (of_report(""), of_report(".sqlite"), of_report(".postgres")) {
        (Some(both), None, None) => (Some(both), Some(both)),
        (Some(_), ..) => return Err("it is there for both databases and for one of them".into()),
        (None, sqlite, postgres) => (sqlite, postgres),
    };
    let headers = [sqlite, postgres].map(|file| file.map(|(_, sql)| Header::read(sql)).transpose());
    let [of_sqlite, of_postgres] = headers;
    let header = match (of_sqlite?, of_postgres?) {
        (Some(one), Some(other)) if one != other => {
            return Err("its files for SQLite and Postgres have different headers".into());
        }
        (Some(header), _) | (None, Some(header)) => header,
        (None, None) => return Err("it has no file".into()),
    };
    let filled = |file: Option<&(Option<PathBuf>, String)>| {
        file.map(|(_, sql)| with_data(sql, &header, files)).transpose()
    };
    Ok(Report {
        name: name.to_string(),
        path: paths(name, files).next().cloned(),
        sqlite: filled(sqlite)?,
        postgres: filled(postgres)?,
        header,
    })
}

/// The SQL with the rows of its data.
fn with_data(sql: &str, header: &Header, files: &Files) -> Result<String, String> {
    let mut sql = sql.trim_start_matches('\u{feff}').to_string();
    for name in &header.data {
        let place = data::place(name);
        if !sql.contains(&place) {
            return Err(format!(
                "its header names {name}, and its SQL has no place for the rows, `{place}`"
            ));
        }
        let Some((_, text)) = files.get(name) else {
            return Err(format!("its data is missing, the file {name}"));
        };
        let rows = data::rows(text).map_err(|error| format!("its data in {name} is not valid: {error}"))?;
        sql = sql.replace(&place, &rows);
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Content;

    #[test]
    fn all_built_in_reports_are_valid_and_described() {
        let reports = Reports::built_in();
        assert_eq!(reports.iter().count(), 11);
        for (name, report) in reports.iter() {
            let report = report.unwrap();
            assert_eq!(report.name(), name);
            assert!(report.title().ends_with('?'), "{}", report.title());
            assert!(
                !report.description().is_empty() && !report.tables().is_empty(),
                "{name}"
            );
            assert!(report.chart().is_some(), "{name}");
            assert!(
                report.parameters().iter().all(|it| !it.description.is_empty()),
                "{name}"
            );
            // Every table that it reads is one that it names, and the other way round.
            let sql = report.sqlite.as_deref().unwrap();
            let words: Vec<_> = sql
                .lines()
                .filter(|line| !line.starts_with("--"))
                .flat_map(|line| line.split(|it: char| !it.is_alphanumeric() && it != '_'))
                .collect();
            for table in crate::schema::tables() {
                let is_read = words
                    .windows(2)
                    .any(|pair| ["FROM", "JOIN"].contains(&pair[0]) && pair[1] == table.name);
                let list = match &table.content {
                    Content::Items { parent, .. } => parent,
                    _ => &table.name,
                };
                assert!(
                    !is_read || report.tables().contains(list),
                    "{name} reads {}",
                    table.name
                );
                assert!(
                    is_read || !report.tables().contains(&table.name),
                    "{name} does not read {}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn the_table_of_support_ends_is_dated_and_has_its_source() {
        let text = BUILT_IN
            .iter()
            .find(|(name, _)| *name == "os-support.csv")
            .unwrap()
            .1;
        assert!(text.contains("as of 20"));
        let after_heading = text
            .lines()
            .skip_while(|line| !line.starts_with("product,"))
            .skip(1);
        assert!(
            after_heading
                .take(1)
                .all(|line| line.starts_with("# https://learn.microsoft.com/")),
            "each row stands below its source"
        );
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let mut seen = std::collections::HashSet::new();
        for record in reader.records() {
            let record = record.unwrap();
            let ends = &record[2];
            assert!(
                ends.parse::<chrono::NaiveDate>().is_ok() && ends.len() == 10,
                "{record:?}"
            );
            assert!(
                seen.insert((record[0].to_string(), record[1].to_string())),
                "{record:?}"
            );
        }
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_adds_reports_and_replaces_those_of_the_same_name() {
        let folder = folder(&[
            ("mine.sql", "-- title = \"Mine?\"\nSELECT 1 AS one"),
            ("workload.sql", "-- title = \"Workload?\"\nSELECT 2 AS two"),
            ("only.postgres.sql", "-- title = \"Only?\"\nSELECT 3 AS three"),
            ("os-support.csv", "product,release,ends\nWindows 11,,2099-01-01\n"),
            ("notes.txt", "no report"),
            (".hidden.sql", "no report"),
        ]);
        let reports = Reports::with_folder(folder.path()).unwrap();
        assert_eq!(reports.iter().count(), 13);
        assert_eq!(
            reports.find("mine").unwrap().path(),
            Some(&*folder.path().join("mine.sql"))
        );
        let workload = reports.find("workload").unwrap();
        assert_eq!(workload.title(), "Workload?");
        assert_eq!(workload.sqlite, workload.postgres);
        assert_eq!(reports.find("only").unwrap().sqlite, None);
        let health = reports.find("customer-health").unwrap();
        assert!(health.path().is_none());
        let sql = health.sqlite.as_deref().unwrap();
        assert!(sql.contains("(VALUES ('Windows 11', '', '2099-01-01'))"), "{sql}");
    }

    #[test]
    fn a_report_with_an_error_hinders_no_other_one() {
        let folder = folder(&[
            ("bad.sql", "SELECT 1"),
            ("new.sql", "-- title = \"x\"\nSELECT 1"),
            ("a.sqlite.sql", "-- title = \"x\"\nSELECT 1"),
            ("a.postgres.sql", "-- title = \"y\"\nSELECT 1"),
            ("b.sql", "-- title = \"x\"\n-- data = [\"b.csv\"]\nSELECT 1"),
            (
                "c.sql",
                "-- title = \"x\"\n-- data = [\"c.csv\"]\nVALUES /* c.csv */",
            ),
            ("d.mysql.sql", "-- title = \"x\"\nSELECT 1"),
            ("My Report.sql", "-- title = \"x\"\nSELECT 1"),
        ]);
        let reports = Reports::with_folder(folder.path()).unwrap();
        assert!(reports.find("backlog").is_ok());
        for (name, expected) in [
            ("bad", "bad.sql is not valid: it does not begin with comments"),
            ("new", "is none of check, help, new"),
            ("a", "have different headers"),
            ("b", "its SQL has no place for the rows, `/* b.csv */`"),
            ("c", "its data is missing, the file c.csv"),
            ("d", "the file d.mysql.sql is for no database"),
            ("e", "there is no report `e`: there are a, alert-storms, "),
        ] {
            let error = reports.find(name).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let unknown = reports.find("e").unwrap_err().to_string();
        assert!(
            !unknown.contains("My Report") && !unknown.contains("new"),
            "{unknown}"
        );
        let missing = Reports::with_folder(&folder.path().join("missing")).unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }

    #[test]
    fn the_skeleton_is_a_report() {
        let folder = folder(&[("mine.sql", &Reports::skeleton("mine"))]);
        let reports = Reports::with_folder(folder.path()).unwrap();
        let mine = reports.find("mine").unwrap();
        assert!(!mine.parameters().is_empty() && mine.chart().is_some());
    }
}
