//! The tasks that look after the description.

use std::path::Path;

use crate::{
    build, diff,
    files::{SPEC, SPEC_SHOWN, read, write},
    format, lint,
};

/// Checks the description: that the build understands it, that it keeps to the rules, and that it is formatted.
pub(crate) fn check(fix: bool) -> Result<(), String> {
    let source = read(SPEC)?;
    let findings = lint::check(&source).map_err(|fault| format!("{SPEC_SHOWN}:{fault}"))?;
    for finding in &findings {
        println!("{SPEC_SHOWN}:{finding}");
    }
    let canonical = format::canonical(&source).map_err(|reason| format!("{SPEC_SHOWN}: {reason}"))?;
    let departures = format::departures(&source, &canonical);
    if fix && !departures.is_empty() {
        write(SPEC, &canonical)?;
        println!("{SPEC_SHOWN}: formatted, in {} places", departures.len());
    } else {
        for (line, wanted) in &departures {
            println!("{SPEC_SHOWN}:{line}: not formatted, it should be\n{wanted}\n");
        }
    }
    let unformatted = if fix { 0 } else { departures.len() };
    if !findings.is_empty() || unformatted > 0 {
        let hint = match unformatted {
            0 => "",
            _ => "; `cargo xtask spec check --fix` formats it",
        };
        return Err(format!(
            "findings: {}, places that are not formatted: {unformatted}{hint}",
            findings.len()
        ));
    }
    println!("{SPEC_SHOWN} is sound: {} lines", source.lines().count());
    Ok(())
}

/// Compares the description with another document.
pub(crate) fn diff(other: &Path, form: diff::Form, accepted: &Path) -> Result<(), String> {
    let document = |path: &Path| {
        let (json, _) =
            build::spec::read(&read(path)?).map_err(|fault| format!("{}:{fault}", path.display()))?;
        Ok::<_, String>(json)
    };
    let mut comparison = diff::compare(&document(Path::new(SPEC))?, &document(other)?);
    let accepted = diff::Accepted::read(&read(accepted)?)
        .map_err(|reason| format!("{}:{reason}", accepted.display()))?;
    let idle = accepted.apply(&mut comparison);
    print!(
        "{}",
        comparison.written(form, &other.display().to_string(), &idle)
    );
    match comparison.open().count() {
        0 => Ok(()),
        _ => Err("change the description, or say in xtask/accepted-differences.yaml why it is right".into()),
    }
}
