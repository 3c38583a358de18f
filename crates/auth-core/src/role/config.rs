//! The roles that the app declares.

use std::collections::BTreeSet;

use super::model::RoleName;

/// The roles that the app declares, which exist without being created. Names that cannot be roles are reported when the app is
/// built.
///
/// ```
/// use auth_core::role::RoleConfig;
///
/// let roles = RoleConfig::default().declare("editor").declare("notes:moderator").default_role("member");
/// # assert!(roles.problems().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleConfig {
    declared: BTreeSet<RoleName>,
    default_role: RoleName,
    malformed: Vec<String>,
}

impl Default for RoleConfig {
    /// No role but `user`, which every account has.
    fn default() -> Self {
        Self { declared: BTreeSet::new(), default_role: RoleName::user(), malformed: Vec::new() }
    }
}

impl RoleConfig {
    /// Declares a role.
    #[must_use]
    pub fn declare(mut self, name: &str) -> Self {
        let role = self.read(name);
        self.declared.extend(role);
        self
    }

    /// Names the role that every account has, in place of `user`.
    #[must_use]
    pub fn default_role(mut self, name: &str) -> Self {
        if let Some(role) = self.read(name) {
            self.default_role = role;
        }
        self
    }

    /// The roles that exist without being created, the default one among them.
    pub fn names(&self) -> impl Iterator<Item = &RoleName> {
        let others = self.declared.iter().filter(|role| **role != self.default_role);
        std::iter::once(&self.default_role).chain(others)
    }

    /// The role that every account has.
    #[must_use]
    pub fn default_name(&self) -> &RoleName {
        &self.default_role
    }

    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let problem = |name: &String| {
            format!(
                "rename the role {name:?}: use lower-case letters, digits, `-`, `_`, `:` and `.`, and begin with a letter or a digit"
            )
        };
        self.malformed.iter().map(problem).collect()
    }

    fn read(&mut self, name: &str) -> Option<RoleName> {
        let role = RoleName::parse(name).ok();
        if role.is_none() {
            self.malformed.push(name.to_owned());
        }
        role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_exists_once_and_bad_names_are_reported() {
        let names = |config: &RoleConfig| config.names().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&RoleConfig::default()), ["user"]);
        let config = RoleConfig::default().declare("Writer").declare("editor").declare("writer").default_role("editor");
        assert_eq!(names(&config), ["editor", "writer"]);
        assert!(config.problems().is_empty());
        let config = RoleConfig::default().declare(" owner").default_role("");
        assert_eq!((names(&config), config.problems().len()), (vec!["user".to_owned()], 2));
        assert!(config.problems()[0].contains("\" owner\""), "{:?}", config.problems());
    }
}
