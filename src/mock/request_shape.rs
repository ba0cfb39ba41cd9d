//! Requests as text.

use std::fmt::Write;

use serde_json::value::RawValue;

use crate::transport::Request;

/// A request as readable text: method and address, headers sorted by name, and the body, with JSON indented and its fields in
/// their order.
///
/// The key is written as `[key]`, and this crate's version as `[version]`, so that a snapshot contains no secret and does
/// not change with the version.
pub fn request_shape(request: &Request) -> String {
    let mut out = format!("{} {}\n", request.method, request.url);
    let mut headers: Vec<_> = request.headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        let value = match value.is_sensitive() {
            true => "[key]".into(),
            false => String::from_utf8_lossy(value.as_bytes())
                .replace(concat!("atera/", env!("CARGO_PKG_VERSION")), "atera/[version]"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name}: {value}");
    }
    if let Some(body) = &request.body {
        let text = indented(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        let _ = writeln!(out, "\n{text}");
    }
    out
}

/// JSON on several lines.
fn indented(json: &[u8]) -> Option<String> {
    // Not via `Value`, which would sort the fields.
    let json: &RawValue = serde_json::from_slice(json).ok()?;
    let mut out = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(json.get());
    serde_transcode::transcode(&mut reader, &mut serde_json::Serializer::pretty(&mut out)).ok()?;
    String::from_utf8(out).ok()
}
