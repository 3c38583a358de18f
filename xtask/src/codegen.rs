//! `cargo xtask codegen`: the files in docs/ that are made from the endpoint table and the error codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{cargo, root};
use crate::{Result, metadata, process};

const GENERATOR: &str = "codegen";
const FIX: &str = "cargo xtask codegen";

pub(crate) fn command(args: &[String]) -> Result {
    match args {
        [] => run(false),
        [flag] if flag == "--check" => run(true),
        _ => Err("usage: cargo xtask codegen [--check]".to_owned()),
    }
}

/// Writes the files, or only compares them.
pub(crate) fn run(check: bool) -> Result {
    let target = metadata::load()?.target_directory;
    // Built with the whole workspace's features, like the tests, so that nothing is compiled twice.
    process::run(cargo().args(["build", "--quiet", "--workspace", "--bin", GENERATOR]))?;
    let made = target.join("generated");
    reset(&made).map_err(|e| format!("cannot empty {}: {e}", made.display()))?;
    let program = target.join("debug").join(GENERATOR);
    process::run(Command::new(program).arg(&made).current_dir(root()))?;
    let files = files_in(&made)?;
    if files.is_empty() {
        return Err("the generator wrote no file".to_owned());
    }
    let docs = root().join("docs");
    let differences: Vec<String> =
        files.iter().filter_map(|file| update(file, &docs, check).transpose()).collect::<Result<_>>()?;
    if check && !differences.is_empty() {
        return Err(format!("generated files are out of date; rerun: {FIX}\n{}", differences.join("\n")));
    }
    println!("{} generated files, {} {}", files.len(), differences.len(), if check { "differ" } else { "changed" });
    Ok(())
}

fn reset(directory: &Path) -> std::io::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).map_err(|e| format!("cannot read {}: {e}", directory.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// Says how the committed file differs, and replaces it unless we only check.
fn update(made: &Path, docs: &Path, check: bool) -> Result<Option<String>> {
    let committed = docs.join(made.file_name().unwrap_or_default());
    let new = fs::read_to_string(made).map_err(|e| format!("cannot read {}: {e}", made.display()))?;
    let old = fs::read_to_string(&committed).ok();
    if old.as_ref() == Some(&new) {
        return Ok(None);
    }
    if !check {
        fs::write(&committed, &new).map_err(|e| format!("cannot write {}: {e}", committed.display()))?;
    }
    let name = committed.strip_prefix(root()).unwrap_or(&committed).display();
    Ok(Some(format!("{name}: {}", first_difference(old.as_deref(), &new))))
}

fn first_difference(old: Option<&str>, new: &str) -> String {
    let Some(old) = old else { return "missing".to_owned() };
    let (mut before, mut after) = (old.lines(), new.lines());
    for number in 1.. {
        match (before.next(), after.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| line.unwrap_or("(end of file)").to_owned();
                return format!("line {number}\n  committed: {}\n  generated: {}", show(a), show(b));
            }
        }
    }
    "the line endings differ".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_first_differing_line() {
        for (old, new, expected) in [
            (None, "a\n", "missing"),
            (Some("a\nb\n"), "a\nc\n", "line 2\n  committed: b\n  generated: c"),
            (Some("a\n"), "a\nb\n", "line 2\n  committed: (end of file)\n  generated: b"),
            (Some("a"), "a\n", "the line endings differ"),
        ] {
            assert_eq!(first_difference(old, new), expected);
        }
    }
}
