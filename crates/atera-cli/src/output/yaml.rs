//! `--output yaml`: one sequence of the records, with their fields in the order of the service.
//!
//! YAML 1.2 contains JSON. So a record that a YAML serializer cannot take, because it is too deep or a number in it is too
//! large for a double, is written as JSON on one line, and the output is still YAML that means the same.

use atera_records::{Record, on_one_line, without_surrogates};
use std::io;

use super::{
    altered::Altered,
    destination::Output,
    exact_numbers::has_exact_numbers,
    format::{Format, RecordWriter},
    view::View,
};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "yaml",
    for_people: false,
    for_documents: true,
    keeps_pages: false,
    takes_bom: false,
    has_header: false,
    writer: |view| Box::new(Yaml(view.clone())),
};

/// Writes a sequence, an item for each record.
struct Yaml(View);

impl RecordWriter for Yaml {
    fn record(&mut self, json: &str, _: u64, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        let (yaml, altered) = yaml(&self.0.project(json), true);
        out.write_all(yaml.as_bytes())?;
        Ok(altered)
    }

    fn finish(&mut self, count: u64, out: &mut dyn Output) -> io::Result<()> {
        match count {
            0 => out.write_all(b"[]\n"),
            _ => Ok(()),
        }
    }

    fn single(&mut self, json: &str, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        let (yaml, altered) = yaml(&self.0.project(json), false);
        out.write_all(yaml.as_bytes())?;
        Ok(altered)
    }
}

/// JSON as YAML, and how the YAML differs from what was sent, if it does.
fn yaml(json: &str, is_item: bool) -> (String, Option<Altered>) {
    let (text, is_whole) = without_surrogates(json);
    let yaml = has_exact_numbers(&text).then(|| transcoded(&text, is_item));
    let yaml = yaml.and_then(Result::ok).unwrap_or_else(|| {
        let dash = if is_item { "- " } else { "" };
        format!("{dash}{}\n", on_one_line(&text))
    });
    let altered = (!is_whole).then(|| {
        let fields = Record::new(json).fields.unwrap_or_default();
        let mut fields = fields.into_iter();
        let field = fields.find(|(_, value)| !without_surrogates(value).1);
        Altered::Text(field.map_or_else(|| "value".to_string(), |(name, _)| name.into_owned()))
    });
    (yaml, altered)
}

/// JSON as YAML, token by token, so that the order of the fields stays.
fn transcoded(json: &str, is_item: bool) -> Result<String, serde_saphyr::ser_error::Error> {
    let mut json = serde_json::Deserializer::from_str(json);
    let value = serde_transcode::Transcoder::new(&mut json);
    match is_item {
        true => serde_saphyr::to_string(&(value,)),
        false => serde_saphyr::to_string(&value),
    }
}
