//! The secrets that webhooks are signed with.

use std::{env, fmt, fs, path::Path, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::error::{Error, Result};

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// How many bytes a secret has, by the specification.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The variable with the folder in which systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A secret that a receiver shares: `whsec_` and 24 to 64 bytes as base64.
#[derive(Clone)]
pub struct WebhookSecret(SecretSlice<u8>);

impl WebhookSecret {
    /// The secrets in a file, one in each line. Empty lines and those that begin with `#` count as nothing. While a secret is being
    /// replaced, the file has the new one and the old one. The file is for its owner alone (mode 0600), or one of the credentials that
    /// systemd gives to this service.
    ///
    /// # Errors
    ///
    /// `Config` if others can read the file, if it has no secret, or one of its lines is none.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let path = path.as_ref();
        let failed = |why: String| Error::config(format!("the secret file {} {why}", path.display()));
        let text = fs::read_to_string(path)
            .map_err(|error| failed(format!("cannot be read: {error}; check its path and permissions")))?;
        for_its_owner_alone(path, env::var_os(CREDENTIALS).as_ref().map(Path::new))?;
        let mut secrets = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let secret = line
                .parse()
                .map_err(|error| failed(format!("cannot be used: line {}: {error}", index + 1)))?;
            secrets.push(secret);
        }
        match secrets.is_empty() {
            true => Err(failed(format!(
                "has no secret; write one into it, as `echo {PREFIX}$(openssl rand -base64 32)` prints it"
            ))),
            false => Ok(secrets),
        }
    }

    /// The signature of a message: `v1,` and the HMAC-SHA256 as base64.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) {
            Ok(mac) => mac,
            // HMAC takes keys of any length.
            Err(_) => unreachable!("a key of any length is one"),
        };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for WebhookSecret {
    type Err = Error;

    /// # Errors
    ///
    /// `Config` if it is no secret. The message does not have it.
    fn from_str(text: &str) -> Result<Self> {
        let failed = |why: String| {
            Err(Error::config(format!(
                "the secret {why}; `echo {PREFIX}$(openssl rand -base64 32)` prints a good one"
            )))
        };
        let Some(encoded) = text.trim().strip_prefix(PREFIX) else {
            return failed(format!("does not begin with {PREFIX}"));
        };
        match STANDARD.decode(encoded) {
            Ok(bytes) if BYTES.contains(&bytes.len()) => Ok(WebhookSecret(bytes.into())),
            Ok(bytes) => failed(format!(
                "has {} bytes, and not {} to {}",
                bytes.len(),
                BYTES.start(),
                BYTES.end()
            )),
            Err(_) => failed("is not written as base64".to_string()),
        }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookSecret")
    }
}

/// Refuses a file that others can read or change.
///
/// A file in the folder of credentials may show that its group can read it: systemd lets the user of the service read it by an access
/// list, whose mask is shown as the permissions of the group. Nobody else can enter the folder.
#[cfg(unix)]
fn for_its_owner_alone(path: &Path, credentials: Option<&Path>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    let is_credential = || {
        let folder = credentials.and_then(|folder| folder.canonicalize().ok());
        folder.is_some_and(|folder| path.canonicalize().is_ok_and(|path| path.starts_with(folder)))
    };
    if mode & 0o077 == 0 || mode & 0o037 == 0 && is_credential() {
        return Ok(());
    }
    Err(Error::config(format!(
        "the secret file {path} can be read or changed by others (mode {mode:o}); run `chmod 600 {path}`, and renew its \
         secrets if someone may have read them",
        path = path.display()
    )))
}

/// On other systems the access list of the user's folder keeps others out.
#[cfg(not(unix))]
fn for_its_owner_alone(_: &Path, _: Option<&Path>) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_other_libraries_do() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        assert_eq!(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                "{\"test\": 2432232314}"
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(format!("{secret:?}"), "WebhookSecret");
    }

    #[test]
    fn what_is_no_secret_is_told_without_it() {
        for (text, why) in [
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begin with whsec_"),
            ("whsec_hidden!", "base64"),
            ("whsec_aGlkZGVu", "has 6 bytes, and not 24 to 64"),
        ] {
            let told = text.parse::<WebhookSecret>().unwrap_err().to_string();
            assert!(
                told.contains(why) && !told.contains("hidden") && !told.contains("aGlk"),
                "{told}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_secrets_and_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            fs::write(file.path(), text).unwrap();
            WebhookSecret::from_file(file.path())
        };
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(
            read(&format!("# new\n{secret}\n\n# old\n{secret}"))
                .unwrap()
                .len(),
            2
        );
        assert!(
            read("# none\n")
                .unwrap_err()
                .to_string()
                .contains("has no secret")
        );
        let told = read(&format!("{secret}\nhidden")).unwrap_err().to_string();
        assert!(told.contains("line 2: ") && !told.contains("hidden"), "{told}");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let told = read(secret).unwrap_err().to_string();
        assert!(told.contains("mode 644") && told.contains("chmod 600"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_of_systemd_may_be_shown_as_readable_by_its_group() {
        use std::os::unix::fs::PermissionsExt;

        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = folder.path().join("crm.secret");
        fs::write(&path, "").unwrap();
        let is_taken = |mode: u32, credentials: Option<&Path>| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for_its_owner_alone(&path, credentials).is_ok()
        };
        assert!(is_taken(0o440, Some(folder.path())));
        assert!(!is_taken(0o440, None));
        assert!(!is_taken(0o440, Some(other.path())));
        for mode in [0o444, 0o460, 0o441] {
            assert!(!is_taken(mode, Some(folder.path())), "{mode:o}");
        }
    }
}
