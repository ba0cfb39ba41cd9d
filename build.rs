//! Turns `spec/atera-v3.yaml` into the client. What does the work is in `build/`.

#[path = "build/mod.rs"]
mod build;

use std::{env, fs, path::Path, process::exit};

const SPEC: &str = "spec/atera-v3.yaml";

fn main() {
    println!("cargo::rerun-if-changed={SPEC}");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=build.rs");

    let source = fs::read_to_string(SPEC).unwrap_or_else(|error| stop(&format!("{SPEC}: {error}")));
    let bindings = build::generate(&source).unwrap_or_else(|fault| stop(&format!("{SPEC}:{fault}")));

    let out = env::var("OUT_DIR").unwrap_or_else(|error| stop(&format!("OUT_DIR: {error}")));
    for (name, text) in bindings.files() {
        let path = Path::new(&out).join(name);
        fs::write(&path, text).unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())));
    }
}

/// Reports why there is no client, as cargo shows it best, and ends the build.
fn stop(reason: &str) -> ! {
    println!("cargo::error={reason}");
    exit(1)
}
