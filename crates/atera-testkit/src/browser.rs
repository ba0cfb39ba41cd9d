//! Chromium for tests of pages, driven by `chromedriver`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

pub use fantoccini;
use fantoccini::{Client, ClientBuilder};
use serde_json::json;

/// A running `chromedriver`, which is killed on drop.
pub struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    /// Starts it, on a port that is free.
    ///
    /// # Panics
    ///
    /// If it is not installed.
    pub fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("`chromedriver` is needed; the package chromium-driver has it");
        let out = BufReader::new(process.stdout.take().expect("a pipe"));
        // Its first line names port 0, and a later one the port that it got.
        let lines = out.lines().map_while(Result::ok);
        let port = lines
            .filter_map(|line| line.trim_end_matches('.').rsplit_once("on port ")?.1.parse().ok())
            .find(|port: &u16| *port > 0)
            .expect("the port in what it says");
        Driver {
            process,
            address: format!("http://127.0.0.1:{port}"),
        }
    }

    /// A browser without a window, of this size in pixels, with these arguments of Chromium.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn browser(&self, (width, height): (u32, u32), arguments: &[&str]) -> Client {
        let size = format!("--window-size={width},{height}");
        let own = ["--headless=new", "--no-sandbox", &size];
        let arguments = [&own, arguments].concat();
        let options = json!({"goog:chromeOptions": {"args": arguments}});
        let capabilities = serde_json::from_value(options).expect("capabilities");
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        builder.connect(&self.address).await.expect("a browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
