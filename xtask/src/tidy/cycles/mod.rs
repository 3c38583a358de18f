//! The files of a crate form no cycle: rule 3 of ARCHITECTURE.md.
//!
//! A file uses another one when its code names something that the other one defines, however the name gets there: by
//! `use`, by a path, through re-exports and globs, by a method call on a type that declarations tell, or by an accessor
//! of a handle, which stands for the service that it returns. `mod` lines, comments and tests use nothing.

mod components;
mod names;
mod storeys;
#[cfg(test)]
mod tests;
mod tree;
mod types;
mod uses;

use self::tree::Tree;
pub(super) use self::tree::{attributes, is_test};
pub(super) use self::types::snake;
use self::uses::Uses;
use super::File;

/// The crates that are checked.
const CRATES: [&str; 2] = [CORE, "crates/auth-http/src/"];
const CORE: &str = "crates/auth-core/src/";

/// What leads in a circle, and what leads upwards in the core. There is no exception.
pub(super) fn problems(files: &[File]) -> Vec<String> {
    CRATES.iter().flat_map(|directory| problems_of(files, directory)).collect()
}

fn problems_of(files: &[File], directory: &str) -> Vec<String> {
    let tree = match Tree::read(files, directory) {
        Ok(tree) => tree,
        Err(why) => return vec![why],
    };
    let uses = uses::of(&tree);
    let mut problems = cycles(directory, &tree, &uses);
    if directory == CORE {
        problems.extend(storeys::problems(files, directory, &tree, &uses));
    }
    problems
}

fn cycles(directory: &str, tree: &Tree, uses: &Uses) -> Vec<String> {
    let mut successors = vec![vec![]; tree.files.len()];
    for (from, to) in uses.keys() {
        successors[*from].push(*to);
    }
    let components = components::components(&successors);
    components.iter().map(|component| describe(directory, tree, uses, component)).collect()
}

fn describe(directory: &str, tree: &Tree, uses: &Uses, component: &[usize]) -> String {
    let name = |file: &usize| tree.files[*file].strip_prefix(directory).unwrap_or_default();
    let inner = uses.iter().filter(|((from, to), _)| component.contains(from) && component.contains(to));
    let lines = inner.map(|((from, to), used)| {
        format!("  {}:{}: `{}` is defined in {}", tree.files[*from], used.line, used.name, name(to))
    });
    let files: Vec<&str> = component.iter().map(name).collect();
    format!(
        "{directory}: {} files form a cycle; let imports go one way only: {}\n{}",
        files.len(),
        files.join(", "),
        lines.collect::<Vec<_>>().join("\n")
    )
}
