//! The bearer token.

use std::{fmt, fs::File, io::Read, path::Path};

use atera::Error;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The fewest characters of a token. 32 hexadecimal digits are 128 bits.
const SHORTEST: usize = 32;
/// The most. A longer file is something else.
const LONGEST: usize = 4_096;

/// The secret that every request over HTTP has to have: `Authorization: Bearer …`.
///
/// It always comes from a file, since arguments and variables of the environment are seen by other programs.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Reads the token from a file. White space around it is left out.
    ///
    /// # Errors
    ///
    /// `Config` if the file cannot be read, if others than its owner may read it (on Unix), or if what it has is no token: it needs
    /// 32 to 4,096 characters, all of them letters, digits or punctuation of ASCII.
    pub fn from_file(path: impl AsRef<Path>) -> atera::Result<Self> {
        let path = path.as_ref();
        let name = path.display();
        let unreadable = |error| {
            Error::config(format!(
                "the token file {name} cannot be read: {error}; make one with `(umask 077; openssl rand -hex 32 > {name})`"
            ))
        };
        let file = File::open(path).map_err(unreadable)?;
        // The open file is looked at, not its name, which may lead to another one by then.
        check_mode(&file, path)?;
        let mut text = String::new();
        let longest = u64::try_from(LONGEST).unwrap_or(u64::MAX) + 2;
        file.take(longest).read_to_string(&mut text).map_err(unreadable)?;
        let token = text.trim();
        if token.len() < SHORTEST
            || token.len() > LONGEST
            || !token.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(Error::config(format!(
                "the token file {name} has no token: it needs {SHORTEST} to {LONGEST} letters, digits or punctuation, on one line; \
                 make one with `(umask 077; openssl rand -hex 32 > {name})`"
            )));
        }
        Ok(Token(SecretString::from(token)))
    }

    /// The token of a test.
    #[cfg(test)]
    pub(crate) fn of_test(text: &str) -> Self {
        Token(SecretString::from(text))
    }

    /// Whether a header carries this token. How long it takes tells nothing but the length of the token.
    pub(crate) fn is_in(&self, header: Option<&HeaderValue>) -> bool {
        let Some(header) = header else {
            return false;
        };
        let mut parts = header.as_bytes().splitn(2, |byte| *byte == b' ');
        let scheme = parts.next().unwrap_or_default();
        let given = parts.next().unwrap_or_default().trim_ascii();
        scheme.eq_ignore_ascii_case(b"bearer") && given.ct_eq(self.0.expose_secret().as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

/// Refuses a file that others than its owner may read or change.
#[cfg(unix)]
fn check_mode(file: &File, path: &Path) -> atera::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let name = path.display();
    let mode = file
        .metadata()
        .map_err(|error| {
            Error::config(format!(
                "the token file {name} cannot be looked at: {error}; name another"
            ))
        })?
        .permissions()
        .mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(Error::config(format!(
            "the token file {name} may be read or changed by others (mode {:o}); `chmod 600 {name}`, and make a new token",
            mode & 0o777
        ))),
    }
}

/// Elsewhere the permissions of a file are not looked at.
#[cfg(not(unix))]
fn check_mode(_: &File, _: &Path) -> atera::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("it is written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(file.path(), mode).expect("a mode");
        }
        let _ = mode;
        file
    }

    fn refused(text: &str, mode: u32) -> String {
        let refused = Token::from_file(file(text, mode).path()).expect_err("it is taken");
        let told = refused.to_string();
        assert!(text.trim().is_empty() || !told.contains(text.trim()), "{told}");
        told
    }

    #[test]
    fn only_the_whole_token_behind_its_scheme_is_one() {
        let token = Token::from_file(file(&format!("{TOKEN}\n"), 0o600).path()).expect("a token");
        let is_in = |text: &str| token.is_in(Some(&HeaderValue::from_str(text).expect("a header")));
        assert!(is_in(&format!("Bearer {TOKEN}")) && is_in(&format!("bearer  {TOKEN}")));
        for text in [
            TOKEN,
            "",
            "Bearer",
            "Bearer ",
            &format!("Basic {TOKEN}"),
            &format!("Bearer {}", &TOKEN[1..]),
            &format!("Bearer {TOKEN}0"),
            &format!("Bearer {TOKEN} {TOKEN}"),
            &format!("Bearer {}", TOKEN.to_uppercase()),
        ] {
            assert!(!is_in(text), "{text}");
        }
        assert!(!token.is_in(None));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_file_without_a_token_is_refused_with_how_to_make_one() {
        for text in ["", "short", &format!("{TOKEN} {TOKEN}"), &"x".repeat(5_000)] {
            assert!(
                refused(text, 0o600).contains("openssl rand -hex 32"),
                "{text:.20}"
            );
        }
        let missing = Token::from_file("no/such/file")
            .expect_err("it is taken")
            .to_string();
        assert!(
            missing.contains("cannot be read") && missing.contains("umask 077"),
            "{missing}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        for mode in [0o644, 0o640, 0o604, 0o620, 0o660] {
            assert!(
                refused(TOKEN, mode).contains(&format!("mode {mode:o}")),
                "{mode:o}"
            );
        }
        for mode in [0o600, 0o400] {
            assert!(Token::from_file(file(TOKEN, mode).path()).is_ok(), "{mode:o}");
        }
    }
}
