//! The handlers of the host app, the same on every framework: each says in plain text what its extractor found.

use auth_http::Backends;

/// Extractors that take tokens of the backend `db` only.
pub(super) struct DbOnly;

impl Backends for DbOnly {
    const NAMES: &'static [&'static str] = &["db"];
}

/// Declares the handlers for the adapter `$adapter`, each under the attribute that its framework asks for, if any.
macro_rules! handlers {
    ($adapter:ident $(, $attribute:ident)?) => {
        use $adapter::{
            AccessClaims, AuthMiddleware, CurrentSession, CurrentUser, OptionalUser, RecentLogin, Superuser, VerifiedUser,
        };

        handlers! { @each [$($attribute)?]
            current_user(CurrentUser(user): CurrentUser) => user.email.unwrap_or_default();
            current_user_of_db(CurrentUser(user): CurrentUser<super::host::DbOnly>) => user.email.unwrap_or_default();
            optional_user(OptionalUser(user): OptionalUser) => user.and_then(|user| user.email).unwrap_or("nobody".to_owned());
            verified_user(VerifiedUser(user): VerifiedUser) => user.email.unwrap_or_default();
            superuser(Superuser(user): Superuser) => user.email.unwrap_or_default();
            current_session(CurrentSession(session): CurrentSession) => session.backend;
            recent_login(RecentLogin(principal): RecentLogin) => principal.user.email.unwrap_or_default();
            access_claims(AccessClaims(claims): AccessClaims) => claims.sub.to_string();
            twice(CurrentUser(user): CurrentUser, CurrentSession(session): CurrentSession) =>
                format!("{} {}", user.email.unwrap_or_default(), session.backend);
        }
    };
    (@each $attributes:tt $($name:ident($($kind:ident($binding:ident): $extractor:ty),+) => $text:expr;)+) => {
        $(handlers! { @one $attributes $name($($kind($binding): $extractor),+) => $text })+
    };
    (@one [$($attribute:ident)?] $name:ident($($kind:ident($binding:ident): $extractor:ty),+) => $text:expr) => {
        $(#[$attribute])?
        async fn $name($($kind($binding): $extractor),+) -> String {
            $text
        }
    };
}
pub(super) use handlers;

/// What a handler says that everybody may call.
pub(super) const OPEN: &str = "open to everybody";
