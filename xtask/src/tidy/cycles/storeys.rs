//! The three storeys of the core: the handle and what knows all features; the features; and what features stand on. A name is
//! used from its own storey or from above.

use super::tree::{FileId, Tree};
use super::uses::Uses;
use crate::tidy::File;

/// The top: modules that know all features.
const TOP: [&str; 5] = ["auth", "builder", "features", "lib", "worker"];

/// Modules with routes that other features stand on.
const BASE: [&str; 6] = ["account", "audit", "device", "role", "session", "token"];

/// The configuration of a feature is plain data, which the settings on the ground hold.
const CONFIGURATION: &str = "/config.rs";

/// A feature is a module with a routes file of the same name.
const ROUTES: &str = "crates/auth-http/src/routes/";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Storey {
    Ground,
    Features,
    Top,
}

/// The uses that lead upwards.
pub(super) fn problems(files: &[File], directory: &str, tree: &Tree, uses: &Uses) -> Vec<String> {
    let storey = |file: FileId| storey(files, tree.files[file].strip_prefix(directory).unwrap_or_default());
    let upwards = uses.iter().filter(|((from, to), _)| storey(*from) < storey(*to));
    let problems = upwards.map(|((from, to), used)| {
        let (from, to) = (&tree.files[*from], &tree.files[*to]);
        format!("{from}:{}: `{}` is defined in {to}, a storey above; move it down or hand it in", used.line, used.name)
    });
    problems.collect()
}

fn storey(files: &[File], path: &str) -> Storey {
    let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let routes = format!("{ROUTES}{module}.rs");
    if TOP.contains(&module) {
        Storey::Top
    } else if path.ends_with(CONFIGURATION) {
        Storey::Ground
    } else if !BASE.contains(&module) && files.iter().any(|file| file.path == routes) {
        Storey::Features
    } else {
        Storey::Ground
    }
}
