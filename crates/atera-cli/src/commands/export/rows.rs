//! Reads the file of a list again, row by row: the rows as they are, and the ids in them.

use std::{
    collections::HashMap,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use atera::{RecordId, UndecodedRecord};
use serde_json::value::RawValue;

use super::{
    files::{FileFormat, Setting},
    lock::at,
    plan::Part,
};
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

/// A field of the rows of a file, for comparison.
#[derive(Clone, Debug)]
pub(crate) struct Cell(IdField);

impl Cell {
    /// The field of this name in the file of a list.
    pub(crate) fn new(part: &Part, name: &'static str, setting: &Setting) -> Self {
        Cell(IdField::new(part, name, setting))
    }

    /// The value in a row, as the file has it. `None` if there is none.
    pub(crate) fn of(&self, row: &[u8]) -> Option<String> {
        match self.0.format {
            FileFormat::Ndjson => {
                let fields: HashMap<String, Box<RawValue>> = serde_json::from_slice(row).ok()?;
                fields.get(self.0.name).map(|value| value.get().to_string())
            }
            FileFormat::Csv => {
                let cells = cells(row)?;
                let cell = cells.get(self.0.column?)?;
                Some(String::from_utf8_lossy(cell).into_owned())
            }
        }
    }
}

/// The cells of a row of CSV.
fn cells(row: &[u8]) -> Option<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new();
    let mut rows = reader.has_headers(false).from_reader(row).into_byte_records();
    rows.next()?.ok()
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
            FileFormat::Csv => RecordId::parse(std::str::from_utf8(cells(row)?.get(self.column?)?).ok()?),
        }
    }
}

/// How two files of a list differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Records that are only in the new one.
    pub(crate) came: u64,
    /// Records that are in both, and not alike.
    pub(crate) changed: u64,
    /// Records that are only in the old one.
    pub(crate) went: u64,
}

impl Difference {
    /// How a new file differs from the old one. Records are the same by their ids, or by all that they have if they have no id.
    /// Their order does not count.
    pub(crate) fn between(
        old: &Path,
        new: &Path,
        fields: &[Option<IdField>],
        setting: &Setting,
    ) -> Result<Self, Failure> {
        // By the hash of what identifies a record: how many there are, and the hashes of all that they have.
        let mut known: HashMap<u64, (u64, u64)> = HashMap::new();
        let mut rows = Rows::open(old, setting)?;
        let old_header = rows.header.clone();
        while let Some(row) = rows.next()? {
            let known = known.entry(identity(fields, &row)).or_default();
            *known = (known.0 + 1, known.1.wrapping_add(hash(&row)));
        }
        let mut difference = Difference::default();
        let mut rows = Rows::open(new, setting)?;
        let is_other_table = rows.header != old_header;
        let mut both: HashMap<u64, u64> = HashMap::new();
        while let Some(row) = rows.next()? {
            let identity = identity(fields, &row);
            match known.get_mut(&identity) {
                Some((count @ 1.., hashes)) => {
                    *count -= 1;
                    *hashes = hashes.wrapping_sub(hash(&row));
                    *both.entry(identity).or_default() += 1;
                }
                _ => difference.came += 1,
            }
        }
        difference.went = known.values().map(|(count, _)| count).sum();
        let alike = |(identity, _): &(&u64, &u64)| known.get(identity) != Some(&(0, 0));
        let changed = both.iter().filter(alike).map(|(_, count)| count);
        difference.changed = changed.sum();
        if is_other_table && difference == Difference::default() {
            difference.changed = both.values().sum();
        }
        Ok(difference)
    }

    /// Whether the files have the same records.
    pub(crate) fn is_none(self) -> bool {
        self == Difference::default()
    }
}

/// The hash of what identifies a record: its ids, or all of it if it lacks one.
fn identity(fields: &[Option<IdField>], row: &[u8]) -> u64 {
    let ids: Option<Vec<_>> = fields
        .iter()
        .map(|field| field.as_ref().and_then(|field| field.of(row)))
        .collect();
    match ids {
        Some(ids) => {
            let mut hasher = DefaultHasher::new();
            ids.hash(&mut hasher);
            hasher.finish()
        }
        None => hash(row),
    }
}

fn hash(row: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}
