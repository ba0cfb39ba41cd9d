//! Reads the JSON of answers. An error names the place in the JSON, but does not quote the value there.

use serde::Deserialize;
use serde_path_to_error::Segment;

/// Reads JSON. An error names the place that does not fit, without its value. UTF-8 is validated once for the whole text, which
/// is much faster than for each string.
pub(crate) fn decode<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, String> {
    let json = without_bom(json);
    if let Ok(text) = std::str::from_utf8(json)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    // A second pass finds the place, or succeeds: invalid UTF-8 does no harm in a value that is not read.
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let reason = reason(error.inner());
        match place(error.path()) {
            place if place.is_empty() => reason,
            place => format!("at {place}: {reason}"),
        }
    })?;
    json.end().map_err(|error| reason(&error))?;
    Ok(value)
}

/// JSON without the byte order mark that some programs write before UTF-8.
pub(crate) fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads an object. serde's derive, which pages have, also accepts an array, as the values in the order of the fields. So this
/// refuses one.
pub(crate) fn decode_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, String> {
    match without_bom(json).trim_ascii_start().first() {
        Some(b'[') => Err("invalid type: array, expected an object".to_string()),
        _ => decode(json),
    }
}

fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match error.is_data() {
        true => without_value(&said),
        false => format!("it cannot be read as JSON: {said}"),
    }
}

/// A place in JSON, such as `items[3].Title`. A name that does not look like a field name is replaced by `…`, because it may be
/// data, for example an address.
fn place(path: &serde_path_to_error::Path) -> String {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => place.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(if names_a_field(name) { name } else { "…" });
            }
            Segment::Unknown => {}
        }
    }
    place
}

fn names_a_field(name: &str) -> bool {
    let is_number = name.starts_with(|first: char| first.is_ascii_digit());
    !is_number && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// Removes the quoted value from a message of serde, because it may be anything: a name, an address, a key.
fn without_value(said: &str) -> String {
    let begins = |words: &[&str]| words.iter().any(|words| said.starts_with(words));
    if begins(&["missing field ", "duplicate field ", "there is no "]) {
        return said.to_string();
    }
    let quotes = ['"', '`'];
    let is_serdes = begins(&[
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "unknown field ",
    ]);
    let to = match is_serdes {
        // serde quotes the expected values too; they are kept.
        true => said.rfind(", expected "),
        false => said.rfind(quotes).map(|last| last + 1),
    };
    let to = to.unwrap_or(said.len());
    match said.find(quotes) {
        Some(from) if from < to => format!("{}…{}", &said[..from], &said[to..]),
        _ => said.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;
    use uuid::Uuid;

    use super::*;

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        decode::<T>(json.as_bytes()).err().expect(json)
    }

    #[test]
    fn a_reason_tells_the_place_and_no_value() {
        #[derive(Debug, Deserialize)]
        enum Closed {
            Open,
        }
        for value in [
            r#""Jane, expected at 5 \" \\ `""#,
            r#""Jane""#,
            "491711234567",
            "4917.5",
            "-4917",
        ] {
            let json = format!(r#"{{"Name": [0, {value}]}}"#);
            let said = refused::<HashMap<String, Vec<u8>>>(&json);
            assert!(said.starts_with("at Name[1]: invalid "), "{said}");
            assert!(said.contains("…, expected u8 at line 1"), "{said}");
            assert!(!said.contains("Jane") && !said.contains("4917"), "{said}");
        }
        let said = refused::<Vec<Closed>>(r#"["Open", "Jane` Doe"]"#);
        assert!(
            said.starts_with("at [1]: unknown variant …, expected `Open`"),
            "{said}"
        );
        let said = refused::<Vec<Uuid>>(r#"["Jane"]"#);
        assert!(said.starts_with("at [0]: ") && !said.contains('J'), "{said}");
        let said = refused::<HashMap<String, bool>>(r#"{"Name": true"#);
        assert!(said.starts_with("it cannot be read as JSON: EOF while"), "{said}");
    }

    #[test]
    fn a_place_has_names_of_fields_and_no_others() {
        for (name, shown) in [
            ("TicketID", "TicketID"),
            ("jane@example.com", "…"),
            (r#"5\" screen"#, "…"),
            ("Jane Doe", "…"),
            ("491711234567", "…"),
        ] {
            let said = refused::<HashMap<String, u8>>(&format!(r#"{{"{name}": "top \"secret"}}"#));
            let wanted = format!("at {shown}: invalid type: string …, expected u8");
            assert!(said.starts_with(&wanted), "{said}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = refused::<crate::Page<u8>>(r#"{"Items": []}"#);
        assert!(said.contains("there is no `items` array"), "{said}");
    }
}
