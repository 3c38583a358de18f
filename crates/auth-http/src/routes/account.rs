//! Registering, and one's own account.

use auth_core::account::{AccountChanges, MAX_DISPLAY_NAME, NewAccount, Registered};
use auth_core::identifier::{Email, Username};
use auth_core::password::Password;
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::{ErrorCode, Principal, User};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::audit::EventView;
use super::session::{SessionView, TokenAnswer, answer, ended};
use super::updated;
use crate::Problem;
use crate::decode::{Attributes, KnownPassword, Patch, Replace, Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

/// An account as clients see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
    /// Whether the account may manage others.
    pub is_superuser: bool,
    /// Whether the mailbox was proved.
    pub is_verified: bool,
    /// A name for people.
    #[schema(required)]
    pub display_name: Option<&'a str>,
    /// The app's own object about the user.
    #[schema(value_type = Object)]
    pub attributes: &'a Value,
    /// When the account was made.
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

request! {
    /// The body of a registration.
    RegisterRequest {
        #[doc = "The e-mail address."]
        email: Email,
        #[doc = "The password."]
        password: Password,
        #[doc = "A user name to log in with."]
        username: Option<Username>,
        #[doc = "A name for people."]
        display_name: Option<Text<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object about the user."]
        attributes: Option<Attributes>,
    }
}

request! {
    /// The body of a change of one's own account.
    UpdateRequest {
        #[doc = "A new e-mail address; needs a recent login or the current password."]
        email: Replace<Email>,
        #[doc = "A new password; needs the current one."]
        password: Option<Password>,
        #[doc = "The present password."]
        current_password: Option<KnownPassword>,
        #[doc = "A user name to log in with; null removes it."]
        username: Patch<Username>,
        #[doc = "A name for people; null removes it."]
        display_name: Patch<Text<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object, replaced as a whole."]
        attributes: Option<Attributes>,
    }
}

request! {
    /// A new password for the old one.
    ChangePasswordRequest {
        #[doc = "The present password."]
        old_password: KnownPassword,
        #[doc = "The new password."]
        new_password: Password,
    }
}

request! {
    /// The body of a farewell.
    DeleteRequest {
        #[doc = "The password, when the last login is not recent."]
        password: Option<KnownPassword>,
    }
}

/// Everything that is held about a user.
#[derive(Serialize, utoipa::ToSchema)]
struct ExportAnswer<'a> {
    /// The account.
    user: PublicUser<'a>,
    /// When the account last changed.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// When the user last logged in.
    #[serde(with = "auth_core::time::serde::rfc3339::option")]
    #[schema(required)]
    last_login_at: Option<OffsetDateTime>,
    /// The sessions that are alive.
    sessions: Vec<SessionView<'a>>,
    /// What happened to the account, newest first.
    activity: Vec<EventView<'a>>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::new(
            "account.register",
            Group::Auth,
            Method::POST,
            "/register",
            Handler::Public(|c| Box::pin(register(c))),
        )
        .summary("Makes an account.")
        .json::<RegisterRequest>()
        .answers::<PublicUser>(201, "The account.")
        .accepted("The account is made when its mailbox was proved. Never tells whether there was one already.")
        .errors(&[
            E::RegisterUserAlreadyExists,
            E::RegisterInvalidPassword,
            E::UsernameAlreadyExists,
            E::RegistrationDisabled,
            E::RefusedByApp,
            E::RateLimited,
        ]),
        Endpoint::new("account.get", Group::Users, Method::GET, "/me", Handler::Active(|c, p| Box::pin(get(c, p))))
            .summary("The user's own account.")
            .answers::<PublicUser>(200, "The account."),
        Endpoint::new(
            "account.update",
            Group::Users,
            Method::PATCH,
            "/me",
            Handler::Active(|c, p| Box::pin(update(c, p))),
        )
        .summary("Changes the user's own account.")
        .json::<UpdateRequest>()
        .answers::<PublicUser>(200, "The account as it is now.")
        .errors(&[
            E::UpdateUserEmailAlreadyExists,
            E::UpdateUserInvalidPassword,
            E::UpdateUserBadCurrentPassword,
            E::UsernameAlreadyExists,
            E::ReauthenticationRequired,
            E::RefusedByApp,
            E::RateLimited,
        ]),
        Endpoint::new(
            "account.change_password",
            Group::Auth,
            Method::POST,
            "/change-password",
            Handler::Active(|c, p| Box::pin(change_password(c, p))),
        )
        .summary("Changes the password by the old one. Other sessions end; this one gets a new token.")
        .json::<ChangePasswordRequest>()
        .success(204, "The new cookie carries the new token.", None)
        .answers::<TokenAnswer>(200, "The new token of a bearer backend.")
        .errors(&[
            E::ChangePasswordBadPassword,
            E::ChangePasswordInvalidPassword,
            E::ReauthenticationRequired,
            E::RefusedByApp,
        ])
        .takes_expired_password(),
        Endpoint::new(
            "account.delete",
            Group::Users,
            Method::DELETE,
            "/me",
            Handler::Active(|c, p| Box::pin(delete(c, p))),
        )
        .summary("Deletes the user's own account, with everything that refers to it.")
        .json::<DeleteRequest>()
        .success(204, "It is gone.", None)
        .errors(&[E::ReauthenticationRequired, E::ReauthenticationFailed, E::LastSuperuser, E::RefusedByApp]),
        Endpoint::new(
            "account.export",
            Group::Users,
            Method::GET,
            "/me/export",
            Handler::Active(|c, p| Box::pin(export(c, p))),
        )
        .summary("Everything that is held about the user.")
        .answers::<ExportAnswer>(200, "All of it, as JSON.")
        .errors(&[E::ReauthenticationRequired]),
    ]
}

async fn register(call: Call) -> Result<Reply, Problem> {
    let request: RegisterRequest = call.body()?;
    let new = NewAccount {
        email: request.email,
        password: request.password,
        username: request.username,
        display_name: request.display_name.map(|name| name.0),
        attributes: request.attributes.unwrap_or_default().0,
    };
    match call.auth.accounts().register(new, &call.client).await? {
        Registered::Created(user) => Reply::json(http::StatusCode::CREATED, &PublicUser::from(&user)),
        Registered::Pending => Reply::accepted(),
    }
}

async fn get(_: Call, principal: Principal) -> Result<Reply, Problem> {
    Reply::ok(&PublicUser::from(&principal.user))
}

async fn update(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let request: UpdateRequest = call.body()?;
    let changes = AccountChanges {
        email: request.email.0,
        password: request.password,
        current_password: request.current_password.map(|password| password.0),
        username: request.username.0,
        display_name: request.display_name.0.map(|name| name.map(|text| text.0)),
        attributes: request.attributes.map(|attributes| attributes.0),
    };
    let changed = call.auth.accounts().update(&principal, changes, &call.client).await?;
    updated(&call, Some(&principal), &changed)
}

async fn change_password(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let ChangePasswordRequest { old_password, new_password } = call.body()?;
    let accounts = call.auth.accounts();
    let changed = accounts.change_password(&principal, old_password.0, new_password, &call.client).await?;
    match &changed.token {
        Some(token) => answer(call.transport(&principal.session)?, token),
        None => Ok(Reply::no_content()),
    }
}

async fn delete(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let request: DeleteRequest = call.body()?;
    let password = request.password.map(|password| password.0);
    call.auth.accounts().delete(&principal, password, &call.client).await?;
    ended(&call, &principal.session)
}

async fn export(call: Call, principal: Principal) -> Result<Reply, Problem> {
    call.auth.accounts().require_recent(&principal)?;
    let export = call.auth.accounts().export(&principal.user).await?;
    let sessions = export.sessions.iter().map(|session| SessionView::new(session, principal.session.id)).collect();
    Reply::ok(&ExportAnswer {
        user: PublicUser::from(&export.user),
        updated_at: export.user.updated_at,
        last_login_at: export.user.last_login_at,
        sessions,
        activity: export.activity.iter().map(EventView::from).collect(),
    })
}
