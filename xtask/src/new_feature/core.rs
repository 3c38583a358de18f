//! A feature of the core.

use super::registration::{Registration, after, before};

pub(super) const TEMPLATES: [(&str, &str); 11] = [
    ("crates/auth-core/src/{{name}}/mod.rs", include_str!("../../templates/core/mod.rs.txt")),
    ("crates/auth-core/src/{{name}}/config.rs", include_str!("../../templates/core/config.rs.txt")),
    ("crates/auth-core/src/{{name}}/service.rs", include_str!("../../templates/core/service.rs.txt")),
    ("crates/auth-core/src/{{name}}/store.rs", include_str!("../../templates/core/store.rs.txt")),
    ("crates/auth-core/src/{{name}}/mail/{{name}}.en.jinja", include_str!("../../templates/shared/mail.en.jinja.txt")),
    ("crates/auth-core/src/{{name}}/mail/{{name}}.de.jinja", include_str!("../../templates/shared/mail.de.jinja.txt")),
    ("crates/auth-entity/src/{{name}}.rs", include_str!("../../templates/shared/entity.rs.txt")),
    ("crates/auth-migration/src/{{migration}}.rs", include_str!("../../templates/shared/migration.rs.txt")),
    ("crates/auth-http/src/routes/{{name}}.rs", include_str!("../../templates/core/routes.rs.txt")),
    ("integration-tests/src/scenarios/{{name}}.rs", include_str!("../../templates/core/scenario.rs.txt")),
    ("docs/features/{{name}}.md", include_str!("../../templates/core/page.md.txt")),
];

/// The order of modules does not matter: `cargo fmt` sorts them afterwards.
pub(super) const REGISTRATIONS: [Registration; 16] = [
    before("crates/auth-core/src/lib.rs", "pub mod account;", "pub mod {{name}};"),
    before("crates/auth-core/src/lib.rs", "pub use account::", "pub use {{name}}::{{{Types}}, {{Type}}Config};"),
    after(
        "crates/auth-core/src/auth.rs",
        "services! {",
        "    /// {{Title}}.\n    {{name}}: crate::{{name}}::{{Types}}<'_>,",
    ),
    before("crates/auth-core/src/features.rs", "];", "    crate::{{name}}::FEATURE,"),
    after(
        "crates/auth-core/src/configs.rs",
        "$then! {",
        "            /// {{Title}}.\n            {{name}}: crate::{{name}}::{{Type}}Config,",
    ),
    before("crates/auth-core/src/error.rs", "LastSuperuser = ", super::CODE),
    before("crates/auth-entity/src/lib.rs", "pub mod user;", "pub mod {{name}};"),
    before("crates/auth-migration/src/lib.rs", "mod table;", "mod {{migration}};"),
    before("crates/auth-migration/src/lib.rs", "];", "    {{migration}}::TABLE,"),
    after("crates/auth-http/src/routes/mod.rs", "mod ", "mod {{name}};"),
    before("crates/auth-http/src/routes/mod.rs", "feature!(health: ", "    feature!({{name}}: \"{{Title}}.\"),"),
    before("integration-tests/src/statuses.rs", "(E::LastSuperuser, ", "    (E::{{Type}}BadToken, 400, None),"),
    after("integration-tests/src/scenarios/mod.rs", "mod ", "mod {{name}};"),
    after("integration-tests/src/scenarios/mod.rs", "feature!(", "    feature!({{name}}),"),
    after("docs/features/README.md", "- [", "- [{{Title}}]({{name}}.md)"),
    after("CHANGELOG.md", "- ", "- {{Title}}: say here what a user gains."),
];
