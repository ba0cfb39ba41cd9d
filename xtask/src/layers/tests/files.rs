//! Tests of where the files of modules are found, and of files that are missing or broken.

use super::*;

/// Inline modules, `#[path]`, raw names, and both places of a child file. A cycle in each shows that it
/// was read.
#[test]
fn files_are_found_where_the_compiler_finds_them() {
    let files = [
        (
            "src/lib.rs",
            "mod low;\nmod high { pub mod part; }\n#[path = \"../other/mod.rs\"]\nmod other;\n",
        ),
        ("src/low.rs", "mod inner;\nmod r#type;\n"),
        (
            "src/low/inner.rs",
            "fn f() { super::r#type::g(); crate::high::part::f(); }\n",
        ),
        ("src/low/type/mod.rs", "pub fn g() { super::inner::f(); }\n"),
        ("src/high/part.rs", "pub fn f() {}\n"),
        ("other/mod.rs", "mod beside;\nfn f() { beside::f(); }\n"),
        ("other/beside.rs", "fn f() { super::f(); }\n"),
    ];
    let found = shown(&files, &[]);
    let cycles = [
        "`other/mod.rs` and `other::beside` use",
        "`low::inner` and `low::type` use",
    ];
    assert_eq!(found.len(), 2, "{found:#?}");
    for (line, cycle) in found.iter().zip(cycles) {
        assert!(line.contains(cycle), "{line}");
    }
}

/// The check stops at the first file that it cannot read, because the rest would be a guess.
#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let failed = |files| check(plant(files).path(), &[]).err();
    assert_eq!(
        failed(&[("src/lib.rs", "\nmod gone;\n")]).as_deref(),
        Some(
            "src/lib.rs:2: `mod gone` has no file: src/gone.rs and src/gone/mod.rs are missing; write one of them"
        )
    );
    let broken = failed(&[("src/lib.rs", "mod low;\n"), ("src/low.rs", "\nfn fn\n")]).unwrap();
    assert!(
        broken.starts_with("src/low.rs:2: cannot parse the file: "),
        "{broken}"
    );
}
