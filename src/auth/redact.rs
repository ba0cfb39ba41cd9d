//! Removes the key from the bodies that errors hold: a proxy that refuses a request may quote its headers.

use bytes::Bytes;

/// The shortest key that is replaced within words too. Keys of the service have 32 characters and more. A shorter one is for a
/// sandbox or a test, and may be a part of many words.
const SHORTEST_IN_WORDS: usize = 8;

/// Replaces the key in a body, also where JSON escapes its characters. This compares bytes, since a body need not be text.
pub(crate) fn redact(key: &str, body: Bytes) -> Bytes {
    let key = key.as_bytes();
    if key.is_empty() {
        return body;
    }
    let (mut redacted, mut done) = (Vec::new(), 0);
    let found = |from: usize| (from..body.len()).find_map(|at| Some((at, at + spelt_out(key, &body[at..])?)));
    let mut from = 0;
    while let Some((begin, end)) = found(from) {
        if key.len() < SHORTEST_IN_WORDS && is_within_word(&body, begin, end) {
            from = begin + 1;
            continue;
        }
        redacted.extend_from_slice(&body[done..begin]);
        redacted.extend_from_slice(b"(the API key)");
        (done, from) = (end, end);
    }
    if done == 0 {
        return body;
    }
    redacted.extend_from_slice(&body[done..]);
    redacted.into()
}

/// Whether the bytes from `begin` to `end` are a part of a longer word. The last letter of a JSON escape is of no word.
fn is_within_word(body: &[u8], begin: usize, end: usize) -> bool {
    let is_of_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = &body[..begin];
    let is_escape = matches!(before, [.., b'\\', b'u', _, _, _, _] | [.., b'\\', _]);
    (is_of_word(before.last()) && !is_escape) || is_of_word(body.get(end))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(key: &str, body: &str) -> String {
        let body = redact(key, Bytes::copy_from_slice(body.as_bytes()));
        String::from_utf8_lossy(&body).into_owned()
    }

    #[test]
    fn a_short_key_is_replaced_only_where_it_is_a_word() {
        for (key, body, expected) in [
            (
                "e",
                r#"{"Message": "the key e failed"}"#,
                r#"{"Message": "the key (the API key) failed"}"#,
            ),
            (
                "key",
                "monkey keys key=key",
                "monkey keys (the API key)=(the API key)",
            ),
            (
                "key",
                r"a\nkey \u000akey",
                r"a\n(the API key) \u000a(the API key)",
            ),
            ("key", "key", "(the API key)"),
            ("key", "keykey", "keykey"),
        ] {
            assert_eq!(redacted(key, body), expected);
        }
    }

    #[test]
    fn a_key_of_the_service_is_replaced_wherever_it_is() {
        let key = "0123456789abcdef";
        assert_eq!(
            redacted(key, &format!("x{key}y{key}")),
            "x(the API key)y(the API key)"
        );
        assert_eq!(redacted("12345678", "x12345678x"), "x(the API key)x");
    }
}
