//! Redis servers for tests, each on a socket in a temporary folder, and on a port of loopback only where a test needs one.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// Starts a server in the folder, and ends it when its input ends: when the test program is no more. One that was stopped ends too.
const SCRIPT: &str = r#"
set -eu
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; kill -CONT "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$dir"' EXIT
echo "$dir"
printf '%s\n' "$1" >"$dir/config"
shift
redis-server "$dir/config" --port 0 --unixsocket "$dir/socket" --pidfile "$dir/pid" --dir "$dir" --save '' --daemonize no "$@" \
    </dev/null &
server=$!
# Its output ends with it.
exec >/dev/null
read -r _ || true
"#;

/// A server that runs. It ends when this is dropped, or when the program ends.
pub struct Redis {
    folder: PathBuf,
    script: Child,
    port: u16,
}

impl Redis {
    /// Starts a server with more arguments. `None` if it is not installed, which is also said on standard error.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn start(arguments: &[&str]) -> Option<Redis> {
        Redis::launch("", false, arguments)
    }

    /// The same for a server that listens on a port of loopback too.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn on_port(arguments: &[&str]) -> Option<Redis> {
        Redis::launch("", true, arguments)
    }

    /// The same for a sentinel, which watches the primary at this port, with these settings, and needs this many others to agree.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn sentinel(name: &str, primary: u16, quorum: usize, settings: &[&str]) -> Option<Redis> {
        let mut config = format!("sentinel monitor {name} 127.0.0.1 {primary} {quorum}\n");
        for setting in settings {
            config += &format!("sentinel {setting}\n");
        }
        Redis::launch(&config, true, &["--sentinel"])
    }

    fn launch(config: &str, on_port: bool, arguments: &[&str]) -> Option<Redis> {
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
        // Another program may have taken the port meanwhile.
        let attempts = if on_port { 3 } else { 1 };
        let started = (0..attempts)
            .find_map(|_| Redis::try_launch(config, if on_port { free_port() } else { 0 }, arguments));
        Some(started.expect("the Redis server starts"))
    }

    /// `None` if the server does not start.
    fn try_launch(config: &str, port: u16, arguments: &[&str]) -> Option<Redis> {
        let text = port.to_string();
        let mut script = Command::new("sh");
        script.args(["-c", SCRIPT, "sh", config]);
        if port > 0 {
            script.args(["--bind", "127.0.0.1", "--port", &text]);
        }
        let mut script = script
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let output = script.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines().map(|line| line.expect("a line"));
        let folder = lines.next().expect("the folder of the server").into();
        // Versions differ in the first letter, and in what follows. A sentinel says what it watches.
        let is_ready =
            |line: &String| line.contains("eady to accept connections") || line.contains("+monitor");
        if !lines.any(|line| is_ready(&line)) {
            drop(script.stdin.take());
            let _ = script.wait();
            return None;
        }
        // The rest is read, so that the server can write it.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Redis { folder, script, port })
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// The port of loopback, or 0 if it listens on none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it answers to a command, as its own client prints it.
    ///
    /// # Panics
    ///
    /// If the client is not installed; it comes with the server.
    pub fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let output = command.arg("-s").arg(self.socket()).args(words).output();
        let output = output.expect("redis-cli");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Sends a signal to the server: `-KILL`, `-STOP` or `-CONT`.
    ///
    /// # Panics
    ///
    /// If there is no server.
    pub fn signal(&self, signal: &str) {
        let process = fs::read_to_string(self.folder.join("pid")).expect("the number of the process");
        let sent = Command::new("kill").args([signal, process.trim()]).status();
        assert!(sent.expect("kill").success(), "{signal}");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// A port that nobody listens on. The one that is 10,000 higher exists too, for the other nodes of a cluster.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = listener.expect("a port").port();
        if port < 55_000 {
            return port;
        }
    }
}
