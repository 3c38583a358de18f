//! No lock file has a version that an advisory is about. `cargo deny check advisories` looks further, with the network:
//! `cargo xtask thorough`.

use std::collections::BTreeSet;

use semver::Version;

use super::File;
use crate::advisories::{DATABASE, List, PATH};

/// An advisory that does not concern the crate of a lock file, and why.
struct Exception {
    id: &'static str,
    lock_file: &'static str,
    why: &'static str,
}

const EXCEPTIONS: [Exception; 1] = [Exception {
    id: "RUSTSEC-2023-0071",
    lock_file: "integration-tests/hosts/jsonwebtoken/Cargo.lock",
    why: "a test of an app that chose the Rust back end of jsonwebtoken; nothing of it is published",
}];

/// How many days old the list may become before it is worth a warning.
const STALE_AFTER: i64 = 180;

/// Says when the list is old. `today` is in days since the epoch.
pub(super) fn warning(files: &[File], today: i64) -> Option<String> {
    let list = list(files).ok()?;
    let age = today - list.day()?;
    (age > STALE_AFTER).then(|| {
        format!("{PATH}: it is {age} days old; check out {DATABASE} and run `cargo xtask advisories DIRECTORY`")
    })
}

pub(super) fn problems(files: &[File]) -> Vec<String> {
    problems_of(files, &EXCEPTIONS)
}

fn problems_of(files: &[File], exceptions: &[Exception]) -> Vec<String> {
    let list = match list(files) {
        Ok(list) => list,
        Err(why) => return vec![format!("{PATH}: {why}; run `cargo xtask advisories DIRECTORY`")],
    };
    let (mut problems, mut met) = (vec![], BTreeSet::new());
    for file in files.iter().filter(|file| file.path == "Cargo.lock" || file.path.ends_with("/Cargo.lock")) {
        for (name, version) in packages(&file.text) {
            let Ok(version) = Version::parse(version) else {
                problems.push(format!("{}: `{version}` of {name} is not a version", file.path));
                continue;
            };
            let rows = list.rows.iter().filter(|row| row.package == name && !row.unaffected.contain(&version));
            for row in rows {
                let excepted = exceptions.iter().position(|known| known.id == row.id && known.lock_file == file.path);
                match excepted {
                    Some(index) => drop(met.insert(index)),
                    None => problems.push(format!(
                        "{}: {name} {version} is affected by {} ({}); update it, or say in tidy/advisories.rs why it \
                         cannot matter",
                        file.path, row.id, row.kind
                    )),
                }
            }
        }
    }
    let idle = exceptions.iter().enumerate().filter(|(index, _)| !met.contains(index));
    problems.extend(idle.map(|(_, Exception { id, lock_file, why })| {
        format!("tidy/advisories.rs: the exception of {id} for {lock_file} ({why}) is not needed; remove it")
    }));
    problems
}

fn list(files: &[File]) -> crate::Result<List> {
    let file = files.iter().find(|file| file.path == PATH).ok_or("missing")?;
    List::parse(&file.text)
}

/// The names and versions in a lock file, those that come from a registry.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]").skip(1).filter_map(|block| {
        let value = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"')
        };
        value("source").filter(|source| source.starts_with("registry+"))?;
        Some((value("name")?, value("version")?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    const LIST: &str = "# Facts.\nsnapshot 2026-08-21\nR-1 a vulnerability >=1.2.0\nR-2 b unsound -\n";

    fn lock(packages: &[(&str, &str)]) -> String {
        let block = |(name, version): &(&str, &str)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://x\"\n\n")
        };
        format!("version = 4\n\n{}", packages.iter().map(block).collect::<String>())
    }

    #[test]
    fn every_lock_file_is_compared_with_the_list() {
        let files = |packages: &[(&str, &str)]| {
            [file(PATH, LIST), file("Cargo.lock", "version = 4\n"), file("bench/Cargo.lock", &lock(packages))]
        };
        for (packages, expected) in [
            (vec![("a", "1.2.0"), ("c", "0.1.0")], None),
            (vec![("a", "1.1.9")], Some("bench/Cargo.lock: a 1.1.9 is affected by R-1")),
            (vec![("a", "1.2.0-rc.1")], Some("R-1")),
            (vec![("b", "9.9.9")], Some("R-2 (unsound)")),
            (vec![("a", "new")], Some("not a version")),
        ] {
            let problems = problems_of(&files(&packages), &[]);
            match expected {
                None => assert_eq!(problems, Vec::<String>::new(), "{packages:?}"),
                Some(part) => assert!(problems.len() == 1 && problems[0].contains(part), "{problems:?}"),
            }
        }
        // Of this workspace, or from somewhere else.
        let own = file("Cargo.lock", "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\ndependencies = [\n \"a\",\n]\n");
        assert_eq!(problems_of(&[file(PATH, LIST), own], &[]), Vec::<String>::new());
    }

    #[test]
    fn exceptions_are_for_one_lock_file_and_needed() {
        let files = [file(PATH, LIST), file("x/Cargo.lock", &lock(&[("b", "1.0.0")]))];
        let exception = |lock_file| Exception { id: "R-2", lock_file, why: "nobody calls it" };
        assert_eq!(problems_of(&files, &[exception("x/Cargo.lock")]), Vec::<String>::new());
        let elsewhere = problems_of(&files, &[exception("y/Cargo.lock")]);
        assert!(elsewhere.len() == 2 && elsewhere[1].contains("not needed"), "{elsewhere:?}");
    }

    #[test]
    fn a_list_that_is_missing_broken_or_old_is_noticed() {
        assert!(problems_of(&[], &[])[0].contains("missing"));
        assert!(problems_of(&[file(PATH, "snapshot 2026-08-21\nR-1 a\n")], &[])[0].contains("line 2"));
        let files = [file(PATH, LIST)];
        assert_eq!(warning(&files, 20_686 + STALE_AFTER), None);
        assert!(warning(&files, 20_687 + STALE_AFTER).unwrap().contains("181 days old"));
    }
}
