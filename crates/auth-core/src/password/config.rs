//! Which passwords are good enough, and how they are hashed.

use std::fmt;
use std::sync::Arc;

use super::hasher_config::HasherConfig;
use super::policy::{PasswordPolicy, StandardPolicy};

/// The configuration of passwords.
#[derive(Clone)]
pub struct PasswordConfig {
    /// How they are hashed.
    pub hasher: HasherConfig,
    /// Which are good enough.
    pub policy: Arc<dyn PasswordPolicy>,
}

impl PasswordConfig {
    /// The same configuration with another policy.
    #[must_use]
    pub fn with_policy(self, policy: impl PasswordPolicy) -> Self {
        Self { policy: Arc::new(policy), ..self }
    }

    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.hasher.problems()
    }
}

impl Default for PasswordConfig {
    /// The default hasher and the [`StandardPolicy`].
    fn default() -> Self {
        Self { hasher: HasherConfig::default(), policy: Arc::new(StandardPolicy::default()) }
    }
}

impl From<HasherConfig> for PasswordConfig {
    fn from(hasher: HasherConfig) -> Self {
        Self { hasher, ..Self::default() }
    }
}

impl<P: PasswordPolicy> From<P> for PasswordConfig {
    fn from(policy: P) -> Self {
        Self::default().with_policy(policy)
    }
}

impl fmt::Debug for PasswordConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordConfig").field("hasher", &self.hasher).finish_non_exhaustive()
    }
}
