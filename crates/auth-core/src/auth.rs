//! The library's one handle: every service, on top of all of them.

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use time::OffsetDateTime;

use crate::account::Accounts;
use crate::admin::Admin;
use crate::audit::Audit;
use crate::backend::BuiltBackend;
use crate::email_change::EmailChanges;
use crate::feature::Feature;
use crate::kernel::Kernel;
use crate::login::Logins;
use crate::magic_link::MagicLinks;
use crate::one_time::OneTimeTokens;
use crate::password::PasswordHasher;
use crate::password_reset::PasswordResets;
use crate::profile::Profiles;
use crate::registration::Registrations;
use crate::session::Sessions;
use crate::settings::Settings;
use crate::verification::Verifications;
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

    /// Accounts: what all features that act on them share.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(self.kernel())
    }

    /// Registration.
    #[must_use]
    pub fn registration(&self) -> Registrations<'_> {
        Registrations::new(self.kernel())
    }

    /// The user's own account.
    #[must_use]
    pub fn profile(&self) -> Profiles<'_> {
        Profiles::new(self.kernel(), self.features())
    }

    /// Account management for superusers.
    #[must_use]
    pub fn admin(&self) -> Admin<'_> {
        Admin::new(self.kernel())
    }

    /// Logins with a password.
    #[must_use]
    pub fn login(&self) -> Logins<'_> {
        Logins::new(self.kernel())
    }

    /// Sessions: the check of a request, the list of sessions, logout.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(self.kernel())
    }

    /// Verification of email addresses.
    #[must_use]
    pub fn verification(&self) -> Verifications<'_> {
        Verifications::new(self.kernel())
    }

    /// New passwords for users who forgot theirs.
    #[must_use]
    pub fn password_reset(&self) -> PasswordResets<'_> {
        PasswordResets::new(self.kernel())
    }

    /// Email address changes.
    #[must_use]
    pub fn email_change(&self) -> EmailChanges<'_> {
        EmailChanges::new(self.kernel())
    }

    /// Passwordless login by email.
    #[must_use]
    pub fn magic_link(&self) -> MagicLinks<'_> {
        MagicLinks::new(self.kernel())
    }

    /// What happened.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit::new(self.kernel())
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

    /// Single-use tokens.
    #[must_use]
    pub fn one_time_tokens(&self) -> OneTimeTokens<'_> {
        OneTimeTokens::new(self.kernel())
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
