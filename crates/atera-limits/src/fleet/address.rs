//! Where a server is, and how to log in.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::RedisStoreError;

/// Where a limit is kept, and who logs in.
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) login: Login,
    /// The login at the sentinels.
    pub(super) sentinel_login: Login,
    pub(super) database: i64,
    pub(super) options: Options,
}

/// A user and a password, either of which may be missing.
#[derive(Default)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
}

/// What a query of the address sets.
#[derive(Default)]
pub(super) struct Options {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) prefix: Option<String>,
    pub(super) salt: Option<String>,
    pub(super) patience: Option<Duration>,
}

/// What to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A server.
    Server(Node),
    /// Some of the nodes of a cluster, which know which of them has the keys.
    Cluster(Vec<Node>),
    /// The primary of this name, which the sentinels know.
    Sentinels { sentinels: Vec<Node>, primary: String },
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Tcp { host: String, port: u16, tls: bool },
    Socket(PathBuf),
}

/// What a scheme names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Cluster,
    Sentinels,
    Socket,
}

impl Kind {
    /// The kind, and whether connections use TLS.
    fn of_scheme(scheme: &str) -> Option<(Self, bool)> {
        let (family, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let tls = match family {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return None,
        };
        let kind = match kind {
            "" => Kind::Server,
            "cluster" => Kind::Cluster,
            "sentinel" => Kind::Sentinels,
            "unix" if !tls => Kind::Socket,
            _ => return None,
        };
        Some((kind, tls))
    }

    fn default_port(self) -> u16 {
        match self {
            Kind::Sentinels => 26379,
            _ => 6379,
        }
    }
}

impl Address {
    /// Reads an address as [`RedisStore::builder`](super::RedisStore::builder) describes it.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The message has no part of the text, since that may be a password.
    pub(super) fn parse(text: &str) -> Result<Self, RedisStoreError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
        let (kind, tls) = Kind::of_scheme(scheme).ok_or_else(|| wrong("has another scheme"))?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((_, hosts)) => authority.split_at(authority.len() - hosts.len()),
            None => ("", authority),
        };
        // A URL has one host. All but the first are read by themselves.
        let mut hosts = hosts.split(',');
        let first = match (kind, hosts.next().unwrap_or_default()) {
            // A URL has no login without a host.
            (Kind::Socket, "") => "socket",
            (Kind::Socket, _) => return Err(wrong("has a host, and a socket is a path of this machine")),
            (_, first) => first,
        };
        let url = read(&format!("redis://{login}{first}{tail}"))?;
        let mut nodes = Vec::new();
        if kind != Kind::Socket {
            nodes.push(node(&url, kind, tls)?);
        }
        for host in hosts {
            if !matches!(kind, Kind::Cluster | Kind::Sentinels) {
                return Err(wrong("has several hosts, which only sentinels and clusters have"));
            }
            nodes.push(node(&read(&format!("redis://{host}"))?, kind, tls)?);
        }
        if url.fragment().is_some() {
            return Err(wrong("has a part after `#`, which a password contains as %23"));
        }
        let mut address = Address {
            place: Place::Cluster(Vec::new()),
            login: Login {
                user: Some(decoded(url.username())?).filter(|user| !user.is_empty()),
                password: url.password().map(decoded).transpose()?,
                password_file: None,
            },
            sentinel_login: Login::default(),
            database: 0,
            options: Options::default(),
        };
        address.set_options(&url)?;
        let path = url.path().trim_matches('/');
        address.place = match kind {
            Kind::Server => {
                address.database = database(path)?;
                Place::Server(nodes.remove(0))
            }
            Kind::Cluster if path.is_empty() => Place::Cluster(nodes),
            Kind::Cluster => return Err(wrong("has a path, and a cluster has one database")),
            Kind::Sentinels => {
                let (primary, number) = path.split_once('/').unwrap_or((path, ""));
                if primary.is_empty() {
                    return Err(wrong("does not name the primary as its path"));
                }
                address.database = database(number)?;
                Place::Sentinels {
                    sentinels: nodes,
                    primary: decoded(primary)?,
                }
            }
            Kind::Socket if path.is_empty() => return Err(wrong("has no path")),
            Kind::Socket => Place::Server(Node::Socket(decoded(url.path())?.into())),
        };
        Ok(address)
    }

    /// Takes the options from the query.
    fn set_options(&mut self, url: &Url) -> Result<(), RedisStoreError> {
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match &*name {
                "password_file" => self.login.password_file = Some(value.into()),
                "sentinel_user" => self.sentinel_login.user = Some(value),
                "sentinel_password_file" => self.sentinel_login.password_file = Some(value.into()),
                "ca_file" => self.options.ca_file = Some(value.into()),
                "prefix" => self.options.prefix = Some(value),
                "salt" => self.options.salt = Some(value),
                "patience" => {
                    let seconds = value.parse::<u32>();
                    let seconds =
                        seconds.map_err(|_| wrong("has a patience that is no number of seconds"))?;
                    self.options.patience = Some(Duration::from_secs(seconds.into()));
                }
                _ => {
                    return Err(wrong(
                        "has an option that is not password_file, sentinel_user, sentinel_password_file, ca_file, prefix, \
                         salt or patience",
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Node {
    /// A node that another one names as `host:port`. Without a host it is that of the one that named it.
    pub(super) fn named(text: &str, by: &Node) -> Option<Self> {
        let Node::Tcp { host: known, tls, .. } = by else {
            return None;
        };
        let (host, port) = text.rsplit_once(':')?;
        Some(Node::Tcp {
            host: match host.trim_matches(['[', ']']) {
                "" | "?" => known.clone(),
                host => host.to_string(),
            },
            port: port.parse().ok()?,
            tls: *tls,
        })
    }

    /// The node at a port of a host, with TLS if `other` has it.
    pub(super) fn like(other: &Node, host: String, port: u16) -> Self {
        let tls = matches!(other, Node::Tcp { tls: true, .. });
        Node::Tcp { host, port, tls }
    }
}

impl Login {
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

fn read(text: &str) -> Result<Url, RedisStoreError> {
    Url::parse(text).map_err(|error| wrong(&format!("cannot be read ({error})")))
}

fn decoded(text: &str) -> Result<String, RedisStoreError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(|text| text.into_owned())
        .map_err(|_| wrong("is not UTF-8"))
}

fn node(url: &Url, kind: Kind, tls: bool) -> Result<Node, RedisStoreError> {
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| wrong("has no host"))?;
    Ok(Node::Tcp {
        host: host.trim_matches(['[', ']']).to_string(),
        port: url.port().unwrap_or(kind.default_port()),
        tls,
    })
}

fn database(text: &str) -> Result<i64, RedisStoreError> {
    if text.is_empty() {
        return Ok(0);
    }
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| wrong("has a path that is not the number of a database"))
}

fn wrong(what: &str) -> RedisStoreError {
    RedisStoreError::lasting(format!(
        "the address of the limit store {what}; write it like redis://user@host:6379/0, rediss:// for TLS, \
         redis+sentinel://host,host/primary, redis+cluster://host,host or redis+unix:///path/of/the/socket"
    ))
}

fn unreadable(file: &Path, error: &std::io::Error) -> RedisStoreError {
    RedisStoreError::lasting(format!(
        "the password of the limit store cannot be read from {}: {error}; check the file",
        file.display()
    ))
}

/// The host and the port, or the path.
impl fmt::Display for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Tcp { host, port, .. } if host.contains(':') => write!(out, "[{host}]:{port}"),
            Node::Tcp { host, port, .. } => write!(out, "{host}:{port}"),
            Node::Socket(path) => write!(out, "{}", path.display()),
        }
    }
}

/// The address without user and password.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, nodes, path) = match &self.place {
            Place::Server(Node::Socket(path)) => return write!(out, "redis+unix://{}", path.display()),
            Place::Server(node) => ("", std::slice::from_ref(node), ""),
            Place::Cluster(nodes) => ("+cluster", &nodes[..], ""),
            Place::Sentinels { sentinels, primary } => ("+sentinel", &sentinels[..], primary.as_str()),
        };
        let tls = matches!(nodes, [Node::Tcp { tls: true, .. }, ..]);
        write!(out, "redis{}{kind}://", if tls { "s" } else { "" })?;
        for (position, node) in nodes.iter().enumerate() {
            write!(out, "{}{node}", if position > 0 { "," } else { "" })?;
        }
        if !path.is_empty() {
            write!(out, "/{path}")?;
        }
        match self.database {
            0 => Ok(()),
            number => write!(out, "/{number}"),
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
            ("valkey://user:pass@host", "redis://host:6379"),
            ("valkeys://host", "rediss://host:6379"),
            (
                "redis+unix:///run/redis/redis.sock",
                "redis+unix:///run/redis/redis.sock",
            ),
            (
                "redis+unix://user:pass@/run/redis.sock",
                "redis+unix:///run/redis.sock",
            ),
            (
                "redis+sentinel://user:a,b@one,two:7000/limits",
                "redis+sentinel://one:26379,two:7000/limits",
            ),
            (
                "valkeys+sentinel://one/limits/3?sentinel_user=watch&sentinel_password_file=f",
                "rediss+sentinel://one:26379/limits/3",
            ),
            (
                "redis+cluster://user:pass@one:1,[::1]:2,three",
                "redis+cluster://one:1,[::1]:2,three:6379",
            ),
        ] {
            let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
        }
        let address = Address::parse("redis://us%40er:pa%2Fss@host").expect("an address");
        assert_eq!(address.login.user.as_deref(), Some("us@er"));
        let password = address.login.password().expect("a password");
        assert_eq!(password.as_deref(), Some("pa/ss"));
    }

    #[test]
    fn a_socket_has_a_login() {
        let address = Address::parse("redis+unix://user:pass@/run/redis.sock").expect("an address");
        assert_eq!(address.login.user.as_deref(), Some("user"));
        let password = address.login.password().expect("a password");
        assert_eq!(password.as_deref(), Some("pass"));
    }

    #[test]
    fn a_query_has_options() {
        let text = "redis://host?password_file=/run/pass%20word&ca_file=ca.pem&prefix=a&salt=b&patience=3";
        let address = Address::parse(text).expect("an address");
        assert_eq!(
            address.login.password_file.as_deref(),
            Some(Path::new("/run/pass word"))
        );
        assert_eq!(address.options.ca_file.as_deref(), Some(Path::new("ca.pem")));
        assert_eq!(address.options.prefix.as_deref(), Some("a"));
        assert_eq!(address.options.salt.as_deref(), Some("b"));
        assert_eq!(address.options.patience, Some(Duration::from_secs(3)));
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
            "redis://secret,host",
            "redis+unix://secret",
            "redis+unix://secret/path",
            "redis+unix://user:secret@",
            "redis://host?patience=secret",
            "rediss+unix:///secret",
            "redis+sentinel://secret",
            "redis+sentinel://host/name/secret",
            "redis+sentinel://host,/secret",
            "redis+cluster://host/secret",
            "redis+secret://host",
        ] {
            let Err(error) = Address::parse(text) else {
                panic!("{text} is taken");
            };
            let error = error.to_string();
            assert!(!error.contains("secret"), "{error}");
            assert!(error.contains("redis://user@host:6379/0"), "{error}");
        }
    }

    #[test]
    fn a_node_that_another_one_names_has_its_host_if_it_has_none() {
        let by = Address::parse("rediss://host:1").expect("an address");
        let Place::Server(by) = by.place else {
            panic!("a server");
        };
        for (text, named) in [
            ("10.0.0.1:7000", Some("10.0.0.1:7000")),
            ("::1:7000", Some("[::1]:7000")),
            (":7000", Some("host:7000")),
            ("host", None),
            ("host:port", None),
        ] {
            let node = Node::named(text, &by);
            assert!(
                node.iter()
                    .all(|node| matches!(node, Node::Tcp { tls: true, .. }))
            );
            assert_eq!(node.map(|node| node.to_string()).as_deref(), named, "{text}");
        }
    }

    #[test]
    fn a_password_is_read_from_its_file_each_time() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let login = Login {
            password_file: Some(file.path().to_path_buf()),
            ..Login::default()
        };
        for password in ["one", "two"] {
            std::fs::write(file.path(), format!("{password}\n")).expect("a file");
            assert_eq!(login.password().expect("a password").as_deref(), Some(password));
        }
        let path = file.into_temp_path();
        path.close().expect("it is removed");
        assert!(login.password().is_err());
    }
}
