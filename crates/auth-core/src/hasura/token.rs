//! The claims of hasura-backend-plus.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::error::{Error, ErrorCode, Result};
use crate::role::UserRoles;
use crate::token::{CustomClaims, NewToken, StrategyKeys, TokenRef, TokenStrategy, TokenSubject};

/// Gives out JSON Web Tokens that name a user, and takes none: they point to no session.
pub(super) struct PairStrategy {
    pub(super) keys: StrategyKeys,
    pub(super) namespace: String,
    pub(super) claims: Option<CustomClaims>,
}

#[async_trait::async_trait]
impl TokenStrategy for PairStrategy {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let TokenSubject { user, roles, now, tx, .. } = subject;
        // A server that reads the token elsewhere would not know.
        if user.must_change_password {
            return Err(ErrorCode::PasswordChangeRequired.into());
        }
        let roles = roles.ok_or_else(|| Error::internal("the claims need the roles of the user"))?;
        let custom = self.claims.as_ref().map(|claims| claims(&subject)).unwrap_or_default();
        let claims = claims(user.id.to_string(), roles, custom);
        let layout = Map::from_iter([(self.namespace.clone(), Value::Object(claims))]);
        let owner = (user.id, user.security_epoch);
        let token = self.keys.sign(tx, now, |terms, key| terms.sign_plain(key, owner, layout, now)).await?;
        Ok(NewToken { token: token.into(), digest: None, expires_in: Some(self.keys.lifetime()) })
    }

    fn wants_roles(&self) -> bool {
        true
    }

    async fn read(&self, _token: &str, _now: OffsetDateTime) -> Result<Option<TokenRef>> {
        Ok(None)
    }

    async fn public_keys(&self, now: OffsetDateTime) -> Result<Vec<Value>> {
        self.keys.public_keys(now).await
    }
}

/// What stands below the namespace. The two short names are those that the Python client of Synmetrix reads.
fn claims(
    user_id: String,
    UserRoles { roles, default_role }: &UserRoles,
    custom: Map<String, Value>,
) -> Map<String, Value> {
    let custom = custom.into_iter().map(|(name, value)| (header(&name), Value::String(text(value))));
    let mut claims: Map<String, Value> = custom.collect();
    claims.extend([
        ("x-hasura-user-id".to_owned(), json!(user_id)),
        ("x-hasura-allowed-roles".to_owned(), json!(roles)),
        ("x-hasura-default-role".to_owned(), json!(default_role)),
        ("allowed_roles".to_owned(), json!(roles)),
        ("default_role".to_owned(), json!(default_role)),
    ]);
    claims
}

/// The name of a session variable: Hasura reads them in lower case.
fn header(name: &str) -> String {
    format!("x-hasura-{}", name.to_ascii_lowercase().replace('_', "-"))
}

/// The value of a session variable, which is a text: a list as an array of PostgreSQL, all else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => {
            let items = items.into_iter().map(|item| {
                let item = text(item).replace('\\', "\\\\").replace('"', "\\\"");
                format!("\"{item}\"")
            });
            format!("{{{}}}", items.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::RoleName;

    #[test]
    fn the_layout_is_that_of_its_clients() {
        let role = |name: &str| RoleName::parse(name).unwrap();
        let roles = UserRoles { roles: vec![role("editor"), role("user")], default_role: role("user") };
        let custom =
            json!({ "team_id": 7, "Teams": ["a", "b\"c", "d\\e"], "plan": "pro", "gone": null, "user_id": "eve" });
        let Value::Object(custom) = custom else { unreachable!() };
        let claims = Value::Object(claims("ada".to_owned(), &roles, custom));
        let expected = json!({
            "x-hasura-user-id": "ada",
            "x-hasura-allowed-roles": ["editor", "user"],
            "x-hasura-default-role": "user",
            "allowed_roles": ["editor", "user"],
            "default_role": "user",
            "x-hasura-team-id": "7",
            "x-hasura-teams": r#"{"a","b\"c","d\\e"}"#,
            "x-hasura-plan": "pro",
            "x-hasura-gone": "null",
        });
        assert_eq!(claims, expected);
    }
}
