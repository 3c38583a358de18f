//! `cargo xtask new-feature NAME`: the files of a feature and the lines that register it, all or nothing.

use std::collections::BTreeMap;
use std::fs;

use crate::workspace::{cargo, root};
use crate::{Result, process};

const MIGRATIONS: &str = "crates/auth-migration/src";

/// New files and what is in them. `{{name}}` and its relatives are replaced in both.
const TEMPLATES: [(&str, &str); 8] = [
    ("crates/auth-core/src/{{name}}/mod.rs", include_str!("../templates/core_mod.rs.txt")),
    ("crates/auth-core/src/{{name}}/service.rs", include_str!("../templates/core_service.rs.txt")),
    ("crates/auth-core/src/{{name}}/store.rs", include_str!("../templates/core_store.rs.txt")),
    ("crates/auth-entity/src/{{name}}.rs", include_str!("../templates/entity.rs.txt")),
    ("crates/auth-migration/src/{{migration}}.rs", include_str!("../templates/migration.rs.txt")),
    ("crates/auth-http/src/routes/{{name}}.rs", include_str!("../templates/routes.rs.txt")),
    ("integration-tests/src/scenarios/{{name}}.rs", include_str!("../templates/scenario.rs.txt")),
    ("docs/features/{{name}}.md", include_str!("../templates/page.md.txt")),
];

/// A text that registers the feature, put in before the first or after the last line that begins with the anchor.
struct Registration {
    file: &'static str,
    place: Place,
    text: &'static str,
}

enum Place {
    Before(&'static str),
    After(&'static str),
}

const ACCESSOR: &str = "    /// {{Title}}.
    #[must_use]
    pub fn {{name}}(&self) -> crate::{{type}}<'_> {
        crate::{{type}}::new(self)
    }
";

/// The order of modules does not matter: `cargo fmt` sorts them afterwards.
const REGISTRATIONS: [Registration; 10] = [
    before("crates/auth-core/src/lib.rs", "pub mod account;", "pub mod {{name}};"),
    before("crates/auth-core/src/lib.rs", "pub use account::", "pub use {{name}}::{{type}};"),
    before("crates/auth-core/src/auth.rs", "/// Single-use tokens.", ACCESSOR),
    before("crates/auth-entity/src/lib.rs", "pub mod user;", "pub mod {{name}};"),
    before("crates/auth-migration/src/lib.rs", "mod table;", "mod {{migration}};"),
    after("crates/auth-migration/src/lib.rs", "Box::new(m", "            Box::new({{migration}}::Migration),"),
    after("crates/auth-http/src/routes/mod.rs", "mod ", "mod {{name}};"),
    after("integration-tests/src/scenarios/mod.rs", "mod ", "mod {{name}};"),
    after("integration-tests/src/scenarios/mod.rs", "feature!(", "    feature!({{name}}),"),
    after("docs/features/README.md", "- [", "- [{{Title}}]({{name}}.md)"),
];

const fn before(file: &'static str, anchor: &'static str, text: &'static str) -> Registration {
    Registration { file, place: Place::Before(anchor), text }
}

const fn after(file: &'static str, anchor: &'static str, text: &'static str) -> Registration {
    Registration { file, place: Place::After(anchor), text }
}

impl Registration {
    fn anchor(&self) -> &'static str {
        match self.place {
            Place::Before(anchor) | Place::After(anchor) => anchor,
        }
    }

    /// The file with the line put in, or `None` without an anchor.
    fn apply(&self, content: &str, text: &str) -> Option<String> {
        let mut lines: Vec<&str> = content.lines().collect();
        let mut indices = (0..lines.len()).filter(|index| lines[*index].trim_start().starts_with(self.anchor()));
        let position = match self.place {
            Place::Before(_) => indices.next()?,
            Place::After(_) => indices.next_back()? + 1,
        };
        lines.insert(position, text);
        Some(lines.join("\n") + "\n")
    }
}

pub(crate) fn command(args: &[String]) -> Result {
    let [name] = args else {
        return Err("usage: cargo xtask new-feature NAME".to_owned());
    };
    let read = |path: &str| fs::read_to_string(root().join(path)).ok();
    let files = plan(name, &next_migration(name, &migrations()), &read)?;
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
    println!(
        "\nNow fill in the files and add the feature's endpoints and scenarios to their tables: see CONTRIBUTING.md."
    );
    Ok(())
}

/// Registrations whose anchor is gone, for `cargo xtask tidy`.
pub(crate) fn stale_anchors() -> Vec<String> {
    missing_anchors(&|path| fs::read_to_string(root().join(path)).ok())
        .into_iter()
        .map(|place| format!("{place}; correct REGISTRATIONS in xtask/src/new_feature.rs"))
        .collect()
}

fn missing_anchors(read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let lacks = |entry: &&Registration| read(entry.file).is_none_or(|content| entry.apply(&content, "").is_none());
    let missing = REGISTRATIONS.iter().filter(lacks);
    missing.map(|entry| format!("{}: no line begins with `{}`", entry.file, entry.anchor())).collect()
}

/// All files to be written, by path.
fn plan(name: &str, migration: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>> {
    check_name(name)?;
    let missing = missing_anchors(read);
    if !missing.is_empty() {
        return Err(format!("cannot register a feature:\n{}", missing.join("\n")));
    }
    let mut files = BTreeMap::new();
    for (path, template) in TEMPLATES {
        let path = fill(path, name, migration);
        if read(&path).is_some() {
            return Err(format!("the feature exists: {path}"));
        }
        files.insert(path, fill(template, name, migration));
    }
    for entry in &REGISTRATIONS {
        let content = files.remove(entry.file).or_else(|| read(entry.file)).unwrap_or_default();
        let changed = entry.apply(&content, &fill(entry.text, name, migration));
        files.insert(entry.file.to_owned(), changed.unwrap_or(content));
    }
    Ok(files)
}

fn check_name(name: &str) -> Result {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = name.split('_').all(|word| !word.is_empty());
    if words && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(valid) {
        return Ok(());
    }
    Err(format!("`{name}` must be in snake case, such as `magic_link`"))
}

fn fill(template: &str, name: &str, migration: &str) -> String {
    let title = name.replace('_', " ");
    let type_name: String = name.split('_').map(capitalize).collect();
    let values = [
        ("{{name}}", name),
        ("{{migration}}", migration),
        ("{{title}}", &title),
        ("{{Title}}", &capitalize(&title)),
        ("{{type}}", &type_name),
    ];
    values.iter().fold(template.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
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

    fn tree() -> BTreeMap<String, String> {
        let mut files = BTreeMap::<String, String>::new();
        for entry in &REGISTRATIONS {
            let content = files.entry(entry.file.to_owned()).or_default();
            content.push_str(&format!("  {}x\nend\n", entry.anchor()));
        }
        files
    }

    #[test]
    fn writes_every_file_and_every_registration() {
        let tree = tree();
        let files = plan("magic_link", "m20260101_000009_create_magic_link", &|path| tree.get(path).cloned()).unwrap();
        let registered: std::collections::BTreeSet<_> = REGISTRATIONS.iter().map(|entry| entry.file).collect();
        assert_eq!(files.len(), TEMPLATES.len() + registered.len());
        for (path, content) in &files {
            assert!(!content.contains("{{") && !path.contains("{{"), "{path}");
        }
        for (path, part) in [
            ("crates/auth-core/src/magic_link/service.rs", "pub struct MagicLink<'a>"),
            ("crates/auth-core/src/auth.rs", "pub fn magic_link(&self)"),
            ("crates/auth-migration/src/m20260101_000009_create_magic_link.rs", "auth_magic_link"),
            ("docs/features/README.md", "- [Magic link](magic_link.md)"),
        ] {
            assert!(files.get(path).is_some_and(|content| content.contains(part)), "{path}");
        }
    }

    #[test]
    fn refuses_bad_names_existing_features_and_missing_anchors() {
        for name in ["", "Totp", "_totp", "totp_", "a__b", "2fa", "to-tp", "../x"] {
            assert!(plan(name, "m", &|_| Some(String::new())).is_err_and(|e| e.contains("snake case")), "{name}");
        }
        let mut tree = tree();
        tree.insert("docs/features/totp.md".to_owned(), String::new());
        assert!(plan("totp", "m", &|path| tree.get(path).cloned()).is_err_and(|e| e.contains("exists: docs")));
        tree.remove("docs/features/README.md");
        assert!(plan("other", "m", &|path| tree.get(path).cloned()).is_err_and(|e| e.contains("README.md: no line")));
    }

    #[test]
    fn insertion_keeps_the_rest() {
        let content = "mod a;\nmod b;\n\nfn f() {}\n";
        assert_eq!(before("", "mod ", "").apply(content, "mod n;").unwrap(), "mod n;\nmod a;\nmod b;\n\nfn f() {}\n");
        assert_eq!(after("", "mod ", "").apply(content, "mod n;").unwrap(), "mod a;\nmod b;\nmod n;\n\nfn f() {}\n");
        assert_eq!(after("", "use ", "").apply(content, "mod n;"), None);
    }

    #[test]
    fn migrations_are_numbered_on() {
        let existing = ["lib", "m20261124_000002_b", "m20261124_000010_c", "m20250101_000099_a"].map(str::to_owned);
        assert_eq!(next_migration("x", &existing), "m20261124_000011_create_x");
        assert_eq!(next_migration("x", &[]), "m20260101_000001_create_x");
    }
}
