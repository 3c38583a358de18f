//! What `AuthMiddleware` is in every framework.

use auth_core::{Auth, Principal};

use http::header::HeaderMap;

use crate::authn::{AnyBackend, RequestHead, authenticate};
use crate::cookie::Due;
use crate::exclusions::Exclusions;
use crate::problem::Problem;
use crate::requirement::Requirement;

/// The rule of a protected subtree: what `AuthMiddleware` applies to each request.
#[derive(Clone, Debug)]
pub struct Protection {
    /// The handle that knows the users.
    pub auth: Auth,
    /// The exceptions.
    pub exclusions: Exclusions,
    /// What a user must be to pass.
    pub requirement: Requirement,
}

impl Protection {
    /// A subtree that takes active users, without exceptions.
    #[must_use]
    pub fn new(auth: &Auth) -> Self {
        Self { auth: auth.clone(), exclusions: Exclusions::default(), requirement: Requirement::new() }
    }

    /// The cookie that is due to be prolonged with the answer to a request, because its session is used.
    #[must_use]
    pub fn due(&self, headers: &HeaderMap, principal: &Principal) -> Option<Due> {
        Due::of(&self.auth, headers, principal)
    }

    /// Who the request is from; `None` where the subtree makes an exception. `path` is the path below the place where
    /// the subtree is mounted.
    ///
    /// # Errors
    /// Fails as [`authenticate`] does.
    pub async fn check(
        &self,
        head: &RequestHead<'_>,
        path: &str,
        known: Option<&Principal>,
    ) -> Result<Option<Principal>, Problem> {
        if !self.exclusions.guards(head.method, path) {
            return Ok(None);
        }
        authenticate::<AnyBackend>(&self.auth, head, known, &self.requirement).await.map(Some)
    }
}

/// Declares the `AuthMiddleware` of an adapter: the same methods and documentation in each. The argument is an example.
#[macro_export]
macro_rules! middleware {
    ($(#[$example:meta])*) => {
        /// Lets only active users into a subtree of the app; everyone else gets 401.
        ///
        /// Paths are those below the place where the subtree is mounted. The
        /// [`Principal`]($crate::auth_core::Principal) and the [`User`]($crate::auth_core::User) are put into the
        /// request's extensions, where the extractors find them without another query.
        ///
        $(#[$example])*
        #[derive(Clone, Debug)]
        pub struct AuthMiddleware($crate::Protection);

        impl AuthMiddleware {
            /// Protects everything but requests with the method `OPTIONS`.
            #[must_use]
            pub fn new(auth: &$crate::auth_core::Auth) -> Self {
                Self($crate::Protection::new(auth))
            }

            /// Makes an exception of a path or of a family of paths, such as `/public/*` (see
            /// [`Pattern`]($crate::Pattern)).
            #[must_use]
            pub fn exclude(mut self, pattern: &str) -> Self {
                self.0.exclusions.exclude(pattern);
                self
            }

            /// Makes an exception of these methods, instead of `OPTIONS`.
            #[must_use]
            pub fn exclude_methods(
                mut self,
                methods: impl ::core::iter::IntoIterator<Item = $crate::http::Method>,
            ) -> Self {
                self.0.exclusions.exclude_methods(methods);
                self
            }

            /// Marks a route as open, in the place where it is declared: the path goes to the framework unchanged, and
            /// becomes an exception. A parameter in it means every value, even one that another route is for.
            pub fn open<'p>(&mut self, path: &'p str) -> &'p str {
                self.0.exclusions.exclude(path);
                path
            }

            /// Requires more than an active user, such as a superuser. A requirement that was set before is replaced.
            #[must_use]
            pub fn require(mut self, requirement: $crate::Requirement) -> Self {
                self.0.requirement = requirement;
                self
            }

            /// Requires these scopes of sessions that are limited to some; see
            /// [`Requirement::scopes`]($crate::Requirement::scopes).
            #[must_use]
            pub fn scopes<S: ::core::convert::Into<::std::string::String>>(
                mut self,
                scopes: impl ::core::iter::IntoIterator<Item = S>,
            ) -> Self {
                self.0.requirement = self.0.requirement.scopes(scopes);
                self
            }
        }
    };
}
