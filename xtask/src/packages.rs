//! Checks of the packages one by one: what compiles beside the others may lack a feature that they switch on.

use crate::metadata::{self, Package};
use crate::workspace::cargo;
use crate::{Result, process};

/// Checks every member by itself with its default features, as `cargo run -p NAME` and a user of the crate build it,
/// and then with its tests. Says how many there are.
///
/// Members share the target directory: of the dependencies only those are checked again that get other features.
pub(crate) fn alone() -> Result<String> {
    let packages = metadata::load()?.packages;
    let mut failures = vec![];
    for package in &packages {
        // Without `--tests` first: what only tests depend on would lend its features.
        let mut shapes = vec![vec![]];
        if package.has_tests {
            shapes.push(vec!["--tests"]);
        }
        for shape in shapes {
            let mut words = vec!["check", "--quiet", "--package", &package.name];
            words.extend(shape);
            println!("cargo {}", words.join(" "));
            if process::run(cargo().args(&words)).is_err() {
                failures.push(format!("cargo {}", words.join(" ")));
            }
            if process::interrupted() {
                return Err("interrupted".to_owned());
            }
        }
    }
    if failures.is_empty() {
        return Ok(format!("{} packages", packages.len()));
    }
    Err(format!("these do not build by themselves:\n{}", failures.join("\n")))
}

/// Checks every published package with each of its features alone, with none and with all.
pub(crate) fn features() -> Result<String> {
    let packages = metadata::load()?.packages;
    let mut combinations = 0;
    let mut failures = vec![];
    for package in packages.iter().filter(|package| !package.features.is_empty()) {
        for flags in shapes(package) {
            let mut words = vec!["check", "--quiet", "--package", &package.name, "--lib", "--no-default-features"];
            words.extend(flags.iter().map(String::as_str));
            combinations += 1;
            println!("cargo {}", words.join(" "));
            if process::run(cargo().args(&words)).is_err() {
                failures.push(format!("cargo {}", words.join(" ")));
            }
        }
    }
    if failures.is_empty() { Ok(format!("{combinations} sets of features")) } else { Err(failures.join("\n")) }
}

fn shapes(package: &Package) -> Vec<Vec<String>> {
    let one = package.features.iter().map(|feature| vec!["--features".to_owned(), feature.clone()]);
    let all = vec!["--all-features".to_owned()];
    [vec![]].into_iter().chain(one).chain([all]).collect()
}

/// The documentation of every member, in which each link leads somewhere.
pub(crate) fn doc() -> Result {
    process::run(cargo().args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
}

pub(crate) fn command(args: &[String]) -> Result {
    let verify = match args {
        [] => false,
        [flag] if flag == "--verify" => true,
        _ => return Err("usage: cargo xtask package [--verify]".to_owned()),
    };
    package(verify).map(|note| println!("packed: {note}"))
}

/// Packs what is published, as the registry would get it. `verify` builds each from its package.
pub(crate) fn package(verify: bool) -> Result<String> {
    let packages = metadata::load()?.packages;
    let published: Vec<&Package> = packages.iter().filter(|package| package.published).collect();
    let mut command = cargo();
    // A working copy may have changes; CI has none.
    command.args(["package", "--locked", "--allow-dirty"]);
    if !verify {
        command.arg("--no-verify");
    }
    command.args(published.iter().flat_map(|package| ["--package", &package.name]));
    process::run(&mut command)?;
    Ok(format!("{} packages", published.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_built_alone() {
        let package = Package { features: vec!["a".to_owned(), "b".to_owned()], ..Package::named("x") };
        let shapes: Vec<String> = shapes(&package).iter().map(|words| words.join(" ")).collect();
        assert_eq!(shapes, ["", "--features a", "--features b", "--all-features"]);
    }
}
