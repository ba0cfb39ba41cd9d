//! Reads the file of a list again, row by row: the rows as they are, and the ids in them.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use atera::{RecordId, UndecodedRecord};

use super::{files::FileFormat, lock::at, manifest::Setting, plan::Part};
use crate::output::failure::Failure;

/// The rows of a file, each with its line break.
pub(crate) struct Rows {
    reader: BufReader<File>,
    path: PathBuf,
    format: FileFormat,
    /// The header of a CSV file.
    pub(crate) header: Vec<u8>,
}

/// Where the rows of a file have an id.
#[derive(Clone, Debug)]
pub(crate) struct IdField {
    name: &'static str,
    /// The number of its column in CSV.
    column: Option<usize>,
    format: FileFormat,
}

impl Rows {
    /// Opens a file.
    pub(crate) fn open(path: &Path, setting: &Setting) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| at(path, &error))?;
        let mut rows = Rows {
            reader: BufReader::new(file),
            path: path.to_path_buf(),
            format: FileFormat::named(&setting.format),
            header: Vec::new(),
        };
        if rows.format == FileFormat::Csv {
            rows.header = rows.next()?.unwrap_or_default();
        }
        Ok(rows)
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let row = self.read().map_err(|error| at(&self.path, &error))?;
        Ok((!row.is_empty()).then_some(row))
    }

    /// Reads to the end of a row. In CSV a line break within quotes belongs to a cell.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut row = Vec::new();
        loop {
            let read = self.reader.read_until(b'\n', &mut row)?;
            let quotes = row.iter().filter(|byte| **byte == b'"').count();
            if read == 0 || self.format == FileFormat::Ndjson || quotes % 2 == 0 {
                return Ok(row);
            }
        }
    }
}

impl IdField {
    /// The field of this name in the file of a list.
    pub(crate) fn new(part: &Part, name: &'static str, setting: &Setting) -> Self {
        IdField {
            name,
            column: part.columns().iter().position(|column| column.heading == name),
            format: FileFormat::named(&setting.format),
        }
    }

    /// The field with the id of the records themselves, if they have one.
    pub(crate) fn of_records(part: &Part, setting: &Setting) -> Option<Self> {
        Some(IdField::new(part, part.record()?.id_field?, setting))
    }

    /// The id in a row.
    pub(crate) fn of(&self, row: &[u8]) -> Option<RecordId> {
        match self.format {
            FileFormat::Ndjson => {
                let record: UndecodedRecord = serde_json::from_slice(row).ok()?;
                record.id(self.name)
            }
            FileFormat::Csv => {
                let mut reader = csv::ReaderBuilder::new();
                let mut rows = reader.has_headers(false).from_reader(row).into_byte_records();
                let cells = rows.next()?.ok()?;
                RecordId::parse(std::str::from_utf8(cells.get(self.column?)?).ok()?)
            }
        }
    }
}
