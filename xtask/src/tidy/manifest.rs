//! Rules about the workspace's manifest and lock file.

use std::process::Command;

use super::File;
use crate::process;
use crate::workspace::root;

const SECTION: &str = "[workspace.dependencies]";

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let Some(manifest) = files.iter().find(|file| file.path == "Cargo.toml") else {
        return vec!["Cargo.toml: missing".to_owned()];
    };
    let names = uncommented(&manifest.text);
    names.into_iter().map(|name| format!("Cargo.toml: say in a comment what the dependency {name} is for")).collect()
}

/// Workspace dependencies without a comment, on their own line or above their group, which ends at a blank line.
fn uncommented(manifest: &str) -> Vec<&str> {
    let section = manifest.lines().skip_while(|line| line.trim() != SECTION).skip(1);
    let mut explained = false;
    let mut names = vec![];
    for line in section.take_while(|line| !line.starts_with('[')) {
        let line = line.trim();
        match line.split_once('=') {
            _ if line.starts_with('#') => explained = true,
            _ if line.is_empty() => explained = false,
            Some((name, value)) if !explained && !value.contains(" # ") => names.push(name.trim()),
            _ => {}
        }
    }
    names
}

/// The tree has pre-release crates: only the committed lock file makes two builds alike.
pub(super) fn lock_file() -> Vec<String> {
    if !root().join("Cargo.lock").is_file() {
        return vec!["Cargo.lock: missing; run `cargo generate-lockfile` and commit it".to_owned()];
    }
    let git = |arguments: &[&str]| process::succeeds(Command::new("git").current_dir(root()).args(arguments));
    // A source archive has no history to look into.
    if git(&["rev-parse", "--git-dir"]) && !git(&["ls-files", "--error-unmatch", "Cargo.lock"]) {
        return vec!["Cargo.lock: not under version control; `git add Cargo.lock`".to_owned()];
    }
    vec![]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dependency_or_its_group_has_a_comment() {
        for (section, expected) in [
            ("a = \"1\" # why\n", vec![]),
            ("# Group.\na = \"1\"\nb = \"1\"\n", vec![]),
            ("# Group.\na = \"1\"\n\nb = \"1\"\n", vec!["b"]),
            ("a = { version = \"1\", features = [\"x\"] }\n", vec!["a"]),
            ("a = \"1\" # why\nb = \"1\"\n[profile.dev]\nc = 1\n", vec!["b"]),
        ] {
            let manifest = format!("[workspace]\nz = 1\n{SECTION}\n{section}");
            assert_eq!(uncommented(&manifest), expected, "{section}");
        }
    }
}
