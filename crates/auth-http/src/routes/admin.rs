//! Accounts as superusers manage them.

use auth_core::admin::{AdminChanges, PageRequest};
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
        display_name: Patch<Text<200>>,
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
