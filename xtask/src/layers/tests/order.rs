//! Tests of the order of the layers, and of which code counts as a use.

use super::*;

#[test]
fn a_tree_whose_imports_run_one_way_has_no_problem() {
    let files = [
        (
            "src/lib.rs",
            "mod high;\nmod low;\npub use high::Thing;\npub use low::{Error, deep::Deep};\n",
        ),
        (
            "src/low/mod.rs",
            "pub mod deep;\nmod error;\npub use error::Error;\n",
        ),
        ("src/low/error.rs", "pub struct Error;\n"),
        (
            "src/low/deep.rs",
            "use super::Error;\npub struct Deep(pub Error, std::fmt::Error);\n",
        ),
        (
            "src/high.rs",
            "use crate::{Deep, Error};\npub struct Thing(Deep);\nfn same() { crate::low::Error; self::same(); }\n",
        ),
    ];
    assert_eq!(shown(&files, TWO), NONE);
}

#[test]
fn an_upward_import_is_shown_with_both_modules_and_its_place() {
    assert_eq!(shown_for_low("\n\nuse crate::high::Thing;\n"), upward(3));
    assert_eq!(
        shown_for_low("use std::fmt;\nuse crate::{\n    high::{\n        Thing as Other,\n    },\n};\n"),
        upward(4)
    );
    assert_eq!(
        shown_for_low("use super::high;\nfn f() { high::thing(); }\n"),
        upward(1)
    );
    assert_eq!(shown_for_low("fn f() {\n    use crate::high::*;\n}\n"), upward(2));
}

/// The line of the import is shown, but the names are those of the top-level modules.
#[test]
fn an_upward_import_from_deep_within_a_module_is_one_of_the_module() {
    let files = [
        ("src/lib.rs", "mod high;\nmod low;\n"),
        ("src/low/mod.rs", "mod inner;\n"),
        (
            "src/low/inner.rs",
            "mod innermost { use super::super::super::high::Thing; }\n",
        ),
        ("src/high/mod.rs", "mod parts;\npub use parts::*;\n"),
        ("src/high/parts.rs", "pub struct Thing;\n"),
    ];
    assert_eq!(
        shown(&files, TWO),
        ["src/low/inner.rs:1: `low` uses `high`, which stands above it; move the item down or hand it in"]
    );
}

/// A module without a layer, a layer without a module, and a crate that does not exist.
#[test]
fn the_table_has_every_module_and_no_other() {
    let files = [
        ("src/lib.rs", "mod low;\nmod other;\nmod inline {}\n"),
        ("src/low.rs", ""),
        ("src/other.rs", ""),
    ];
    let layers: &[(&str, &[&str])] = &[(".", &["low", "high"]), ("crates/gone", &[])];
    assert_eq!(
        shown(&files, layers),
        [
            "src/lib.rs:2: `other` has no layer; add it to LAYERS in xtask/src/layers/mod.rs, after all that it uses",
            "xtask/src/layers/mod.rs: LAYERS lists `high` for `.`, which has no such module; remove it",
            "xtask/src/layers/mod.rs: LAYERS lists the crate `crates/gone`, which does not exist; remove it",
        ]
    );
}

/// Every way to write code that is built only for tests: items, files, methods, and combined
/// conditions.
#[test]
fn tests_may_use_anything() {
    let files = [
        (
            "src/lib.rs",
            "mod high;\nmod low;\n#[cfg(test)]\nuse high::Thing;\n",
        ),
        (
            "src/low/mod.rs",
            "#[cfg(test)]\nmod simulation;\n#[cfg(all(test, unix))]\nmod tests;\nmod inner;\n\
             #[cfg(test)]\nmod more { use crate::high::Thing; }\n#[cfg(test)]\nuse crate::high::Thing;\n\
             struct Low;\nimpl Low { #[cfg(test)] fn f() { crate::high::thing(); } }\n",
        ),
        ("src/low/simulation.rs", "use crate::high::Thing;\n"),
        ("src/low/tests.rs", "use crate::high::Thing;\n"),
        ("src/low/inner.rs", "#![cfg(test)]\nuse crate::high::Thing;\n"),
        ("src/high.rs", "pub struct Thing;\n"),
    ];
    assert_eq!(shown(&files, TWO), NONE);
    for shipped in [
        "#[cfg(not(test))]",
        "#[cfg(any(test, unix))]",
        "#[cfg(feature = \"test\")]",
    ] {
        let low = format!("{shipped}\nmod more {{ use crate::high::Thing; }}\n");
        assert_eq!(shown_for_low(&low), upward(2), "{shipped}");
    }
}

/// A use needs no import: types, patterns, bounds and attributes can name a module as well.
#[test]
fn an_upward_path_in_code_is_shown() {
    for low in [
        "fn f() { crate::high::thing(); }\n",
        "fn f(_: Vec<crate::high::Thing>) {}\n",
        "struct Low { things: &'static [super::high::Thing] }\n",
        "impl From<crate::high::Thing> for u8 {}\n",
        "fn f() { <crate::high::Thing as Into<u8>>::into(todo!()); }\n",
        "fn f(x: u8) { match x { crate::high::LIMIT => {} _ => {} } }\n",
    ] {
        assert_eq!(shown_for_low(low), upward(1), "{low}");
    }
}

#[test]
fn an_upward_path_in_a_macro_is_shown() {
    for low in [
        "fn f() { println!(\"{}\", crate::high::thing()); }\n",
        "fn f() { vec![Some(super::high::Thing)]; }\n",
        "macro_rules! m { ($name:ident) => { impl $crate::high::Thing { } } }\n",
        "macro_rules! m { () => { use crate::{high::{Thing}}; } }\n",
        "#[derive(crate::high::Thing)]\nstruct Low;\n",
        "#[serde(with = \"crate::high::thing\")]\nstruct Low;\n",
    ] {
        assert_eq!(shown_for_low(low), upward(1), "{low}");
    }
    let exported = "#[macro_export]\nmacro_rules! build { () => {} }\n";
    let files = [
        ("src/lib.rs", "mod high;\nmod low;\n"),
        ("src/low.rs", "crate::build!();\n"),
        ("src/high.rs", exported),
    ];
    assert_eq!(shown(&files, TWO), upward(1));
}

/// Documentation, text, quoted code, other crates and variables use nothing.
#[test]
fn what_only_looks_like_a_use_is_none() {
    for low in [
        "/// As [`Thing`](crate::high::Thing).\npub(in crate::high) struct Low;\n",
        "fn f() { quote!(crate::high::Thing); syn::parse_quote!(crate::high::Thing) }\n",
        "fn f() { println!(\"crate::high::Thing\"); }\n",
        "use serde::high;\nfn f() { high::thing(); }\n",
        // With all names of the root at hand, only `::` and `$` tell that these paths lead elsewhere.
        "use super::*;\nuse ::high::Thing;\nfn f(_: ::high::Thing) {}\n",
        "use super::*;\nfn f() { m!(::high::Thing, $high::high::Thing, $high::Thing); }\n",
        "use super::*;\nfn f(high: u8) -> u8 { high }\n",
    ] {
        assert_eq!(shown_for_low(low), NONE, "{low}");
    }
}
