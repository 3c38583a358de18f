//! The service of roles.

use auth_entity::{Timestamp, user_role};
use uuid::Uuid;

use super::RoleConfig;
use super::model::{MAX_ROLES, RoleName, UserRoles};
use super::notice::{ROLE_GRANTED, ROLE_REVOKED};
use super::store as roles;
use crate::account::{password_in_doubt, recheck_superuser, require_superuser_in_person, store};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::principal::Principal;
use crate::user::User;

/// The service of roles.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    kernel: &'a Kernel,
}

/// What becomes of a role of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Grant,
    Revoke,
}

impl<'a> Roles<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    fn config(&self) -> &'a RoleConfig {
        &self.kernel.configs().roles
    }

    /// The roles that exist, in alphabetical order: those that the app declares, and those that were created.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "role.list", target = "auth::service", level = "debug", skip_all)]
    pub async fn list(&self) -> Result<Vec<RoleName>> {
        let mut names = roles::created(self.kernel.db()).await?;
        names.extend(self.config().names().cloned());
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Creates a role, unless it exists.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "role.create", target = "auth::service", level = "debug", skip_all, fields(%role))]
    pub async fn create(&self, role: &RoleName) -> Result<()> {
        if self.config().names().any(|name| name == role) {
            return Ok(());
        }
        roles::create(self.kernel.db(), role, self.kernel.now()).await
    }

    /// The roles of an account.
    ///
    /// # Errors
    /// Fails with `Not Found` when the account does not exist, and when the database does.
    #[tracing::instrument(name = "role.of", target = "auth::service", level = "debug", skip_all, fields(%user_id))]
    pub async fn of(&self, user_id: Uuid) -> Result<UserRoles> {
        let found = roles::of(self.kernel.db(), self.config(), user_id).await?;
        found.ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// Whether an account has all of these roles now. Costs one statement, unless every account has them.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "role.has_all", target = "auth::service", level = "debug", skip_all, fields(%user_id))]
    pub async fn has_all(&self, user_id: Uuid, required: &[RoleName]) -> Result<bool> {
        let mut granted: Vec<&RoleName> =
            required.iter().filter(|role| *role != self.config().default_name()).collect();
        granted.sort_unstable();
        granted.dedup();
        if granted.is_empty() {
            return Ok(true);
        }
        Ok(roles::count(self.kernel.db(), user_id, &granted).await? == granted.len() as u64)
    }

    /// Grants a role on behalf of a superuser, and tells the user by mail. Does nothing when the account has it already.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found` when the account or the role does not exist,
    /// [`Error::Invalid`] when somebody else may know the password of the account, or when it has [`MAX_ROLES`] roles,
    /// `Unauthorized` when the actor is not a superuser any more, and when the database does.
    #[tracing::instrument(
        name = "role.grant", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %user_id, %role)
    )]
    pub async fn grant(&self, actor: &Principal, user_id: Uuid, role: &RoleName, client: &Client) -> Result<()> {
        self.change_in_person(actor, user_id, role, client, Change::Grant).await
    }

    /// Revokes a role on behalf of a superuser, and tells the user by mail. Does nothing when the account does not have it.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found` when the account or the role does not exist,
    /// [`Error::Invalid`] for the default role, which every account has, `Unauthorized` when the actor is not a superuser any
    /// more, and when the database does.
    #[tracing::instrument(
        name = "role.revoke", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %user_id, %role)
    )]
    pub async fn revoke(&self, actor: &Principal, user_id: Uuid, role: &RoleName, client: &Client) -> Result<()> {
        self.change_in_person(actor, user_id, role, client, Change::Revoke).await
    }

    /// Grants a role on behalf of an operator, who has no account.
    ///
    /// # Errors
    /// Fails as [`grant`](Self::grant) does, as far as it concerns the account and the role.
    #[tracing::instrument(
        name = "role.grant_by_operator", target = "auth::service", level = "debug",
        skip_all, fields(%user_id, %role)
    )]
    pub async fn grant_by_operator(&self, user_id: Uuid, role: &RoleName) -> Result<()> {
        self.change(None, user_id, role, &Client::default(), Change::Grant).await
    }

    /// Revokes a role on behalf of an operator, who has no account.
    ///
    /// # Errors
    /// Fails as [`revoke`](Self::revoke) does, as far as it concerns the account and the role.
    #[tracing::instrument(
        name = "role.revoke_by_operator", target = "auth::service", level = "debug",
        skip_all, fields(%user_id, %role)
    )]
    pub async fn revoke_by_operator(&self, user_id: Uuid, role: &RoleName) -> Result<()> {
        self.change(None, user_id, role, &Client::default(), Change::Revoke).await
    }

    async fn change_in_person(
        &self,
        actor: &Principal,
        user_id: Uuid,
        role: &RoleName,
        client: &Client,
        change: Change,
    ) -> Result<()> {
        require_superuser_in_person(self.kernel, actor)?;
        self.change(Some(&actor.user), user_id, role, &client.clone().acting_as(actor.user.id), change).await
    }

    async fn change(
        &self,
        actor: Option<&User>,
        user_id: Uuid,
        role: &RoleName,
        client: &Client,
        change: Change,
    ) -> Result<()> {
        self.kernel
            .effect(client, |effect| async move {
                if let Some(actor) = actor {
                    recheck_superuser(effect.tx(), actor).await?;
                }
                // Changes of one account come one after the other, and its deletion before or after them.
                let row = store::find_for_update(effect.tx(), user_id).await?.ok_or(ErrorCode::NotFound)?;
                effect.use_locale_of(row.locale.as_deref());
                let is_in_doubt = row.password_hash.is_some() && !row.password_is_confirmed;
                let user = User::from(row);
                match change {
                    Change::Grant if is_in_doubt => Err(password_in_doubt("role")),
                    Change::Grant => self.grant_within(&effect, actor, &user, role).await,
                    Change::Revoke => self.revoke_within(&effect, &user, role).await,
                }
            })
            .await
    }

    async fn grant_within(&self, effect: &Effect, actor: Option<&User>, user: &User, role: &RoleName) -> Result<()> {
        if !self.exists(effect, role).await? {
            return Err(ErrorCode::NotFound.into());
        }
        if role == self.config().default_name() {
            return Ok(());
        }
        let row = user_role::Model {
            user_id: user.id,
            role: role.to_string(),
            granted_at: Timestamp(self.kernel.now()),
            granted_by: actor.map(|actor| actor.id),
        };
        if roles::grant(effect.tx(), &row).await? {
            effect.emit(EventKind::RoleGranted { user_id: user.id, role: role.to_string() });
            return effect.queue_mail_to(user, ROLE_GRANTED.message().value("role", role.as_str()));
        }
        if roles::count(effect.tx(), user.id, &[role]).await? > 0 {
            return Ok(());
        }
        let message = format!("the account has {MAX_ROLES} roles already: revoke one first");
        Err(Error::Invalid { field: "role", kind: "too_many", message })
    }

    async fn revoke_within(&self, effect: &Effect, user: &User, role: &RoleName) -> Result<()> {
        if role == self.config().default_name() {
            let message = "every account has the default role".to_owned();
            return Err(Error::Invalid { field: "role", kind: "value_error", message });
        }
        // An account may have a role that the app does not declare any more.
        if roles::revoke(effect.tx(), user.id, role).await? {
            effect.emit(EventKind::RoleRevoked { user_id: user.id, role: role.to_string() });
            return effect.queue_mail_to(user, ROLE_REVOKED.message().value("role", role.as_str()));
        }
        if self.exists(effect, role).await? { Ok(()) } else { Err(ErrorCode::NotFound.into()) }
    }

    async fn exists(&self, effect: &Effect, role: &RoleName) -> Result<bool> {
        let is_declared = self.config().names().any(|name| name == role);
        Ok(is_declared || roles::was_created(effect.tx(), role).await?)
    }
}
