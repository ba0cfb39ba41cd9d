//! A terminal to run the command in.

use std::{
    io::{Read, Write},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::*;

/// How long to wait at most for something that is to be shown.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal in which the command runs, with all three of its streams.
pub(super) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    shown: Receiver<String>,
    screen: String,
}

impl Terminal {
    /// Starts the command in a terminal of this width.
    pub(super) fn start(command: &Command, columns: u16) -> Self {
        let size = PtySize {
            rows: 50,
            cols: columns,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => builder.env(name, value),
                None => builder.env_remove(name),
            }
        }
        let child = pair.slave.spawn_command(builder).expect("the command runs");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a writer");
        let (show, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the terminal is an error on Linux, and the end of the stream elsewhere.
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if show.send(text).is_err() {
                    break;
                }
            }
        });
        Terminal {
            child,
            _master: pair.master,
            keyboard,
            shown,
            screen: String::new(),
        }
    }

    /// Waits until this is shown.
    pub(super) fn until(&mut self, text: &str) {
        self.until_it(|screen| screen.contains(text));
    }

    /// Waits until the progress of a walk has come to so many records.
    pub(super) fn until_records(&mut self, count: u64) {
        self.until_it(|screen| {
            let before = screen.rsplit_once(" of ").map(|(before, _)| before);
            let number = before.and_then(|before| before.split_whitespace().next_back());
            let number = number.and_then(|number| number.replace(',', "").parse().ok());
            number.is_some_and(|number: u64| number >= count)
        });
    }

    fn until_it(&mut self, is_shown: impl Fn(&str) -> bool) {
        while !is_shown(&self.screen) {
            match self.shown.recv_timeout(PATIENCE) {
                Ok(more) => self.screen.push_str(&more),
                Err(error) => panic!("{error}, and this alone is shown: {}", self.screen),
            }
        }
    }

    /// Forgets what has been shown, so that what is shown next is waited for.
    pub(super) fn forget(&mut self) {
        self.screen.clear();
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a terminal");
    }

    /// The id of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal to the command, by its name, as in `INT`.
    pub(super) fn signal(&self, name: &str) {
        let id = self.process().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Kills the command, which cannot do anything about it.
    pub(super) fn kill(mut self) {
        self.signal("KILL");
        self.child.wait().expect("it ends");
    }

    /// Waits for the end, and gives the exit code with all that was shown.
    pub(super) fn end(mut self) -> (u32, String) {
        let status = self.child.wait().expect("it ends");
        while let Ok(more) = self.shown.recv_timeout(PATIENCE) {
            self.screen.push_str(&more);
        }
        (status.exit_code(), self.screen)
    }
}
