//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that neither the compiler nor clippy checks. Every message says
//! what to do.

mod advisories;
mod cases;
mod cycles;
mod features;
mod gate;
mod layers;
mod manifest;
mod secrets;
mod sources;
mod style;

use std::fs;
use std::path::Path;

use crate::workspace::root;
use crate::{Result, metadata};

/// A text file of the repository.
struct File {
    /// Relative to the root, with `/` between the parts.
    path: String,
    text: String,
}

pub(crate) fn command(args: &[String]) -> Result {
    match args {
        [] => check(),
        [flag] if flag == "--write" => style::write(&sources()?),
        _ => Err("usage: cargo xtask tidy [--write]".to_owned()),
    }
}

/// Prints what could be better, and fails when a rule is broken.
pub(crate) fn check() -> Result {
    let metadata = metadata::load()?;
    let files = sources()?;
    let style = style::report(&files);
    let stale: Vec<String> = advisories::warning(&files, today()).into_iter().collect();
    for warning in [sources::warnings(&files), style.hints, stale].concat() {
        println!("warning: {warning}");
    }
    let exempt: Vec<&str> =
        metadata.packages.iter().filter(|package| !package.published).map(|package| package.name.as_str()).collect();
    let problems: Vec<String> = [
        layers::problems(&metadata.packages),
        sources::problems(&files, &exempt),
        features::problems(&files),
        gate::problems(&files),
        cycles::problems(&files),
        cases::problems(&files),
        crate::new_feature::stale_anchors(),
        manifest::problems(&files),
        manifest::lock_file(),
        advisories::problems(&files),
        secrets::problems(&files),
        style.problems,
    ]
    .concat();
    if problems.is_empty() {
        println!("tidy: {} files, {} packages, no problem", files.len(), metadata.packages.len());
        return Ok(());
    }
    Err(format!("{} tidy problems\n{}", problems.len(), problems.join("\n")))
}

/// In days since the epoch.
fn today() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / (24 * 60 * 60)).unwrap_or_default()
}

/// All text files of the repository, by path.
fn sources() -> Result<Vec<File>> {
    let mut files = vec![];
    collect(root(), &mut files).map_err(|e| format!("cannot read the sources: {e}"))?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Reads all text files below a directory, apart from what is built, downloaded or kept by git.
fn collect(directory: &Path, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if ["target", ".git", "node_modules"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            collect(&path, files)?;
        } else if kind.is_file() {
            // What is not UTF-8 is not text.
            if let Ok(text) = fs::read_to_string(&path) {
                let relative = path.strip_prefix(root()).unwrap_or(&path);
                files.push(File { path: relative.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    /// The rules hold wherever the tests run, not in CI alone.
    #[test]
    fn the_repository_is_tidy() {
        super::check().unwrap();
    }
}
