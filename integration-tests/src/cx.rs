//! What a scenario is given: where it runs, and apps to try.

use std::sync::{Arc, Mutex};

use auth_core::sea_orm::DatabaseConnection;
use auth_core::{AuthBuilder, Backend, EmailChange};
use auth_testkit::{Engine, Proxy, Template, TestDb};

use crate::redis::RedisServer;
use crate::scenarios::add_features;
use crate::sink::{self, Sink};
use crate::targets::Server;
use crate::{App, Target};

type Adjust = Arc<dyn Fn(AuthBuilder) -> AuthBuilder + Send + Sync>;

/// How an app is set up.
#[derive(Clone)]
pub struct Setup {
    adjustments: Vec<Adjust>,
    pub(crate) backends: fn() -> Vec<Backend>,
    pub(crate) connections: u32,
    pub(crate) tolerates_500: bool,
    pub(crate) proxy: Option<Arc<Proxy>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            adjustments: Vec::new(),
            backends: auth_testkit::backends,
            connections: 4,
            tolerates_500: false,
            proxy: None,
        }
    }
}

impl Setup {
    /// Changes the configuration: whatever the builder can do.
    #[must_use]
    pub fn auth(mut self, adjust: impl Fn(AuthBuilder) -> AuthBuilder + Send + Sync + 'static) -> Self {
        self.adjustments.push(Arc::new(adjust));
        self
    }

    /// A new address that `PATCH /users/me` names counts at once.
    #[must_use]
    pub fn immediate_email_change(self) -> Self {
        self.auth(|auth| auth.email_change(EmailChange::Immediate))
    }

    /// Other backends than `cookie`, `jwt` and `db`.
    #[must_use]
    pub fn backends(self, backends: fn() -> Vec<Backend>) -> Self {
        Self { backends, ..self }
    }

    /// How many connections the app's pool has; 4 by default.
    #[must_use]
    pub fn connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// Reaches its database through a proxy, which may fail.
    #[must_use]
    pub fn proxy(self, proxy: &Arc<Proxy>) -> Self {
        Self { proxy: Some(Arc::clone(proxy)), ..self }
    }

    /// A 500 is what the scenario is about.
    #[must_use]
    pub fn tolerates_500(self) -> Self {
        Self { tolerates_500: true, ..self }
    }

    pub(crate) fn apply(&self, builder: AuthBuilder) -> AuthBuilder {
        let builder = (self.backends)().into_iter().fold(builder, AuthBuilder::backend);
        self.adjustments.iter().fold(add_features(builder), |builder, adjust| adjust(builder))
    }
}

/// The context of one run of a scenario. What it opens is closed when the scenario is over.
#[derive(Clone)]
pub struct Cx(Arc<Inner>);

struct Inner {
    target: Target,
    template: Arc<Template>,
    sink_python: Option<String>,
    redis: Option<String>,
    opened: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    databases: Vec<Arc<TestDb>>,
    pools: Vec<DatabaseConnection>,
    servers: Vec<Server>,
}

impl Cx {
    pub(crate) fn new(
        target: Target,
        template: Arc<Template>,
        sink_python: Option<String>,
        redis: Option<String>,
    ) -> Self {
        Self(Arc::new(Inner { target, template, sink_python, redis, opened: Mutex::default() }))
    }

    /// What answers the requests.
    #[must_use]
    pub fn target(&self) -> Target {
        self.0.target
    }

    /// The kind of database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.0.template.engine()
    }

    /// An app as the examples configure it, on a database of its own.
    pub async fn app(&self) -> App {
        self.app_with(Setup::default()).await
    }

    /// An app of another configuration, on a database of its own.
    pub async fn app_with(&self, setup: Setup) -> App {
        self.app_on(self.target(), setup).await
    }

    /// An app on another target than the scenario's, to compare with.
    pub async fn app_on(&self, target: Target, setup: Setup) -> App {
        let db = Arc::new(self.0.template.copy().await.expect("a copy of the template"));
        self.opened(|opened| opened.databases.push(db.clone()));
        let parts = auth_testkit::TestParts::default();
        if target == Target::Pair {
            parts.clock.hurry();
        }
        App::start(self, target, db, setup, parts).await
    }

    /// A mail server, for a scenario that is `by_mail`.
    pub(crate) async fn sink(&self, options: sink::Options) -> Sink {
        Sink::start(self.0.sink_python.as_deref().expect("a scenario by mail"), options).await
    }

    /// A server for tokens, for a scenario that is `by_redis`.
    pub(crate) async fn redis(&self) -> RedisServer {
        RedisServer::start(self.0.redis.as_deref().expect("a scenario by Redis")).await
    }

    pub(crate) fn closes(&self, pool: &DatabaseConnection) {
        self.opened(|opened| opened.pools.push(pool.clone()));
    }

    pub(crate) fn stops(&self, server: Server) {
        self.opened(|opened| opened.servers.push(server));
    }

    fn opened<T>(&self, change: impl FnOnce(&mut Opened) -> T) -> T {
        change(&mut self.0.opened.lock().expect("no holder panics"))
    }

    /// Takes down what the scenario built up.
    pub(crate) async fn close(self) {
        let Opened { databases, pools, servers } = self.opened(std::mem::take);
        for server in servers {
            server.stop().await;
        }
        for pool in pools {
            // A scenario may have closed it already.
            let _ = pool.close().await;
        }
        for db in databases {
            self.0.template.remove(&db).await.expect("the database can be removed");
        }
    }
}
