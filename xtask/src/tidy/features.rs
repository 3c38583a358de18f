//! One feature, one name: its routes file, core module, scenario and page are called alike.

use std::collections::BTreeSet;

use super::File;

const ROUTES: &str = "crates/auth-http/src/routes/";
const CORE: &str = "crates/auth-core/src/";
const SCENARIOS: &str = "integration-tests/src/scenarios/";
const PAGES: &str = "docs/features/";
const INDEX: &str = "docs/features/README.md";
const MIGRATIONS: &str = "crates/auth-migration/src/";
const ENTITIES: &str = "crates/auth-entity/src/";

/// Folders of the core that features share and that have no routes of their own.
const CORE_ONLY: [&str; 15] = [
    "account",
    "builder",
    "change",
    "feature",
    "gate",
    "identifier",
    "installation",
    "jwt",
    "limit",
    "mail",
    "one_time",
    "password",
    "signing_key",
    "telemetry",
    "worker",
];

/// Features of the wire that need nothing of the core.
const WIRE_ONLY: [&str; 1] = ["health"];

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let features = modules(files, ROUTES);
    if features.is_empty() {
        return vec![format!("{ROUTES}: there is no feature, so nothing could be checked; add its first routes file")];
    }
    let mut problems = vec![];
    for (place, found) in [(CORE, modules(files, CORE)), (SCENARIOS, modules(files, SCENARIOS))] {
        let elsewhere = |name: &str| WIRE_ONLY.contains(&name) || has_crate(files, name);
        let missing = features.difference(&found).filter(|name| place != CORE || !elsewhere(name));
        problems.extend(missing.map(|name| {
            format!("{place}{name}.rs: missing, and so is a folder of that name; {ROUTES}{name}.rs needs it")
        }));
    }
    problems.extend(features.iter().flat_map(|name| page(files, name)));
    for name in folders(files, CORE).difference(&features) {
        if !CORE_ONLY.contains(&name.as_str()) {
            problems.push(format!("{CORE}{name}/: no {ROUTES}{name}.rs; add it, or list the folder as CORE_ONLY in xtask/src/tidy/features.rs"));
        }
    }
    problems.extend(files.iter().filter_map(migration));
    problems.extend(files.iter().flat_map(table_names));
    problems
}

/// Whether the feature is a crate of its own.
fn has_crate(files: &[File], name: &str) -> bool {
    let root = format!("crates/auth-{}/src/lib.rs", name.replace('_', "-"));
    files.iter().any(|file| file.path == root)
}

/// Names of the modules in a folder, as a file or a folder.
fn modules(files: &[File], folder: &str) -> BTreeSet<String> {
    let stems = files.iter().filter_map(|file| file.path.strip_prefix(folder)?.strip_suffix(".rs"));
    let single = stems.filter(|stem| !stem.contains('/') && !["mod", "lib"].contains(stem)).map(str::to_owned);
    single.chain(folders(files, folder)).collect()
}

fn folders(files: &[File], folder: &str) -> BTreeSet<String> {
    let inner = files.iter().filter_map(|file| file.path.strip_prefix(folder)?.split_once('/'));
    inner.map(|(name, _)| name.to_owned()).collect()
}

fn page(files: &[File], name: &str) -> Option<String> {
    let path = format!("{PAGES}{name}.md");
    if !files.iter().any(|file| file.path == path) {
        return Some(format!("{path}: missing; describe the feature there"));
    }
    let link = format!("({name}.md)");
    let listed = files.iter().any(|file| file.path == INDEX && file.text.contains(&link));
    (!listed).then(|| format!("{INDEX}: has no link `{link}`; list the page"))
}

/// Migrations run in the order of their names, which therefore begin with a date and a number.
fn migration(file: &File) -> Option<String> {
    let is_migration = file.path.starts_with(MIGRATIONS)
        && (file.text.contains("MigrationTrait for Migration") || file.text.contains("TABLE: NewTable"));
    let stem = file.path.strip_prefix(MIGRATIONS)?.strip_suffix(".rs")?;
    (is_migration && !is_migration_name(stem))
        .then(|| format!("{}: a migration is named mYYYYMMDD_NNNNNN_what_it_does.rs", file.path))
}

fn is_migration_name(stem: &str) -> bool {
    let mut parts = stem.strip_prefix('m').unwrap_or_default().splitn(3, '_');
    let mut digits =
        |length| parts.next().is_some_and(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()));
    digits(8) && digits(6) && parts.next().is_some_and(|name| !name.is_empty())
}

/// The prefix keeps our tables apart from the host's.
fn table_names(file: &File) -> Vec<String> {
    let lines = file.text.lines().filter(|_| file.path.starts_with(ENTITIES));
    let names = lines.filter_map(|line| line.split_once("table_name = \"")?.1.split('"').next());
    let wrong = names.filter(|name| !name.starts_with("authn_"));
    wrong.map(|name| format!("{}: the table `{name}` lacks the prefix `authn_`", file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn complete() -> Vec<File> {
        vec![
            file("crates/auth-http/src/routes/mod.rs", ""),
            file("crates/auth-http/src/routes/totp.rs", ""),
            file("crates/auth-core/src/totp/mod.rs", ""),
            file("crates/auth-core/src/jwt/mod.rs", ""),
            file("integration-tests/src/scenarios/totp.rs", ""),
            file("docs/features/totp.md", ""),
            file("docs/features/README.md", "- [TOTP](totp.md)\n"),
            file("crates/auth-entity/src/totp.rs", "#[sea_orm(table_name = \"authn_totp\")]"),
            file("crates/auth-migration/src/m20260101_000001_create_totp.rs", "impl MigrationTrait for Migration"),
        ]
    }

    #[test]
    fn a_complete_feature_passes_and_each_missing_part_is_named() {
        assert_eq!(problems(&complete()), Vec::<String>::new());
        for (missing, part) in
            [(1, "no feature"), (2, "auth-core/src/totp"), (4, "scenarios/totp"), (5, "totp.md"), (6, "(totp.md)")]
        {
            let mut files = complete();
            files.remove(missing);
            let found = problems(&files);
            assert!(found.iter().any(|problem| problem.contains(part)), "{missing}: {found:?}");
        }
    }

    #[test]
    fn a_feature_may_be_a_crate_of_its_own() {
        let mut files = complete();
        files[2] = file("crates/auth-totp/src/lib.rs", "");
        assert_eq!(problems(&files), Vec::<String>::new());
    }

    #[test]
    fn extra_parts_are_named() {
        for (extra, part) in [
            (file("crates/auth-core/src/surprise/mod.rs", ""), "CORE_ONLY"),
            (file("crates/auth-migration/src/add_column.rs", "impl MigrationTrait for Migration"), "mYYYYMMDD"),
            (file("crates/auth-entity/src/note.rs", "#[sea_orm(table_name = \"note\")]"), "prefix"),
        ] {
            let mut files = complete();
            files.push(extra);
            let found = problems(&files);
            assert!(found.len() == 1 && found[0].contains(part), "{found:?}");
        }
    }

    #[test]
    fn migration_names() {
        for (stem, good) in [
            ("m20260101_000001_create_user", true),
            ("m20260101_1_create_user", false),
            ("m2026_000001_create_user", false),
            ("20260101_000001_create_user", false),
            ("m20260101_000001_", false),
            ("m20260101_000001", false),
        ] {
            assert_eq!(is_migration_name(stem), good, "{stem}");
        }
    }
}
