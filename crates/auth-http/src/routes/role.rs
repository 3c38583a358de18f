//! The roles of accounts, as superusers see and change them.

use auth_core::{Auth, ErrorCode, Principal, RoleName};
use serde::Serialize;

use crate::call::Call;
use crate::endpoint::{Endpoint, Group};
use crate::handler::{Id, RolePart};
use crate::problem::Problem;
use crate::reply::Reply;

/// The roles of an account.
#[derive(Serialize, utoipa::ToSchema)]
struct RolesAnswer<'a> {
    /// All of them in alphabetical order; the default role is among them.
    #[schema(value_type = Vec<String>)]
    roles: &'a [RoleName],
    /// The one that every account has.
    #[schema(value_type = String)]
    default_role: &'a RoleName,
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::get("role.list", Group::Users, "/{id}/roles")
            .superuser(list)
            .summary("Lists the roles of an account.")
            .answers::<RolesAnswer>(200, "The roles.")
            .costs(2),
        Endpoint::put("role.grant", Group::Users, "/{id}/roles/{role}")
            .superuser(grant)
            .summary("Grants a role to an account. Its sessions go on, and its user is told by mail.")
            .empty("The account has the role.")
            .errors(&[ErrorCode::Validation]),
        Endpoint::delete("role.revoke", Group::Users, "/{id}/roles/{role}")
            .superuser(revoke)
            .summary("Revokes a role of an account, unless every account has it. Its sessions go on, and its user is told by mail.")
            .empty("The account does not have the role.")
            .errors(&[ErrorCode::Validation]),
    ]
}

async fn list(call: Call, _: Principal, Id(id): Id) -> Result<Reply, Problem> {
    let found = call.auth.roles().of(id).await?;
    Reply::ok(&RolesAnswer { roles: &found.roles, default_role: &found.default_role })
}

async fn grant(call: Call, principal: Principal, Id(id): Id, RolePart(role): RolePart) -> Result<Reply, Problem> {
    call.auth.roles().grant(&principal, id, &role, &call.client).await.map_err(Problem::of_path)?;
    Ok(Reply::no_content())
}

async fn revoke(call: Call, principal: Principal, Id(id): Id, RolePart(role): RolePart) -> Result<Reply, Problem> {
    call.auth.roles().revoke(&principal, id, &role, &call.client).await.map_err(Problem::of_path)?;
    Ok(Reply::no_content())
}
