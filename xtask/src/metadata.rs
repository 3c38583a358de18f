//! The part of `cargo metadata` that the commands need.

use std::path::PathBuf;

use serde_json::Value;

use crate::workspace::cargo;
use crate::{Result, process};

/// The workspace as cargo sees it.
pub(crate) struct Metadata {
    pub(crate) target_directory: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// False for `publish = false`.
    pub(crate) published: bool,
    pub(crate) dependencies: Vec<Dependency>,
    /// Names of the integration test binaries.
    pub(crate) tests: Vec<String>,
    /// Whether tests may need more than the crate itself.
    pub(crate) has_tests: bool,
    /// The features apart from `default`.
    pub(crate) features: Vec<String>,
}

#[cfg(test)]
impl Package {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            published: true,
            dependencies: vec![],
            tests: vec![],
            has_tests: false,
            features: vec![],
        }
    }
}

/// One line of a dependency table.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) dev: bool,
}

/// Asks cargo about the members, without resolving what they depend on.
pub(crate) fn load() -> Result<Metadata> {
    parse(&process::output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?)
}

pub(crate) fn parse(json: &str) -> Result<Metadata> {
    let value: Value = serde_json::from_str(json).map_err(|e| format!("cargo metadata: {e}"))?;
    let target_directory = value["target_directory"].as_str().ok_or("cargo metadata: no target_directory")?.into();
    Ok(Metadata { target_directory, packages: list(&value["packages"], package) })
}

fn package(value: &Value) -> Package {
    let is_test = |target: &&Value| list(&target["kind"], text).iter().any(|kind| kind == "test");
    let targets = value["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let dependencies = list(&value["dependencies"], |dependency| Dependency {
        name: text(&dependency["name"]),
        dev: dependency["kind"] == "dev",
    });
    let tests: Vec<String> = targets.iter().filter(is_test).map(|target| text(&target["name"])).collect();
    let features = value["features"].as_object().into_iter().flat_map(|features| features.keys());
    Package {
        name: text(&value["name"]),
        published: value["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        has_tests: !tests.is_empty() || dependencies.iter().any(|dependency| dependency.dev),
        dependencies,
        tests,
        features: features.filter(|name| *name != "default").cloned().collect(),
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
