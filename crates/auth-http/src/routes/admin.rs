//! Account management for superusers.

use auth_core::account::MAX_DISPLAY_NAME;
use auth_core::admin::{AdminChanges, NewUser, PageRequest};
use auth_core::identifier::{Email, Username};
use auth_core::password::Password;
use auth_core::uuid::Uuid;
use auth_core::{Auth, ErrorCode, Principal};
use serde::Serialize;

use crate::answer::session::{ENDED_IF_CURRENT, ended};
use crate::answer::token::beside;
use crate::answer::user::{PublicUser, UPDATED, updated};
use crate::call::Call;
use crate::decode::{Attributes, KnownPassword, Patch, Replace, ShownText, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::handler::{Id, Query};
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The query of a list.
    ListQuery {
        #[doc = "The `next` of the previous page."]
        cursor: Option<Uuid>,
        #[doc = "The number of accounts per page, at most 100; 50 by default."]
        limit: Option<u64>,
        #[doc = "Only accounts whose email address or user name starts with this text."]
        q: Option<Text<320>>,
    }
}

request! {
    /// The body of a superuser's change to an account.
    AdminUpdateRequest {
        #[doc = "A new email address."]
        email: Replace<Email>,
        #[doc = "A new password; it ends all sessions."]
        password: Option<Password>,
        #[doc = "The superuser's current password; required with a new password of their own."]
        current_password: Option<KnownPassword>,
        #[doc = "A user name to log in with; null removes it."]
        username: Patch<Username>,
        #[doc = "The display name; null removes it."]
        display_name: Patch<ShownText<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object, replaced as a whole."]
        attributes: Option<Attributes>,
        #[doc = "Whether the account may log in."]
        is_active: Option<bool>,
        #[doc = "Whether the account is a superuser."]
        is_superuser: Option<bool>,
        #[doc = "Whether the email address counts as verified; ignored for the superuser's own."]
        is_verified: Option<bool>,
    }
}

request! {
    /// An account that a superuser creates.
    NewUserRequest {
        #[doc = "The email address. Required unless there is a user name."]
        email: Option<Email>,
        #[doc = "A user name to log in with."]
        username: Option<Username>,
        #[doc = "A password, which must be changed at the first login. Without one, the user is invited by mail to choose it."]
        password: Option<Password>,
        #[doc = "The display name."]
        display_name: Option<ShownText<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object about the user."]
        attributes: Option<Attributes>,
        #[doc = "Whether the account may log in; true by default."]
        is_active: Option<bool>,
        #[doc = "Whether the account is a superuser; false by default."]
        is_superuser: Option<bool>,
        #[doc = "Whether the email address counts as verified; false by default."]
        is_verified: Option<bool>,
    }
}

request! {
    /// The body of a password reset by a superuser.
    AdminResetRequest {
        #[doc = "The password, which must be changed at the next login."]
        new_password: Password,
        #[doc = "The superuser's current password; required for a new password of their own."]
        current_password: Option<KnownPassword>,
    }
}

/// A page of accounts.
#[derive(Serialize, utoipa::ToSchema)]
struct PageAnswer<'a> {
    /// The accounts, oldest first.
    items: Vec<PublicUser<'a>>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next: Option<Uuid>,
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::get("admin.list", Group::Users, "")
            .superuser(list)
            .summary("Lists accounts, page by page.")
            .answers::<PageAnswer>(200, "A page.")
            .costs(2),
        Endpoint::post("admin.create", Group::Users, "")
            .superuser(create)
            .summary("Creates an account.")
            .answers::<PublicUser>(201, "The account.")
            .errors(&[
                E::RegisterUserAlreadyExists,
                E::RegisterInvalidPassword,
                E::UsernameAlreadyExists,
                E::RefusedByApp,
            ]),
        Endpoint::post("admin.reset_password", Group::Users, "/{id}/reset-password")
            .superuser(reset_password)
            .summary(
                "Sets a password that the user must change at the next login. Ends every session of the account. The \
                 superuser's own password changes as by `PATCH /users/me`.",
            )
            .empty("It is set.")
            .headers(&UPDATED)
            .errors(&[
                E::ResetPasswordInvalidPassword,
                E::UpdateUserBadCurrentPassword,
                E::UpdateUserInvalidPassword,
                E::RefusedByApp,
            ]),
        Endpoint::get("admin.read", Group::Users, "/{id}")
            .superuser(read)
            .summary("Returns an account.")
            .costs(2)
            .answers::<PublicUser>(200, "The account."),
        Endpoint::patch("admin.update", Group::Users, "/{id}")
            .superuser(update)
            .summary(
                "Changes an account. A new password, email address or role, deactivation, and a declared verification end its \
                 sessions. The superuser's own account changes by the rules of `PATCH /users/me`.",
            )
            .answers::<PublicUser>(200, "The account as it is now.")
            .headers(&UPDATED)
            .errors(&[
                E::UpdateUserEmailAlreadyExists,
                E::UpdateUserInvalidPassword,
                E::UpdateUserBadCurrentPassword,
                E::UsernameAlreadyExists,
                E::LastSuperuser,
                E::RefusedByApp,
                E::RateLimited,
            ]),
        Endpoint::delete("admin.delete", Group::Users, "/{id}")
            .superuser(delete)
            .summary("Deletes an account and everything that refers to it.")
            .empty("The account is deleted.")
            .headers(&ENDED_IF_CURRENT)
            .errors(&[E::LastSuperuser, E::AccountInUse, E::RefusedByApp]),
    ]
}

async fn list(call: Call, _: Principal, Query(query): Query<ListQuery>) -> Result<Reply, Problem> {
    let request = PageRequest { cursor: query.cursor, limit: query.limit, prefix: query.q.map(|text| text.0) };
    let page = call.auth.admin().list(request).await?;
    Reply::ok(&PageAnswer { items: page.items.iter().map(PublicUser::from).collect(), next: page.next })
}

async fn read(call: Call, _: Principal, Id(id): Id) -> Result<Reply, Problem> {
    let user = call.auth.admin().get(id).await?;
    Reply::ok(&PublicUser::from(&user))
}

async fn create(call: Call, principal: Principal, request: NewUserRequest) -> Result<Reply, Problem> {
    let new = NewUser {
        email: request.email,
        username: request.username,
        password: request.password,
        display_name: request.display_name.map(|name| name.0),
        attributes: request.attributes.unwrap_or_default().0,
        is_active: request.is_active.unwrap_or(true),
        is_superuser: request.is_superuser.unwrap_or_default(),
        is_verified: request.is_verified.unwrap_or_default(),
    };
    let user = call.auth.admin().create(&principal, new, &call.client).await?;
    Reply::json(http::StatusCode::CREATED, &PublicUser::from(&user))
}

async fn reset_password(
    call: Call,
    principal: Principal,
    Id(id): Id,
    request: AdminResetRequest,
) -> Result<Reply, Problem> {
    let AdminResetRequest { new_password, current_password } = request;
    let current = current_password.map(|password| password.0);
    let changed = call.auth.admin().reset_password(&principal, id, new_password, current, &call.client).await?;
    beside(&call, Reply::no_content(), &principal.session, changed.token.as_ref())
}

async fn update(call: Call, principal: Principal, Id(id): Id, request: AdminUpdateRequest) -> Result<Reply, Problem> {
    let changes = AdminChanges {
        email: request.email.0,
        password: request.password,
        current_password: request.current_password.map(|password| password.0),
        username: request.username.0,
        display_name: request.display_name.0.map(|name| name.map(|text| text.0)),
        attributes: request.attributes.map(|attributes| attributes.0),
        is_active: request.is_active,
        is_superuser: request.is_superuser,
        is_verified: request.is_verified,
    };
    let changed = call.auth.admin().update(&principal, id, changes, &call.client).await?;
    updated(&call, Some(&principal), &changed)
}

async fn delete(call: Call, principal: Principal, Id(id): Id) -> Result<Reply, Problem> {
    call.auth.admin().delete(&principal, id, &call.client).await?;
    if id == principal.user.id {
        return ended(&call, &principal.session);
    }
    Ok(Reply::no_content())
}
