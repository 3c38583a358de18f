//! An [`AuthBuilder`] with everything that tests control.

use std::time::Duration;

use auth_core::hasura::HasuraOptions;
use auth_core::mail::MailConfig;
use auth_core::password::HasherConfig;
use auth_core::role::RoleConfig;
use auth_core::sea_orm::DatabaseConnection;
use auth_core::token::JwtOptions;
use auth_core::{Auth, AuthBuilder, Backend, CookieOptions, Limits, RefreshOptions, RootSecret};

use crate::{MemoryMailer, MockClock, SeededRandom, TestHooks};

/// Where people reach the test app.
pub const PUBLIC_URL: &str = "http://localhost:3000";

/// Another origin whose pages may send requests with the session cookie.
pub const ALLOWED_ORIGIN: &str = "https://app.example.com";

/// A role that the test app declares.
pub const ROLE: &str = "editor";

/// Random bytes that are not secret.
pub const SECRET: [u8; 32] = *b"\x9d\x02\x7f\xc1\x55\x30\xe8\x1a\xb6\x44\xf9\x0c\x73\xd5\x2e\x81\
    \x68\xaa\x17\xee\x94\x3b\xc0\x5f\x26\xdd\x89\x42\x01\xb7\x6c\xf3";

/// What tests hold on to while an [`Auth`] uses it. Clones share all of it, so that two servers live in one world.
#[derive(Clone, Debug, Default)]
pub struct TestParts {
    /// The time.
    pub clock: MockClock,
    /// The randomness.
    pub random: SeededRandom,
    /// The app's hooks.
    pub hooks: TestHooks,
    /// The mails to everyone.
    pub mailer: MemoryMailer,
}

impl TestParts {
    /// A builder that lacks nothing but backends. It has no limits: a test is one client that does a lot. Requests for mail do
    /// not wait.
    #[must_use]
    pub fn builder(&self, db: DatabaseConnection) -> AuthBuilder {
        // A busy machine must not make a test fail.
        let hasher =
            HasherConfig { queue: 10_000, wait: Duration::from_secs(60), ..HasherConfig::insecure_for_tests() };
        Auth::builder(db)
            .public_url(PUBLIC_URL)
            .secret(RootSecret::new(SECRET))
            .allowed_origin(ALLOWED_ORIGIN)
            .passwords(hasher)
            .clock(self.clock.clone())
            .random(self.random.clone())
            .hooks(self.hooks.clone())
            .mail(MailConfig::new(self.mailer.clone()).with_job_delay(Duration::ZERO))
            .limits(Limits::off())
            .roles(RoleConfig::default().declare(ROLE))
            .hasura(HasuraOptions::default())
    }
}

/// The backends of the example apps: `cookie` (default), `jwt`, which refreshes its tokens, and `db`.
#[must_use]
pub fn backends() -> Vec<Backend> {
    vec![
        Backend::cookie("cookie", CookieOptions { name: Some("auth".to_owned()), ..CookieOptions::default() }),
        Backend::bearer("jwt").jwt(JwtOptions::default()).refresh(RefreshOptions::default()),
        Backend::bearer("db"),
    ]
}
