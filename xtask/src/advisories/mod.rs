//! `cargo xtask advisories DIRECTORY`: rewrites the list of known advisories from a checkout of the RustSec database, so
//! that tidy can compare it with every lock file without the network.

mod list;
mod version;

use std::path::{Path, PathBuf};
use std::process::Command;

use toml_edit::{DocumentMut, Item};

pub(crate) use self::list::{Advisory, List};
pub(crate) use self::version::Ranges;
use crate::workspace::root;
use crate::{Result, process};

/// The list, relative to the root.
pub(crate) const PATH: &str = "xtask/advisories.txt";

/// Where the database is, for the messages.
pub(crate) const DATABASE: &str = "https://github.com/rustsec/advisory-db";

pub(crate) fn command(args: &[String]) -> Result {
    let [directory] = args else {
        return Err(format!("usage: cargo xtask advisories DIRECTORY, a checkout of {DATABASE}"));
    };
    let directory = Path::new(directory);
    let mut log = Command::new("git");
    let snapshot = process::output(log.current_dir(directory).args(["log", "-1", "--format=%cs"]))?.trim().to_owned();
    let mut rows = vec![];
    for file in advisories(&directory.join("crates"))? {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        rows.extend(row(&text).map_err(|why| format!("{}: {why}", file.display()))?);
    }
    let list = List::new(snapshot, rows);
    std::fs::write(root().join(PATH), list.to_string()).map_err(|e| format!("{PATH}: {e}"))?;
    println!("{PATH}: {} advisories, as of {}; run `cargo xtask tidy` now", list.rows.len(), list.snapshot);
    Ok(())
}

/// The files of all advisories about crates.
fn advisories(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = |directory: &Path| -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(directory).and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>());
        let entries = entries.map_err(|e| format!("{}: {e}; is this {DATABASE}?", directory.display()))?;
        Ok(entries.into_iter().map(|entry| entry.path()).collect())
    };
    let mut files = vec![];
    for package in read(directory)?.into_iter().filter(|path| path.is_dir()) {
        files.extend(read(&package)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    Ok(files)
}

/// The facts of an advisory, which stand in a block of TOML at its beginning; `None` when it was withdrawn.
fn row(text: &str) -> Result<Option<Advisory>> {
    let block = text.split_once("```toml").and_then(|(_, rest)| rest.split_once("```")).ok_or("no block of TOML")?.0;
    let facts: DocumentMut = block.parse().map_err(|e| format!("{e}"))?;
    let advisory = &facts["advisory"];
    let named = |name: &str| advisory.get(name).and_then(Item::as_str).map(str::to_owned);
    if advisory.get("withdrawn").is_some() {
        return Ok(None);
    }
    let ranges = ["patched", "unaffected"].into_iter().filter_map(|name| facts.get("versions")?.get(name)?.as_array());
    let ranges = ranges.flatten().filter_map(|range| range.as_str());
    Ok(Some(Advisory {
        id: named("id").ok_or("no id")?,
        package: named("package").ok_or("no package")?,
        kind: named("informational").unwrap_or_else(|| "vulnerability".to_owned()),
        unaffected: Ranges::parse(ranges)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2020-0001\"\npackage = \"a\"\ndate = \"2020-01-01\"\n\
        [versions]\npatched = [\n  \">= 1.2.3, < 2\", # why\n  \"^3.1\",\n]\nunaffected = [\"< 1.0.0\"]\n```\n\n# Title\n";

    #[test]
    fn an_advisory_becomes_a_row_of_facts() {
        let found = row(TEXT).unwrap().unwrap();
        assert_eq!(found.to_string(), "RUSTSEC-2020-0001 a vulnerability >=1.2.3,<2 | ^3.1 | <1.0.0");
        let unsound = TEXT.replace("date = ", "informational = \"unsound\"\ndate = ");
        assert_eq!(row(&unsound).unwrap().unwrap().kind, "unsound");
        assert_eq!(row(&TEXT.replace("date = ", "withdrawn = ")).unwrap(), None);
        let unfixed = TEXT.replace("[versions]", "[versions]\npatched = []\n[other]");
        assert_eq!(row(&unfixed).unwrap().unwrap().to_string(), "RUSTSEC-2020-0001 a vulnerability -");
        for broken in ["# Title", "```toml\n[advisory]\n```", &TEXT.replace(">= 1.2.3", "newer")] {
            row(broken).unwrap_err();
        }
    }
}
