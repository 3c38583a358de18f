//! The configuration of every feature: one row each, read here and by the setters of the builder.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Hands all rows to a macro: the sentence that documents a configuration, its name, its type.
macro_rules! for_each_config {
    ($then:ident) => {
        $then! {
            /// Whether accounts that nobody uses are deleted.
            accounts: crate::account::AccountConfig,
            /// Who may register.
            registration: crate::registration::RegistrationConfig,
            /// What a login needs.
            login: crate::login::LoginConfig,
            /// How long devices are known, and the link that makes one known.
            devices: crate::device::DeviceConfig,
            /// How long sessions live, and how many a user may have.
            sessions: crate::session::SessionConfig,
            /// Which passwords are good enough, and how they are hashed.
            passwords: crate::password::PasswordConfig,
            /// The link that verifies an email address.
            verification: crate::verification::VerificationConfig,
            /// The link to a new password.
            password_reset: crate::password_reset::PasswordResetConfig,
            /// The link of an invitation.
            invitation: crate::invitation::InvitationConfig,
            /// When a new email address replaces the old one, and the links that confirm and revert it.
            email_change: crate::email_change::EmailChangeConfig,
            /// The link that logs in.
            magic_link: crate::magic_link::MagicLinkConfig,
            /// The routes of token pairs as hasura-backend-plus gave them out, if the app has them.
            hasura: crate::hasura::HasuraConfig,
            /// The roles that the app declares, and the one that every account has.
            roles: crate::role::RoleConfig,
            /// How long the audit log keeps events.
            audit: crate::audit::AuditConfig,
            /// Which signing keys are made, and when.
            signing_keys: crate::signing_key::SigningKeyConfig,
            /// The rate limits.
            limits: crate::limit::Limits,
            /// Who delivers mail, and what it says.
            mail: crate::mail::MailConfig,
        }
    };
}
pub(crate) use for_each_config;

macro_rules! declare {
    ($($(#[$doc:meta])* $name:ident: $config:ty,)+) => {
        /// The configuration of every feature.
        #[derive(Clone, Debug, Default)]
        #[non_exhaustive]
        pub struct Configs {
            $($(#[$doc])* pub $name: $config,)+
            added: Added,
        }
    };
}
for_each_config!(declare);

impl Configs {
    /// The setting of a feature in a crate of its own; `None` when no such feature was added.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.added.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn add(&mut self, setting: Arc<dyn Any + Send + Sync>) {
        self.added.0.insert(setting.as_ref().type_id(), setting);
    }
}

/// Settings of added features, by their types.
#[derive(Clone, Default)]
struct Added(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} added", self.0.len())
    }
}
