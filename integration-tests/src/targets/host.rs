//! The handlers of the host app, the same on every framework: each says in plain text what its extractor found.

use auth_core::{Auth, Backend};
use auth_http::{Backends, Role};
use auth_testkit::ROLE;
use serde::{Deserialize, Serialize};

/// Extractors that take tokens of the backend `db` only.
pub(super) struct DbOnly;

impl Backends for DbOnly {
    const NAMES: &'static [&'static str] = &["db"];
}

/// What some handlers are for.
pub(super) struct Editor;

impl Role for Editor {
    const NAME: &'static str = ROLE;
}

/// What the host app keeps about its users, for the scenarios that declare it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Preferences {
    pub(crate) theme: Theme,
    pub(crate) page_size: u8,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    #[default]
    Light,
    Dark,
}

/// What a limited session needs for some paths of the host.
pub(super) const SCOPES: [&str; 2] = ["notes:read", "notes:write"];

/// A second handle in the same host, on the same tables: it takes the tokens of its own backend and no others.
pub(super) fn other(auth: &Auth) -> Auth {
    let builder = auth_testkit::TestParts::default().builder(auth.database().clone());
    builder.backend(Backend::bearer("other")).build().expect("a good configuration")
}

/// Declares the handlers for the adapter `$adapter`, each under the attribute that its framework asks for, if any.
macro_rules! handlers {
    ($adapter:ident $(, $attribute:ident)?) => {
        use $adapter::{
            AccessClaims, AuthMiddleware, CurrentSession, CurrentUser, OptionalUser, RecentLogin, Refusal, RequireRole,
            Requirement, Superuser, VerifiedUser,
        };

        handlers! { @each [$($attribute)?]
            current_user(CurrentUser(user): CurrentUser) => user.email.unwrap_or_default();
            current_user_of_db(CurrentUser(user): CurrentUser<super::host::DbOnly>) => user.email.unwrap_or_default();
            optional_user(OptionalUser(user): OptionalUser) => user.and_then(|user| user.email).unwrap_or("nobody".to_owned());
            verified_user(VerifiedUser(user): VerifiedUser) => user.email.unwrap_or_default();
            superuser(Superuser(user): Superuser) => user.email.unwrap_or_default();
            editor(RequireRole(user): RequireRole<super::host::Editor>) => user.email.unwrap_or_default();
            editor_of_db(RequireRole(user): RequireRole<super::host::Editor, super::host::DbOnly>) =>
                user.email.unwrap_or_default();
            current_session(CurrentSession(session): CurrentSession) => session.backend;
            recent_login(RecentLogin(principal): RecentLogin) => principal.user.email.unwrap_or_default();
            access_claims(AccessClaims(claims): AccessClaims) => claims.sub.to_string();
            twice(CurrentUser(user): CurrentUser, CurrentSession(session): CurrentSession) =>
                format!("{} {}", user.email.unwrap_or_default(), session.backend);
            scoped_session(CurrentSession(session): CurrentSession) => {
                session.require_scopes(&SCOPES)?;
                session.backend
            };
            scoped_claims(AccessClaims(claims): AccessClaims) => {
                claims.require_scopes(&SCOPES)?;
                claims.scope.unwrap_or("every scope".to_owned())
            };
            preferences(CurrentUser(user): CurrentUser) => {
                let preferences: Preferences = user.attributes_as().map_err(auth_core::Error::internal)?;
                format!("{preferences:?}")
            };
        }
    };
    (@each $attributes:tt $($name:ident($($kind:ident($binding:ident): $extractor:ty),+) => $text:expr;)+) => {
        $(handlers! { @one $attributes $name($($kind($binding): $extractor),+) => $text })+
    };
    (@one [$($attribute:ident)?] $name:ident($($kind:ident($binding:ident): $extractor:ty),+) => $text:expr) => {
        $(#[$attribute])?
        async fn $name($($kind($binding): $extractor),+) -> Result<String, Refusal> {
            Ok($text)
        }
    };
}
pub(super) use handlers;

/// What a WebSocket is closed with whose session has ended.
pub(super) const SESSION_ENDED: u16 = 4001;

/// What a handler says that everybody may call.
pub(super) const OPEN: &str = "open to everybody";
