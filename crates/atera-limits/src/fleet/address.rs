//! Where a server is, and how to log in.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::RedisStoreError;

/// A server: where it is, and who logs in.
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) user: Option<String>,
    password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) database: i64,
    pub(super) options: Options,
}

/// What a query of the address sets.
#[derive(Default)]
pub(super) struct Options {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) prefix: Option<String>,
    pub(super) salt: Option<String>,
}

/// What to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Tcp { host: String, port: u16, tls: bool },
    Socket(PathBuf),
}

impl Address {
    /// Reads `redis://[user[:password]@]host[:port][/database]`, the same with `rediss` for TLS, or `redis+unix:///path`, and a query
    /// with options.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The message has no part of the text, since that may be a password.
    pub(super) fn parse(text: &str) -> Result<Self, RedisStoreError> {
        let wrong = |what: &str| {
            RedisStoreError::lasting(format!(
                "the address of the limit store {what}; write it like redis://user@host:6379/0, rediss:// for TLS, or \
                 redis+unix:///path/of/the/socket"
            ))
        };
        let url = Url::parse(text).map_err(|error| wrong(&format!("cannot be read ({error})")))?;
        let (mut options, mut password_file) = (Options::default(), None);
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match &*name {
                "password_file" => password_file = Some(value.into()),
                "ca_file" => options.ca_file = Some(value.into()),
                "prefix" => options.prefix = Some(value),
                "salt" => options.salt = Some(value),
                _ => {
                    return Err(wrong(
                        "has an option that is not password_file, ca_file, prefix or salt",
                    ));
                }
            }
        }
        if url.fragment().is_some() {
            return Err(wrong("has a part after `#`, which a password contains as %23"));
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned())
                .map_err(|_| wrong("is not UTF-8"))
        };
        let mut database = 0;
        let place = match url.scheme() {
            "redis" | "rediss" => {
                let host = url.host_str().filter(|host| !host.is_empty());
                let host = host.ok_or_else(|| wrong("has no host"))?;
                let path = url.path().trim_matches('/');
                if !path.is_empty() {
                    let number = path.parse().ok().filter(|number| *number >= 0);
                    database =
                        number.ok_or_else(|| wrong("has a path that is not the number of a database"))?;
                }
                Place::Tcp {
                    host: host.trim_matches(['[', ']']).to_string(),
                    port: url.port().unwrap_or(6379),
                    tls: url.scheme() == "rediss",
                }
            }
            "redis+unix" if url.path().len() > 1 => Place::Socket(decoded(url.path())?.into()),
            _ => return Err(wrong("has another scheme")),
        };
        Ok(Address {
            place,
            user: Some(decoded(url.username())?).filter(|user| !user.is_empty()),
            password: url.password().map(decoded).transpose()?,
            password_file,
            database,
            options,
        })
    }

    /// The password, from its file if there is one: it may have changed.
    ///
    /// # Errors
    ///
    /// That the file cannot be read.
    pub(super) fn password(&self) -> Result<Option<String>, RedisStoreError> {
        let Some(file) = &self.password_file else {
            return Ok(self.password.clone());
        };
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_string()))
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> RedisStoreError {
    RedisStoreError::lasting(format!(
        "the password of the limit store cannot be read from {}: {error}; check the file",
        file.display()
    ))
}

/// The address without user and password.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp { host, port, tls } => {
                let scheme = if *tls { "rediss" } else { "redis" };
                let host = if host.contains(':') {
                    &format!("[{host}]")
                } else {
                    host
                };
                write!(out, "{scheme}://{host}:{port}")?;
                match self.database {
                    0 => Ok(()),
                    number => write!(out, "/{number}"),
                }
            }
            Place::Socket(path) => write!(out, "redis+unix://{}", path.display()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379"),
            ("rediss://user:pa%2Fss@[::1]:7000/2", "rediss://[::1]:7000/2"),
            (
                "redis+unix:///run/redis/redis.sock",
                "redis+unix:///run/redis/redis.sock",
            ),
        ] {
            let address = Address::parse(text).expect("an address");
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
        }
        let address = Address::parse("redis://us%40er:pa%2Fss@host").expect("an address");
        assert_eq!(address.user.as_deref(), Some("us@er"));
        assert_eq!(address.password().expect("a password").as_deref(), Some("pa/ss"));
    }

    #[test]
    fn a_query_has_options() {
        let text = "redis://host?password_file=/run/pass%20word&ca_file=ca.pem&prefix=a&salt=b";
        let address = Address::parse(text).expect("an address");
        assert_eq!(
            address.password_file.as_deref(),
            Some(Path::new("/run/pass word"))
        );
        assert_eq!(address.options.ca_file.as_deref(), Some(Path::new("ca.pem")));
        assert_eq!(address.options.prefix.as_deref(), Some("a"));
        assert_eq!(address.options.salt.as_deref(), Some("b"));
        assert_eq!(address.to_string(), "redis://host:6379");
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_shown() {
        for text in [
            "secret",
            "http://secret@host",
            "redis://secret@",
            "redis://host/secret",
            "redis://host/-1",
            "redis://host?secret",
            "redis+unix://secret",
        ] {
            let error = Address::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
            assert!(error.contains("redis://user@host:6379/0"), "{error}");
        }
    }

    #[test]
    fn a_password_is_read_from_its_file_each_time() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut address = Address::parse("redis://host").expect("an address");
        address.password_file = Some(file.path().to_path_buf());
        for password in ["one", "two"] {
            std::fs::write(file.path(), format!("{password}\n")).expect("a file");
            assert_eq!(address.password().expect("a password").as_deref(), Some(password));
        }
        let path = file.into_temp_path();
        path.close().expect("it is removed");
        assert!(address.password().is_err());
    }
}
