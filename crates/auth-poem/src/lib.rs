//! The authentication library as native poem routes, extractors and middleware.
//!
//! An app that has data, routes and a database connection already needs three things: the routes of [`routes`],
//! [`AuthData`] around all of them, and the extractors wherever a handler wants to know who is asking.
//!
//! ```no_run
//! use auth_poem::auth_core::sea_orm::DatabaseConnection;
//! use auth_poem::auth_core::{Auth, Backend, CookieOptions, RootSecret};
//! use auth_poem::{AuthData, CurrentUser, routes};
//! use poem::listener::TcpListener;
//! use poem::{EndpointExt, Server, get, handler};
//!
//! #[handler]
//! async fn hello(CurrentUser(user): CurrentUser) -> String {
//!     format!("Hello, {}!", user.email.unwrap_or_default())
//! }
//!
//! # async fn example(db: DatabaseConnection, secret: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let auth = Auth::builder(db.clone())
//!     .public_url("https://notes.example.com")
//!     .secret(RootSecret::new(secret))
//!     .backend(Backend::cookie("cookie", CookieOptions::default()))
//!     .backend(Backend::bearer("api"))
//!     .build()?;
//!
//! let app = routes(&auth)? // POST /auth/register, /auth/login, GET /users/me, ...
//!     .at("/", get(hello))
//!     .with(AuthData::new(&auth))
//!     .data(db); // was here before
//! Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?;
//! # Ok(()) }
//! ```
//!
//! For a handler that also serves visitors, use [`OptionalUser`] and not `Option<CurrentUser>`: poem turns every
//! failure of the latter into `None`, so that an unavailable database or a forged request looks like a visitor who is
//! not logged in.
//!
//! An extractor that finds no `Auth` answers 500 and writes what to add into the log. poem's own server waits for the
//! headers of a request as long as the client likes; put it behind a proxy that does not, or see the example app for a
//! loop with a time limit.

mod convert;
mod extract;
mod middleware;
mod router;

pub use auth_http::{AnyBackend, Backends, Group, Pattern, Problem, PublicUser, Requirement, Role};
pub use convert::{Refusal, response};
pub use extract::{
    AccessClaims, AuthData, CurrentSession, CurrentUser, OptionalUser, RecentLogin, RequireRole, Superuser,
    VerifiedUser, WithAuth,
};
pub use middleware::{AuthMiddleware, AuthService};
pub use router::{group, routes};
pub use {auth_core, auth_http};
