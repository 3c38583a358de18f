//! The library's one handle: every service, on top of all of them.

use sea_orm::DatabaseConnection;
use time::OffsetDateTime;

use crate::backend::BuiltBackend;
use crate::kernel::Kernel;
use crate::password::PasswordHasher;
use crate::{
    Accounts, Admin, Audit, EmailChanges, MagicLinks, OneTimeTokens, Outgoing, PasswordResets, Purge, Sessions,
    Settings, Verification,
};

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
pub struct Auth(Kernel);

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("public_url", &self.settings().public_url.as_str()).finish_non_exhaustive()
    }
}

impl Auth {
    pub(crate) fn new(kernel: Kernel) -> Self {
        Self(kernel)
    }

    /// What features in crates of their own build on: see [`feature`](crate::feature).
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.0
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// The backends in order; the first is the default.
    #[must_use]
    pub fn backends(&self) -> &[BuiltBackend] {
        self.0.backends()
    }

    /// The app's own connection, which the library uses.
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        self.0.db()
    }

    /// Accounts, as their users manage them.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(&self.0)
    }

    /// Account management for superusers.
    #[must_use]
    pub fn admin(&self) -> Admin<'_> {
        Admin::new(&self.0)
    }

    /// Sessions: login, the check of a request, logout.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(&self.0)
    }

    /// Verification of email addresses.
    #[must_use]
    pub fn verification(&self) -> Verification<'_> {
        Verification::new(&self.0)
    }

    /// New passwords for users who forgot theirs.
    #[must_use]
    pub fn password_reset(&self) -> PasswordResets<'_> {
        PasswordResets::new(&self.0)
    }

    /// Changes of email addresses.
    #[must_use]
    pub fn email_change(&self) -> EmailChanges<'_> {
        EmailChanges::new(&self.0)
    }

    /// Passwordless login by mail.
    #[must_use]
    pub fn magic_link(&self) -> MagicLinks<'_> {
        MagicLinks::new(&self.0)
    }

    /// What happened.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit::new(&self.0)
    }

    /// The outbox.
    #[must_use]
    pub fn mail(&self) -> Outgoing<'_> {
        Outgoing::new(&self.0)
    }

    /// Deletion of expired rows.
    #[must_use]
    pub fn purge(&self) -> Purge<'_> {
        Purge::new(&self.0)
    }

    /// Single-use tokens.
    #[must_use]
    pub fn one_time_tokens(&self) -> OneTimeTokens<'_> {
        OneTimeTokens::new(&self.0)
    }

    /// The bounded pool that hashes passwords, for its metrics.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        self.0.hasher()
    }

    /// The current time, truncated to milliseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.0.now()
    }
}
