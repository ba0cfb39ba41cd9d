//! A Postgres server for the tests of one program, with a database for each test.
//!
//! The server listens on a socket in a temporary folder, and on no port. It ends with the program, however that ends.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Where Debian has the programs of the server, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs that are used.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "createdb"];

/// Starts a server, says where its socket is, and ends it when its input ends: when the test program is no more.
const SCRIPT: &str = r#"
set -eu
dir=$(mktemp -d)
stop() { "$1/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"; }
trap 'stop "$0"' EXIT
"$0/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$0/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-k $dir -h '' -c fsync=off -c max_connections=200 -c shared_buffers=32MB" start \
    >/dev/null 2>&1 </dev/null || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
read -r _ || true
"#;

/// A server that runs.
struct Server {
    /// The folder of its socket.
    socket: String,
    /// Where its programs are.
    programs: PathBuf,
    /// Its end of the pipe ends the server.
    _script: Child,
}

/// The URL of a new, empty database, on the server of this program. The user has all rights. `None` if the server's programs are
/// not installed, which is also said on standard error.
///
/// # Panics
///
/// If the server does not start.
pub fn new_database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(1);

    let server = SERVER.get_or_init(|| {
        let Some(programs) = programs() else {
            // Tests capture what `eprintln!` prints.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: the tests with Postgres do not run, because its server is not installed (package `postgresql`)"
            );
            return None;
        };
        Some(start(programs))
    });
    let server = server.as_ref()?;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let created = Command::new(server.programs.join("createdb"))
        .args(["-h", &server.socket, "-U", "postgres", &name])
        .output()
        .expect("the program `createdb`");
    let reason = String::from_utf8_lossy(&created.stderr);
    assert!(created.status.success(), "no database {name}: {reason}");
    let socket = server.socket.replace('/', "%2F");
    Some(format!("postgres://postgres@{socket}/{name}"))
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let has_server = |folder: &Path| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = env::split_paths(&path).find(|folder| has_server(folder)) {
        return Some(folder);
    }
    let mut versions: Vec<_> = fs::read_dir(DEBIAN).ok()?.flatten().collect();
    versions.sort_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    let mut folders = versions.iter().rev().map(|entry| entry.path().join("bin"));
    folders.find(|folder| has_server(folder))
}

/// Starts a server. It refuses to run as root, so another user runs it then.
fn start(programs: PathBuf) -> Server {
    let own = Command::new("id").arg("-u").output().expect("the command `id`");
    let mut command = match own.stdout.as_slice() {
        b"0\n" => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
            command
        }
        _ => Command::new("sh"),
    };
    let mut script = command
        .args(["-c", SCRIPT])
        .arg(&programs)
        // The user that runs it may not be allowed to be here.
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut socket = String::new();
    let output = script.stdout.take().expect("its output");
    BufReader::new(output)
        .read_line(&mut socket)
        .expect("the folder of the socket");
    let socket = socket.trim().to_string();
    assert!(!socket.is_empty(), "the Postgres server did not start");
    Server {
        socket,
        programs,
        _script: script,
    }
}
