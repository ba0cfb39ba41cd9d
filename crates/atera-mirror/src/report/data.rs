//! Tables that do not come from the service: files of CSV beside the reports, which become rows of a query.

/// The rows of a file of CSV, as SQL writes them after `VALUES`. Its first line names the columns, and lines with `#` are remarks.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn rows(text: &str) -> Result<String, String> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let fields: Vec<_> = record.iter().map(quoted).collect();
        rows.push(format!("({})", fields.join(", ")));
    }
    match rows.is_empty() {
        true => Err("it has no rows".into()),
        false => Ok(rows.join(", ")),
    }
}

/// The place in the SQL of a report where the rows of a file come.
pub(super) fn place(file: &str) -> String {
    format!("/* {file} */")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_texts_of_sql() {
        let text = "# a remark\nsystem,ends\nWindows,2026-01-01\n\"O'S, \"\"x\"\"\",\n";
        assert_eq!(
            rows(text).unwrap(),
            "('Windows', '2026-01-01'), ('O''S, \"x\"', '')"
        );
        assert!(rows("a,b\n1\n").unwrap_err().contains("fields"));
        assert_eq!(rows("a,b\n").unwrap_err(), "it has no rows");
    }
}
