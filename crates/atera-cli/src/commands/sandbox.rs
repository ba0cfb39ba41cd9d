//! `atera sandbox`: serves the sandbox until Ctrl-C, or for as long as a command runs.
//!
//! With `-- COMMAND` it runs that command with `ATERA_BASE_URL` and `ATERA_API_KEY` set, and `ATERA_RATE_LIMIT` where
//! `--rate-limit` is given, and ends with the command's own exit code: `atera sandbox -- npm test` is a test run against a fresh
//! account.
//!
//! Everything that can be set is a method of [`SandboxBuilder`]; this file maps flags to these methods. The values of `--fault`,
//! `--churn`, `--key` and `--dialect` are parsed by the sandbox's own types, so that the flags and the paths under `/_sandbox`
//! take the same text and refuse it in the same words.

use std::{
    io::{self, IsTerminal, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};

use crate::{
    input::{sandbox_time, signals::Signals},
    output::{exit_code::Signal, failure::Failure, request_line::RequestLine, terminal::tell},
};
use atera::{Error, RateLimit, Timestamp};
use atera_sandbox::{Churn, Dialect, Faults, Permissions, Sandbox, SandboxBuilder};
use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{ArgPredicate, PossibleValuesParser, TypedValueParser},
    parser::ValueSource,
    value_parser,
};

/// Name of the command.
pub(crate) const NAME: &str = "sandbox";

// The names of the arguments.
const PORT: &str = "port";
const HOST: &str = "host";
const ENV_FILE: &str = "env-file";
const CORS: &str = "cors";
const SEED: &str = "seed";
const COUNT: &str = "count";
const LOAD: &str = "load";
const DUMP: &str = "dump";
const PERSIST: &str = "persist";
const LOG: &str = "log";
const NOW: &str = "now";
const TIME_ZONE: &str = "time-zone";
const DIALECT: &str = "dialect";
const JWT: &str = "jwt";
const KEY: &str = "key";
const FAULT: &str = "fault";
const CHURN: &str = "churn";
const COMMAND: &str = "command";

/// The port that the sandbox listens on, so that its address is the same on every start.
const USUAL_PORT: &str = "8700";
/// In place of a port, for any that is free.
const FREE_PORT: &str = "0";

/// Name of the flag of all commands that leaves remarks out.
const QUIET: &str = "quiet";

/// Name of the flag of all commands that limits how many requests are sent. Here the sandbox applies it to its callers.
const RATE_LIMIT: &str = "rate-limit";

/// The text below the options.
const EXAMPLES: &str = "Examples:
  atera sandbox --port 8700
  atera sandbox --fault '5xx=0.02,reset=0.01,latency=200ms±50'
  atera sandbox --env-file .env --dialect guide
  atera sandbox --count tickets=100000,agents=10 --rate-limit off
  atera sandbox --cors http://localhost:5173
  atera sandbox --key 'reports=*:r' --key 'desk=*:r,tickets:rw'
  atera sandbox -- npm test
  atera sandbox --dump data.json; atera sandbox --load data.json
  atera sandbox --persist records
  atera sandbox --now 2026-03-02T09:00:00Z --seed 7 -- npm test

It prints ATERA_BASE_URL and ATERA_API_KEY, which clients in any language can use, and shows itself in a browser. With a \
command after `--` it runs that with the two set, and ends with it. With --rate-limit there is ATERA_RATE_LIMIT too, which \
`atera` keeps to.

Its own records are made up, but what programs send to it is not hidden: the log on stderr has the addresses, and its pages and \
/_sandbox/log have the bodies too. So send it no data of real people.

Ctrl-C, SIGTERM and SIGHUP end it with exit code 0, since a server that is stopped has done what it was to do. With a command \
they are for the command, and the exit code is that of the command.";

/// The arguments of the command.
pub(crate) fn command() -> Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new(NAME)
        .about("Serve a sandbox that stands in for the service, until Ctrl-C or for a command")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(format!(
            "{EXAMPLES}\n\nFaults, each with a probability as in 503=0.1, at most twice as in 503=1*2, for one operation as in \
             tickets_create:503=1:\n{}\n\natera {}",
            faults(),
            env!("CARGO_PKG_VERSION")
        ))
        .next_help_heading("Server")
        .args([
            value(
                PORT,
                "PORT",
                "The port to listen on; 0 for any that is free, as with a command if left out",
            )
            .value_parser(value_parser!(u16))
            // Commands find it in their environment, and several may run at the same time.
            .default_value_if(COMMAND, ArgPredicate::IsPresent, FREE_PORT)
            .default_value(USUAL_PORT),
            value(
                HOST,
                "ADDRESS",
                "The address to listen on; without it only this machine can reach the sandbox",
            )
            .value_parser(value_parser!(IpAddr)),
            value(
                ENV_FILE,
                "FILE",
                "Write ATERA_BASE_URL and ATERA_API_KEY into this file too, a line each",
            )
            .value_parser(value_parser!(PathBuf)),
            value(
                CORS,
                "ORIGIN",
                "Let pages of this origin call it from a browser, as in http://localhost:5173; * for all",
            )
            .action(ArgAction::Append),
            Arg::new(LOG).long(LOG).action(ArgAction::SetTrue).help(
                "Print a line for each request on stderr, with the values in its path and query except those that may be a \
                 secret; without it only on a terminal, and not with a command",
            ),
        ])
        .next_help_heading("Records")
        .args([
            value(
                SEED,
                "INTEGER",
                "What the records are made from; the same seed makes the same records",
            )
            .value_parser(value_parser!(u64)),
            value(
                COUNT,
                "KIND=NUMBER",
                "How many records of a kind there are, as in tickets=100,agents=5",
            )
            .value_delimiter(',')
            .action(ArgAction::Append)
            .value_parser(count),
            value(
                LOAD,
                "FILE",
                "Start with the records in this file, as --dump writes them",
            )
            .conflicts_with(COUNT)
            .value_parser(value_parser!(PathBuf)),
            value(
                PERSIST,
                "DIR",
                "Keep the records in this folder: the next start has them, and the key, as this one left them, even if it is \
                 killed",
            )
            .value_parser(value_parser!(PathBuf)),
            value(
                DUMP,
                "FILE",
                "Write the records into this file, `-` for stdout, and serve nothing",
            )
            .value_parser(value_parser!(PathBuf)),
            value(
                NOW,
                "TIME",
                "Stop the clock at this time, as in 2026-03-02T09:00:00Z, and date the records back from it, so that they are \
                 the same on every day; if left out, it is ATERA_SANDBOX_NOW, or else the clock runs and the records are as of the current \
                 hour",
            )
            .value_parser(|text: &str| text.parse::<Timestamp>()),
            value(
                TIME_ZONE,
                "NAME",
                "The zone of the account, as in America/New_York",
            ),
        ])
        .next_help_heading("Behaviour")
        .args([
            value(
                DIALECT,
                "DIALECT",
                "Which document to follow where the two differ",
            )
            .value_parser(PossibleValuesParser::new(Dialect::NAMES).try_map(|name| name.parse::<Dialect>())),
            Arg::new(JWT)
                .long(JWT)
                .action(ArgAction::SetTrue)
                .help("Make the key a JWT instead of one in the legacy form"),
            value(
                KEY,
                "KEY=PERMISSIONS",
                "Take this key too, with these permissions, as in desk=*:r,tickets:rwd",
            )
            .action(ArgAction::Append)
            .value_parser(key),
            value(
                FAULT,
                "FAULTS",
                "The failures to simulate, as in 5xx=0.02,reset=0.01; listed below",
            )
            .value_parser(value_parser!(Faults)),
            value(
                CHURN,
                "CHURN",
                "The records to create, change and delete before each page is served, as in tickets:insert=2,delete=0.5",
            )
            .value_parser(value_parser!(Churn)),
            Arg::new(COMMAND)
                .value_name("COMMAND")
                .num_args(1..)
                .last(true)
                .conflicts_with(DUMP)
                .help("A command to run with ATERA_BASE_URL and ATERA_API_KEY set; the sandbox ends with it"),
        ])
}

/// The kinds of faults as help shows them, a line for each.
fn faults() -> String {
    let lines = Faults::KINDS.map(|(kind, what)| format!("  {kind:<16}  {what}"));
    lines.join("\n")
}

/// A method of the builder that sets how many records of a kind there are.
type SetCount = fn(SandboxBuilder, usize) -> SandboxBuilder;

/// A number of records of a kind.
#[derive(Clone)]
struct Count(SetCount, usize);

/// Reads a number of records of a kind, as in `tickets=100`. Kinds that have no method of the builder follow from these.
fn count(text: &str) -> Result<Count, String> {
    const KINDS: [(&str, SetCount); 9] = [
        ("customers", SandboxBuilder::customers),
        ("contacts", SandboxBuilder::contacts),
        ("agents", SandboxBuilder::agents),
        ("tickets", SandboxBuilder::tickets),
        ("alerts", SandboxBuilder::alerts),
        ("contracts", SandboxBuilder::contracts),
        ("invoices", SandboxBuilder::invoices),
        ("articles", SandboxBuilder::articles),
        ("devices", SandboxBuilder::devices),
    ];
    let parsed = text.split_once('=').and_then(|(kind, number)| {
        let (_, set) = KINDS.iter().find(|(name, _)| *name == kind.trim())?;
        Some(Count(*set, number.trim().parse().ok()?))
    });
    let known = KINDS.map(|(name, _)| name).join(", ");
    parsed.ok_or_else(|| format!("write a kind and a number, as in tickets=100; the kinds are {known}"))
}

/// Reads a key and its permissions. The key may not have an equals sign in it; keys of the service have none.
fn key(text: &str) -> Result<(String, Permissions), Error> {
    let unfit = || Error::config("write a key and what it may do, as in desk=*:r,tickets:rwd");
    let (key, permissions) = text.split_once('=').ok_or_else(unfit)?;
    Ok((key.to_string(), permissions.parse()?))
}

/// Starts the sandbox, and then serves until Ctrl-C, runs the command, or writes the records and ends.
///
/// On stdout are lines that a shell can source and an env file can hold. The hint for people goes to stderr.
pub(crate) async fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let dump = matches.get_one::<PathBuf>(DUMP);
    let mut builder = builder(matches)?;
    if dump.is_some() {
        builder = builder.port(0);
    }
    if logs(matches) {
        builder = builder.on_request(|arrival| {
            let line = RequestLine {
                time: Timestamp::now(),
                method: &arrival.method,
                path: &arrival.path,
                status: arrival.status,
                took: arrival.took,
                fault: arrival.fault.as_deref(),
            };
            tell(line.text());
        });
    }
    let sandbox = builder.start().await?;
    if sandbox.is_restored() && !matches.get_flag(QUIET) {
        restored(matches);
    }
    if let Some(file) = dump {
        return Ok(write(file, &sandbox.dump())?);
    }
    let mut environment = vec![
        ("ATERA_BASE_URL", sandbox.base_url().to_string()),
        ("ATERA_API_KEY", sandbox.api_key().to_string()),
    ];
    // A client that is told keeps to the same limit as the sandbox: no stricter one, and no looser one.
    environment.extend(rate_limit(matches).map(|limit| ("ATERA_RATE_LIMIT", limit.to_string())));
    let lines: String = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    if let Some(file) = matches.get_one::<PathBuf>(ENV_FILE) {
        write(file, &lines)?;
    }
    if let Some(words) = matches.get_many::<String>(COMMAND) {
        return with_command(words, environment).await;
    }
    // A program that reads the lines may send a signal at once.
    let mut signals = Signals::catch();
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    out.flush()?;
    let root = sandbox.base_url().trim_end_matches("/api/v3");
    tell(format!(
        "Open {root}/ in a browser to try it out and to see what happens. Ctrl-C ends it."
    ));
    tokio::select! {
        result = sandbox.serve() => Ok(result?),
        // A server that is stopped has done what it was to do, and supervisors expect 0 for that.
        _ = signals.next() => Ok(()),
    }
}

/// The sandbox that the arguments describe. A flag that is not given leaves the sandbox's own default.
fn builder(matches: &ArgMatches) -> Result<SandboxBuilder, Failure> {
    let mut builder = Sandbox::builder();
    if let Some(port) = matches.get_one::<u16>(PORT) {
        builder = builder.port(*port);
    }
    if let Some(address) = matches.get_one::<IpAddr>(HOST) {
        builder = builder.host(*address);
    }
    for origin in matches.get_many::<String>(CORS).unwrap_or_default() {
        builder = builder.cors(origin);
    }
    if let Some(seed) = matches.get_one::<u64>(SEED) {
        builder = builder.seed(*seed);
    }
    for Count(set, number) in matches.get_many::<Count>(COUNT).unwrap_or_default() {
        builder = set(builder, *number);
    }
    if let Some(file) = matches.get_one::<PathBuf>(LOAD) {
        let json = std::fs::read_to_string(file).map_err(|error| {
            Error::config(format!("{} cannot be read", file.display())).with_source(error)
        })?;
        builder = builder.load(json);
    }
    let time = match matches.get_one::<Timestamp>(NOW) {
        Some(time) => Some(*time),
        None => sandbox_time::from_environment()?,
    };
    builder = sandbox_time::set(builder, time);
    if let Some(folder) = matches.get_one::<PathBuf>(PERSIST) {
        builder = builder.persist(folder);
    }
    if let Some(name) = matches.get_one::<String>(TIME_ZONE) {
        builder = builder.time_zone(name);
    }
    if let Some(dialect) = matches.get_one::<Dialect>(DIALECT) {
        builder = builder.dialect(*dialect);
    }
    if matches.get_flag(JWT) {
        builder = builder.jwt();
    }
    for (key, permissions) in matches.get_many::<(String, Permissions)>(KEY).unwrap_or_default() {
        builder = builder.key(key, permissions.clone());
    }
    if let Some(limit) = rate_limit(matches) {
        builder = builder.rate_limit(limit);
    }
    if let Some(faults) = matches.get_one::<Faults>(FAULT) {
        builder = builder.faults(faults.clone());
    }
    if let Some(churn) = matches.get_one::<Churn>(CHURN) {
        builder = builder.churn(churn.clone());
    }
    Ok(builder)
}

/// The limit of the sandbox, if the arguments name one. A limit in the environment is meant for commands that send requests.
fn rate_limit(matches: &ArgMatches) -> Option<RateLimit> {
    let named = matches.value_source(RATE_LIMIT) == Some(ValueSource::CommandLine);
    matches
        .get_one::<RateLimit>(RATE_LIMIT)
        .copied()
        .filter(|_| named)
}

/// Whether to print a line for each request. On a terminal a command prints lines of its own, so it needs `--log` there.
fn logs(matches: &ArgMatches) -> bool {
    let watched = io::stderr().is_terminal() && !matches.contains_id(COMMAND) && !matches.get_flag(QUIET);
    matches.get_flag(LOG) || watched
}

/// Says that the records are those of an earlier start, and which flags have no effect for that reason.
fn restored(matches: &ArgMatches) {
    let without_effect: Vec<_> = [SEED, COUNT, LOAD, JWT]
        .into_iter()
        .filter(|name| matches.value_source(name) == Some(ValueSource::CommandLine))
        .map(|name| format!("--{name}"))
        .collect();
    tell(match without_effect.is_empty() {
        true => "the records are those of the last start".to_string(),
        false => format!(
            "the records are those of the last start, so {} has no effect; name another folder with --persist to make new ones",
            without_effect.join(", ")
        ),
    });
}

/// Writes a text into a file, or to stdout for `-`. The records and keys in it are made up, so the file needs no protection.
fn write(file: &Path, text: &str) -> io::Result<()> {
    match file == Path::new("-") {
        true => io::stdout().lock().write_all(text.as_bytes()),
        false => std::fs::write(file, text),
    }
}

/// Runs a command with these variables, and ends the process with its exit code. It returns only if the command succeeds, or
/// cannot be run. A command that a signal has ended counts as shells count it: 128 and the number of the signal.
async fn with_command<'a>(
    mut words: impl Iterator<Item = &'a String>,
    environment: Vec<(&str, String)>,
) -> Result<(), Failure> {
    let program = words.next().cloned().unwrap_or_default();
    // Before the command begins: a signal that comes at once would otherwise end the sandbox, and leave the command behind.
    let mut signals = Signals::catch();
    let mut child = tokio::process::Command::new(&program)
        .args(words)
        .envs(environment)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::config(format!("`{program}` cannot be run")).with_source(error))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(Failure::Start)?,
            signal = signals.next() => pass_on(signal, &child),
        }
    };
    match exit_code_of(status) {
        0 => Ok(()),
        // The command has reported its failure itself, so nothing is added.
        code => std::process::exit(code),
    }
}

/// Passes a signal on to the command, which decides how to end. The terminal sends Ctrl-C to it as well, so that is not passed
/// on.
#[cfg(unix)]
fn pass_on(signal: Signal, child: &tokio::process::Child) {
    use rustix::process::{Pid, Signal as Number, kill_process};

    let number = match signal {
        Signal::Interrupt => return,
        Signal::Terminate => Number::TERM,
        Signal::HangUp => Number::HUP,
    };
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(id) = id {
        // It fails only if the command has ended already, which is what the loop waits for.
        let _ = kill_process(id, number);
    }
}

/// Ctrl-C, which the console sends to the command as well.
#[cfg(not(unix))]
fn pass_on(_: Signal, _: &tokio::process::Child) {}

#[cfg(unix)]
fn exit_code_of(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;

    let signal = || status.signal().map(|number| 128 + number);
    status.code().or_else(signal).unwrap_or(1)
}

#[cfg(not(unix))]
fn exit_code_of(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(1)
}
