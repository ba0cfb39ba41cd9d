//! Where the database is, by a URL as `psql` takes it, and how to get in.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::password::{self, Login};
use crate::error::{Error, Result};

/// How long connecting may take, unless the URL says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How soon a connection is found broken whose other side is no more. The system would take two hours.
const KEEPALIVES: [(&str, &str); 3] = [
    ("keepalives_idle", "60"),
    ("keepalives_interval", "10"),
    ("keepalives_retries", "3"),
];

/// A parsed URL.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    /// A file with the certificates to trust, instead of those of the system.
    pub(super) root_certificates: Option<PathBuf>,
    /// Host and database, to be shown.
    pub(super) shown: String,
}

/// Reads a variable of the environment.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Address {
    /// Reads a URL. The password is that of the URL, `PGPASSWORD`, or the password file.
    ///
    /// Without `sslmode`, a connection to another machine needs TLS; one to this machine has none. Wherever TLS is used, the
    /// certificate is checked.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not valid.
    pub(super) fn parse(url: &str, environment: Environment<'_>) -> Result<Self> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(Error::config(
                "the address of the database is not valid: it does not begin with postgres://; write it like \
                 postgres://user@host/database",
            ));
        }
        let own = Own::of(url)?;
        let mut config: Config = own.rest.parse().map_err(|error: tokio_postgres::Error| {
            // Only the names of parameters are quoted by it, never their values.
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Error::config(format!(
                "the address of the database is not valid{}; write it like postgres://user@host/database",
                cause.unwrap_or_default()
            ))
        })?;
        if config.get_hosts().is_empty() {
            // The certificate is checked against the names of the hosts, so addresses without names stand for themselves.
            let addresses: Vec<_> = config.get_hostaddrs().iter().map(ToString::to_string).collect();
            for address in &addresses {
                config.host(address);
            }
            if addresses.is_empty() {
                config.host("localhost");
            }
        }
        // Where there are addresses, they are connected to, whatever the hosts are called.
        let is_local = config.get_hosts().iter().all(is_local)
            && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
        config.ssl_mode(own.mode.unwrap_or(match is_local {
            true => SslMode::Disable,
            false => SslMode::Require,
        }));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("atera mirror");
        }
        if config.get_user().is_none()
            && let Some(user) = environment("PGUSER")
        {
            config.user(user);
        }
        let host = config.get_hosts().first().map(shown_host).unwrap_or_default();
        let database = config
            .get_dbname()
            .or(config.get_user())
            .unwrap_or_default()
            .to_string();
        if config.get_password().is_none()
            && let Some(password) = password(&config, &host, &database, environment)
        {
            config.password(password);
        }
        Ok(Address {
            shown: format!("{host}/{database}"),
            config,
            root_certificates: own.root_certificates,
        })
    }
}

/// The parameters that are read here, since tokio-postgres does not know them or not all of their values.
struct Own {
    mode: Option<SslMode>,
    root_certificates: Option<PathBuf>,
    /// The URL without them, and with what is set unless it says so.
    rest: String,
}

impl Own {
    fn of(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut own = Own {
            mode: None,
            root_certificates: None,
            rest: base.to_string(),
        };
        let mut separator = '?';
        let mut add = |rest: &mut String, pair: &str| {
            rest.push(std::mem::replace(&mut separator, '&'));
            rest.push_str(pair);
        };
        let mut keepalives = KEEPALIVES.to_vec();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match name {
                "sslmode" => own.mode = Some(mode(&value)?),
                "sslrootcert" if value == "system" => own.root_certificates = None,
                "sslrootcert" => own.root_certificates = Some(PathBuf::from(value.into_owned())),
                _ => {
                    keepalives.retain(|(it, _)| *it != name);
                    add(&mut own.rest, pair);
                }
            }
        }
        for (name, value) in keepalives {
            add(&mut own.rest, &format!("{name}={value}"));
        }
        Ok(own)
    }
}

/// The certificate is checked in every mode that uses TLS, so some of them are the same here.
fn mode(value: &str) -> Result<SslMode> {
    Ok(match value {
        "disable" => SslMode::Disable,
        "allow" | "prefer" => SslMode::Prefer,
        "require" | "verify-ca" | "verify-full" => SslMode::Require,
        _ => {
            return Err(Error::config(
                "the address of the database is not valid: sslmode is unknown; write disable, prefer, require or verify-full",
            ));
        }
    })
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let address = name.trim_start_matches('[').trim_end_matches(']').parse();
            name == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn shown_host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

/// The password from the environment, or from the password file.
fn password(config: &Config, host: &str, database: &str, environment: Environment<'_>) -> Option<String> {
    if let Some(password) = environment("PGPASSWORD") {
        return Some(password);
    }
    let path = match environment("PGPASSFILE") {
        Some(path) => PathBuf::from(path),
        None => Path::new(&environment("HOME")?).join(".pgpass"),
    };
    if !is_private(&path) {
        return None;
    }
    let user = match config.get_user() {
        Some(user) => user.to_string(),
        None => environment("USER")?,
    };
    let file = fs::read_to_string(path).ok()?;
    let login = Login {
        // As in `psql`: the folder of a socket stands for this machine.
        host: if host.starts_with('/') { "localhost" } else { host },
        port: config.get_ports().first().copied().unwrap_or(5432),
        database: if database.is_empty() { &user } else { database },
        user: &user,
    };
    password::find(&file, &login)
}

/// Postgres's own programs do not use a password file that others can read either.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Address {
        Address::parse(url, &|_| None).unwrap()
    }

    #[test]
    fn another_machine_needs_tls_and_this_one_does_not() {
        let modes = [
            ("postgres://u:p@db.example.com/m", SslMode::Require),
            ("postgres://u@db.example.com/m?sslmode=disable", SslMode::Disable),
            (
                "postgres://u@db.example.com/m?sslmode=prefer&connect_timeout=3",
                SslMode::Prefer,
            ),
            ("postgresql://u@localhost:5433/m", SslMode::Disable),
            ("postgres://u@127.0.0.1/m", SslMode::Disable),
            ("postgres://u@%2Frun%2Fpostgresql/m", SslMode::Disable),
            ("postgres://u@localhost/m?sslmode=verify-full", SslMode::Require),
            ("postgres:///m?hostaddr=10.0.0.5", SslMode::Require),
            ("postgres://u@localhost/m?hostaddr=10.0.0.5", SslMode::Require),
            ("postgres://u@localhost/m?hostaddr=127.0.0.1", SslMode::Disable),
            ("postgres:///m?hostaddr=127.0.0.1,10.0.0.5", SslMode::Require),
            ("postgres:///m?hostaddr=127.0.0.1", SslMode::Disable),
        ];
        for (url, expected) in modes {
            assert_eq!(parse(url).config.get_ssl_mode(), expected, "{url}");
        }
        let with_roots = parse("postgres://u@h/m?sslrootcert=%2Fetc%2Fca.pem&application_name=x");
        assert_eq!(
            with_roots.root_certificates.as_deref(),
            Some(Path::new("/etc/ca.pem"))
        );
        assert_eq!(with_roots.config.get_application_name(), Some("x"));
    }

    #[test]
    fn the_password_is_taken_from_where_psql_takes_it_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgpass");
        fs::write(&file, "localhost:5432:m:u:from-file\n").unwrap();
        let path = file.display().to_string();
        let environment = |name: &str| (name == "PGPASSFILE").then(|| path.clone());
        let url = "postgres://u@%2Frun%2Fpostgresql/m";
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;

            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            let open = Address::parse(url, &environment).unwrap();
            assert_eq!(open.config.get_password(), None);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let from_file = Address::parse(url, &environment).unwrap();
        assert_eq!(from_file.config.get_password(), Some(&b"from-file"[..]));
        let from_variable = Address::parse(url, &|name| (name == "PGPASSWORD").then(|| "v".into())).unwrap();
        assert_eq!(from_variable.config.get_password(), Some(&b"v"[..]));
        let from_url = Address::parse("postgres://u:secret@h/m", &environment).unwrap();
        assert_eq!(from_url.config.get_password(), Some(&b"secret"[..]));
        assert_eq!(from_url.shown, "h/m");
    }

    /// The certificate has to be for what was connected to.
    #[test]
    fn an_address_alone_stands_for_its_host() {
        let address = parse("postgres:///m?hostaddr=10.0.0.5,::1");
        let hosts = ["10.0.0.5", "::1"].map(|host| Host::Tcp(host.to_string()));
        assert_eq!(address.config.get_hosts(), hosts);
        assert_eq!(address.shown, "10.0.0.5/m");
    }

    #[test]
    fn a_server_that_is_no_more_is_noticed_soon() {
        let of = |url: &str| {
            let config = parse(url).config;
            (
                config.get_keepalives_idle().as_secs(),
                config.get_keepalives_interval().map(|it| it.as_secs()),
                config.get_keepalives_retries(),
            )
        };
        assert_eq!(of("postgres://u@h/m"), (60, Some(10), Some(3)));
        let own = "postgres://u@h/m?keepalives_idle=7200&keepalives_retries=9";
        assert_eq!(of(own), (7200, Some(10), Some(9)));
    }

    #[test]
    fn an_error_does_not_quote_the_url() {
        for url in [
            "mysql://u:secret@h/m",
            "postgres://u:secret@h/m?sslmode=secret",
            "postgres://u:secret@h:secret/m",
            "postgres://u:secret@h/m?unknown=secret",
        ] {
            let error = Address::parse(url, &|_| None).err().unwrap().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
