//! The authentication library as native axum routes, extractors and middleware.
//!
//! An app that has a state, routes and a database connection already needs three things: an [`Auth`](auth_core::Auth)
//! in its state, the routes of [`router`], and the extractors wherever a handler wants to know who is asking.
//!
//! ```no_run
//! use auth_axum::auth_core::sea_orm::DatabaseConnection;
//! use auth_axum::auth_core::{Auth, Backend, CookieOptions, RootSecret};
//! use auth_axum::{CurrentUser, router};
//! use axum::extract::FromRef;
//! use axum::{Router, routing::get};
//!
//! #[derive(Clone)]
//! struct AppState {
//!     db: DatabaseConnection, // was here before
//!     auth: Auth,             // new
//! }
//!
//! // New, and what makes a forgotten `Auth` a compile error.
//! impl FromRef<AppState> for Auth {
//!     fn from_ref(state: &AppState) -> Auth {
//!         state.auth.clone()
//!     }
//! }
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
//! let app = Router::new()
//!     .route("/", get(hello))
//!     .merge(router(&auth)?) // POST /auth/register, /auth/login, GET /users/me, ...
//!     .with_state(AppState { db, auth });
//! # let _: Router = app;
//! # Ok(()) }
//! ```
//!
//! Serve it with
//! [`into_make_service_with_connect_info::<SocketAddr>`](axum::Router::into_make_service_with_connect_info), so that
//! limits tell clients apart, and users see where they logged in from. `axum::serve` waits for the headers of a request
//! as long as the client likes; put it behind a proxy that does not, or see the example app for a loop with a time
//! limit.

mod convert;
mod extract;
mod middleware;
mod router;

pub use auth_http::{AnyBackend, Backends, Group, Pattern, Problem, PublicUser, Requirement, Role};
pub use convert::{Refusal, response};
pub use extract::{
    AccessClaims, AuthState, CurrentSession, CurrentUser, OptionalUser, RecentLogin, RequireRole, Superuser,
    VerifiedUser,
};
pub use middleware::{AuthMiddleware, AuthService};
pub use router::{group, router};
pub use {auth_core, auth_http};
