//! The library's one handle.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::builder::AuthBuilder;
use crate::config::BuiltBackend;
use crate::hooks::HookRunner;
use crate::limit::Limiter;
use crate::mail::outbox::Outbox;
use crate::mail::{MailLink, Templates};
use crate::password::{PasswordHasher, PasswordPolicy};
use crate::seal::Sealer;
use crate::session::lookup::Lookup;
use crate::user::User;
use crate::{
    Accounts, Admin, Audit, Client, Clock, EmailChanges, Error, Event, EventKind, MagicLinks, Mailer, OneTimeTokens,
    Outgoing, PasswordResets, Purge, Random, Result, Sessions, Settings, Verification, clock, json,
};

/// Checks the JSON object that an app keeps about each user.
pub(crate) type AttributesCheck = Arc<dyn Fn(&serde_json::Value) -> std::result::Result<(), String> + Send + Sync>;

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
pub struct Auth(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: DatabaseConnection,
    pub(crate) settings: Settings,
    pub(crate) backends: Vec<BuiltBackend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) hooks: HookRunner,
    pub(crate) hasher: PasswordHasher,
    pub(crate) policy: Arc<dyn PasswordPolicy>,
    pub(crate) attributes: Option<AttributesCheck>,
    pub(crate) lookup: Lookup,
    pub(crate) sealer: Sealer,
    pub(crate) code_key: hmac::Key,
    pub(crate) limit_key: hmac::Key,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) mail_templates: Templates,
    pub(crate) outbox: Outbox,
    pub(crate) notes: Arc<Semaphore>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("public_url", &self.0.settings.public_url.as_str()).finish_non_exhaustive()
    }
}

impl Auth {
    /// Begins to configure the authentication of an app whose tables live behind `db`.
    #[must_use]
    pub fn builder(db: DatabaseConnection) -> AuthBuilder {
        AuthBuilder::new(db)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// What was configured.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The backends in order; the first is the default.
    #[must_use]
    pub fn backends(&self) -> &[BuiltBackend] {
        &self.0.backends
    }

    /// The app's own connection, which the library works with.
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        &self.0.db
    }

    /// Accounts of people who act for themselves.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(self)
    }

    /// Accounts as superusers manage them.
    #[must_use]
    pub fn admin(&self) -> Admin<'_> {
        Admin::new(self)
    }

    /// Sessions: login, the check of a request, logout.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(self)
    }

    /// Proof of mailboxes.
    #[must_use]
    pub fn verification(&self) -> Verification<'_> {
        Verification::new(self)
    }

    /// New passwords for forgotten ones.
    #[must_use]
    pub fn password_reset(&self) -> PasswordResets<'_> {
        PasswordResets::new(self)
    }

    /// New addresses for old ones.
    #[must_use]
    pub fn email_change(&self) -> EmailChanges<'_> {
        EmailChanges::new(self)
    }

    /// Logins by mail.
    #[must_use]
    pub fn magic_link(&self) -> MagicLinks<'_> {
        MagicLinks::new(self)
    }

    /// What happened.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit::new(self)
    }

    /// Mails on their way out.
    #[must_use]
    pub fn mail(&self) -> Outgoing<'_> {
        Outgoing::new(self)
    }

    pub(crate) fn limiter(&self) -> Limiter<'_> {
        Limiter::new(self)
    }

    /// Forgetting what has expired.
    #[must_use]
    pub fn purge(&self) -> Purge<'_> {
        Purge::new(self)
    }

    /// Tokens that may be redeemed once.
    #[must_use]
    pub fn one_time_tokens(&self) -> OneTimeTokens<'_> {
        OneTimeTokens::new(self)
    }

    /// The bounded pool that hashes passwords, for its metrics.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    /// The present moment, cut to milliseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        clock::milliseconds(self.0.clock.now())
    }

    /// A fresh UUID version 7 from the configured clock and randomness.
    pub(crate) fn new_id(&self, now: OffsetDateTime) -> Result<Uuid> {
        new_id(self.0.random.as_ref(), now)
    }

    /// An event that happens now.
    pub(crate) fn event(&self, client: &Client, kind: EventKind) -> Event {
        let at = self.now();
        // An event without an id of its own is better than none.
        let id = self.new_id(at).unwrap_or_default();
        Event { id, at, client: client.clone(), kind }
    }

    /// A link to a page of the front end, with a token.
    pub(crate) fn mail_link(&self, page: &str, token: &SecretString, lifetime: Duration) -> MailLink {
        let mut url = self.0.settings.frontend_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(page.split('/'));
        }
        url.query_pairs_mut().append_pair("token", token.expose_secret());
        MailLink::new(url, lifetime)
    }

    /// Words that a password must not be made of.
    pub(crate) fn policy_context(&self, user: Option<&User>, more: &[Option<&str>]) -> crate::password::PolicyContext {
        let settings = &self.0.settings;
        let own = user.map(|user| [&user.email, &user.username, &user.display_name]);
        let words = [Some(settings.service_name.as_str()), settings.public_url.host_str()]
            .into_iter()
            .chain(own.into_iter().flatten().map(|word| word.as_deref()))
            .chain(more.iter().copied())
            .flatten();
        crate::password::PolicyContext { words: words.map(str::to_owned).collect() }
    }

    /// Checks a new attributes object: whether it can be stored, and the app's own rule.
    pub(crate) fn check_attributes(&self, attributes: &serde_json::Value) -> Result<()> {
        let invalid = |message: String| Error::Invalid { field: "attributes", kind: "attributes_invalid", message };
        json::check_storable(attributes).map_err(|message| invalid(message.to_owned()))?;
        match &self.0.attributes {
            Some(check) => check(attributes).map_err(invalid),
            None => Ok(()),
        }
    }
}

/// A UUID version 7 (RFC 9562), which sorts by time.
pub(crate) fn new_id(random: &dyn Random, now: OffsetDateTime) -> Result<Uuid> {
    let mut bytes = [0; 10];
    random.fill(&mut bytes).map_err(Error::internal)?;
    let milliseconds = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid())
}
