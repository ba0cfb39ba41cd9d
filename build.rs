//! Generates the client from `spec/atera-v3.yaml` with the code in `build/`.

#[path = "build/mod.rs"]
mod build;

use std::{env, fs, path::Path, process::exit};

const SPEC: &str = "spec/atera-v3.yaml";

fn main() {
    println!("cargo::rerun-if-changed={SPEC}");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=build.rs");

    let source =
        fs::read_to_string(SPEC).unwrap_or_else(|error| stop(&format!("cannot read {SPEC}: {error}")));
    let bindings = build::generate(&source).unwrap_or_else(|error| stop(&format!("{SPEC}:{error}")));

    let out = env::var("OUT_DIR").unwrap_or_else(|error| {
        stop(&format!(
            "cannot read OUT_DIR: {error}; run the build script by cargo"
        ))
    });
    let write = |name: &str, text: &str| {
        let path = Path::new(&out).join(name);
        let written =
            fs::create_dir_all(path.parent().unwrap_or(&path)).and_then(|()| fs::write(&path, text));
        written.unwrap_or_else(|error| stop(&format!("cannot write {}: {error}", path.display())));
    };
    for (name, text) in bindings.files() {
        write(&name, text);
    }
    // Without the feature nobody uses the mocks, so they are not compiled.
    if env::var_os("CARGO_FEATURE_MOCK").is_some() {
        let mocks = bindings.mocks();
        write(
            "mocks.rs",
            &mocks.unwrap_or_else(|error| stop(&format!("{SPEC}:{error}"))),
        );
    }
}

/// Reports why the client cannot be generated, and ends the build. cargo prints `cargo::error` without a backtrace.
fn stop(reason: &str) -> ! {
    println!("cargo::error={reason}");
    exit(1)
}
