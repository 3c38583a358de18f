//! Listing, reading, changing and deleting anybody's account.

use serde_json::Value;
use uuid::Uuid;

use super::target::{OtherAccount, Target, target};
use super::{ACCOUNT_RESET, AdminChanges, NewUser, Page, PageRequest};
use crate::account::{
    Accounts, Changes, Draft, SessionsToEnd, Updated, ensure_superuser_remains, password_in_doubt, recheck_superuser,
    require_superuser_in_person, store,
};
use crate::client::Client;
use crate::effect::Effect;
use crate::email_change::close_revert_links;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::{Email, Username};
use crate::kernel::Kernel;
use crate::password::{Password, PolicyContext};
use crate::principal::Principal;
use crate::profile::{AccountChanges, ChangedBy, notify_owner};
use crate::user::User;
use crate::{invitation, page, verification};

const TAKEN: ErrorCode = ErrorCode::UpdateUserEmailAlreadyExists;

/// The service of superusers. What changes an account takes the superuser who acts, and asks for a recent login. The
/// caller of what only reads has checked that a superuser asks; the wire does so for every route.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> Admin<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// A page of all accounts.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "admin.list", target = "auth::service", level = "debug", skip_all)]
    pub async fn list(&self, request: PageRequest) -> Result<Page> {
        let (db, size) = (self.kernel.db(), page::size(request.limit));
        let mut rows = store::page(db, request.prefix.as_deref(), request.cursor, size + 1).await?;
        let next = page::cut(&mut rows, size, |row| row.id);
        Ok(Page { items: rows.into_iter().map(User::from).collect(), next })
    }

    /// One account.
    ///
    /// # Errors
    /// Fails with `Not Found`, and when the database does.
    #[tracing::instrument(name = "admin.get", target = "auth::service", level = "debug", skip_all, fields(%id))]
    pub async fn get(&self, id: Uuid) -> Result<User> {
        let row = store::find(self.kernel.db(), id).await?;
        row.map(User::from).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// Changes an account at once. A new password, address or role, deactivation, and a declared verification, end all its
    /// sessions; the latter leaves the password [unconfirmed](crate::login). An account that still waits for its user is
    /// invited at its new address.
    ///
    /// The superuser's own account changes as by [`profile().update(..)`](crate::profile::Profiles::update): a new password
    /// needs the current one, and a new address leaves its owner a way back. They may give up the role and deactivate
    /// themselves.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found`, `UPDATE_USER_INVALID_PASSWORD` with a
    /// reason, `UPDATE_USER_EMAIL_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`, `LAST_SUPERUSER`, `Unauthorized` when the
    /// actor lost the role in the meantime, when a hook refuses, and when the database does. Changes to the actor's own
    /// account fail with `UPDATE_USER_BAD_CURRENT_PASSWORD` and `RATE_LIMITED` as well.
    #[tracing::instrument(
        name = "admin.update", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %id)
    )]
    pub async fn update(&self, actor: &Principal, id: Uuid, wanted: AdminChanges, client: &Client) -> Result<Updated> {
        let other = match target(self.kernel, actor, id)? {
            Target::Other(other) => other,
            Target::Own(profile) => {
                let (changes, rights) = wanted.of_own();
                return profile.update_with_rights(actor, changes, rights, client).await;
            }
        };
        let client = &client.clone().acting_as(actor.user.id);
        let present = self.get(id).await?;
        let changes = &self.prepare(&present, wanted, client).await?;
        let kernel = self.kernel;
        let written = kernel.effect(client, |effect| async move {
            let (before, changes) = self.lock(&effect, &actor.user, other, changes.clone()).await?;
            let ends_sessions = changes.email.is_some()
                || changes.password_hash.is_some()
                || changes.is_superuser.is_some()
                || changes.is_verified == Some(true)
                || changes.is_active == Some(false);
            // What ends sessions ends the invitation as well.
            let waits = ends_sessions && invitation::awaits_user(&effect, &before).await?;
            let ends = if ends_sessions { SessionsToEnd::All } else { SessionsToEnd::Nothing };
            let updated = Accounts::new(kernel).apply(&effect, &before, &changes, ends, TAKEN).await?;
            Accounts::new(kernel).emit_changes(&effect, id, &changes, Some(actor.user.id));
            // A superuser has the last word: nobody takes that back, nor what was before, since it may be the repair of a
            // stolen account.
            if changes.email.is_some() || changes.password_hash.is_some() || changes.is_superuser.is_some() {
                close_revert_links(&effect, id).await?;
            }
            if waits && changes.password_hash.is_none() && updated.user.is_active {
                // There is no owner yet whom a change could concern: the first link went to the wrong address.
                invitation::invite(&effect, &updated.user, actor.user.id).await?;
            } else {
                notify_owner(&effect, &before, &updated.user, &changes, ChangedBy::Superuser).await?;
            }
            Ok(updated)
        });
        let email = changes.email.as_ref().and_then(Option::as_ref);
        Accounts::new(kernel).prefer_email_conflict(written.await, email, Some(id), TAKEN).await
    }

    /// The account to be changed, locked, and what of the changes is one; if the actor still may.
    async fn lock(
        &self,
        effect: &Effect,
        actor: &User,
        other: OtherAccount,
        mut changes: Changes,
    ) -> Result<(User, Changes)> {
        recheck_superuser(effect.tx(), actor).await?;
        let row = store::find_for_update(effect.tx(), other.id()).await?.ok_or(ErrorCode::NotFound)?;
        effect.use_locale_of(row.locale.as_deref());
        let before = User::from(row);
        changes.drop_unchanged(&before);
        if changes.is_verified == Some(true) && changes.password_hash.is_none() {
            // Whose address it is says nothing about who chose the password, or is in.
            changes.password_is_confirmed = Some(false);
        }
        if changes.is_active == Some(false) || changes.is_superuser == Some(false) {
            ensure_superuser_remains(effect.tx(), &before).await?;
        }
        refuse_doubt(effect, &before, &changes).await?;
        Ok((before, changes))
    }

    /// Makes an account. One with a password has to change it at the first login; the user of one without is invited to
    /// choose it, if there is an address and the account is active.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, [`Error::Invalid`] for an account without address and
    /// user name, `REGISTER_INVALID_PASSWORD` with a reason, `REGISTER_USER_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`,
    /// `Unauthorized` when the actor lost the role in the meantime, when a hook refuses, and when the database does.
    #[tracing::instrument(
        name = "admin.create", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id)
    )]
    pub async fn create(&self, actor: &Principal, new: NewUser, client: &Client) -> Result<User> {
        require_superuser_in_person(self.kernel, actor)?;
        let client = &client.clone().acting_as(actor.user.id);
        let kernel = self.kernel;
        let draft = &self.draft(new, client).await?;
        let created = kernel.effect(client, |effect| async move {
            recheck_superuser(effect.tx(), &actor.user).await?;
            // Nobody knows yet which language the new user reads.
            effect.use_locale_of(None);
            let user = Accounts::new(kernel).insert(&effect, draft, ErrorCode::RegisterUserAlreadyExists).await?;
            if draft.password_hash.is_some() && !user.is_verified {
                verification::invite(&effect, &user).await?;
            }
            if draft.password_hash.is_none() && user.is_active {
                invitation::invite(&effect, &user, actor.user.id).await?;
            }
            Ok(user)
        });
        let taken = ErrorCode::RegisterUserAlreadyExists;
        Accounts::new(kernel).prefer_email_conflict(created.await, draft.email.as_ref(), None, taken).await
    }

    pub(super) async fn draft(&self, new: NewUser, client: &Client) -> Result<Draft> {
        let NewUser { email, username, password, display_name, attributes, is_active, is_superuser, is_verified } = new;
        if email.is_none() && username.is_none() {
            let message = "give an address or a user name: nobody could log in else".to_owned();
            return Err(Error::Invalid { field: "email", kind: "missing", message });
        }
        let attributes = Value::Object(attributes);
        self.kernel.check_attributes(&attributes)?;
        let words = [email.as_ref().map(Email::as_str), username.as_ref().map(Username::as_str)];
        let context = self.kernel.policy_context(None, &words);
        let password_hash = self.hash_if_given(password, context, ErrorCode::RegisterInvalidPassword, client).await?;
        Ok(Draft {
            must_change_password: password_hash.is_some(),
            email,
            username,
            display_name,
            attributes,
            password_hash,
            is_active,
            is_superuser,
            is_verified,
            ..Draft::default()
        })
    }

    /// Sets a password that its owner has to change at the next login. Every session of the account ends, and its owner is
    /// told by mail. The superuser's own password changes as by [`profile().update(..)`](crate::profile::Profiles::update):
    /// it needs the current one, and this session goes on.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found`, `RESET_PASSWORD_INVALID_PASSWORD` with a
    /// reason, `Unauthorized` when the actor lost the role in the meantime, when a hook refuses, and when the database
    /// does. For the actor's own account it fails with `UPDATE_USER_BAD_CURRENT_PASSWORD` and
    /// `UPDATE_USER_INVALID_PASSWORD` with a reason.
    #[tracing::instrument(
        name = "admin.reset_password", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %id)
    )]
    pub async fn reset_password(
        &self,
        actor: &Principal,
        id: Uuid,
        password: Password,
        current_password: Option<Password>,
        client: &Client,
    ) -> Result<Updated> {
        let other = match target(self.kernel, actor, id)? {
            Target::Other(other) => other,
            Target::Own(profile) => {
                let password = Some(password);
                let changes = AccountChanges { password, current_password, ..AccountChanges::default() };
                return profile.update(actor, changes, client).await;
            }
        };
        let client = &client.clone().acting_as(actor.user.id);
        let kernel = self.kernel;
        let context = kernel.policy_context(Some(&self.get(id).await?), &[]);
        let hash =
            Accounts::new(kernel).hash_new(password, context, ErrorCode::ResetPasswordInvalidPassword, client).await?;
        let changes = &Changes { must_change_password: Some(true), ..Changes::confirmed_password(hash) };
        kernel
            .effect(client, |effect| async move {
                let (before, changes) = self.lock(&effect, &actor.user, other, changes.clone()).await?;
                let updated =
                    Accounts::new(kernel).apply(&effect, &before, &changes, SessionsToEnd::All, TAKEN).await?;
                effect.emit(EventKind::PasswordResetByAdmin { user_id: id, actor_id: actor.user.id });
                close_revert_links(&effect, id).await?;
                effect.queue_mail_to(&before, ACCOUNT_RESET)?;
                Ok(updated)
            })
            .await
    }

    async fn hash_if_given(
        &self,
        password: Option<Password>,
        context: PolicyContext,
        refusal: ErrorCode,
        client: &Client,
    ) -> Result<Option<String>> {
        match password {
            Some(password) => Accounts::new(self.kernel).hash_new(password, context, refusal, client).await.map(Some),
            None => Ok(None),
        }
    }

    /// Checks what was wanted and does the slow part of it, before any row is locked.
    async fn prepare(&self, target: &User, wanted: AdminChanges, client: &Client) -> Result<Changes> {
        let attributes = wanted.attributes.map(Value::Object);
        attributes.as_ref().map_or(Ok(()), |attributes| self.kernel.check_attributes(attributes))?;
        let more = [wanted.email.as_ref().map(Email::as_str)];
        let context = self.kernel.policy_context(Some(target), &more);
        let hash = self.hash_if_given(wanted.password, context, ErrorCode::UpdateUserInvalidPassword, client).await?;
        Ok(Changes {
            email: wanted.email.map(Some),
            username: wanted.username,
            display_name: wanted.display_name,
            attributes,
            password_is_confirmed: hash.is_some().then_some(true),
            password_hash: hash.map(Some),
            is_active: wanted.is_active,
            is_superuser: wanted.is_superuser,
            is_verified: wanted.is_verified,
            ..Changes::default()
        })
    }

    /// Deletes an account and everything that refers to it; the superuser's own as by
    /// [`profile().delete(..)`](crate::profile::Profiles::delete).
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found`, `LAST_SUPERUSER`, `ACCOUNT_IN_USE`,
    /// `Unauthorized` when the actor lost the role in the meantime, when a hook refuses, and when the database does.
    #[tracing::instrument(
        name = "admin.delete", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %id)
    )]
    pub async fn delete(&self, actor: &Principal, id: Uuid, client: &Client) -> Result<()> {
        match target(self.kernel, actor, id)? {
            Target::Own(profile) => profile.delete(actor, None, client).await,
            Target::Other(other) => {
                let client = &client.clone().acting_as(actor.user.id);
                Accounts::new(self.kernel).remove(other.id(), &actor.user, client).await
            }
        }
    }
}

/// Refuses to give rights to an account of which somebody else may know the password, or to declare its address verified while
/// it has them.
async fn refuse_doubt(effect: &Effect, user: &User, changes: &Changes) -> Result<()> {
    let field = match (changes.is_superuser, changes.is_verified) {
        (Some(true), _) => "is_superuser",
        (None, Some(true)) if user.is_superuser => "is_verified",
        _ => return Ok(()),
    };
    let password = store::password_is_confirmed(effect.tx(), user.id).await?;
    let is_in_doubt = changes.password_is_confirmed.or(password) == Some(false);
    if changes.password_hash.is_some() || password.is_none() || !is_in_doubt {
        return Ok(());
    }
    Err(password_in_doubt(field))
}
