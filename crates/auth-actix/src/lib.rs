//! The authentication library as native actix-web routes, extractors and middleware.
//!
//! An app that has data, routes and a database connection already needs two things: the routes of [`configure`], which
//! bring the [`Auth`](auth_core::Auth) into the app's data, and the extractors wherever a handler wants to know who is
//! asking.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use auth_actix::auth_core::sea_orm::DatabaseConnection;
//! use auth_actix::auth_core::{Auth, Backend, CookieOptions, RootSecret};
//! use auth_actix::{CurrentUser, configure};
//!
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
//! let db = web::Data::new(db); // was here before
//! let routes = configure(&auth)?; // POST /auth/register, /auth/login, GET /users/me, ...
//! HttpServer::new(move || {
//!     App::new()
//!         .app_data(db.clone())
//!         .route("/", web::get().to(hello))
//!         .configure(routes.clone())
//! })
//! .bind("127.0.0.1:3000")?
//! .run()
//! .await?;
//! # Ok(()) }
//! ```
//!
//! For a handler that also serves visitors, use [`OptionalUser`] and not `Option<CurrentUser>`: actix-web turns every
//! failure of the latter into `None`, so that an unavailable database or a forged request looks like a visitor who is
//! not logged in.
//!
//! An extractor that finds no `Auth` answers 500 and writes what to add into the log.

mod convert;
mod extract;
mod middleware;
mod router;

pub use auth_http::{AnyBackend, Backends, Group, Pattern, Problem, PublicUser, Requirement, Role};
pub use convert::{Refusal, response};
pub use extract::{
    AccessClaims, CurrentSession, CurrentUser, OptionalUser, RecentLogin, RequireRole, Superuser, VerifiedUser,
};
pub use middleware::{AuthMiddleware, AuthService};
pub use router::{configure, group};
pub use {auth_core, auth_http};
