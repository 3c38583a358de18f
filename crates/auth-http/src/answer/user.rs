//! Accounts.

use auth_core::account::Updated;
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::{Principal, User};
use serde::Serialize;
use serde_json::Value;

use crate::answer::token::{RENEWED_COOKIE, beside};
use crate::call::Call;
use crate::cookie;
use crate::endpoint::DeclaredHeader;
use crate::problem::Problem;
use crate::reply::Reply;

/// An account as clients see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PublicUser<'a> {
    /// UUID version 7.
    pub id: Uuid,
    /// The address that mail goes to.
    #[schema(required)]
    pub email: Option<&'a str>,
    /// The user name as typed.
    #[schema(required)]
    pub username: Option<&'a str>,
    /// Whether the account may log in.
    pub is_active: bool,
    /// Whether the account is a superuser.
    pub is_superuser: bool,
    /// Whether the email address is verified.
    pub is_verified: bool,
    /// The display name.
    #[schema(required)]
    pub display_name: Option<&'a str>,
    /// The app's own object about the user.
    #[schema(value_type = Object)]
    pub attributes: &'a Value,
    /// When the account was created.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl<'a> From<&'a User> for PublicUser<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_deref(),
            username: user.username.as_deref(),
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            is_verified: user.is_verified,
            display_name: user.display_name.as_deref(),
            attributes: &user.attributes,
            created_at: user.created_at,
        }
    }
}

/// The headers of [`updated`] where a mailed link verified the email address.
pub(crate) const VERIFIED: [DeclaredHeader; 1] = [DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie of the backend, with the new token, where the session that asked goes on with one. Without such a \
            session, the cookie by which the browser is known from now on.",
    always: false,
}];

/// The headers of [`updated`] where the password may change.
pub(crate) const UPDATED: [DeclaredHeader; 3] = [
    RENEWED_COOKIE,
    DeclaredHeader {
        name: "Auth-Token",
        about: "The new token of a bearer backend, after a new password; the old one has ended.",
        always: false,
    },
    DeclaredHeader {
        name: "Refresh-Token",
        about: "The new refresh token, where the backend has them in bodies; the old one has ended.",
        always: false,
    },
];

/// The account after a change, with the new token of the session that goes on, or the cookie of a browser that was unknown
/// so far.
pub(crate) fn updated(call: &Call, current: Option<&Principal>, updated: &Updated) -> Result<Reply, Problem> {
    let device = cookie::device(call.auth.settings(), updated.device.as_ref());
    let reply = Reply::ok(&PublicUser::from(&updated.user))?.cookie(device);
    match current {
        Some(current) => beside(call, reply, &current.session, updated.token.as_ref()),
        None => Ok(reply),
    }
}
