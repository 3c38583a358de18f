//! A feature in a crate of its own, on the public `auth_core::feature`. Its table, its error codes and its routes are
//! where those of all features are, its routes behind a cargo feature; an app adds it with `AuthBuilder::feature`.

use super::registration::{Registration, after, before, within};

pub(super) const TEMPLATES: [(&str, &str); 12] = [
    ("crates/auth-{{path}}/Cargo.toml", include_str!("../../templates/crate/Cargo.toml.txt")),
    ("crates/auth-{{path}}/src/lib.rs", include_str!("../../templates/crate/lib.rs.txt")),
    ("crates/auth-{{path}}/src/config.rs", include_str!("../../templates/crate/config.rs.txt")),
    ("crates/auth-{{path}}/src/service.rs", include_str!("../../templates/crate/service.rs.txt")),
    ("crates/auth-{{path}}/src/store.rs", include_str!("../../templates/crate/store.rs.txt")),
    ("crates/auth-{{path}}/src/mail/{{name}}.en.jinja", include_str!("../../templates/shared/mail.en.jinja.txt")),
    ("crates/auth-{{path}}/src/mail/{{name}}.de.jinja", include_str!("../../templates/shared/mail.de.jinja.txt")),
    ("crates/auth-entity/src/{{name}}.rs", include_str!("../../templates/shared/entity.rs.txt")),
    ("crates/auth-migration/src/{{migration}}.rs", include_str!("../../templates/shared/migration.rs.txt")),
    ("crates/auth-http/src/routes/{{name}}.rs", include_str!("../../templates/crate/routes.rs.txt")),
    ("integration-tests/src/scenarios/{{name}}.rs", include_str!("../../templates/crate/scenario.rs.txt")),
    ("docs/features/{{name}}.md", include_str!("../../templates/crate/page.md.txt")),
];

pub(super) const REGISTRATIONS: [Registration; 20] = [
    after("Cargo.toml", "auth-cli = {", "auth-{{path}} = { path = \"crates/auth-{{path}}\", version = \"0.1.0\" }"),
    before("crates/auth-core/src/error.rs", "LastSuperuser = ", super::CODE),
    before("crates/auth-entity/src/lib.rs", "pub mod user;", "pub mod {{name}};"),
    before("crates/auth-migration/src/lib.rs", "mod table;", "mod {{migration}};"),
    before("crates/auth-migration/src/lib.rs", "];", "    {{migration}}::TABLE,"),
    before(
        "crates/auth-http/Cargo.toml",
        "auth-core.workspace",
        "auth-{{path}} = { workspace = true, optional = true }",
    ),
    after("crates/auth-http/Cargo.toml", "[features]", "{{path}} = [\"dep:auth-{{path}}\"]"),
    after("crates/auth-http/src/routes/mod.rs", "mod ", "mod {{name}};"),
    before("crates/auth-http/src/routes/mod.rs", "feature!(health: ", "    feature!({{name}}: \"{{Title}}.\"),"),
    before("integration-tests/Cargo.toml", "auth-http = {", "auth-{{path}}.workspace = true"),
    within("integration-tests/Cargo.toml", "auth-http = { workspace = true, features = [", "\"{{path}}\", "),
    before("integration-tests/src/statuses.rs", "(E::LastSuperuser, ", "    (E::{{Type}}BadToken, 400, None),"),
    after("integration-tests/src/scenarios/mod.rs", "mod ", "mod {{name}};"),
    after("integration-tests/src/scenarios/mod.rs", "feature!(", "    feature!({{name}}),"),
    within(
        "integration-tests/src/scenarios/mod.rs",
        "const OTHER_CRATES: &[fn() -> Feature] = &[",
        "|| auth_{{name}}::feature(Default::default()), ",
    ),
    after("docs/features/README.md", "- [", "- [{{Title}}]({{name}}.md)"),
    after("CHANGELOG.md", "- ", "- {{Title}}: say here what a user gains."),
    before(
        "xtask/src/tidy/layers.rs",
        "(\"auth-http\", ",
        "    (\"auth-{{path}}\", &[\"auth-core\", \"auth-entity\"]),",
    ),
    within("xtask/src/tidy/layers.rs", "(\"auth-http\", &[", "\"auth-{{path}}\", "),
    after("xtask/src/tidy/layers.rs", "\"auth-testkit\",", "            \"auth-{{path}}\","),
];
