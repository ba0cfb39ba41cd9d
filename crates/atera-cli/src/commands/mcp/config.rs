//! `atera mcp config`: the piece of configuration with which a host starts the server.
//!
//! The flags of `atera mcp` that are given with it become arguments of the server, with whole paths, since hosts start it in a folder
//! of their own. What is secret never goes into it.

use std::{
    any::TypeId,
    env,
    io::{self, Write},
    path::{self, Path, PathBuf},
};

use atera::ApiKey;
use clap::{Arg, ArgAction, ArgMatches, builder::ValueRange};

use super::{
    arguments::{HOST, MIRROR, URL, command},
    hosts::{HOSTS, Host, TOKEN_VARIABLE, Way, where_to},
};
use crate::{
    commands::mirror::common_arguments::{URL_VARIABLE, is_address},
    input::globals::{self, CONNECTION, Globals, LIMIT_STORE},
    output::{failure::Failure, terminal::tell},
};

/// Variables that this command heeds, and that a host may not pass on.
const VARIABLES: [&str; 7] = [
    "ATERA_API_KEY",
    "ATERA_API_KEY_FILE",
    "ATERA_PROFILE",
    "ATERA_BASE_URL",
    "ATERA_CONFIG",
    "ATERA_RATE_LIMIT",
    "ATERA_LIMIT_STORE",
];

/// Prints it on stdout, and on stderr where it goes.
///
/// # Errors
///
/// `Usage` if the host cannot reach the server in this way, if an argument may be a key, or if flags of a server that is started
/// stand beside the address of one that runs.
pub(crate) fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let name = matches.get_one::<String>(HOST).map_or("", String::as_str);
    let Some(host) = Host::named(name) else {
        let known = HOSTS.map(|host| host.name).join(", ");
        return Err(Failure::Usage(format!(
            "there is no host `{name}`; it is one of {known}"
        )));
    };
    let (way, mut remarks) = match matches.get_one::<String>(URL) {
        Some(url) => (runs(url, matches)?, Vec::new()),
        None => started(matches)?,
    };
    let Some(text) = host.configuration(&way) else {
        return Err(Failure::Usage(format!(
            "{} takes the token of a server over HTTP only in its file, or not at all; leave --url out, and let it start the server",
            host.title
        )));
    };
    io::stdout().write_all(text.as_bytes())?;
    if !globals.quiet {
        tell(where_to(host));
        if matches!(way, Way::Url(_)) && text.contains(TOKEN_VARIABLE) {
            remarks.push(format!(
                "set {TOKEN_VARIABLE} to the token, in the environment of {}",
                host.title
            ));
        }
        remarks.iter().for_each(tell);
    }
    Ok(())
}

/// The address of a server that runs. What it may do was said where it was started.
fn runs(url: &str, matches: &ArgMatches) -> Result<Way, Failure> {
    let given: Vec<_> = given(matches)
        .iter()
        .map(|flag| format!("--{}", flag.get_id()))
        .collect();
    if !given.is_empty() {
        return Err(Failure::Usage(format!(
            "{} {} nothing at a server that runs already; leave {} out here, and give {} to the `atera mcp --http` that is at this \
             address",
            given.join(" and "),
            if given.len() == 1 { "changes" } else { "change" },
            if given.len() == 1 { "it" } else { "them" },
            if given.len() == 1 { "it" } else { "them" },
        )));
    }
    // No message has the address: what is wrong with it may be that there is a secret in it.
    let refused = |reason: &str| Failure::Usage(format!("--url was not taken: {reason}"));
    let address = url::Url::parse(url)
        .ok()
        .filter(|address| matches!(address.scheme(), "http" | "https") && address.has_host())
        .ok_or_else(|| refused("it is no address; write it as in https://mcp.example.com/mcp"))?;
    if !address.username().is_empty() || address.password().is_some() {
        return Err(refused(
            "it has a user or a password in it, which belong in no configuration of a host; leave them out",
        ));
    }
    if address
        .query_pairs()
        .any(|(name, value)| may_be_secret(&name, &value))
    {
        return Err(refused(
            "its query may have a token in it, which belongs in no configuration of a host; leave it out: the token is sent in a header",
        ));
    }
    Ok(Way::Url(url.to_string()))
}

/// Whether a part of a query may be a secret, by its name or by what it looks like.
fn may_be_secret(name: &str, value: &str) -> bool {
    let name = name.to_lowercase();
    ApiKey::resembles(value)
        || [
            "token", "key", "secret", "password", "pwd", "auth", "sig", "code", "bearer",
        ]
        .iter()
        .any(|part| name.contains(part))
}

/// The flags that are given and become arguments of a server that the host starts.
fn given(matches: &ArgMatches) -> Vec<Arg> {
    let tool = command();
    // Those of a server over HTTP are not among them: a host that starts the server talks to it over stdin and stdout.
    let own = tool.get_arguments().filter(|flag| flag.is_global_set()).cloned();
    let connection = globals::arguments()
        .into_iter()
        .filter(|flag| CONNECTION.contains(&flag.get_id().as_str()));
    connection
        .chain(own)
        .filter(|flag| globals::is_given(matches, flag.get_id().as_str()))
        .collect()
}

/// The program and its arguments, and what has to be said about them.
fn started(matches: &ArgMatches) -> Result<(Way, Vec<String>), Failure> {
    let program = env::current_exe().map_err(Failure::Start)?;
    let mut arguments = vec!["mcp".to_string()];
    let mut remarks = Vec::new();
    for flag in given(matches) {
        let id = flag.get_id().as_str();
        let values = values(&flag, matches);
        if id == LIMIT_STORE && values.iter().any(|value| has_password(value)) {
            remarks.push(format!(
                "--{id} has a password in it and is left out; set ATERA_LIMIT_STORE in the environment of the host"
            ));
            continue;
        }
        if id == MIRROR && values.iter().any(|value| has_password(value)) {
            remarks.push(format!(
                "--{id} has a password in it, and only the flag is kept; set {URL_VARIABLE} in the environment of the host"
            ));
            arguments.push(format!("--{id}"));
            continue;
        }
        if id == MIRROR && values.is_empty() && is_set(URL_VARIABLE) {
            remarks.push(format!(
                "{URL_VARIABLE} is set here, and a host may not pass it on; name the database with --{id}, its password may be in \
                 ~/.pgpass"
            ));
        }
        if values.iter().any(|value| ApiKey::resembles(value)) {
            return Err(Failure::Usage(format!(
                "a value of --{id} may be an API key, which belongs in no configuration of a host; keep it with `atera config set`"
            )));
        }
        arguments.push(format!("--{id}"));
        arguments.extend(values);
    }
    let set = VARIABLES.into_iter().filter(|name| is_set(name));
    let set: Vec<_> = set.collect();
    if !set.is_empty() {
        remarks.push(format!(
            "{} {} set here, and a host may not pass {} on; a profile (`atera config set`) has the key and the address for every program",
            set.join(" and "),
            if set.len() == 1 { "is" } else { "are" },
            if set.len() == 1 { "it" } else { "them" },
        ));
    }
    Ok((Way::Command(program.display().to_string(), arguments), remarks))
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The values of a flag as arguments, paths as whole ones.
fn values(flag: &Arg, matches: &ArgMatches) -> Vec<String> {
    if matches!(flag.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
        || flag.get_num_args() == Some(ValueRange::EMPTY)
    {
        return Vec::new();
    }
    let raw = matches.get_raw(flag.get_id().as_str()).unwrap_or_default();
    let is_path = flag.get_value_parser().type_id() == TypeId::of::<PathBuf>();
    let values = raw.map(|value| match is_path && !is_address(Path::new(value)) {
        true => path::absolute(value).map_or_else(|_| value.into(), PathBuf::into_os_string),
        false => value.to_os_string(),
    });
    let values: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
    match flag.get_value_delimiter() {
        Some(delimiter) => vec![values.join(&delimiter.to_string())],
        None => values,
    }
}

/// Whether an address may have a password in it. It is read by its letters, because several sentinels and a socket are no URL.
fn has_password(address: &str) -> bool {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let has_login = rest
        .rsplit_once('@')
        .is_some_and(|(login, _)| login.contains(':'));
    // Postgres takes it as a parameter too.
    has_login || rest.to_lowercase().contains("password=")
}
