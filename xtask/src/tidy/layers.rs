//! Which crate may depend on which: the picture at the top of ARCHITECTURE.md. An arrow that is not drawn is forbidden.

use crate::metadata::Package;

const ADAPTERS: [&str; 3] = ["auth-axum", "auth-actix", "auth-poem"];

/// Each member with the members it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("auth-entity", &[]),
    ("auth-migration", &["auth-entity"]),
    ("auth-core", &["auth-entity"]),
    ("auth-redis", &["auth-core"]),
    ("auth-http", &["auth-core"]),
    ("auth-axum", &["auth-http", "auth-core"]),
    ("auth-actix", &["auth-http", "auth-core"]),
    ("auth-poem", &["auth-http", "auth-core"]),
    ("auth-testkit", &["auth-core", "auth-migration"]),
    ("auth-cli", &["auth-core", "auth-migration"]),
    ("admin-cli", &["app-support", "auth-cli"]),
    ("app-support", &["auth-core", "auth-http", "auth-migration", "auth-redis"]),
    ("axum-app", &["app-support", "auth-axum", "auth-core", "auth-http"]),
    ("actix-app", &["app-support", "auth-actix", "auth-core", "auth-http"]),
    ("poem-app", &["app-support", "auth-poem", "auth-core", "auth-http"]),
    ("hardened-server", &["app-support", "auth-axum", "auth-poem", "auth-core", "auth-http"]),
    (
        "integration-tests",
        &[
            "auth-testkit",
            "auth-cli",
            "auth-http",
            "auth-axum",
            "auth-actix",
            "auth-poem",
            "auth-redis",
            "auth-core",
            "auth-migration",
            "app-support",
            "axum-app",
            "actix-app",
            "poem-app",
        ],
    ),
    ("xtask", &[]),
];

/// What tests alone may use besides.
const FOR_TESTS: [&str; 2] = ["auth-testkit", "auth-migration"];

/// External crates that belong to some members: rule 1.
const CONFINED: [(&str, &[&str]); 7] = [
    ("metrics", &["auth-core"]),
    ("metrics-exporter-prometheus", &["app-support", "integration-tests"]),
    ("axum", &["auth-axum", "axum-app", "hardened-server", "integration-tests"]),
    ("actix-web", &["auth-actix", "actix-app", "integration-tests"]),
    ("poem", &["auth-poem", "poem-app", "hardened-server", "integration-tests"]),
    ("tower", &["auth-axum", "axum-app", "hardened-server", "integration-tests"]),
    (
        "http",
        &[
            "auth-http",
            "auth-axum",
            "auth-actix",
            "auth-poem",
            "app-support",
            "axum-app",
            "actix-app",
            "poem-app",
            "hardened-server",
            "integration-tests",
        ],
    ),
];

pub(super) fn problems(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(|package| problems_of(package, packages)).collect()
}

fn problems_of(package: &Package, packages: &[Package]) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| *member == name) else {
        return vec![format!("{name}: a new package; say what it may depend on in xtask/src/tidy/layers.rs")];
    };
    let mut problems = vec![];
    for dependency in &package.dependencies {
        let to = dependency.name.as_str();
        let drawn = allowed.contains(&to) || dependency.dev && FOR_TESTS.contains(&to);
        if packages.iter().any(|member| member.name == to) && !drawn {
            problems.push(format!(
                "{name}: may not depend on {to}; move the code to where the arrows of ARCHITECTURE.md allow it"
            ));
        }
        if CONFINED.iter().any(|(external, members)| *external == to && !members.contains(&name) && !dependency.dev) {
            let home = if ADAPTERS.contains(&name) { "another adapter's" } else { "an outer layer's" };
            problems
                .push(format!("{name}: may not use {to}, which is {home}; keep framework and HTTP types out of it"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        let dependencies = dependencies.iter().map(|(name, dev)| Dependency { name: (*name).to_owned(), dev: *dev });
        Package { dependencies: dependencies.collect(), ..Package::named(name) }
    }

    #[test]
    fn only_drawn_arrows_pass() {
        for (name, dependencies, expected) in [
            ("auth-core", vec![("auth-entity", false), ("serde", false)], 0),
            ("auth-core", vec![("auth-http", false)], 1),
            ("auth-core", vec![("auth-testkit", true), ("auth-migration", true)], 0),
            ("auth-core", vec![("auth-testkit", false)], 1),
            ("auth-core", vec![("http", false), ("axum", false)], 2),
            ("auth-axum", vec![("axum", false), ("http", false), ("auth-http", false)], 0),
            ("auth-axum", vec![("poem", false), ("auth-poem", false)], 2),
            ("auth-new", vec![], 1),
            ("xtask", vec![("auth-core", false)], 1),
        ] {
            let mut packages = vec![package(name, &dependencies)];
            packages.extend(ARROWS.iter().filter(|(other, _)| *other != name).map(|(other, _)| package(other, &[])));
            assert_eq!(problems(&packages).len(), expected, "{name} {dependencies:?}");
        }
    }
}
