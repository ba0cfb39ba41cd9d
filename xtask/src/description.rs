//! The tasks for the description: `spec check` and `spec diff`.
//!
//! Both print each finding on a line that begins with its place, and end with an error if there is
//! anything to do, so that they can be used in a script.

use std::path::Path;

use crate::{
    build, diff,
    files::{SPEC, SPEC_SHOWN, read, write},
    format, lint,
};

/// Checks that the build accepts the description, that it follows the rules, and that it is formatted.
///
/// With `fix` the file is formatted. Findings are never fixed: only the author knows what was meant.
///
/// # Errors
///
/// How many findings there are, or the first mistake that also stops the build.
pub(crate) fn check(fix: bool) -> Result<(), String> {
    let source = read(SPEC)?;
    let findings = lint::check(&source).map_err(|error| format!("{SPEC_SHOWN}:{error}"))?;
    for finding in &findings {
        println!("{SPEC_SHOWN}:{finding}");
    }
    let canonical = format::canonical(&source).map_err(|reason| format!("{SPEC_SHOWN}: {reason}"))?;
    let unformatted_places = format::unformatted_places(&source, &canonical);
    if fix && !unformatted_places.is_empty() {
        write(SPEC, &canonical)?;
        println!("{SPEC_SHOWN}: formatted, in {} places", unformatted_places.len());
    } else {
        for (line, wanted) in &unformatted_places {
            println!("{SPEC_SHOWN}:{line}: not formatted; write\n{wanted}\n");
        }
    }
    let unformatted = if fix { 0 } else { unformatted_places.len() };
    if !findings.is_empty() || unformatted > 0 {
        let hint = match unformatted {
            0 => "",
            _ => "; run `cargo xtask spec check --fix` to format it",
        };
        return Err(format!(
            "the description does not pass: findings: {}, unformatted places: {unformatted}{hint}",
            findings.len()
        ));
    }
    println!("{SPEC_SHOWN} is sound: {} lines", source.lines().count());
    Ok(())
}

/// Compares the description with another document, and prints the differences that are not accepted.
///
/// The other document is only read as OpenAPI, without the rules of our description, since it is not
/// ours to correct.
///
/// # Errors
///
/// A file cannot be read, or a difference matters and is not accepted.
pub(crate) fn diff(other: &Path, form: diff::Form, accepted: &Path) -> Result<(), String> {
    let document = |path: &Path| {
        let (json, _) =
            build::spec::read(&read(path)?).map_err(|error| format!("{}:{error}", path.display()))?;
        Ok::<_, String>(json)
    };
    let mut comparison = diff::compare(&document(Path::new(SPEC))?, &document(other)?);
    let accepted = diff::Accepted::read(&read(accepted)?)
        .map_err(|reason| format!("{}:{reason}", accepted.display()))?;
    let unused = accepted.apply(&mut comparison);
    print!(
        "{}",
        comparison.written(form, &other.display().to_string(), &unused)
    );
    match comparison.open().count() {
        0 => Ok(()),
        _ => Err("the documents differ; change the description, or add the reason to xtask/accepted-differences.yaml".into()),
    }
}
