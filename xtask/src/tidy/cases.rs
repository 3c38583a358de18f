//! What tests name by ids: docs/security-cases.md explains each security case, docs/advisories.md each record of a
//! vulnerability elsewhere, and neither explains any other.

use std::collections::{BTreeMap, BTreeSet};

use super::File;

const TESTS: [&str; 3] = ["crates/", "examples/", "integration-tests/"];

/// A page whose tables explain ids that tests name.
struct Page {
    path: &'static str,
    ids: fn(&str) -> Vec<String>,
}

const PAGES: [Page; 2] = [
    Page { path: "docs/security-cases.md", ids: |text| ids(text).collect() },
    Page { path: "docs/advisories.md", ids: records },
];

pub(super) fn problems(files: &[File]) -> Vec<String> {
    PAGES.iter().flat_map(|page| page.problems(files)).collect()
}

impl Page {
    fn problems(&self, files: &[File]) -> Vec<String> {
        let Some(page) = files.iter().find(|file| file.path == self.path) else {
            return vec![format!("{}: missing; explain there each case that a test names", self.path)];
        };
        let (explained, mut problems) = self.rows(&page.text);
        let named = self.named(files);
        let unknown = named.iter().filter(|(id, _)| !explained.contains(*id));
        problems.extend(unknown.map(|(id, path)| format!("{path}: {id} is not in {}; add a row for it", self.path)));
        let unused = explained.iter().filter(|id| !named.contains_key(*id));
        problems.extend(
            unused.map(|id| format!("{}: no test names {id}; remove the row, or name it in the test of it", self.path)),
        );
        problems
    }

    /// The ids of the page's tables, and what is wrong with them.
    fn rows(&self, page: &str) -> (BTreeSet<String>, Vec<String>) {
        let (mut found, mut problems) = (BTreeSet::new(), vec![]);
        let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
        for id in cells.flat_map(|(cell, _)| (self.ids)(cell)) {
            if found.contains(&id) {
                problems.push(format!("{}: {id} has two rows; merge them", self.path));
            }
            found.insert(id);
        }
        (found, problems)
    }

    /// The ids that tests name, each with one of the files.
    fn named<'a>(&self, files: &'a [File]) -> BTreeMap<String, &'a str> {
        let tests =
            files.iter().filter(|file| file.path.ends_with(".rs") && TESTS.iter().any(|at| file.path.starts_with(at)));
        tests.flat_map(|file| (self.ids)(&file.text).into_iter().map(|id| (id, file.path.as_str()))).collect()
    }
}

/// The records of vulnerabilities in a text.
fn records(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with("CVE-") || word.starts_with("GHSA-")).map(str::to_owned).collect()
}

/// The ids in a text, those between the ends of `F-08 to F-11` as well.
fn ids(text: &str) -> impl Iterator<Item = String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words: Vec<&str> = text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).collect();
    let mut ids = vec![];
    for (at, first) in words.iter().enumerate().filter_map(|(at, word)| Some((at, Id::parse(word)?))) {
        let last = match words.get(at + 1..at + 3) {
            Some(["to", last]) => Id::parse(last).filter(|last| last.prefix == first.prefix),
            _ => None,
        };
        let last = last.map_or(first.number, |last| last.number);
        ids.extend((first.number..=last).map(|number| Id { number, ..first }.to_string()));
    }
    ids.into_iter()
}

/// `RST-07`, `F-05` or `I4`.
#[derive(Clone, Copy)]
struct Id<'a> {
    prefix: &'a str,
    number: u8,
}

impl<'a> Id<'a> {
    fn parse(word: &'a str) -> Option<Self> {
        let (prefix, digits) = match word.split_once('-') {
            Some((prefix, digits)) => (prefix, digits),
            None => ("I", word.strip_prefix('I')?),
        };
        let group = prefix.len() == 3 && prefix != "UTF" && prefix.bytes().all(|byte| byte.is_ascii_uppercase());
        let length = if group || prefix == "F" { 2..=2 } else { 1..=2 };
        let known = group || prefix == "F" || !word.contains('-');
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        (known && length.contains(&digits.len())).then_some(Self { prefix, number })
    }
}

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { prefix, number } = self;
        if *prefix == "I" { write!(f, "I{number}") } else { write!(f, "{prefix}-{number:02}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    #[test]
    fn finds_single_ids_and_ranges_and_nothing_that_looks_like_them() {
        let text = "/// RST-07, LNK-09: (F-08 to F-11; I1 to I3), REG-01 to VER-02.\n// UTF-16, SHA-256, AES-256, I, Id, F-1, In, T-1";
        let expected =
            ["RST-07", "LNK-09", "F-08", "F-09", "F-10", "F-11", "F-11", "I1", "I2", "I3", "I3", "REG-01", "VER-02"];
        assert_eq!(ids(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_id_is_explained_once_and_each_row_is_named() {
        let page = |text: &str| file(PAGES[0].path, text);
        let records = || file(PAGES[1].path, "| CVE-2026-1, GHSA-a1-b2 | a | b |\n");
        let test = || file("integration-tests/src/scenarios/totp.rs", "/// REG-01 to REG-02. CVE-2026-1 (GHSA-a1-b2)");
        let good = "| id | attack |\n| --- | --- |\n| REG-01 | a |\n| REG-02 | b, like LOG-01 |\n";
        let problems = |text: &str| super::problems(&[page(text), records(), file("docs/other.md", "SES-01"), test()]);
        assert_eq!(problems(good), Vec::<String>::new());
        for (text, part) in [
            ("| REG-01 | a |\n", "totp.rs: REG-02 is not in"),
            (&format!("{good}| REG-03 | c |\n"), "no test names REG-03"),
            (&format!("{good}| REG-02 | c |\n"), "REG-02 has two rows"),
        ] {
            let found = problems(text);
            assert!(found.len() == 1 && found[0].contains(part), "{found:?}");
        }
        assert!(super::problems(&[test()])[0].contains("missing"));
    }
}
