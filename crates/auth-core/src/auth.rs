//! The library's one handle: every service, on top of all of them.

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use time::OffsetDateTime;

use crate::backend::BuiltBackend;
use crate::feature::Feature;
use crate::hasura::Hasura;
use crate::kernel::Kernel;
use crate::password::PasswordHasher;
use crate::profile::Profiles;
use crate::settings::Settings;
use crate::worker::{self, Outgoing, Purge, Workers};

/// The authentication of an app: one handle, cheap to clone, safe to share.
///
/// ```no_run
/// # async fn example(db: auth_core::sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use auth_core::{Auth, Backend, CookieOptions, RootSecret};
///
/// let auth = Auth::builder(db)
///     .public_url("https://notes.example.com")
///     .secret(RootSecret::new(std::fs::read("auth.secret")?))
///     .backend(Backend::cookie("cookie", CookieOptions::default()))
///     .backend(Backend::bearer("api"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Auth(Arc<Whole>);

/// The kernel, and the features on top of it.
struct Whole {
    kernel: Kernel,
    features: Arc<[Feature]>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("public_url", &self.settings().public_url.as_str()).finish_non_exhaustive()
    }
}

/// An accessor for each service that needs the kernel alone.
macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $service:ty,)+) => {
        impl Auth {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> $service {
                    <$service>::new(self.kernel())
                }
            )+
        }
    };
}

services! {
    /// Accounts: what all features that act on them share.
    accounts: crate::account::Accounts<'_>,
    /// Registration.
    registration: crate::registration::Registrations<'_>,
    /// Account management for superusers.
    admin: crate::admin::Admin<'_>,
    /// Roles of accounts.
    roles: crate::role::Roles<'_>,
    /// Logins with a password.
    login: crate::login::Logins<'_>,
    /// Devices from which accounts were used before.
    devices: crate::device::Devices<'_>,
    /// Sessions: the check of a request, the list of sessions, logout.
    sessions: crate::session::Sessions<'_>,
    /// Refresh tokens: the next access token of a session.
    refresh_tokens: crate::session::RefreshTokens<'_>,
    /// Verification of email addresses.
    verification: crate::verification::Verifications<'_>,
    /// New passwords for users who forgot theirs.
    password_reset: crate::password_reset::PasswordResets<'_>,
    /// Accounts that wait for their users.
    invitation: crate::invitation::Invitations<'_>,
    /// Email address changes.
    email_change: crate::email_change::EmailChanges<'_>,
    /// Passwordless login by email.
    magic_link: crate::magic_link::MagicLinks<'_>,
    /// What happened.
    audit: crate::audit::Audit<'_>,
    /// What holds for the installation as a whole: its keys, and what ends once a backup was restored.
    installation: crate::installation::Installation<'_>,
    /// Signing keys that rotate.
    signing_keys: crate::signing_key::SigningKeys<'_>,
    /// Single-use tokens.
    one_time_tokens: crate::one_time::OneTimeTokens<'_>,
}

impl Auth {
    pub(crate) fn new(kernel: Kernel, features: Vec<Feature>) -> Self {
        Self(Arc::new(Whole { kernel, features: features.into() }))
    }

    /// What features in crates of their own build on: see [`feature`](crate::feature).
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// All features: the library's own, and those that were added.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.0.features
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.kernel().settings()
    }

    /// The backends in order; the first is the default.
    #[must_use]
    pub fn backends(&self) -> &[BuiltBackend] {
        self.kernel().backends()
    }

    /// The app's own connection, which the library uses.
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        self.kernel().db()
    }

    /// The user's own account.
    #[must_use]
    pub fn profile(&self) -> Profiles<'_> {
        Profiles::new(self.kernel(), self.features())
    }

    /// Token pairs as hasura-backend-plus gave them out, if the app has [them](crate::AuthBuilder::hasura).
    #[must_use]
    pub fn hasura(&self) -> Option<Hasura<'_>> {
        Hasura::new(self.kernel())
    }

    /// Outgoing mail.
    #[must_use]
    pub fn mail(&self) -> Outgoing<'_> {
        Outgoing::new(self.kernel(), self.features())
    }

    /// Deletion of expired rows.
    #[must_use]
    pub fn purge(&self) -> Purge<'_> {
        Purge::new(self.kernel(), self.features())
    }

    /// The bounded pool that hashes passwords, for its metrics.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        self.kernel().hasher()
    }

    /// The current time, truncated to milliseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.kernel().now()
    }

    /// Begins the background work: mail leaves, and what has expired is deleted. Call it once in each server, and keep
    /// what it returns for as long as the server runs. Several servers share the work.
    pub fn spawn_workers(&self) -> Workers {
        worker::spawn(self.kernel().clone(), self.0.features.clone())
    }
}
