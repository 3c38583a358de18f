//! Accounts as superusers manage them.

use auth_core::account::MAX_DISPLAY_NAME;
use auth_core::admin::{AdminChanges, NewUser, PageRequest};
use auth_core::identifier::{Email, Username};
use auth_core::password::Password;
use auth_core::uuid::Uuid;
use auth_core::{ErrorCode, Principal};
use http::Method;
use serde::Serialize;

use super::account::PublicUser;
use crate::Problem;
use crate::decode::{Attributes, Patch, Replace, Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

request! {
    /// The query of a list.
    ListQuery {
        #[doc = "Where the last page ended: its `next`."]
        cursor: Option<Uuid>,
        #[doc = "How many accounts, at most 100; 50 by default."]
        limit: Option<u64>,
        #[doc = "Only accounts whose address or user name begins so."]
        q: Option<Text<320>>,
    }
}

request! {
    /// The body of a change of somebody's account.
    AdminUpdateRequest {
        #[doc = "A new e-mail address."]
        email: Replace<Email>,
        #[doc = "A new password; it ends all sessions."]
        password: Option<Password>,
        #[doc = "A user name to log in with; null removes it."]
        username: Patch<Username>,
        #[doc = "A name for people; null removes it."]
        display_name: Patch<Text<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object, replaced as a whole."]
        attributes: Option<Attributes>,
        #[doc = "Whether the account may log in."]
        is_active: Option<bool>,
        #[doc = "Whether the account may manage others."]
        is_superuser: Option<bool>,
        #[doc = "Whether the mailbox counts as proved."]
        is_verified: Option<bool>,
    }
}

request! {
    /// An account that a superuser makes.
    NewUserRequest {
        #[doc = "The e-mail address. There must be one, or a user name."]
        email: Option<Email>,
        #[doc = "A user name to log in with."]
        username: Option<Username>,
        #[doc = "A password, to be changed at the first login. Without one a link to choose it is mailed."]
        password: Option<Password>,
        #[doc = "A name for people."]
        display_name: Option<Text<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object about the user."]
        attributes: Option<Attributes>,
        #[doc = "Whether the account may log in; true by default."]
        is_active: Option<bool>,
        #[doc = "Whether the account may manage others; false by default."]
        is_superuser: Option<bool>,
        #[doc = "Whether the mailbox counts as proved; false by default."]
        is_verified: Option<bool>,
    }
}

request! {
    /// A password that a superuser sets.
    AdminResetRequest {
        #[doc = "The password, to be changed at the next login."]
        new_password: Password,
    }
}

/// A page of accounts.
#[derive(Serialize, utoipa::ToSchema)]
struct PageAnswer<'a> {
    /// The accounts, oldest first.
    items: Vec<PublicUser<'a>>,
    /// The `cursor` of the next page, when there is one.
    #[schema(required)]
    next: Option<Uuid>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::new("admin.list", Group::Users, Method::GET, "", Handler::Superuser(|c, p| Box::pin(list(c, p))))
            .summary("Accounts, page by page.")
            .query::<ListQuery>()
            .answers::<PageAnswer>(200, "A page."),
        Endpoint::new(
            "admin.create",
            Group::Users,
            Method::POST,
            "",
            Handler::Superuser(|c, p| Box::pin(create(c, p))),
        )
        .summary("Makes an account.")
        .json::<NewUserRequest>()
        .answers::<PublicUser>(201, "The account.")
        .errors(&[
            E::RegisterUserAlreadyExists,
            E::RegisterInvalidPassword,
            E::UsernameAlreadyExists,
            E::RefusedByApp,
        ]),
        Endpoint::new(
            "admin.reset_password",
            Group::Users,
            Method::POST,
            "/{id}/reset-password",
            Handler::Superuser(|c, p| Box::pin(reset_password(c, p))),
        )
        .summary("Sets a password that its owner has to change. Every session of the account ends.")
        .json::<AdminResetRequest>()
        .success(204, "It is set.", None)
        .errors(&[E::ResetPasswordInvalidPassword, E::RefusedByApp]),
        Endpoint::new("admin.get", Group::Users, Method::GET, "/{id}", Handler::Superuser(|c, p| Box::pin(get(c, p))))
            .summary("One account.")
            .answers::<PublicUser>(200, "The account."),
        Endpoint::new(
            "admin.update",
            Group::Users,
            Method::PATCH,
            "/{id}",
            Handler::Superuser(|c, p| Box::pin(update(c, p))),
        )
        .summary("Changes an account; its password, address, role and deactivation end its sessions.")
        .json::<AdminUpdateRequest>()
        .answers::<PublicUser>(200, "The account as it is now.")
        .errors(&[
            E::UpdateUserEmailAlreadyExists,
            E::UpdateUserInvalidPassword,
            E::UsernameAlreadyExists,
            E::LastSuperuser,
            E::RefusedByApp,
        ]),
        Endpoint::new(
            "admin.delete",
            Group::Users,
            Method::DELETE,
            "/{id}",
            Handler::Superuser(|c, p| Box::pin(delete(c, p))),
        )
        .summary("Deletes an account, with everything that refers to it.")
        .success(204, "It is gone.", None)
        .errors(&[E::LastSuperuser, E::RefusedByApp]),
    ]
}

async fn list(call: Call, _: Principal) -> Result<Reply, Problem> {
    let query: ListQuery = call.query()?;
    let request = PageRequest { cursor: query.cursor, limit: query.limit, prefix: query.q.map(|text| text.0) };
    let page = call.auth.admin().list(request).await?;
    Reply::ok(&PageAnswer { items: page.items.iter().map(PublicUser::from).collect(), next: page.next })
}

async fn get(call: Call, _: Principal) -> Result<Reply, Problem> {
    let user = call.auth.admin().get(call.id()?).await?;
    Reply::ok(&PublicUser::from(&user))
}

async fn create(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let request: NewUserRequest = call.body()?;
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

async fn reset_password(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let id = call.id()?;
    let AdminResetRequest { new_password } = call.body()?;
    call.auth.admin().reset_password(&principal, id, new_password, &call.client).await?;
    Ok(Reply::no_content())
}

async fn update(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let id = call.id()?;
    let request: AdminUpdateRequest = call.body()?;
    let changes = AdminChanges {
        email: request.email.0,
        password: request.password,
        username: request.username.0,
        display_name: request.display_name.0.map(|name| name.map(|text| text.0)),
        attributes: request.attributes.map(|attributes| attributes.0),
        is_active: request.is_active,
        is_superuser: request.is_superuser,
        is_verified: request.is_verified,
    };
    let user = call.auth.admin().update(&principal, id, changes, &call.client).await?;
    Reply::ok(&PublicUser::from(&user))
}

async fn delete(call: Call, principal: Principal) -> Result<Reply, Problem> {
    call.auth.admin().delete(&principal, call.id()?, &call.client).await?;
    Ok(Reply::no_content())
}
