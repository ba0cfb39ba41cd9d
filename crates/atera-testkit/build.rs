//! Generates calls and a plain client from the description, with the code in `generate/`.

#[path = "../../build/mod.rs"]
#[allow(dead_code, reason = "the library's own build uses the rest")]
mod build;
#[path = "generate/plain.rs"]
mod plain;
#[path = "generate/shapes.rs"]
mod shapes;

use std::{env, error::Error, fs, path::Path};

const SPEC: &str = "../../spec/atera-v3.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [SPEC, "../../build", "generate", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let error = |error: build::spec::SpecError| format!("{SPEC}:{error}");
    let spec = build::spec::Spec::parse(&fs::read_to_string(SPEC)?).map_err(error)?;
    let (methods, _) = build::progenitor_output(&spec).map_err(error)?;
    let out = env::var("OUT_DIR")?;
    let write = |name: &str, code| -> Result<(), Box<dyn Error>> {
        Ok(fs::write(
            Path::new(&out).join(name),
            build::format(code).map_err(error)?,
        )?)
    };
    write("shapes.rs", shapes::generate(&spec, &methods).map_err(error)?)?;
    write("plain_client.rs", plain::generate(&spec).map_err(error)?)
}
