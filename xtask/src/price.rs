//! `cargo xtask price`: what a feature costs. In a copy of the workspace that shares the target directory a feature is
//! made with a table, two routes, a one-time token, a mail, a limit and a setting; it is built, its scenarios run, and
//! its files are counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{cargo, root};
use crate::{Result, metadata, new_feature, process};

/// The most files that may be new, and that may be edited.
const MAX_FILES: usize = 12;
/// The most lines that an edit may have.
const MAX_LINES: usize = 3;
/// Where nothing may change.
const ADAPTERS: [&str; 3] = ["crates/auth-axum/", "crates/auth-actix/", "crates/auth-poem/"];

/// What was changed, file by file.
const STATUS: &[&str] = &["status", "--porcelain", "--untracked-files=all"];

/// The name of the feature, which no real one has.
const NAME: &str = "price_probe";

/// Measures a feature of the core, and one in a crate of its own.
pub(crate) fn run() -> Result<String> {
    let copy = Copy::make(&metadata::load()?.target_directory)?;
    let before = git(root(), STATUS)?;
    let mut notes = vec![];
    for (kind, options) in [("in the core", &[NAME][..]), ("in a crate", &[NAME, "--crate"])] {
        println!("a feature {kind}:");
        copy.xtask(&[&["new-feature"], options].concat())?;
        let files = changes(&copy.git(STATUS)?, &copy.numstat()?);
        println!("{}", describe(&files));
        let problems = problems(&files);
        if !problems.is_empty() {
            return Err(format!("a feature {kind} costs too much:\n{}", problems.join("\n")));
        }
        copy.prove()?;
        if git(root(), STATUS)? != before {
            return Err("the workspace itself was changed, not its copy; look at `git status`".to_owned());
        }
        notes.push(format!("{kind} {} new and {} edited files", count(&files, true), count(&files, false)));
        copy.reset()?;
    }
    copy.remove()?;
    Ok(notes.join(", "))
}

/// Whether anything changed that the price depends on. Where that cannot be known, it did.
pub(crate) fn applies() -> bool {
    let Some(base) = base() else { return true };
    let Ok(changed) = git(root(), &["diff", "--name-only", &base]) else { return true };
    changed.lines().any(matters)
}

/// The commit that the work began with: where the branch left `main`, or the last release.
fn base() -> Option<String> {
    let one = |arguments: &[&str]| git(root(), arguments).ok().map(|text| text.trim().to_owned());
    let head = one(&["rev-parse", "HEAD"])?;
    let fork = one(&["merge-base", "HEAD", "origin/main"]).filter(|fork| *fork != head);
    fork.or_else(|| one(&["describe", "--tags", "--abbrev=0"]))
}

/// The commands and their templates, and every file in which features are registered.
fn matters(path: &str) -> bool {
    path.starts_with("xtask/") || path == "Cargo.toml" || new_feature::registers_in(path)
}

/// A file that somebody would have written.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    path: String,
    new: bool,
    lines: usize,
}

/// What changed, without what is generated: from the status and the numbers of lines that git tells.
fn changes(status: &str, numstat: &str) -> Vec<Changed> {
    let lines_of = |path: &str| {
        let line = numstat.lines().find(|line| line.ends_with(&format!("\t{path}")));
        let numbers = line.map(|line| line.split('\t').take(2).filter_map(|number| number.parse::<usize>().ok()));
        // A line that was changed is one that went and one that came.
        numbers.and_then(Iterator::max).unwrap_or_default()
    };
    let entries = status.lines().filter_map(|line| Some((line.get(..2)?, line.get(3..)?)));
    let entries = entries.filter(|(_, path)| !is_generated(path));
    entries.map(|(mark, path)| Changed { path: path.to_owned(), new: mark == "??", lines: lines_of(path) }).collect()
}

fn is_generated(path: &str) -> bool {
    let by_codegen = ["docs/openapi.json", "docs/endpoints.md", "docs/errors.md", "Cargo.lock"];
    by_codegen.contains(&path) || path.contains("/snapshots/")
}

fn count(files: &[Changed], new: bool) -> usize {
    files.iter().filter(|file| file.new == new).count()
}

fn describe(files: &[Changed]) -> String {
    let line = |file: &Changed| {
        let kind = if file.new { "new".to_owned() } else { format!("+{}", file.lines) };
        format!("  {kind:>4}  {}", file.path)
    };
    files.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn problems(files: &[Changed]) -> Vec<String> {
    let mut problems = vec![];
    for (kind, number) in [("new", count(files, true)), ("edited", count(files, false))] {
        if number > MAX_FILES {
            problems.push(format!("{number} {kind} files, at most {MAX_FILES}"));
        }
    }
    for file in files {
        if !file.new && file.lines > MAX_LINES {
            problems.push(format!(
                "{}: {} lines, at most {MAX_LINES}; register the feature in one row",
                file.path, file.lines
            ));
        }
        if ADAPTERS.iter().any(|adapter| file.path.starts_with(adapter)) {
            problems.push(format!("{}: a feature never edits an adapter", file.path));
        }
    }
    problems
}

fn git(directory: &Path, arguments: &[&str]) -> Result<String> {
    process::output(Command::new("git").current_dir(directory).args(arguments))
}

/// The copy of the workspace.
struct Copy {
    directory: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Always at the same place, with the times of the files, so that cargo builds again only what changed since the
    /// last one.
    fn make(target: &Path) -> Result<Self> {
        let copy = Self { directory: target.join("price"), target: target.to_owned() };
        copy.remove()?;
        let files = git(root(), &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        for path in files.split('\0').filter(|path| !path.is_empty() && root().join(path).is_file()) {
            copy_file(&root().join(path), &copy.directory.join(path))
                .map_err(|e| format!("cannot copy {path}: {e}"))?;
        }
        copy.rename_versions()?;
        copy.git(&["init", "--quiet"])?;
        copy.git(&["add", "--all"])?;
        copy.git(&[
            "-c",
            "user.name=price",
            "-c",
            "user.email=price@localhost",
            "commit",
            "--quiet",
            "--message=before",
        ])?;
        Ok(copy)
    }

    /// Cargo names what it builds of a member after its place within its workspace and its version. With the same version the copy
    /// and the workspace would take each other's for their own.
    fn rename_versions(&self) -> Result {
        let manifest = self.directory.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
        let renamed = with_versions_of_its_own(&text)?;
        fs::write(&manifest, renamed).map_err(|e| format!("{}: {e}", manifest.display()))
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        git(&self.directory, arguments)
    }

    fn numstat(&self) -> Result<String> {
        self.git(&["diff", "--numstat"])
    }

    fn xtask(&self, arguments: &[&str]) -> Result {
        let mut command = cargo();
        command.current_dir(&self.directory).env("CARGO_TARGET_DIR", &self.target);
        process::run(command.args(["run", "--quiet", "--package", "xtask", "--"]).args(arguments))
    }

    /// The feature works: it is tidy, documented, and every answer that it declares is seen.
    fn prove(&self) -> Result {
        self.xtask(&["codegen"])?;
        self.xtask(&["tidy"])?;
        self.xtask(&["test", "--target", "direct", "--db", "sqlite"])?;
        // Adapters carry it without an edit.
        self.xtask(&["test", "--target", "axum,actix,poem", "--db", "sqlite", NAME])
    }

    fn reset(&self) -> Result {
        self.git(&["reset", "--quiet", "--hard"])?;
        self.git(&["clean", "--quiet", "--force", "-d"]).map(drop)
    }

    fn remove(&self) -> Result {
        match fs::remove_dir_all(&self.directory) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("cannot remove {}: {cause}", self.directory.display()))
            }
            _ => Ok(()),
        }
    }
}

/// The manifest with build metadata behind the version that all members share.
fn with_versions_of_its_own(manifest: &str) -> Result<String> {
    let (before, after) = manifest.split_once("[workspace.package]\nversion = \"").ok_or("Cargo.toml: no version")?;
    let (version, after) = after.split_once('"').ok_or("Cargo.toml: no version")?;
    Ok(format!("{before}[workspace.package]\nversion = \"{version}+price\"{after}"))
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::copy(from, to)?;
    fs::File::options().write(true).open(to)?.set_modified(fs::metadata(from)?.modified()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str, new: bool, lines: usize) -> Changed {
        Changed { path: path.to_owned(), new, lines }
    }

    #[test]
    fn files_are_counted_without_what_is_generated() {
        let status =
            " M crates/a/lib.rs\n?? crates/a/b.rs\n M docs/errors.md\n?? crates/a/snapshots/x.snap\n M Cargo.lock\n";
        let numstat = "2\t1\tcrates/a/lib.rs\n9\t9\tdocs/errors.md\n";
        assert_eq!(changes(status, numstat), [changed("crates/a/lib.rs", false, 2), changed("crates/a/b.rs", true, 0)]);
    }

    #[test]
    fn the_copy_has_versions_of_its_own() {
        let manifest = "[workspace]\n\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        assert_eq!(with_versions_of_its_own(manifest).unwrap(), manifest.replace("0.1.0", "0.1.0+price"));
        assert!(with_versions_of_its_own("[workspace]\n").is_err());
    }

    #[test]
    fn a_dear_feature_is_told_why() {
        let many = |new: bool| (0..=MAX_FILES).map(move |number| changed(&format!("{number}.rs"), new, 1)).collect();
        let cases: [(Vec<Changed>, Option<&str>); 6] = [
            (vec![changed("a.rs", true, 900), changed("b.rs", false, 3)], None),
            (many(true), Some("13 new files")),
            (many(false), Some("13 edited files")),
            (vec![changed("b.rs", false, 4)], Some("b.rs: 4 lines")),
            (vec![changed("crates/auth-poem/src/x.rs", true, 0)], Some("never edits an adapter")),
            (vec![changed("crates/auth-axum/Cargo.toml", false, 1)], Some("never edits an adapter")),
        ];
        for (files, expected) in cases {
            let found = problems(&files);
            match expected {
                None => assert_eq!(found, Vec::<String>::new()),
                Some(part) => assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:?}"),
            }
        }
    }
}
