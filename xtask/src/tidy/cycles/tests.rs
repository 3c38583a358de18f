use super::*;
use crate::tidy::file;

const DIRECTORY: &str = "crates/auth-core/src/";

/// The messages about a crate whose `lib.rs` declares each of the files without a folder.
fn found(sources: &[(&str, &str)]) -> Vec<String> {
    let mut files: Vec<File> = sources.iter().map(|(path, text)| file(&format!("{DIRECTORY}{path}"), text)).collect();
    if sources.iter().all(|(path, _)| *path != "lib.rs") {
        let stems = sources.iter().filter(|(path, _)| !path.contains('/') || path.ends_with("mod.rs"));
        let modules =
            stems.map(|(path, _)| format!("mod {};\n", path.trim_end_matches("/mod.rs").trim_end_matches(".rs")));
        files.push(file(&format!("{DIRECTORY}lib.rs"), &modules.collect::<String>()));
    }
    let tree = Tree::read(&files, DIRECTORY).unwrap();
    cycles(DIRECTORY, &tree, &uses::of(&tree))
}

/// Asserts that exactly these files form the one cycle.
fn assert_cycle(case: &str, expected: &[&str], sources: &[(&str, &str)]) {
    let found = found(sources);
    let list = format!("one way only: {}\n", expected.join(", "));
    assert!(found.len() == 1 && found[0].contains(&list), "{case}: {found:#?}");
}

fn assert_none(case: &str, sources: &[(&str, &str)]) {
    assert_eq!(found(sources), Vec::<String>::new(), "{case}");
}

#[test]
fn a_cycle_is_told_with_its_files_lines_and_names() {
    let found = found(&[
        ("a.rs", "//! A.\nuse crate::b::B;\npub struct A(B);\n"),
        ("b.rs", "pub struct B;\n\nfn f() { crate::a::A; }\n"),
        ("c.rs", "use crate::a::A;\n"),
    ]);
    let expected = "crates/auth-core/src/: 2 files form a cycle; let imports go one way only: a.rs, b.rs\n  \
                    crates/auth-core/src/a.rs:2: `B` is defined in b.rs\n  \
                    crates/auth-core/src/b.rs:3: `A` is defined in a.rs";
    assert_eq!(found, [expected]);
}

#[test]
fn names_are_followed_to_their_definitions() {
    for (case, first) in [
        ("a path from the root", "use crate::b::B;"),
        ("a path from here", "use super::b::B;"),
        ("a group", "use crate::{b::{self, B}};"),
        ("another name", "use crate::b::B as Other;"),
        ("a glob", "use crate::b::*; fn f(_: B) {}"),
        ("a path in code", "fn f() { crate::b::B::new(); }"),
        ("a module that is imported", "use crate::b; fn f(_: b::B) {}"),
        ("a module of another name", "use crate::b as other; fn f() { other::make() }"),
        ("a return type", "fn f() -> Option<crate::b::B> { None }"),
        ("an import in a function", "fn f() { use crate::b::B; }"),
        ("the arguments of a macro", "fn f() { println!(\"{}\", crate::b::make()) }"),
        ("the tokens of a macro", "thing! { one => crate::b::B; two }"),
        ("a macro's definition", "macro_rules! m { () => { $crate::b::make() } }"),
        ("a path in quotes", "#[serde(with = \"crate::b::B\")]\nstruct S;"),
        ("an inline module", "mod inner { use crate::b::B; }"),
        ("a pattern", "use crate::b; fn f(x: u8) { if let b::LIMIT = x {} }"),
        ("a re-export", "pub use crate::b::B;"),
    ] {
        let first = format!("pub struct A;\n{first}\n");
        let second = "use crate::a::A;\npub struct B;\npub const LIMIT: u8 = 1;\npub fn make() {}\n";
        assert_cycle(case, &["a.rs", "b.rs"], &[("a.rs", &first), ("b.rs", second)]);
    }
}

#[test]
fn re_exports_are_doors_not_destinations() {
    for (case, root, user) in [
        ("by name", "mod a;\nmod b;\npub use b::inner::B;\n", "use crate::B;"),
        ("by a glob", "mod a;\nmod b;\npub use b::*;\n", "use crate::B;"),
        ("by two globs", "mod a;\nmod b;\npub use b::*;\npub use b::inner::*;\n", "use crate::B;"),
        ("by another name", "mod a;\nmod b;\npub use b::B as C;\n", "use crate::C;"),
        ("in a path", "mod a;\nmod b;\npub use b::inner as door;\n", "fn f() { crate::door::make() }"),
        ("through two doors", "mod a;\nmod b;\npub use b::B;\n", "fn f(_: super::B) {}"),
    ] {
        let user = format!("pub struct A;\n{user}\n");
        assert_cycle(
            case,
            &["a.rs", "b/inner.rs"],
            &[
                ("lib.rs", root),
                ("a.rs", &user),
                ("b/mod.rs", "pub mod inner;\npub use inner::*;\n"),
                ("b/inner.rs", "use crate::a::A;\npub struct B;\npub fn make() {}\n"),
            ],
        );
    }
}

#[test]
fn a_door_that_defines_something_is_a_destination_too() {
    let child = ("a/child.rs", "use super::Error;\npub struct Child;\n");
    let door = ("a/mod.rs", "mod child;\npub use child::Child;\npub struct Error;\n");
    assert_cycle("re-export", &["a/mod.rs", "a/child.rs"], &[door, child]);
    assert_none("declaration alone", &[("a/mod.rs", "pub mod child;\npub struct Error;\n"), child]);
}

/// `Auth` above, a kernel below, and services that hold one of them.
fn house<'a>(service: &'a str, other: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        (
            "auth.rs",
            "use crate::kernel::Kernel;\npub struct Auth(Kernel);\nimpl Auth {\n    pub fn inner(&self) -> &Kernel { &self.0 }\n}\n",
        ),
        ("kernel.rs", "pub struct Kernel;\n"),
        ("one.rs", service),
        ("two.rs", other),
        (
            "access.rs",
            "use crate::{auth::Auth, one::One, two::Two};\nimpl Auth {\n    pub fn one(&self) -> One<'_> { One::new(self) }\n    \
             pub fn two(&self) -> Result<Two<'_>> { Ok(Two { auth: self }) }\n}\n",
        ),
    ]
}

#[test]
fn accessors_stand_for_the_services_that_they_return() {
    let idle = "pub struct Two<'a> { auth: &'a crate::auth::Auth }\n";
    let one = "use crate::auth::Auth;\npub struct One<'a> { auth: &'a Auth }\n";
    let new = "impl<'a> One<'a> {\n    pub fn new(auth: &'a Auth) -> Self { Self { auth } }\n";
    for (case, call) in [
        ("a field", "fn f(&self) { self.auth.two(); }"),
        ("a parameter", "fn f(auth: &Auth) { auth.two().g(); }"),
        ("another name", "fn f(handle: &std::sync::Arc<Auth>) { handle.two(); }"),
        ("a variable", "fn f(&self) { let handle = self.auth.clone(); handle.two(); }"),
        ("a closure", "fn f(&self) { g(|auth| async move { auth.two().await }); }"),
        ("a macro", "fn f(&self) { try_join!(self.auth.two().g(), h()); }"),
    ] {
        let text = format!("{one}{new}    {call}\n}}\n");
        let found = found(&house(&text, idle));
        assert_eq!(found.len(), 1, "{case}: {found:#?}");
        // The accessors name `one`.
        assert!(found[0].contains("one way only: one.rs, access.rs\n"), "{case}: {found:#?}");
        assert!(found[0].contains("`Auth::two` is defined in access.rs"), "{case}: {found:#?}");
    }
    assert_none("no call", &house(&format!("{one}{new}}}\n"), idle));
}

#[test]
fn a_service_that_is_fetched_by_an_accessor_is_used() {
    let one = "use crate::auth::Auth;\npub struct One;\nimpl One { fn f(auth: &Auth) { auth.two(); } }\n";
    let two = "pub struct Two;\nimpl Two { fn g() { crate::one::One; } }\n";
    let auth = "pub struct Auth;\nimpl Auth {\n    pub fn two(&self) -> crate::two::Two { todo() }\n}\n";
    let found = found(&[("auth.rs", auth), ("one.rs", one), ("two.rs", two)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("one.rs:3: `two() -> Two` is defined in two.rs"), "{found:#?}");
    assert!(found[0].contains("two.rs:2: `One` is defined in one.rs"), "{found:#?}");
}

#[test]
fn an_accessor_may_be_a_row_of_a_macro() {
    let auth = "pub struct Auth;\nservices! {\n    /// The second.\n    two: crate::two::Two,\n}\n";
    let one = "use crate::auth::Auth;\npub struct One;\nimpl One { fn f(auth: &Auth) { auth.two().g(); } }\n";
    let two = "pub struct Two;\nimpl Two { pub fn g(&self) { crate::one::One; } }\n";
    let found = found(&[("auth.rs", auth), ("one.rs", one), ("two.rs", two)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("one.rs:3: `Two::g` is defined in two.rs"), "{found:#?}");
}

#[test]
fn a_method_counts_where_it_stands() {
    // `extra.rs` extends the service of `one.rs`.
    let one = "pub struct One;\nimpl One { pub fn make() -> Self { Self } }\n";
    let extra = "use crate::one::One;\nimpl One { pub fn more(&self) { crate::two::g() } }\n";
    for (case, two) in [
        ("a call on what a function returns", "pub fn g() { crate::one::One::make().more() }"),
        ("a call on a variable", "pub fn g() { let x = crate::one::One::make(); x.more() }"),
        ("a call by path", "pub fn g() { crate::one::One::more(&x) }"),
        ("a call on a parameter", "pub fn g(x: Option<&crate::one::One>) { if let Some(y) = x { y.more() } }"),
    ] {
        assert_cycle(case, &["two.rs", "extra.rs"], &[("one.rs", one), ("two.rs", two), ("extra.rs", extra)]);
    }
    assert_none(
        "another method",
        &[("one.rs", one), ("two.rs", "pub fn g() { crate::one::One::make(); }"), ("extra.rs", extra)],
    );
}

#[test]
fn declarations_comments_tests_and_other_crates_use_nothing() {
    for (case, first) in [
        ("a module line", "mod inner;"),
        ("a comment", "// crate::b::B\n/// See [`crate::b::B`].\nstruct S;"),
        ("a test module", "#[cfg(test)]\nmod tests { use crate::b::B; }"),
        ("a test module in a file", "#[cfg(test)]\nmod tests;"),
        ("a test import", "#[cfg(test)]\nuse crate::b::B;"),
        ("a test method", "impl A {\n    #[cfg(test)]\n    fn f() { crate::b::make() }\n}"),
        ("a test of one feature", "#[cfg(all(test, feature = \"x\"))]\nfn f() { crate::b::make() }"),
        ("another crate", "use other::b::B; fn f() { other::make() }"),
        ("a variable", "fn f(make: u8) { make; }"),
        ("an imported module that is not used", "use crate::b;"),
    ] {
        let first = format!("pub struct A;\n{first}\n");
        let sources = [
            ("a.rs", first.as_str()),
            ("a/inner.rs", "fn f() {}\n"),
            ("a/tests.rs", "use crate::b::B;\n"),
            ("b.rs", "use crate::a::A;\npub struct B;\npub fn make() {}\n"),
        ];
        assert_none(case, &sources);
    }
}

#[test]
fn what_macros_make_is_defined_where_they_are_called() {
    let made = ("a.rs", "codes! { One, Two }\nfn f() { crate::b::g() }\n");
    assert_cycle("by path", &["a.rs", "b.rs"], &[made, ("b.rs", "use crate::a::Code;\npub fn g() {}\n")]);
    let exported = ("lib.rs", "mod a;\nmod b;\npub use a::Code;\n");
    let user = ("b.rs", "use crate::Code;\npub fn g() {}\n");
    assert_cycle("by a re-export", &["a.rs", "b.rs"], &[exported, made, user]);
    let macros = ("a.rs", "macro_rules! m { () => {} }\nfn f() { crate::b::g() }\n");
    assert_cycle("a macro itself", &["a.rs", "b.rs"], &[macros, ("b.rs", "pub fn g() { m!() }\n")]);
}

#[test]
fn sources_that_cannot_be_read_are_named() {
    for (sources, part) in
        [(vec![("lib.rs", "mod a;\n")], "a/mod.rs: missing"), (vec![("lib.rs", "fn f( {}\n")], "lib.rs:1: ")]
    {
        let files: Vec<File> = sources.iter().map(|(path, text)| file(&format!("{DIRECTORY}{path}"), text)).collect();
        let problems = problems_of(&files, DIRECTORY);
        assert!(problems.len() == 1 && problems[0].contains(part), "{problems:?}");
    }
}

#[test]
fn names_are_used_from_above() {
    let sources = |ground: &str, feature: &str| {
        vec![
            file("crates/auth-http/src/routes/totp.rs", ""),
            file("crates/auth-http/src/routes/session.rs", ""),
            file("crates/auth-core/src/lib.rs", "mod auth;\nmod kernel;\nmod session;\nmod totp;\n"),
            file("crates/auth-core/src/auth.rs", "use crate::{kernel::Kernel, totp::Totp};\npub struct Auth;\n"),
            file("crates/auth-core/src/kernel.rs", &format!("pub struct Kernel;\n{ground}")),
            file("crates/auth-core/src/totp/config.rs", "pub struct Totp;\n"),
            file("crates/auth-core/src/session.rs", "use crate::kernel::Kernel;\npub struct Session;\n"),
            file(
                "crates/auth-core/src/totp/mod.rs",
                &format!("use crate::session::Session;\npub struct Totp;\n{feature}"),
            ),
        ]
    };
    for (ground, feature, part) in [
        ("", "", None),
        ("use crate::session::Session;\n", "", Some("form a cycle")),
        ("use crate::totp::Totp;\n", "", Some("kernel.rs:2: `Totp` is defined in crates/auth-core/src/totp/mod.rs")),
        ("use crate::totp::config::Totp;\n", "pub mod config;\n", None),
        ("", "use crate::auth::Auth;\n", Some("totp/mod.rs:3: `Auth` is defined in crates/auth-core/src/auth.rs")),
    ] {
        let problems = problems_of(&sources(ground, feature), DIRECTORY);
        match part {
            None => assert_eq!(problems, Vec::<String>::new()),
            Some(part) => assert!(problems.iter().any(|problem| problem.contains(part)), "{problems:#?}"),
        }
    }
}
