//! The hash of a record, which tells whether it has changed, and is the key of a record without an id.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Half of the SHA-256, in hexadecimal digits. That is enough that two records never have the same by chance.
pub(crate) fn hash(json: &str) -> String {
    let digest = Sha256::digest(json.as_bytes());
    let mut text = String::with_capacity(32);
    for byte in &digest[..16] {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_the_beginning_of_the_sha_256() {
        assert_eq!(super::hash("abc"), "ba7816bf8f01cfea414140de5dae2223");
    }
}
