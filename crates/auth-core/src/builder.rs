//! Putting an [`Auth`] together, with every mistake reported at once.

mod backends;
mod declarations;
mod place;
#[cfg(test)]
mod tests;

use std::fmt;
use std::iter;
use std::sync::Arc;

use aws_lc_rs::hmac;
use ipnet::IpNet;
use sea_orm::{DatabaseConnection, DatabaseConnectionType};
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, Semaphore};

use self::place::Place;
use crate::audit::{MAX_PENDING, MAX_PENDING_OF_CLIENT};
use crate::auth::Auth;
use crate::backend::Backend;
use crate::change::ChangeFeed;
use crate::clock::{Clock, SystemClock};
use crate::configs::{Configs, for_each_config};
use crate::feature::Feature;
use crate::features::{FEATURES, mail_kinds};
use crate::gate::{MAX_QUESTIONS, MAX_QUESTIONS_OF_CLIENT};
use crate::hooks::{HookRunner, Hooks};
use crate::installation::PeerWatch;
use crate::jwt::install_provider;
use crate::kernel::{AttributesCheck, Kernel, Parts};
use crate::limit::SharedClock;
use crate::magic_link::MAX_WAITING;
use crate::password::{HasherConfig, PasswordHasher};
use crate::principal::Source;
use crate::profile::EXPORTS_AT_ONCE;
use crate::random::{OsRandom, Random};
use crate::seal::Sealer;
use crate::secret::RootSecret;
use crate::session::cache::SessionCache;
use crate::session::lookup::{Lookup, StatementHook};
use crate::share::Places;
use crate::signing_key::Ring;

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
/// least one [`backend`](Self::backend); all else has a default. Each feature has one setter for its whole configuration.
pub struct AuthBuilder {
    db: DatabaseConnection,
    place: Place,
    secret: Option<RootSecret>,
    former_secrets: Vec<RootSecret>,
    backends: Vec<Backend>,
    configs: Configs,
    features: Vec<Feature>,
    attributes: Option<AttributesCheck>,
    hooks: Vec<Arc<dyn Hooks>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    statement_hook: Option<StatementHook>,
}

impl Auth {
    /// Starts the configuration of an app's authentication, with its tables in `db`.
    #[must_use]
    pub fn builder(db: DatabaseConnection) -> AuthBuilder {
        AuthBuilder {
            db,
            place: Place::default(),
            secret: None,
            former_secrets: Vec::new(),
            backends: Vec::new(),
            configs: Configs::default(),
            features: FEATURES.to_vec(),
            attributes: None,
            hooks: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            statement_hook: None,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $config:ty,)+) => {
        /// One setter for the configuration of each feature.
        impl AuthBuilder {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, config: impl Into<$config>) -> Self {
                    self.configs.$name = config.into();
                    self
                }
            )+
        }
    };
}
for_each_config!(setters);

impl AuthBuilder {
    /// The URL at which users reach the app: the only source of absolute URLs and of the app's own origin. Must be
    /// https, except for localhost.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.place.public_url = Some(url.into());
        self
    }

    /// The URL below which the pages are that links in mails lead to; the public URL by default. Its origin may also
    /// send requests with the session cookie.
    #[must_use]
    pub fn frontend_url(mut self, url: impl Into<String>) -> Self {
        self.place.frontend_url = Some(url.into());
        self
    }

    /// The secret that all keys are derived from.
    #[must_use]
    pub fn secret(mut self, secret: RootSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// A secret that was replaced: data encrypted with it can still be read, and codes that were mailed with it are accepted,
    /// but tokens signed with it are not. A database that was used with it [accepts](crate::Installation::check_keys) the new one.
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

    /// Adds another origin whose pages may send requests with the session cookie, such as `https://app.example.com`, or that
    /// of a web view or an extension, such as `capacitor://localhost`.
    #[must_use]
    pub fn allowed_origin(mut self, origin: impl Into<String>) -> Self {
        self.place.allowed_origins.push(origin.into());
        self
    }

    /// Adds a proxy whose `X-Forwarded-For` is trusted. Without one, the header is ignored.
    #[must_use]
    pub fn trusted_proxy(mut self, proxy: IpNet) -> Self {
        self.place.trusted_proxies.push(proxy);
        self
    }

    /// Trusts the `X-Forwarded-For` of what connects by a Unix socket, which has no address. Only for servers that listen on such
    /// sockets alone: a server that does not pass the addresses of its peers on looks the same, and anybody could write the
    /// header then.
    #[must_use]
    pub fn trusted_unix_socket(mut self) -> Self {
        self.place.trusts_unix_socket = true;
        self
    }

    /// Takes URLs of plain http on the local network, such as `http://192.168.1.20:3000`. Everybody on that network can read the
    /// passwords and take over the sessions, of which the log warns at each start. For trying things out, with a phone for
    /// instance.
    #[must_use]
    pub fn insecure_public_url(mut self) -> Self {
        self.place.allows_plain_http = true;
        self
    }

    /// The name of the service that users see, which passwords must not consist of. The public host by default.
    #[must_use]
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.place.service_name = Some(name.into());
        self
    }

    /// Declares the app's type for the users' attributes. Attributes that do not fit it are rejected with 422, so that
    /// [`User::attributes_as`](crate::User::attributes_as) always succeeds. Every field needs a default.
    #[must_use]
    pub fn attributes<T: DeserializeOwned + 'static>(mut self) -> Self {
        self.attributes = Some(Arc::new(|value| T::deserialize(value).map(drop).map_err(|cause| cause.to_string())));
        self
    }

    /// Adds hooks of the app. They run in the order in which they were added.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks.push(Arc::new(hooks));
        self
    }

    /// Adds a feature of another crate, with its setting: see [`feature`](crate::feature).
    #[must_use]
    pub fn feature(mut self, feature: Feature) -> Self {
        self.features.push(feature);
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

    /// Is told the SQL of what the library asks the driver directly, once it is answered: the one query of an authenticated request,
    /// where this crate has the driver's feature. A metric callback on the connection sees all the others.
    #[must_use]
    pub fn statement_hook(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.statement_hook = Some(Arc::new(hook));
        self
    }

    /// Builds the handle.
    ///
    /// # Errors
    /// Fails with every mistake in the configuration at once, each with what to do.
    pub fn build(mut self) -> Result<Auth, ConfigErrors> {
        // Also when no backend signs: the app may call `jsonwebtoken` itself.
        install_provider();
        let mut problems = Vec::new();
        if matches!(self.db.inner, DatabaseConnectionType::Disconnected) {
            problems.push("the database connection is not connected: await `Database::connect` first".to_owned());
        }
        for setting in self.features.iter().filter_map(|feature| feature.setting.clone()) {
            self.configs.add(setting);
        }
        problems.extend(self.features.iter().flat_map(|feature| feature.check(&self.configs)));
        problems.extend(declarations::problems(&self.features, &self.configs.limits));
        let hasher = self.configs.passwords.hasher.clone();
        let templates = self.configs.mail.templates.clone().build(&mail_kinds(&self.features));
        let templates = templates.inspect_err(|cause| problems.push(cause.to_string())).ok();
        let managed = backends::managed_lifetime(&self.backends, &self.configs.hasura);
        let settings = self.place.settings(self.configs, &mut problems);
        let url = settings.as_ref().map(|settings| &settings.public_url);
        let keys = self.secret.as_ref().map(|secret| Keys::derive(secret, &self.former_secrets));
        let ring = keys.as_ref().zip(managed);
        let ring = ring.map(|(keys, lifetime)| Ring::new(self.db.clone(), keys.sealer.clone(), lifetime));
        let backends = backends::built(&self.backends, self.secret.as_ref(), url, ring.as_ref(), &mut problems);
        let pairs = backends::pairs(settings.as_ref(), self.secret.as_ref(), ring.as_ref(), &backends, &mut problems);
        if let Some(secret) = &self.secret {
            problems.extend(self.former_secrets.iter().filter_map(|former| secret.problem_of_former(former)));
        }
        let hasher = hasher_unless_in_vain(hasher, &mut problems);
        let (Some(mut settings), Some(hasher), Some(keys), Some(templates)) = (settings, hasher, keys, templates)
        else {
            return Err(ConfigErrors(problems));
        };
        let unlisted = pairs.iter().map(|pairs| pairs.backend.clone()).collect();
        if let Some(pairs) = pairs {
            settings.configs.add(Arc::new(pairs));
        }
        let source = Source::unique();
        let lookup = Lookup::new(&self.db, source, self.statement_hook);
        let sessions = SessionCache::new(settings.configs.sessions.cached);
        let kernel = Kernel::new(Parts {
            db: self.db,
            peers: PeerWatch::new(&settings.public_url),
            settings,
            backends,
            unlisted,
            clock: self.clock,
            random: self.random,
            hooks: HookRunner::new(self.hooks),
            hasher,
            attributes: self.attributes,
            source,
            lookup,
            changes: ChangeFeed::default(),
            sessions,
            sealer: keys.sealer,
            ring,
            code_keys: keys.code,
            limit_key: keys.limit,
            templates,
            bell: Notify::new(),
            shared_clock: SharedClock::default(),
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            pending_events: Places::new(MAX_PENDING, MAX_PENDING_OF_CLIENT),
            pending_questions: Places::new(MAX_QUESTIONS, MAX_QUESTIONS_OF_CLIENT),
            waiting_logins: Semaphore::new(MAX_WAITING),
        });
        Ok(Auth::new(kernel, self.features))
    }
}

/// What is derived from the root secret.
struct Keys {
    sealer: Arc<Sealer>,
    /// The one that codes are made with, then those of former secrets, which servers may have that still send codes.
    code: Vec<hmac::Key>,
    limit: hmac::Key,
}

impl Keys {
    fn derive(secret: &RootSecret, former: &[RootSecret]) -> Self {
        let key = |secret: &RootSecret, label| hmac::Key::new(hmac::HMAC_SHA256, secret.derive(label).as_ref());
        let code = iter::once(secret).chain(former).map(|secret| key(secret, "one-time/code")).collect();
        Self { sealer: Arc::new(Sealer::new(secret, former)), code, limit: key(secret, "limit/bucket") }
    }
}

/// The hasher, unless it would be thrown away: its trial hash takes time and memory.
fn hasher_unless_in_vain(config: HasherConfig, problems: &mut Vec<String>) -> Option<PasswordHasher> {
    if !problems.is_empty() {
        return None;
    }
    PasswordHasher::new(config).inspect_err(|cause| problems.push(cause.to_string())).ok()
}
