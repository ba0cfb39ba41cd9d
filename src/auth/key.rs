//! The API key: how it is read, checked, stored and sent.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{Error, Result, types::Timestamp};

/// Environment variable that holds the key.
const VARIABLE: &str = "ATERA_API_KEY";
/// Environment variable that names a file with the key in it.
const FILE_VARIABLE: &str = "ATERA_API_KEY_FILE";

/// An API key. It is never shown: not by `Debug`, not in errors, not in logs.
///
/// Keys issued since 2026 are JWTs and go into `Authorization: Bearer`; every other key goes into `X-API-KEY`.
///
/// ```
/// let key = atera::ApiKey::new(" 0123456789abcdef0123456789abcdef\n")?;
/// assert_eq!(format!("{key:?}"), "ApiKey(XApiKey, hidden)");
/// # Ok::<(), atera::Error>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    secret: SecretString,
    /// The header that its form suggests.
    suggested: KeyHeader,
    /// The header that the caller chose instead.
    chosen: Option<KeyHeader>,
    expires_at: Option<Timestamp>,
    file: Option<PathBuf>,
}

/// The header that a key goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyHeader {
    /// `X-API-KEY`, for legacy keys.
    XApiKey,
    /// `Authorization: Bearer`, for JWTs.
    Bearer,
}

impl ApiKey {
    /// Takes a key, without the white space around it.
    ///
    /// # Errors
    ///
    /// `Config` if the key is empty, or if it has other characters than visible ASCII.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let given = SecretString::from(key.into());
        let key = given.expose_secret().trim();
        if key.is_empty() {
            return Err(Error::config(
                "the API key is empty; copy it from Admin > API in Atera",
            ));
        }
        if let Some(position) = key.chars().position(|character| !character.is_ascii_graphic()) {
            return Err(Error::config(format!(
                "character {} of the API key is white space or not ASCII; copy the key alone, without `Bearer` or quotes",
                position + 1
            )));
        }
        let claims = claims(key);
        let suggested = if claims.is_some() {
            KeyHeader::Bearer
        } else {
            KeyHeader::XApiKey
        };
        let expires_at = claims.and_then(|claims| claims.exp).and_then(seconds);
        Ok(ApiKey {
            secret: SecretString::from(key),
            suggested,
            chosen: None,
            expires_at,
            file: None,
        })
    }

    /// Reads the key from the file. A client reads it again when the service refuses the key, so that a key can be
    /// replaced while the program runs.
    ///
    /// # Errors
    ///
    /// `Config` if the file cannot be read, and as [`new`](ApiKey::new).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            let name = path.to_string_lossy();
            let sentence = match ApiKey::resembles(&name) {
                true => {
                    "the key file cannot be read; its path looks like a key, so give it as `ATERA_API_KEY`"
                        .into()
                }
                false => format!("the key file {name} cannot be read; check its path and permissions"),
            };
            Error::config(sentence).with_source(error)
        })?;
        let mut key = ApiKey::new(text)?;
        key.file = Some(path.to_path_buf());
        Ok(key)
    }

    /// Reads the key from `ATERA_API_KEY`, or from the file that `ATERA_API_KEY_FILE` names.
    ///
    /// # Errors
    ///
    /// `Config` if neither is set, if the file cannot be read, and as [`new`](ApiKey::new).
    pub fn from_env() -> Result<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        if let Some(key) = set(VARIABLE) {
            let key = key
                .into_string()
                .map_err(|_| Error::config(format!("{VARIABLE} is not ASCII; set it again")))?;
            return ApiKey::new(key);
        }
        match set(FILE_VARIABLE) {
            Some(path) => ApiKey::from_file(Path::new(&path)),
            None => Err(Error::config(format!(
                "there is no API key; set {VARIABLE} to one from Admin > API in Atera, or {FILE_VARIABLE} to a file with it"
            ))),
        }
    }

    /// Whether a text looks like a key. A program should not print such a text: a user may have given the key in the wrong place.
    ///
    /// ```
    /// assert!(atera::ApiKey::resembles("0123456789abcdef0123456789abcdef"));
    /// assert!(!atera::ApiKey::resembles("/etc/atera/key"));
    /// ```
    pub fn resembles(text: &str) -> bool {
        const SHORTEST: usize = 32;
        let is_token = text.len() >= SHORTEST && text.chars().all(|it| it.is_ascii_alphanumeric());
        is_token || claims(text).is_some()
    }

    /// The same key, sent in this header instead of the one that its form suggests.
    #[must_use]
    pub fn in_header(mut self, header: KeyHeader) -> Self {
        self.chosen = Some(header);
        self
    }

    /// When the key expires. Only a JWT has that time.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The key itself, for code that has to distinguish keys, such as a [`SlotStore`](crate::limit::SlotStore) that hashes it.
    /// Keep it out of logs, messages and file names.
    pub fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// The header that the key is sent in.
    pub fn kind(&self) -> KeyHeader {
        self.chosen.unwrap_or(self.suggested)
    }

    /// The file that the key was read from, and the header that the caller chose.
    pub(crate) fn file(&self) -> Option<(&Path, Option<KeyHeader>)> {
        self.file.as_deref().map(|path| (path, self.chosen))
    }

    /// Name and value of the header to send, the value marked sensitive.
    pub(crate) fn header(&self) -> Result<(HeaderName, HeaderValue)> {
        let key = self.expose_secret();
        let (name, value) = match self.kind() {
            KeyHeader::XApiKey => (HeaderName::from_static("x-api-key"), HeaderValue::from_str(key)),
            KeyHeader::Bearer => (
                header::AUTHORIZATION,
                HeaderValue::from_str(&format!("Bearer {key}")),
            ),
        };
        let mut value =
            value.map_err(|_| Error::config("the API key cannot be sent as a header; copy it again"))?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ApiKey({:?}, hidden)", self.kind())
    }
}

/// The claims of a JWT that the client uses.
#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
}

/// The claims of a JWT: three base64url parts, of which the first two are JSON objects.
fn claims(key: &str) -> Option<Claims> {
    let mut parts = key.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || signature.is_empty() {
        return None;
    }
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
    serde_json::from_slice::<serde_json::Map<_, _>>(&decode(header)?).ok()?;
    decode(signature)?;
    serde_json::from_slice(&decode(claims)?).ok()
}

fn seconds(since_1970: f64) -> Option<Timestamp> {
    DateTime::from_timestamp(since_1970 as i64, 0).map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEGACY: &str = "0123456789abcdef0123456789abcdef";

    fn jwt(claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"HS256"}"#),
            part(claims),
            part("signature")
        )
    }

    fn header(key: &ApiKey) -> (String, String) {
        let (name, value) = key.header().expect("a header");
        assert!(value.is_sensitive());
        (name.to_string(), value.to_str().expect("ASCII").to_string())
    }

    #[test]
    fn a_legacy_key_goes_into_its_own_header() {
        let key = ApiKey::new(format!("  {LEGACY}\r\n")).expect("a key");
        assert_eq!(header(&key), ("x-api-key".to_string(), LEGACY.to_string()));
        assert_eq!(key.expires_at(), None);
    }

    #[test]
    fn a_key_in_place_of_its_file_is_not_repeated() {
        for key in [LEGACY.to_string(), jwt(r#"{"exp":1772438400}"#)] {
            let error = ApiKey::from_file(&key).expect_err("no file");
            assert!(!error.to_string().contains(&key), "{error}");
            assert!(error.to_string().contains("ATERA_API_KEY"), "{error}");
        }
    }

    #[test]
    fn a_jwt_goes_into_the_bearer_header_and_tells_when_it_expires() {
        let text = jwt(r#"{"exp":1772438400,"sub":"1"}"#);
        let key = ApiKey::new(text.as_str()).expect("a key");
        assert_eq!(
            header(&key),
            ("authorization".to_string(), format!("Bearer {text}"))
        );
        assert_eq!(
            key.expires_at().map(|time| time.to_string()).as_deref(),
            Some("2026-03-02T08:00:00Z")
        );
    }

    #[test]
    fn a_jwt_without_an_expiry_is_still_one() {
        let key = ApiKey::new(jwt("{}")).expect("a key");
        assert_eq!(header(&key).0, "authorization");
        assert_eq!(key.expires_at(), None);
    }

    #[test]
    fn what_only_looks_like_a_jwt_is_a_legacy_key() {
        for text in ["a.b.c", "one.two", "a..c", &format!("{}.x", jwt("{}"))] {
            assert_eq!(
                header(&ApiKey::new(text).expect("a key")).0,
                "x-api-key",
                "{text}"
            );
        }
    }

    #[test]
    fn the_header_can_be_chosen() {
        let key = ApiKey::new(LEGACY).expect("a key").in_header(KeyHeader::Bearer);
        assert_eq!(
            header(&key),
            ("authorization".to_string(), format!("Bearer {LEGACY}"))
        );
    }

    #[test]
    fn a_bad_key_is_refused_without_being_shown() {
        for (text, reason) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("secret key", "character 7"),
            ("secret\u{7f}", "character 7"),
            ("schl\u{fc}ssel", "character 5"),
        ] {
            let error = ApiKey::new(text).map(|_| ()).expect_err(text);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(reason), "{shown}");
            assert!(!shown.contains("secret") && !shown.contains("schl"), "{shown}");
        }
    }
}
