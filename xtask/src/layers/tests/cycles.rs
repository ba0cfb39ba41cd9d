//! Tests of cycles: which are found, and how they are shown.

use super::*;

/// The whole line is compared: its place is that of the first use, and each use of the cycle has a
/// place.
#[test]
fn cycles_are_shown_with_all_their_modules() {
    let two = [
        ("src/lib.rs", "mod a;\nmod b;\nmod c;\npub use b::B;\n"),
        ("src/a.rs", "use crate::B;\npub struct A;\n"),
        ("src/b.rs", "use crate::{\n    a::A,\n};\npub struct B;\n"),
        ("src/c.rs", "use crate::{a::A, b::B};\n"),
    ];
    assert_eq!(
        shown(&two, &[]),
        [
            "src/a.rs:1: `a` and `b` use each other in a cycle: `a` uses `b` in src/a.rs:1, `b` uses `a` in \
          src/b.rs:2; move what they share into a module below them"
        ]
    );
    let three = [
        ("src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("src/a.rs", "use crate::b::B;\npub struct A;\n"),
        ("src/b.rs", "\nuse crate::c::C;\npub struct B;\n"),
        ("src/c.rs", "\n\nuse crate::a::A;\npub struct C;\n"),
    ];
    assert_eq!(
        shown(&three, &[]),
        [
            "src/a.rs:1: `a`, `b` and `c` use each other in a cycle: `a` uses `b` in src/a.rs:1, `b` uses `c` in \
          src/b.rs:2, `c` uses `a` in src/c.rs:3; move what they share into a module below them"
        ]
    );
}

/// The shortest cycle is shown, and the others by their modules.
#[test]
fn cycles_that_hang_together_are_one_problem() {
    let files = [
        ("src/lib.rs", "mod a;\nmod b;\nmod c;\nmod d;\nmod e;\n"),
        ("src/a.rs", "use crate::b::B;\npub struct A;\n"),
        ("src/b.rs", "use crate::c::C;\npub struct B;\n"),
        ("src/c.rs", "use crate::{a::A, d::D};\npub struct C;\n"),
        ("src/d.rs", "use crate::{c::C, e::E};\npub struct D;\n"),
        ("src/e.rs", "pub struct E;\n"),
    ];
    assert_eq!(
        shown(&files, &[]),
        [
            "src/c.rs:1: `c` and `d` use each other in a cycle (in cycles with them: `a` and `b`): `c` uses `d` \
          in src/c.rs:1, `d` uses `c` in src/d.rs:1; move what they share into a module below them"
        ]
    );
}

/// Not only the top-level modules count, and not only crates that the table lists.
#[test]
fn cycles_within_a_folder_are_shown_in_every_crate() {
    let files = [
        ("crates/one/src/main.rs", "mod outer;\n"),
        ("crates/one/src/outer/mod.rs", "mod a;\nmod b;\n"),
        ("crates/one/src/outer/a.rs", "fn f() { super::b::g(); }\n"),
        (
            "crates/one/src/outer/b.rs",
            "pub fn g() { crate::outer::a::f(); }\n",
        ),
    ];
    let cycle = "crates/one/src/outer/a.rs:1: `outer::a` and `outer::b` use each other in a cycle: `outer::a` uses \
                  `outer::b` in crates/one/src/outer/a.rs:1, `outer::b` uses `outer::a` in \
                  crates/one/src/outer/b.rs:1; move what they share into a module below them";
    assert_eq!(shown(&files, &[]), [cycle]);
}

/// A folder that only re-exports its child is no cycle. It is one if the file also uses the child, in
/// whatever way.
#[test]
fn the_items_of_a_folders_own_file_take_part_in_cycles() {
    let child = ("src/low/child.rs", "use super::Own;\npub struct Child(Own);\n");
    let parents = [
        ("mod child;\npub use child::Child;\npub struct Own;\n", None),
        ("mod child;\npub struct Own;\nfn f(_: child::Child) {}\n", Some(3)),
        (
            "mod child;\npub use child::Child;\npub struct Own;\nfn f(_: Child) {}\n",
            Some(4),
        ),
        (
            "mod child;\nuse child::Child;\npub struct Own;\nfn f(_: Child) {}\n",
            Some(2),
        ),
    ];
    for (parent, line) in parents {
        let files = [("src/lib.rs", "mod low;\n"), ("src/low/mod.rs", parent), child];
        let expected = line.map(|line| {
            format!(
                "src/low/mod.rs:{line}: `src/low/mod.rs` and `low::child` use each other in a cycle: `src/low/mod.rs` \
                 uses `low::child` in src/low/mod.rs:{line}, `low::child` uses `src/low/mod.rs` in \
                 src/low/child.rs:1; move what they share into a module below them"
            )
        });
        assert_eq!(shown(&files, &[]), Vec::from_iter(expected), "{parent}");
    }
}
