//! Commands about roles.

use std::io::Write;

use auth_core::{Auth, ErrorCode, RoleName};

use crate::upkeep::insist_on_key;
use crate::{Result, explain, print};

pub(crate) async fn list(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    for role in auth.roles().list().await.map_err(|error| explain(&error))? {
        print(output, &format!("{role}\n"))?;
    }
    Ok(())
}

pub(crate) async fn create(auth: &Auth, name: &str, output: &mut (dyn Write + Send)) -> Result {
    let role = role(name)?;
    auth.roles().create(&role).await.map_err(|error| explain(&error))?;
    print(output, &format!("the role {role} exists\n"))
}

pub(crate) async fn grant(auth: &Auth, name: &str, role_name: &str, output: &mut (dyn Write + Send)) -> Result {
    insist_on_key(auth).await?;
    let role = role(role_name)?;
    let user = auth.admin().find(name).await.map_err(|error| explain(&error))?;
    let granted = auth.roles().grant_by_operator(user.id, &role).await;
    granted.map_err(|error| match error.code() {
        ErrorCode::NotFound => format!("no such role: create it with `roles create {role}`"),
        _ => explain(&error),
    })?;
    print(output, &format!("the account has the role {role}\n"))
}

pub(crate) async fn revoke(auth: &Auth, name: &str, role_name: &str, output: &mut (dyn Write + Send)) -> Result {
    insist_on_key(auth).await?;
    let role = role(role_name)?;
    let user = auth.admin().find(name).await.map_err(|error| explain(&error))?;
    let revoked = auth.roles().revoke_by_operator(user.id, &role).await;
    revoked.map_err(|error| match error.code() {
        ErrorCode::NotFound => "no such role: `roles list` lists them".to_owned(),
        _ => explain(&error),
    })?;
    print(output, &format!("the account does not have the role {role}\n"))
}

fn role(name: &str) -> Result<RoleName> {
    RoleName::parse(name).map_err(|error| explain(&error))
}
