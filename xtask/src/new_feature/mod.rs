//! `cargo xtask new-feature NAME [--crate]`: the files of a feature and the lines that register it, all or nothing.
//! What it writes works: a table, two routes, a one-time token, a mail, a limit and a setting, with scenarios. `cargo
//! xtask price` holds it to that.

mod core;
mod names;
mod own_crate;
mod registration;

use std::collections::BTreeMap;
use std::fs;

use self::names::Names;
use self::registration::Registration;
use crate::workspace::{cargo, root};
use crate::{Result, process};

const MIGRATIONS: &str = "crates/auth-migration/src";

/// The row of an error code.
const CODE: &str = "    {{Type}}BadToken = \"{{CODE}}_BAD_TOKEN\" [Invalid]: \"The link is unknown, used, expired or outdated; ask for a new one.\",";

/// What a feature is made of.
struct Shape {
    /// New files and what is in them, both with placeholders.
    templates: &'static [(&'static str, &'static str)],
    registrations: &'static [Registration],
}

const CORE: Shape = Shape { templates: &core::TEMPLATES, registrations: &core::REGISTRATIONS };
const OWN_CRATE: Shape = Shape { templates: &own_crate::TEMPLATES, registrations: &own_crate::REGISTRATIONS };

pub(crate) fn command(args: &[String]) -> Result {
    let (name, shape) = match args {
        [name] => (name, &CORE),
        [name, flag] | [flag, name] if flag == "--crate" => (name, &OWN_CRATE),
        _ => return Err("usage: cargo xtask new-feature NAME [--crate]".to_owned()),
    };
    let read = |path: &str| fs::read_to_string(root().join(path)).ok();
    let files = plan(shape, name, &next_migration(name, &migrations()), &read)?;
    for (path, content) in &files {
        let path = root().join(path);
        let directory = path.parent().unwrap_or(root());
        let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, content));
        written.map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    if process::run(cargo().args(["fmt", "--all"])).is_err() {
        println!("run `cargo fmt --all` again once the sources parse: it sorts the new lines");
    }
    for path in files.keys() {
        println!("{path}");
    }
    println!("\nIt mails a link and writes a row when that is opened; make of it what you need: see CONTRIBUTING.md.");
    Ok(())
}

/// Whether features are registered in this file.
pub(crate) fn registers_in(path: &str) -> bool {
    [CORE, OWN_CRATE].iter().flat_map(|shape| shape.registrations).any(|entry| entry.file == path)
}

/// Registrations whose anchor is gone, for `cargo xtask tidy`.
pub(crate) fn stale_anchors() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(root().join(path)).ok();
    [CORE, OWN_CRATE]
        .iter()
        .flat_map(|shape| missing_anchors(shape, &read))
        .map(|place| format!("{place}; correct the registrations in xtask/src/new_feature/"))
        .collect()
}

fn missing_anchors(shape: &Shape, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let lacks = |entry: &&Registration| read(entry.file).is_none_or(|content| entry.apply(&content, "").is_none());
    let missing = shape.registrations.iter().filter(lacks);
    missing.map(|entry| format!("{}: no line has `{}`", entry.file, entry.anchor())).collect()
}

/// All files to be written, by path.
fn plan(
    shape: &Shape,
    name: &str,
    migration: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>> {
    let names = Names::of(name, migration)?;
    let missing = missing_anchors(shape, read);
    if !missing.is_empty() {
        return Err(format!("cannot register a feature:\n{}", missing.join("\n")));
    }
    let mut files = BTreeMap::new();
    for (path, template) in shape.templates {
        let path = names.fill(path);
        if read(&path).is_some() {
            return Err(format!("the feature exists: {path}"));
        }
        files.insert(path, names.fill(template));
    }
    for entry in shape.registrations {
        let content = files.remove(entry.file).or_else(|| read(entry.file)).unwrap_or_default();
        let changed = entry.apply(&content, &names.fill(entry.text));
        files.insert(entry.file.to_owned(), changed.unwrap_or(content));
    }
    Ok(files)
}

fn migrations() -> Vec<String> {
    let entries = fs::read_dir(root().join(MIGRATIONS)).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned())).collect()
}

/// The name of a migration that runs after all others: the last one's date and the next number.
fn next_migration(name: &str, existing: &[String]) -> String {
    let number = |stem: &str| {
        let (date, rest) = stem.strip_prefix('m')?.split_once('_')?;
        Some((date.parse::<u32>().ok()?, rest.split('_').next()?.parse::<u32>().ok()?))
    };
    let (date, last) = existing.iter().filter_map(|stem| number(stem)).max().unwrap_or((20_260_101, 0));
    format!("m{date:08}_{:06}_create_{name}", last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files that have every anchor, each on a line of its own.
    fn tree(shape: &Shape) -> BTreeMap<String, String> {
        let mut files = BTreeMap::<String, String>::new();
        for entry in shape.registrations {
            let content = files.entry(entry.file.to_owned()).or_default();
            content.push_str(&format!("  {}x\nend\n", entry.anchor()));
        }
        files
    }

    #[test]
    fn every_file_and_every_registration_is_written() {
        for shape in [CORE, OWN_CRATE] {
            let tree = tree(&shape);
            let migration = "m20260101_000009_create_magic_link";
            let files = plan(&shape, "magic_link", migration, &|path| tree.get(path).cloned()).unwrap();
            assert_eq!(files.len(), shape.templates.len() + tree.len());
            for (path, content) in &files {
                // What is left are the blocks of the mails' own templates.
                let own = content.replace("{{ ", "").replace("{{{", "");
                assert!(!own.contains("{{") && !path.contains("{{"), "{path}: {own}");
            }
            let registered = files.get("crates/auth-entity/src/lib.rs").unwrap();
            assert!(registered.contains("pub mod magic_link;"), "{registered}");
        }
    }

    #[test]
    fn existing_features_and_missing_anchors_are_refused() {
        let mut tree = tree(&CORE);
        tree.insert("docs/features/totp.md".to_owned(), String::new());
        assert!(plan(&CORE, "totp", "m", &|path| tree.get(path).cloned()).is_err_and(|e| e.contains("exists: docs")));
        tree.remove("docs/features/README.md");
        let missing = plan(&CORE, "other", "m", &|path| tree.get(path).cloned());
        assert!(missing.is_err_and(|e| e.contains("README.md: no line")));
    }

    #[test]
    fn migrations_are_numbered_on() {
        let existing = ["lib", "m20261124_000002_b", "m20261124_000010_c", "m20250101_000099_a"].map(str::to_owned);
        assert_eq!(next_migration("x", &existing), "m20261124_000011_create_x");
        assert_eq!(next_migration("x", &[]), "m20260101_000001_create_x");
    }
}
