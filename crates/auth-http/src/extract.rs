//! What the extractors of every framework have in common.
//!
//! An adapter declares its extractors with [`extractors!`](crate::extractors), because a crate can implement its
//! framework's trait for types of its own only, and gives each the few lines that its framework asks for.

use auth_core::{Auth, ErrorCode, Principal, User};

use crate::authn::{Backends, RequestHead, authenticate};
use crate::problem::Problem;
use crate::requirement::Requirement;

/// `T`, in a type that also says which backends it was found by. It lets `CurrentUser(user)` take apart an extractor of
/// any backends, with no second field to skip.
pub type Via<B, T> = <B as Finds<T>>::Value;

/// What [`Via`] is made of.
pub trait Finds<T> {
    /// `T` itself.
    type Value;
}

impl<B: ?Sized, T> Finds<T> for B {
    type Value = T;
}

/// Something that is found out about a request before its handler runs.
pub trait Extract: Sized {
    /// Finds it, or says what to answer instead of calling the handler. `known` is who the request is from, once that
    /// was found out; a second extractor of the same request costs no second query.
    fn extract(
        auth: &Auth,
        head: &RequestHead<'_>,
        known: &mut Option<Principal>,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;
}

/// Who a request is from, if they meet the requirement.
///
/// # Errors
/// Fails as [`authenticate`] does.
pub async fn principal<B: Backends>(
    auth: &Auth,
    head: &RequestHead<'_>,
    known: &mut Option<Principal>,
    requirement: Requirement,
) -> Result<Principal, Problem> {
    let found = authenticate::<B>(auth, head, known.as_ref(), &requirement).await?;
    *known = Some(found.clone());
    Ok(found)
}

/// Who a request is from, if it is from anybody. Only the lack of a valid token is nobody: a request that another site
/// made the browser send is refused, and a database that is away is an error.
///
/// # Errors
/// Fails as [`authenticate`] does, except with 401.
pub async fn visitor<B: Backends>(
    auth: &Auth,
    head: &RequestHead<'_>,
    known: &mut Option<Principal>,
) -> Result<Option<User>, Problem> {
    match principal::<B>(auth, head, known, Requirement::new()).await {
        Ok(principal) => Ok(Some(principal.user)),
        Err(problem) if problem.code() == ErrorCode::Unauthorized => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Declares the extractors of an adapter: the same names, rules and documentation in each. Before the semicolon stands
/// the adapter's own macro that implements its framework's trait for one of them, given the parameters and the type; each name
/// may carry an example.
#[macro_export]
macro_rules! extractors {
    ($native:ident; $($(#[$example:meta])* $name:ident,)+) => {
        $($crate::extractors! { @$name $(#[$example])* }
        $crate::extractors! { @native $native $name })+
    };
    (@native $native:ident RequireRole) => {
        $native! { [R: $crate::Role, B: $crate::Backends] RequireRole<R, B> }
    };
    (@native $native:ident $name:ident) => {
        $native! { [B: $crate::Backends] $name<B> }
    };
    (@CurrentUser $(#[$example:meta])*) => {
        $crate::extractors! { @struct CurrentUser($crate::auth_core::User)
            /// The active user that the request is from, or 401.
            $(#[$example])*
        }
        $crate::extractors! { @from CurrentUser, $crate::Requirement::new(), |found| found.user }
    };
    (@VerifiedUser $(#[$example:meta])*) => {
        $crate::extractors! { @struct VerifiedUser($crate::auth_core::User)
            /// The user that the request is from, whose email address is verified; otherwise 401, or 403
            /// `EMAIL_NOT_VERIFIED`.
            $(#[$example])*
        }
        $crate::extractors! { @from VerifiedUser,
            $crate::Requirement::new().verified(), |found| found.user }
    };
    (@Superuser $(#[$example:meta])*) => {
        $crate::extractors! { @struct Superuser($crate::auth_core::User)
            /// The superuser that the request is from, or 401, or 403 `Forbidden`. A session that is limited to scopes is
            /// refused with 403 `SCOPE_UPGRADE_REQUIRED`.
            $(#[$example])*
        }
        $crate::extractors! { @from Superuser,
            $crate::Requirement::new().superuser(), |found| found.user }
    };
    (@RequireRole $(#[$example:meta])*) => {
        /// The user that the request is from, who has the [`Role`](auth_http::Role) `R` now, or 401, or 403 `Forbidden`. A
        /// session that is limited to scopes is refused with 403 `SCOPE_UPGRADE_REQUIRED`.
        $(#[$example])*
        ///
        /// The second type parameter limits it to the tokens of named [`Backends`](auth_http::Backends).
        pub struct RequireRole<R: $crate::Role, B: $crate::Backends = $crate::AnyBackend>(
            pub $crate::extract::Via<(R, B), $crate::auth_core::User>,
        );

        impl<R: $crate::Role, B: $crate::Backends> ::core::ops::Deref for RequireRole<R, B> {
            type Target = $crate::auth_core::User;

            fn deref(&self) -> &$crate::auth_core::User {
                &self.0
            }
        }

        impl<R: $crate::Role, B: $crate::Backends> $crate::extract::Extract for RequireRole<R, B> {
            async fn extract(
                auth: &$crate::auth_core::Auth,
                head: &$crate::RequestHead<'_>,
                known: &mut ::core::option::Option<$crate::auth_core::Principal>,
            ) -> ::core::result::Result<Self, $crate::Problem> {
                let requirement = $crate::Requirement::new().role_of::<R>();
                let found = $crate::extract::principal::<B>(auth, head, known, requirement).await?;
                ::core::result::Result::Ok(Self(found.user))
            }
        }
    };
    (@CurrentSession $(#[$example:meta])*) => {
        $crate::extractors! { @struct CurrentSession($crate::auth_core::Session)
            /// The session that the request belongs to, or 401.
            $(#[$example])*
        }
        $crate::extractors! { @from CurrentSession, $crate::Requirement::new(), |found| found.session }

        impl<B: $crate::Backends> CurrentSession<B> {
            /// Waits until the session has ended: see [`Sessions::ended`]($crate::auth_core::Sessions::ended). For connections
            /// that stay open, such as WebSockets and event streams, which would otherwise outlive it.
            pub fn ended(
                &self,
                auth: &$crate::auth_core::Auth,
            ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send + ::core::marker::Sync + use<B> {
                auth.sessions().ended(&self.0)
            }
        }
    };
    (@RecentLogin $(#[$example:meta])*) => {
        $crate::extractors! { @struct RecentLogin($crate::auth_core::Principal)
            /// The user that the request is from and the session, which began or was confirmed a short time ago (ten
            /// minutes by default), or 401, or 403 `REAUTHENTICATION_REQUIRED`: for what a stolen session must not do. A
            /// session that is limited to scopes is refused with 403 `SCOPE_UPGRADE_REQUIRED`.
            $(#[$example])*
        }
        $crate::extractors! { @from RecentLogin,
            $crate::Requirement::new().recent(), |found| found }
    };
    (@OptionalUser $(#[$example:meta])*) => {
        $crate::extractors! { @struct OptionalUser(::core::option::Option<$crate::auth_core::User>)
            /// The active user that the request is from, if it carries a valid token. A request that another site made
            /// the browser send is still refused, and a database that is away is still 503.
            $(#[$example])*
        }
        impl<B: $crate::Backends> $crate::extract::Extract for OptionalUser<B> {
            async fn extract(
                auth: &$crate::auth_core::Auth,
                head: &$crate::RequestHead<'_>,
                known: &mut ::core::option::Option<$crate::auth_core::Principal>,
            ) -> ::core::result::Result<Self, $crate::Problem> {
                $crate::extract::visitor::<B>(auth, head, known).await.map(Self)
            }
        }
    };
    (@AccessClaims $(#[$example:meta])*) => {
        $crate::extractors! { @struct AccessClaims($crate::auth_core::jwt::AccessClaims)
            /// The claims of a JSON Web Token that is valid by itself, or 401. The database is not asked: a session that
            /// ended and a user who was deactivated pass until the token expires.
            $(#[$example])*
        }
        impl<B: $crate::Backends> $crate::extract::Extract for AccessClaims<B> {
            async fn extract(
                auth: &$crate::auth_core::Auth,
                head: &$crate::RequestHead<'_>,
                _known: &mut ::core::option::Option<$crate::auth_core::Principal>,
            ) -> ::core::result::Result<Self, $crate::Problem> {
                $crate::access_claims::<B>(auth, head).await.map(Self)
            }
        }
    };
    (@struct $name:ident($inner:ty) $(#[$doc:meta])*) => {
        $(#[$doc])*
        ///
        /// The type parameter limits it to the tokens of named [`Backends`](auth_http::Backends).
        pub struct $name<B: $crate::Backends = $crate::AnyBackend>(pub $crate::extract::Via<B, $inner>);

        impl<B: $crate::Backends> ::core::ops::Deref for $name<B> {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }
    };
    (@from $name:ident, $requirement:expr, |$found:ident| $part:expr) => {
        impl<B: $crate::Backends> $crate::extract::Extract for $name<B> {
            async fn extract(
                auth: &$crate::auth_core::Auth,
                head: &$crate::RequestHead<'_>,
                known: &mut ::core::option::Option<$crate::auth_core::Principal>,
            ) -> ::core::result::Result<Self, $crate::Problem> {
                let $found = $crate::extract::principal::<B>(auth, head, known, $requirement).await?;
                ::core::result::Result::Ok(Self($part))
            }
        }
    };
}
