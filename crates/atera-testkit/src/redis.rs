//! Redis servers for tests, each on a socket in a temporary folder and on no port.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// Starts a server in the folder, and ends it when its input ends: when the test program is no more.
const SCRIPT: &str = r#"
set -eu
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$dir"' EXIT
echo "$dir"
redis-server --port 0 --unixsocket "$dir/socket" --dir "$dir" --save '' --daemonize no "$@" </dev/null &
server=$!
read -r _ || true
"#;

/// A server that runs. It ends when this is dropped, or when the program ends.
pub struct Redis {
    folder: PathBuf,
    script: Child,
}

impl Redis {
    /// Starts a server with more arguments. `None` if it is not installed, which is also said on standard error.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn start(arguments: &[&str]) -> Option<Redis> {
        let installed = Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if installed.is_err() {
            // Tests capture what `eprintln!` prints.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: the tests with Redis do not run, because its server is not installed (package `redis-server`)"
            );
            return None;
        }
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let output = script.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines().map(|line| line.expect("a line"));
        let folder = lines.next().expect("the folder of the server").into();
        // Versions differ in the first letter, and in what follows.
        let is_ready = |line: &String| line.contains("eady to accept connections");
        assert!(
            lines.any(|line| is_ready(&line)),
            "the Redis server did not start"
        );
        // The rest is read, so that the server can write it.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Redis { folder, script })
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}
