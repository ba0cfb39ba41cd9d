//! Tests of names that come through imports and re-exports. Whichever way a name comes, the module that defines it counts.

use super::*;

/// Each root shows the item in another way, and the use is reported in all of them.
#[test]
fn a_reexport_at_the_root_does_not_hide_an_upward_import() {
    let low = "use crate::Thing;\n";
    for root in [
        "mod high;\nmod low;\npub use high::Thing;\n",
        "mod high;\nmod low;\npub(crate) use crate::high::*;\n",
        "mod high;\nmod low;\npub use self::high::{Thing};\n",
        "mod high;\nmod low;\nmod parts { pub use super::high::Thing; }\npub use parts::*;\n",
    ] {
        assert_eq!(shown_with_root(root, low), upward(1), "{root}");
    }
    let renamed = "mod high;\nmod low;\npub use high as parts;\npub use parts::Thing as Other;\n";
    assert_eq!(shown_with_root(renamed, "use crate::Other;\n"), upward(1));
    assert_eq!(
        shown_with_root(renamed, "\nfn f() { crate::parts::thing(); }\n"),
        upward(2)
    );
    let all = "mod high;\nmod low;\npub use high::Thing;\n";
    assert_eq!(
        shown_with_root(all, "use crate::*;\nfn f(_: Thing) {}\n"),
        upward(2)
    );
}

/// Such a use has no known target, so the check would miss it.
#[test]
fn a_name_that_the_root_does_not_show_is_a_problem() {
    assert_eq!(
        shown_for_low("\nuse crate::Nothing;\n"),
        [
            "src/low.rs:2: cannot resolve `crate::Nothing`: src/lib.rs does not name it; import it from the module that defines it"
        ]
    );
}

/// The folder of generated files may not exist when the check runs.
#[test]
fn names_of_generated_code_are_those_of_the_module_that_includes_it() {
    let generated = "include!(concat!(env!(\"OUT_DIR\"), \"/client.rs\"));\n";
    for (root, low) in [
        (
            "mod high;\nmod low;\npub use high::types;\n",
            "use crate::types::Ticket;\n",
        ),
        (
            "mod high;\nmod low;\npub use high::*;\n",
            "use crate::types::Ticket;\n",
        ),
    ] {
        let files = [
            ("src/lib.rs", root),
            ("src/low.rs", low),
            ("src/high.rs", generated),
        ];
        assert_eq!(shown(&files, TWO), upward(1), "{root}");
    }
    let root = format!("mod high;\nmod low;\n{generated}");
    assert_eq!(shown_with_root(&root, "use crate::Generated;\n"), NONE);
}

#[test]
fn names_of_modules_and_of_functions_may_be_the_same() {
    let files = [
        ("src/lib.rs", "mod high;\nmod low;\npub use low::{low, Low};\n"),
        ("src/low.rs", "pub struct Low;\npub fn low() {}\n"),
        (
            "src/high.rs",
            "use crate::{Low, low};\nfn f() { low(); low::low(); let _: Low; }\n",
        ),
    ];
    assert_eq!(shown(&files, TWO), NONE);
}

#[test]
fn an_imported_ancestor_only_shortens_paths() {
    let all = "mod high;\nmod low;\npub use high::Thing;\n";
    for low in [
        "use super as root;\nfn f(_: root::Thing) {}\n",
        "use super::{self as root};\nfn f(_: root::Thing) {}\n",
        "use crate as root;\nfn f(_: root::high::Thing) {}\n",
    ] {
        assert_eq!(shown_with_root(all, low), upward(2), "{low}");
    }
    let files = [
        ("src/lib.rs", "mod low;\n"),
        ("src/low/mod.rs", "mod a;\nmod b;\nfn f() { a::f(); }\n"),
        ("src/low/a.rs", "use crate::low;\npub fn f() { low::b::f(); }\n"),
        ("src/low/b.rs", "pub fn f() {}\n"),
    ];
    assert_eq!(shown(&files, &[]), NONE);
}
