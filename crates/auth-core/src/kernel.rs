//! What every service stands on: the connection, the settings, the keys, and what the app plugged in.
//!
//! It knows no feature. Services hold a reference to it, and [`Auth`](crate::Auth) hands them out from above.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::sync::{Notify, Semaphore};
use url::Url;
use uuid::Uuid;

use crate::backend::BuiltBackend;
use crate::change::ChangeFeed;
use crate::client::Client;
use crate::clock::{self, Clock};
use crate::configs::Configs;
use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::hooks::HookRunner;
use crate::installation::PeerWatch;
use crate::json;
use crate::limit::SharedClock;
use crate::mail::{Language, LinkConfig, MailLink, Templates};
use crate::password::{PasswordHasher, PolicyContext};
use crate::principal::{Principal, Source};
use crate::random::{Random, new_id};
use crate::seal::Sealer;
use crate::session::cache::SessionCache;
use crate::session::lookup::Lookup;
use crate::settings::Settings;
use crate::share::Places;
use crate::signing_key::Ring;
use crate::user::User;

/// Checks the JSON object that an app keeps about each user.
pub(crate) type AttributesCheck = Arc<dyn Fn(&serde_json::Value) -> std::result::Result<(), String> + Send + Sync>;

/// The ground of all services: one handle, cheap to clone.
#[derive(Clone)]
pub struct Kernel(Arc<Parts>);

/// What a kernel is made of.
pub(crate) struct Parts {
    pub(crate) db: DatabaseConnection,
    pub(crate) settings: Settings,
    pub(crate) backends: Vec<BuiltBackend>,
    /// Backends whose tokens only routes of their own take.
    pub(crate) unlisted: Vec<BuiltBackend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) hooks: HookRunner,
    pub(crate) hasher: PasswordHasher,
    pub(crate) attributes: Option<AttributesCheck>,
    /// What this handle's principals are told by from those of other handles.
    pub(crate) source: Source,
    pub(crate) lookup: Lookup,
    /// What this server knows of changes.
    pub(crate) changes: ChangeFeed,
    /// The sessions that it remembers, if the app wants that.
    pub(crate) sessions: Option<SessionCache>,
    pub(crate) sealer: Arc<Sealer>,
    /// The signing keys, where a backend has managed ones.
    pub(crate) ring: Option<Ring>,
    /// The first makes codes; all of them tell whether a code is right.
    pub(crate) code_keys: Vec<hmac::Key>,
    pub(crate) limit_key: hmac::Key,
    pub(crate) templates: Templates,
    /// Rings when something was put into the outbox.
    pub(crate) bell: Notify,
    /// As many permits as exports may be held in memory at once.
    pub(crate) exports: Arc<Semaphore>,
    /// The time that limits go by.
    pub(crate) shared_clock: SharedClock,
    /// Looks for proxies that are not configured.
    pub(crate) peers: PeerWatch,
    /// The places of events that wait to be written down.
    pub(crate) pending_events: Places,
    /// The places of questions to owners whether it was them.
    pub(crate) pending_questions: Places,
    /// As many permits as logins may wait for a link at once.
    pub(crate) waiting_logins: Semaphore,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("public_url", &self.0.settings.public_url.as_str()).finish_non_exhaustive()
    }
}

impl Kernel {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    /// The app's own connection.
    #[must_use]
    pub fn db(&self) -> &DatabaseConnection {
        &self.0.db
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The configuration of every feature, those that were added included: [`Configs::get`].
    #[must_use]
    pub fn configs(&self) -> &Configs {
        &self.0.settings.configs
    }

    /// The backends in order; the first is the default.
    #[must_use]
    pub fn backends(&self) -> &[BuiltBackend] {
        &self.0.backends
    }

    /// These, and those whose tokens only routes of their own take.
    pub(crate) fn all_backends(&self) -> impl Iterator<Item = &BuiltBackend> {
        self.0.backends.iter().chain(&self.0.unlisted)
    }

    /// The backend of this name.
    ///
    /// # Errors
    /// Fails with an internal error that names the backends.
    pub fn backend(&self, name: &str) -> Result<&BuiltBackend> {
        self.all_backends().find(|backend| backend.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.all_backends().map(|backend| backend.name.as_str()).collect();
            Error::internal(format!("unknown backend `{name}`; the backends are: {}", names.join(", ")))
        })
    }

    /// The bounded pool that hashes passwords.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    /// The same hasher on behalf of a client, whose network has a share of it.
    pub(crate) fn hasher_for(&self, client: &Client) -> PasswordHasher {
        let hasher = self.hasher();
        if self.configs().limits.is_off() { hasher.clone() } else { hasher.on_behalf_of(client) }
    }

    /// Whether this very handle, or a clone of it, found the principal out. An app may have several handles, each with
    /// accounts of its own: a principal of another one proves nothing here.
    #[must_use]
    pub fn vouches_for(&self, principal: &Principal) -> bool {
        principal.source == self.0.source
    }

    /// The source of randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.0.random.as_ref()
    }

    /// The current time, truncated to milliseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        clock::milliseconds(self.0.clock.now())
    }

    /// A time that is never set back.
    pub(crate) fn uptime(&self) -> Duration {
        self.0.clock.uptime()
    }

    /// A fresh UUID version 7 from the configured clock and randomness.
    ///
    /// # Errors
    /// Fails when the source of randomness does.
    pub fn new_id(&self, now: OffsetDateTime) -> Result<Uuid> {
        new_id(self.random(), now)
    }

    /// A random part of a time, for what others must not learn by waiting for it.
    ///
    /// # Errors
    /// Fails when the source of randomness does.
    pub(crate) fn part_of(&self, whole: Duration) -> Result<Duration> {
        let mut part = [0; 2];
        self.random().fill(&mut part).map_err(Error::internal)?;
        Ok(whole.mul_f64(f64::from(u16::from_le_bytes(part)) / f64::from(u16::MAX)))
    }

    /// An event that happens now.
    pub(crate) fn event(&self, client: &Client, kind: EventKind) -> Event {
        let at = self.now();
        // An event without an id of its own is better than none.
        let id = self.new_id(at).unwrap_or_default();
        let actor_id = kind.describe().actor_id.or(client.actor_id());
        Event { id, at, client: client.clone(), actor_id, kind }
    }

    /// A link to a page of the front end, with a token.
    #[must_use]
    pub fn mail_link(&self, link: &LinkConfig, token: &SecretString) -> MailLink {
        let mut url = self.page(&link.page);
        url.query_pairs_mut().append_pair("token", token.expose_secret());
        MailLink::new(url, link.lifetime)
    }

    /// A page of the front end.
    pub(crate) fn page(&self, path: &str) -> Url {
        let mut url = self.settings().frontend_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    /// The client's language, as far as mail can be written in it.
    pub(crate) fn language(&self, client: &Client) -> Language {
        let languages = self.0.templates.languages();
        client.accept_language().map_or(languages.default_language(), |header| languages.choose(header)).clone()
    }

    /// Words that a password must not be made of.
    pub(crate) fn policy_context(&self, user: Option<&User>, more: &[Option<&str>]) -> PolicyContext {
        let settings = self.settings();
        let own = user.map(|user| [&user.email, &user.username, &user.display_name]);
        let words = [Some(settings.service_name.as_str()), settings.public_url.host_str()]
            .into_iter()
            .chain(own.into_iter().flatten().map(|word| word.as_deref()))
            .chain(more.iter().copied())
            .flatten();
        PolicyContext { words: words.map(str::to_owned).collect() }
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
