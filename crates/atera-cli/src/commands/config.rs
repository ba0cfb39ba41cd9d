//! `atera config`: keeps the profiles of the config file.
//!
//! A key is never an argument: it would be in the shell's history and in the list of processes. It is typed unseen, or comes
//! from stdin. A profile is checked when it is set, with one call to the service.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use atera::{
    ApiKey, Client, ErrorKind,
    description::{self, Field, Kind, Schema},
};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use crate::{
    input::{
        completion,
        config_file::{Config, Profile},
        connection::Connection,
        globals::{self, Globals, LIMIT_STORE},
        help,
    },
    output::{failure::Failure, rows, terminal::tell},
};

/// Name of the command.
pub(crate) const NAME: &str = "config";

// The names of the arguments.
const PROFILE_NAME: &str = "name";
const KEY_FILE: &str = "key-file";
const BASE_URL: &str = "base-url";
const NO_CHECK: &str = "no-check";

/// A profile as `list` prints it: where its key is, and never the key.
static PROFILE: Schema = Schema::new(
    "Profile",
    &[
        Field::new("Name", Kind::Text),
        Field::new("Default", Kind::Boolean),
        Field::new("Key", Kind::Text),
        Field::new("Address", Kind::Text),
    ],
);

/// The arguments of the command.
pub(crate) fn command() -> Command {
    let name = || {
        Arg::new(PROFILE_NAME)
            .value_name("NAME")
            .add(completion::profiles())
            .required(true)
    };
    Command::new(NAME)
        .about("Keep a profile for each tenant: its key, and where it is used")
        .after_help(
            "Examples:\n  atera config set acme\n  pass show atera/acme | atera config set acme\n  atera config use acme\n  \
             atera --profile acme tickets list\n\nThe file is config.toml in the folder for settings, or the one that \
             ATERA_CONFIG names. On Unix it is refused if others can read it (chmod 600); on Windows the access list of \
             your own folder keeps others out.",
        )
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new("set")
                .about("Make a profile or change it; the key is asked for, or read from stdin, never an argument")
                .arg(name())
                .arg(
                    Arg::new(KEY_FILE)
                        .long(KEY_FILE)
                        .value_name("FILE")
                        .value_parser(value_parser!(PathBuf))
                        .help("Keep the path of the file with the key, instead of the key"),
                )
                .arg(
                    Arg::new(BASE_URL)
                        .long(BASE_URL)
                        .value_name("URL")
                        .help("Where the key is used, if not at the live service"),
                )
                .arg(
                    Arg::new(NO_CHECK)
                        .long(NO_CHECK)
                        .action(ArgAction::SetTrue)
                        .help("Save the key without asking the service whether it takes it"),
                ),
            Command::new("list")
                .visible_alias("ls")
                .about("List the profiles, without their keys"),
            Command::new("use")
                .about("Make a profile the one that is used when none is named")
                .arg(name()),
            Command::new("remove")
                .visible_alias("rm")
                .about("Remove a profile and its key")
                .arg(name()),
            Command::new("path").about("Print where the config file is"),
            help::command().hide(true),
        ])
}

/// Carries out one of its commands. All but `path` and `list` write the file, and say on stderr what they did.
///
/// Comments in the file are lost when it is written. It is meant to be kept by these commands.
pub(crate) fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let Some((verb, matches)) = matches.subcommand() else {
        return Ok(());
    };
    if verb == "path" {
        writeln!(io::stdout(), "{}", Config::path()?.display())?;
        return Ok(());
    }
    let mut config = Config::load()?;
    if verb == "list" {
        return list(&config, globals);
    }
    let name = matches
        .get_one::<String>(PROFILE_NAME)
        .cloned()
        .unwrap_or_default();
    let done = match verb {
        "set" => set(&mut config, &name, matches, globals)?,
        "use" => {
            config.profile(&name)?;
            config.default = Some(name.clone());
            format!("`{name}` is used from now on when no profile is named")
        }
        _ => {
            config.profile(&name)?;
            config.profiles.remove(&name);
            let was_default = config.default.take_if(|default| *default == name).is_some();
            let left: Vec<_> = config.profiles.keys().map(String::as_str).collect();
            match was_default && !left.is_empty() {
                true => format!(
                    "profile `{name}` is removed; it was the default: `atera config use` makes another one that, of {}",
                    left.join(", ")
                ),
                false => format!("profile `{name}` is removed"),
            }
        }
    };
    let path = config.save()?;
    if !globals.quiet {
        tell(format!("{done} ({})", path.display()));
    }
    Ok(())
}

/// Prints the profiles, and where their keys are. The default is marked.
fn list(config: &Config, globals: &Globals) -> Result<(), Failure> {
    let rows = config.profiles.iter().map(|(name, profile)| {
        let key = match (&profile.api_key, &profile.api_key_file) {
            (Some(_), _) => "in the config file".to_string(),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => "none".to_string(),
        };
        json!({
            "Name": name,
            "Default": config.default.as_ref() == Some(name),
            "Key": key,
            "Address": profile.base_url.as_deref().unwrap_or(description::BASE_URL),
        })
    });
    rows::print(&globals.output, &PROFILE, rows)
}

/// Makes a profile, or replaces it as a whole, and returns what to say about it. The first profile becomes the default.
///
/// A key file is kept as an absolute path, because the command is run from other folders later.
fn set(config: &mut Config, name: &str, matches: &ArgMatches, globals: &Globals) -> Result<String, Failure> {
    let base_url = matches.get_one::<String>(BASE_URL).cloned();
    let file = matches.get_one::<PathBuf>(KEY_FILE);
    let mut profile = Profile {
        base_url: base_url.clone(),
        // Not one of the environment, which holds wherever it is set.
        limit_store: matches
            .get_one::<String>(LIMIT_STORE)
            .filter(|_| globals::is_given(matches, LIMIT_STORE))
            .cloned(),
        ..Profile::default()
    };
    match file {
        Some(file) => profile.api_key_file = Some(std::path::absolute(file).map_err(Failure::Start)?),
        None => profile.api_key = Some(key_from_person(name)?),
    }
    // A key or an address that no client would take is refused now rather than at the first call.
    let key = profile.key(name)?;
    let address = base_url.as_deref().unwrap_or(description::BASE_URL);
    Client::builder().api_key(key.clone()).base_url(address).build()?;
    config.profiles.insert(name.to_string(), profile);
    if config.profiles.len() == 1 {
        config.default = Some(name.to_string());
    }
    let account = match matches.get_flag(NO_CHECK) {
        true => ", its key is not checked".to_string(),
        false => check(config, name, globals)?,
    };
    let expiry = key
        .expires_at()
        .map(|time| format!(", its key expires on {}", time.to_utc().format("%Y-%m-%d")));
    Ok(format!(
        "profile `{name}` is saved{account}{}",
        expiry.unwrap_or_default()
    ))
}

/// Asks the service whether it takes the key of a profile, with one call, and returns whose it is. A key that may not read the
/// account is taken as well.
///
/// # Errors
///
/// If the key is refused, or if nobody can tell. The profile is not saved then.
fn check(config: &Config, name: &str, globals: &Globals) -> Result<String, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Start)?;
    let asked = runtime.block_on(async {
        let connection = Connection::of_profile(config, name, globals).await?;
        let asked = connection.client()?.account().get().await;
        globals.limit_store.in_use.flush().await;
        Ok::<_, Failure>((connection, asked))
    });
    runtime.shutdown_background();
    let (connection, asked) = asked?;
    match asked {
        Ok(account) => Ok(account
            .company_name
            .map(|name| format!(", for {name}"))
            .unwrap_or_default()),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(String::new()),
        Err(error) => {
            let error = connection.explain(error);
            let sentence = format!(
                "profile `{name}` is not saved: {error}; check the key, or give --no-check to save it nevertheless"
            );
            Err(error.explained(sentence).into())
        }
    }
}

/// Reads the key: typed unseen on a terminal, or from stdin elsewhere, as in `pass show atera | atera config set acme`.
fn key_from_person(name: &str) -> Result<String, Failure> {
    let text = match io::stdin().is_terminal() {
        true => rpassword::prompt_password(format!("API key for `{name}`, from Admin > API in Atera: ")),
        false => io::read_to_string(io::stdin()),
    };
    let text = text.map_err(|error| Failure::Usage(format!("the key cannot be read: {error}")))?;
    ApiKey::new(text.as_str())?;
    Ok(text.trim().to_string())
}
