//! Removes the key from the bodies that errors hold: a proxy that refuses a request may quote its headers.

use bytes::Bytes;

/// Replaces the key in a body, also where JSON escapes its characters. This compares bytes, since a body need not be text.
pub(crate) fn redact(key: &str, body: Bytes) -> Bytes {
    let key = key.as_bytes();
    let (mut redacted, mut rest) = (Vec::new(), &body[..]);
    let found = |rest: &[u8]| (0..rest.len()).find_map(|at| Some((at, spelt_out(key, &rest[at..])?)));
    while let Some((at, length)) = found(rest) {
        redacted.extend_from_slice(&rest[..at]);
        redacted.extend_from_slice(b"(the API key)");
        rest = &rest[at + length..];
    }
    if redacted.is_empty() {
        return body;
    }
    redacted.extend_from_slice(rest);
    redacted.into()
}

/// If the bytes begin with the key, plain or with JSON escapes, the number of bytes that it takes.
fn spelt_out(key: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    for byte in key {
        let is_code = |code: &[u8]| {
            let code = std::str::from_utf8(code).ok();
            code.and_then(|code| u16::from_str_radix(code, 16).ok()) == Some(u16::from(*byte))
        };
        rest = match rest {
            [b'\\', b'u', a, b, c, d, rest @ ..] if is_code(&[*a, *b, *c, *d]) => rest,
            [b'\\', escaped, rest @ ..] if escaped == byte => rest,
            [plain, rest @ ..] if plain == byte => rest,
            _ => return None,
        };
    }
    Some(bytes.len() - rest.len())
}
