//! The user's own account.

use std::collections::BTreeMap;

use auth_core::account::MAX_DISPLAY_NAME;
use auth_core::identifier::{Email, Username};
use auth_core::password::Password;
use auth_core::profile::AccountChanges;
use auth_core::time::OffsetDateTime;
use auth_core::{Auth, ErrorCode, Principal};
use serde::Serialize;

use crate::answer::event::EventView;
use crate::answer::session::{ENDED, SessionView, ended};
use crate::answer::token::{TOKEN_COOKIE, TokenAnswer, token_answer};
use crate::answer::user::{PublicUser, UPDATED, updated};
use crate::call::Call;
use crate::decode::{Attributes, KnownPassword, Patch, Replace, ShownText, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::requirement::Requirement;

request! {
    /// The body of a change to the user's own account.
    UpdateRequest {
        #[doc = "A new email address; needs a recent login or the current password."]
        email: Replace<Email>,
        #[doc = "A new password; needs the current one."]
        password: Option<Password>,
        #[doc = "The current password."]
        current_password: Option<KnownPassword>,
        #[doc = "A user name to log in with; null removes it."]
        username: Patch<Username>,
        #[doc = "The display name; null removes it."]
        display_name: Patch<ShownText<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object, replaced as a whole."]
        attributes: Option<Attributes>,
    }
}

request! {
    /// The old and the new password.
    ChangePasswordRequest {
        #[doc = "The current password."]
        old_password: KnownPassword,
        #[doc = "The new password."]
        new_password: Password,
    }
}

request! {
    /// The body of an account deletion.
    DeleteRequest {
        #[doc = "The password; required when the last login is not recent."]
        password: Option<KnownPassword>,
    }
}

/// All data held about a user.
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
    /// The active sessions.
    sessions: Vec<SessionView<'a>>,
    /// What happened to the account, newest first: at most 1,000 events. `GET /auth/me/activity` has the others.
    activity: Vec<EventView<'a>>,
    /// The number of entries about the account, by the names of the events.
    activity_counts: &'a BTreeMap<String, i64>,
    /// What features of other crates hold, each under its name.
    #[serde(flatten)]
    more: &'a serde_json::Map<String, serde_json::Value>,
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::get("profile.read", Group::Users, "/me")
            .requires(Requirement::new().scopes(["account:read"]).from_memory(), read)
            .summary("Returns the user's own account.")
            .answers::<PublicUser>(200, "The account.")
            .costs(1),
        Endpoint::patch("profile.update", Group::Users, "/me")
            .user(update)
            .summary("Changes the user's own account.")
            .answers::<PublicUser>(200, "The account as it is now.")
            .headers(&UPDATED)
            .errors(&[
                E::UpdateUserEmailAlreadyExists,
                E::UpdateUserInvalidPassword,
                E::UpdateUserBadCurrentPassword,
                E::UsernameAlreadyExists,
                E::ReauthenticationRequired,
                E::RefusedByApp,
                E::RateLimited,
            ]),
        Endpoint::post("profile.change_password", Group::Auth, "/change-password")
            .requires(Requirement::new().open_to_pending_password_change(), change_password)
            .summary("Changes the password, given the old one. Other sessions end; this one gets a new token.")
            .empty("The new cookie carries the new token.")
            .headers(&TOKEN_COOKIE)
            .answers::<TokenAnswer>(200, "The new token of a bearer backend.")
            .errors(&[
                E::ChangePasswordBadPassword,
                E::ChangePasswordInvalidPassword,
                E::ReauthenticationRequired,
                E::RefusedByApp,
                E::RateLimited,
            ]),
        Endpoint::delete("profile.delete", Group::Users, "/me")
            .user(delete)
            .summary("Deletes the user's own account and everything that refers to it.")
            .empty("The account is deleted.")
            .headers(&ENDED)
            .errors(&[
                E::ReauthenticationRequired,
                E::ReauthenticationFailed,
                E::LastSuperuser,
                E::AccountInUse,
                E::RefusedByApp,
                E::RateLimited,
            ]),
        Endpoint::get("profile.export", Group::Users, "/me/export")
            .requires(Requirement::new().recent(), export)
            .summary("Returns all data held about the user: of the audit log the newest events. One export at a time.")
            .answers::<ExportAnswer>(200, "All of it, as JSON.")
            .errors(&[E::RateLimited])
            .costs(7),
    ]
}

async fn read(_: Call, principal: Principal) -> Result<Reply, Problem> {
    Reply::ok(&PublicUser::from(&principal.user))
}

async fn update(call: Call, principal: Principal, request: UpdateRequest) -> Result<Reply, Problem> {
    let changes = AccountChanges {
        email: request.email.0,
        password: request.password,
        current_password: request.current_password.map(|password| password.0),
        username: request.username.0,
        display_name: request.display_name.0.map(|name| name.map(|text| text.0)),
        attributes: request.attributes.map(|attributes| attributes.0),
    };
    let changed = call.auth.profile().update(&principal, changes, &call.client).await?;
    updated(&call, Some(&principal), &changed)
}

async fn change_password(call: Call, principal: Principal, request: ChangePasswordRequest) -> Result<Reply, Problem> {
    let ChangePasswordRequest { old_password, new_password } = request;
    let profile = call.auth.profile();
    let changed = profile.change_password(&principal, old_password.0, new_password, &call.client).await?;
    match &changed.token {
        Some(token) => token_answer(&call, call.backend_of(&principal.session)?, &principal.session, token),
        None => Ok(Reply::no_content()),
    }
}

async fn delete(call: Call, principal: Principal, request: DeleteRequest) -> Result<Reply, Problem> {
    let password = request.password.map(|password| password.0);
    call.auth.profile().delete(&principal, password, &call.client).await?;
    ended(&call, &principal.session)
}

async fn export(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let export = call.auth.profile().export(&principal.user, &call.client).await?;
    let sessions = export.sessions.iter().map(|session| SessionView::new(session, principal.session.id)).collect();
    Reply::ok(&ExportAnswer {
        user: PublicUser::from(&export.user),
        updated_at: export.user.updated_at,
        last_login_at: export.user.last_login_at,
        sessions,
        activity: export.activity.iter().map(EventView::from).collect(),
        activity_counts: &export.activity_counts,
        more: &export.more,
    })
}
