//! Secrets in types that can be printed (ARCHITECTURE.md, invariant 13).
//!
//! A field that is named like a secret has a type that hides it, such as `SecretString`, `Password` or `Digest`. And each
//! public type that can be printed and holds text is printed by its crate's own test, `canary_tests.rs`, which looks for the
//! canaries that it put in: a name alone does not tell that `data` holds a password hash.

mod plain;
mod types;

use std::collections::BTreeSet;

use self::plain::Plain;
use self::types::{Definition, Reach};
use super::File;

/// How the name of a field ends that holds a secret, in the singular.
const WORDS: [&str; 6] = ["token", "secret", "hash", "code", "password", "passphrase"];

/// What shows the fields of a type without a word in its own code.
const SHOWING: [&str; 2] = ["Debug", "Display"];

/// The test of a crate that prints what can be printed, below its sources.
const CANARIES: &str = "canary_tests.rs";

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let (mut sources, mut problems) = (vec![], vec![]);
    for file in files.iter().filter(|file| is_source(&file.path)) {
        match types::read(&file.text) {
            Ok(source) => sources.push((file.path.as_str(), source)),
            Err(why) => problems.push(format!("{}:{why}", file.path)),
        }
    }
    // A `Debug` by hand may stand in another file than its type.
    let by_hand: BTreeSet<(&str, &str)> = sources
        .iter()
        .flat_map(|(path, source)| source.by_hand.iter().map(|name| (package(path), name.as_str())))
        .collect();
    for (path, definition) in sources.iter().flat_map(|(path, source)| source.definitions.iter().map(|of| (*path, of)))
    {
        problems.extend(shown(path, definition));
        let decides_itself = by_hand.contains(&(package(path), definition.name.as_str()));
        problems.extend(unprinted(files, path, definition, decides_itself));
    }
    problems
}

fn package(path: &str) -> &str {
    path.split_once("/src/").map_or(path, |(package, _)| package)
}

/// The sources that apps run.
fn is_source(path: &str) -> bool {
    let (Some((package, source)), true) = (path.split_once("/src/"), path.ends_with(".rs")) else { return false };
    let shipped = ["crates/", "examples/"].iter().any(|at| package.starts_with(at)) && package != "crates/auth-testkit";
    shipped && source != CANARIES && !source.ends_with("tests.rs") && !source.contains("tests/")
}

/// The fields that are named like a secret and would be shown: those that others can read, and those of a type that
/// prints itself.
fn shown(path: &str, definition: &Definition) -> Vec<String> {
    let derived = definition.derives.iter().any(|name| SHOWING.contains(&name.as_str()));
    let public = definition.reach == Reach::Public;
    let is_shown = |plain: Plain| derived && plain != Plain::No || public && plain == Plain::Owned;
    let fields = definition.fields.iter().filter(|field| is_secret(&field.name) && is_shown(field.plain));
    // A newtype is how a secret is hidden, unless it prints itself.
    let fields = fields.filter(|field| derived || !field.is_wrapped);
    let text = fields.map(|field| {
        format!(
            "{path}:{}: `{}` of {} would be shown; give it a type that hides it, such as `SecretString` or `Password`",
            field.line, field.name, definition.name
        )
    });
    text.collect()
}

/// Whether a name ends in one of the words, in the singular or the plural.
fn is_secret(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    WORDS.iter().any(|word| last.strip_prefix(word).is_some_and(|rest| ["", "s", "es"].contains(&rest)))
}

/// What is wrong when a public type can be printed and no test does.
fn unprinted(files: &[File], path: &str, definition: &Definition, by_hand: bool) -> Option<String> {
    let derives = definition.derives.iter().any(|name| name == "Debug");
    let holds_text = definition.fields.iter().any(|field| field.plain != Plain::No);
    // A `Debug` by hand decides by itself what it shows.
    if definition.reach < Reach::Public || !(by_hand || derives && holds_text) {
        return None;
    }
    let (package, module) = path.split_once("/src/")?;
    let test = format!("{package}/src/{CANARIES}");
    let text = files.iter().find(|file| file.path == test).map_or("", |file| file.text.as_str());
    // The row of every table is called so.
    let name = match (definition.name.as_str(), module.rsplit('/').next().and_then(|file| file.strip_suffix(".rs"))) {
        ("Model", Some(table)) => format!("{table}::Model"),
        (name, _) => name.to_owned(),
    };
    (!words(text).contains(name.as_str()))
        .then(|| format!("{path}:{}: {name} can be printed; print it in {test}, with canaries in it", definition.line))
}

/// The names in a text, with the modules that stand before them and without.
fn words(text: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let plain = text.split(|c: char| !is_word(c));
    plain.chain(text.split(|c: char| !is_word(c) && c != ':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    const AT: &str = "crates/auth-core/src/a.rs";

    fn found(text: &str) -> Vec<String> {
        problems(&[file(AT, text), file("crates/auth-core/src/canary_tests.rs", "Printed")])
    }

    #[test]
    fn a_field_that_is_named_like_a_secret_hides_it() {
        for bad in [
            "pub struct A { pub token: String }",
            "pub struct A { token: String }",
            "#[derive(Debug)] pub(crate) struct A { pub(crate) password_hash: Option<Option<String>> }",
            "pub struct A { recovery_codes: Vec<String> }",
            "pub struct A { by_secret: HashMap<u8, Zeroizing<Vec<u8>>> }",
            "pub struct A { hash: Box<[u8]> }",
            "pub struct A<'a> { code: Cow<'a, str> }",
            "#[derive(Clone, Debug)] struct A { code_hash: [u8; 32] }",
            "#[derive(Debug)] struct A<'a> { code: Option<&'a str> }",
            "#[derive(Debug)] struct ResetToken(String);",
            "pub enum A { One { code: String }, Two }",
            "#[derive(Debug)] enum A { Code(String) }",
            "rows! { Mailed { user_id: Uuid, code: String }, Other }",
            "macro_rules! m { () => { pub struct $name { pub token: String } } }",
            "mod inner { pub struct A { pub token: String } }",
        ] {
            let problems = found(bad);
            assert!(problems.len() == 1 && problems[0].contains("would be shown"), "{bad}: {problems:?}");
        }
        for good in [
            "pub struct A { token: SecretString, password: Password, codes: Vec<SecretString>, hash: Option<Digest> }",
            "pub struct A { pub code: ErrorCode, tokens: u32, hash_cost: String, barcode: bool }",
            "pub struct A { code: &'static str, is_password: bool }",
            "pub struct A<'a> { token: &'a str, hash: [u8; 32] }",
            "#[derive(serde::Serialize)] struct A<'a> { access_token: &'a str }",
            "pub(crate) struct A { token: String }",
            "pub struct Token(Zeroizing<String>);",
            "#[cfg(test)] mod tests { #[derive(Debug)] pub struct A { pub token: String } }",
            "pub fn f(token: String) { g(A { token: String::new() }) }",
            "rows! { token: Token::new(), code: SecretString, }",
        ] {
            assert_eq!(found(good), Vec::<String>::new(), "{good}");
        }
        assert_eq!(problems(&[file("crates/auth-core/src/a/tests.rs", "pub struct A { pub token: String }")]).len(), 0);
    }

    #[test]
    fn a_public_type_that_can_be_printed_is_printed_by_the_test() {
        for bad in [
            "#[derive(Debug)] pub struct A { data: Option<Value> }",
            "#[derive(Debug)] pub struct A(pub Vec<String>);",
            "#[derive(Debug)] pub enum A { One(String), Two }",
            "pub struct A(B); impl fmt::Debug for A { }",
            "pub struct A<'a>(&'a B); impl<'a> std::fmt::Debug for A<'a> { }",
        ] {
            let problems = found(bad);
            assert!(problems.len() == 1 && problems[0].contains("A can be printed"), "{bad}: {problems:?}");
            assert_eq!(found(&bad.replace('A', "Printed")), Vec::<String>::new());
        }
        let row = [
            file("examples/app/src/user.rs", "#[derive(Debug)] pub struct Model { email: String }"),
            file("examples/app/src/canary_tests.rs", "user::Model { email }"),
        ];
        assert_eq!(problems(&row), Vec::<String>::new());
        let other = [file("examples/app/src/mail.rs", &row[0].text), file(&row[1].path, &row[1].text)];
        assert!(problems(&other)[0].contains("mail::Model can be printed"));
        for good in [
            "pub struct A { data: Value }",
            "#[derive(Debug)] pub struct A { at: OffsetDateTime, name: &'static str, count: u8 }",
            "#[derive(Debug)] struct A { data: Value }",
            "#[derive(Debug)] pub(crate) struct A { data: Value }",
            "struct A; impl fmt::Debug for A { }",
        ] {
            assert_eq!(found(good), Vec::<String>::new(), "{good}");
        }
    }
}
