//! Putting an [`Auth`] together, with every mistake reported at once.

mod check;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use ipnet::IpNet;
use sea_orm::{DatabaseConnection, DatabaseConnectionType};
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, Semaphore};
use url::Url;

use crate::audit::MAX_PENDING;
use crate::features::FEATURES;
use crate::hooks::HookRunner;
use crate::jwt::install_provider;
use crate::kernel::{AttributesCheck, Kernel, Parts};
use crate::limit::Limits;
use crate::mail::{NoMailer, Templates};
use crate::password::{HasherConfig, PasswordHasher, PasswordPolicy, StandardPolicy};
use crate::seal::Sealer;
use crate::session::SessionLimits;
use crate::session::lookup::Lookup;
use crate::{
    Auth, Backend, Clock, EmailChange, Hooks, Mailer, OsRandom, Random, Registration, RootSecret, SystemClock,
};

/// How long the audit log keeps an event when the app does not say.
const AUDIT_RETENTION: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Everything that is wrong with a configuration, each with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid auth configuration:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Collects what an [`Auth`] is made of. Required are [`public_url`](Self::public_url), [`secret`](Self::secret) and at
/// least one [`backend`](Self::backend); all else has a default.
pub struct AuthBuilder {
    db: DatabaseConnection,
    public_url: Option<String>,
    frontend_url: Option<String>,
    secret: Option<RootSecret>,
    former_secrets: Vec<RootSecret>,
    backends: Vec<Backend>,
    allowed_origins: Vec<String>,
    trusted_proxies: Vec<IpNet>,
    service_name: Option<String>,
    registration: Registration,
    require_verified: bool,
    email_change: EmailChange,
    sessions: SessionLimits,
    limits: Limits,
    audit_retention: Duration,
    mailer: Arc<dyn Mailer>,
    mail_templates: Option<Templates>,
    hasher: HasherConfig,
    policy: Arc<dyn PasswordPolicy>,
    attributes: Option<AttributesCheck>,
    hooks: Option<Arc<dyn Hooks>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Auth {
    /// Starts the configuration of an app's authentication, with its tables in `db`.
    #[must_use]
    pub fn builder(db: DatabaseConnection) -> AuthBuilder {
        AuthBuilder::new(db)
    }
}

impl AuthBuilder {
    fn new(db: DatabaseConnection) -> Self {
        Self {
            db,
            public_url: None,
            frontend_url: None,
            secret: None,
            former_secrets: Vec::new(),
            backends: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            service_name: None,
            registration: Registration::default(),
            require_verified: false,
            email_change: EmailChange::default(),
            sessions: SessionLimits::default(),
            limits: Limits::default(),
            audit_retention: AUDIT_RETENTION,
            mailer: Arc::new(NoMailer),
            mail_templates: None,
            hasher: HasherConfig::default(),
            policy: Arc::new(StandardPolicy::default()),
            attributes: None,
            hooks: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        }
    }

    /// The URL at which users reach the app: the only source of absolute URLs and of the app's own origin. Must be
    /// https, except for localhost.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// The URL below which the pages are that links in mails lead to; the public URL by default. Its origin may also
    /// send requests with the session cookie.
    #[must_use]
    pub fn frontend_url(mut self, url: impl Into<String>) -> Self {
        self.frontend_url = Some(url.into());
        self
    }

    /// The secret that all keys are derived from.
    #[must_use]
    pub fn secret(mut self, secret: RootSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// A secret that was replaced: data encrypted with it can still be read, but tokens signed with it are no longer
    /// accepted.
    #[must_use]
    pub fn former_secret(mut self, secret: RootSecret) -> Self {
        self.former_secrets.push(secret);
        self
    }

    /// Adds a backend. The first is the default; a request is authenticated by the first one that finds a valid token.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backends.push(backend);
        self
    }

    /// Adds another origin whose pages may send requests with the session cookie, such as `https://app.example.com`.
    #[must_use]
    pub fn allowed_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Adds a proxy whose `X-Forwarded-For` is trusted. Without one, the header is ignored.
    #[must_use]
    pub fn trusted_proxy(mut self, proxy: IpNet) -> Self {
        self.trusted_proxies.push(proxy);
        self
    }

    /// The name of the service that users see, which passwords must not consist of. The public host by default.
    #[must_use]
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Who may register; everyone by default.
    #[must_use]
    pub fn registration(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }

    /// Whether a login needs a verified email address; not by default.
    #[must_use]
    pub fn require_verified(mut self, require: bool) -> Self {
        self.require_verified = require;
        self
    }

    /// When a new email address replaces the old one; at once by default.
    #[must_use]
    pub fn email_change(mut self, change: EmailChange) -> Self {
        self.email_change = change;
        self
    }

    /// The mailer. Without one, every mail becomes a dead letter at once, with an event that says so.
    #[must_use]
    pub fn mailer(mut self, mailer: impl Mailer) -> Self {
        self.mailer = Arc::new(mailer);
        self
    }

    /// The texts of mails and their languages.
    #[must_use]
    pub fn mail_templates(mut self, templates: Templates) -> Self {
        self.mail_templates = Some(templates);
        self
    }

    /// How long the audit log keeps an event; 180 days by default.
    #[must_use]
    pub fn audit_retention(mut self, retention: Duration) -> Self {
        self.audit_retention = retention;
        self
    }

    /// How long sessions live.
    #[must_use]
    pub fn sessions(mut self, limits: SessionLimits) -> Self {
        self.sessions = limits;
        self
    }

    /// Rate limits for unauthenticated actions.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How passwords are hashed.
    #[must_use]
    pub fn hasher(mut self, config: HasherConfig) -> Self {
        self.hasher = config;
        self
    }

    /// The rules for new passwords.
    #[must_use]
    pub fn password_policy(mut self, policy: impl PasswordPolicy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Declares the app's type for the users' attributes. Attributes that do not fit it are rejected with 422, so that
    /// [`User::attributes_as`](crate::User::attributes_as) always succeeds. Every field needs a default.
    #[must_use]
    pub fn attributes<T: DeserializeOwned + 'static>(mut self) -> Self {
        self.attributes = Some(Arc::new(|value| T::deserialize(value).map(drop).map_err(|cause| cause.to_string())));
        self
    }

    /// The app's hooks.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of randomness, for tests.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Builds the handle.
    ///
    /// # Errors
    /// Fails with every mistake in the configuration at once, each with what to do.
    pub fn build(self) -> Result<Auth, ConfigErrors> {
        // Also when no backend signs: the app may call `jsonwebtoken` itself.
        install_provider();
        let mut problems = Vec::new();
        if matches!(self.db.inner, DatabaseConnectionType::Disconnected) {
            problems.push("the database connection is not connected: await `Database::connect` first".to_owned());
        }
        let settings = check::settings(&self, &mut problems);
        let backends = check::backends(&self, settings.as_ref().map(|settings| &settings.public_url), &mut problems);
        let keys = self.secret.as_ref().and_then(|secret| {
            let sealer = Sealer::new(secret, &self.former_secrets);
            let sealer = sealer.inspect_err(|cause| problems.push(cause.to_string())).ok()?;
            let key = |label| hmac::Key::new(hmac::HMAC_SHA256, secret.derive(label).as_ref());
            Some((sealer, key("one-time/code"), key("limit/bucket")))
        });
        let templates = self.mail_templates.map_or_else(|| Templates::builder().build(), Ok);
        let templates = templates.inspect_err(|cause| problems.push(cause.to_string())).ok();
        let hasher = match PasswordHasher::new(self.hasher) {
            Ok(hasher) if problems.is_empty() => Some(hasher),
            Ok(_) => None,
            Err(cause) => {
                problems.push(cause.to_string());
                None
            }
        };
        let (Some(settings), Some(hasher), Some((sealer, code_key, limit_key)), Some(templates)) =
            (settings, hasher, keys, templates)
        else {
            return Err(ConfigErrors(problems));
        };
        let lookup = Lookup::new(self.db.get_database_backend());
        Ok(Auth::new(
            Kernel::new(Parts {
                db: self.db,
                settings,
                backends,
                clock: self.clock,
                random: self.random,
                hooks: HookRunner::new(self.hooks),
                hasher,
                policy: self.policy,
                attributes: self.attributes,
                lookup,
                sealer,
                code_key,
                limit_key,
                mailer: self.mailer,
                templates,
                bell: Notify::new(),
                pending_events: Arc::new(Semaphore::new(MAX_PENDING)),
            }),
            FEATURES.to_vec(),
        ))
    }

    /// The public URL, or what is wrong with it.
    fn parsed_url(&self) -> Result<Url, String> {
        let text = self.public_url.as_deref().ok_or("set `public_url`, such as https://notes.example.com")?;
        check::parse_url("public_url", text)
    }
}
