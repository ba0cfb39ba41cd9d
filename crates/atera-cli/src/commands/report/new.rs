//! `atera report new`: begins a report of one's own.

use std::{fs, io, io::Write};

use atera_mirror::report::Reports;
use clap::ArgMatches;

use super::arguments;
use crate::{
    input::{examples::quoted, reports_folder},
    output::{failure::Failure, terminal::tell},
};

/// Writes a file that works, to be changed. It replaces none.
pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let name = matches
        .get_one::<String>(arguments::REPORT)
        .map_or("", String::as_str);
    if !Reports::is_name(name) {
        return Err(Failure::Usage(format!(
            "a report cannot have the name `{name}`: it has lower-case letters, digits and hyphens, begins with a letter, and is \
             none of check, help, new; choose another"
        )));
    }
    let folder = reports_folder::path(matches)?;
    let path = folder.join(format!("{name}.sql"));
    let written = fs::create_dir_all(&folder).and_then(|()| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(Reports::skeleton(name).as_bytes())
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{} exists already; change it, or choose another name",
            path.display()
        )),
        _ => Failure::Usage(format!(
            "the report cannot be written to {}: {error}; name another folder with --reports",
            path.display()
        )),
    })?;
    let named = match matches.contains_id(reports_folder::REPORTS) {
        true => format!(" --reports {}", quoted(&folder.display().to_string())),
        false => String::new(),
    };
    tell(format!(
        "wrote {0}; change it, and run `atera report {name}{named}`",
        path.display()
    ));
    if Reports::built_in().find(name).is_ok() {
        tell(format!(
            "it replaces the built-in report {name}; remove the file to have that one back, or rename it to have both"
        ));
    }
    Ok(())
}
