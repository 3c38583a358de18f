//! Telling owners what was changed about their accounts.

use crate::account::{Changes, PASSWORD_CHANGED, PASSWORD_SET};
use crate::admin::ACCOUNT_RESET;
use crate::effect::Effect;
use crate::email_change::{EMAIL_CHANGED_BY_ADMIN, queue_revert_mail};
use crate::error::Result;
use crate::user::User;
use crate::verification;

/// Who changed an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangedBy {
    /// The user whose account it is.
    Owner {
        /// Whether the account had a password before.
        had_password: bool,
    },
    /// A superuser, who has the last word.
    Superuser,
}

/// Tells the owner of a changed password or email address by mail (OWASP ASVS 6.3.7), and how to revert a new address
/// unless a superuser chose it.
pub(crate) async fn notify_owner(
    effect: &Effect,
    before: &User,
    after: &User,
    changes: &Changes,
    by: ChangedBy,
) -> Result<()> {
    if changes.email.is_some() {
        match by {
            ChangedBy::Owner { .. } => queue_revert_mail(effect, before, after).await?,
            ChangedBy::Superuser => effect.queue_mail_to(before, EMAIL_CHANGED_BY_ADMIN)?,
        }
        if !after.is_verified {
            verification::invite_again(effect, after).await?;
        }
    }
    if changes.password_hash.is_some() {
        // To the address that was verified: whoever has the new one knows.
        let kind = match by {
            ChangedBy::Owner { had_password: true } => PASSWORD_CHANGED,
            ChangedBy::Owner { had_password: false } => PASSWORD_SET,
            ChangedBy::Superuser => ACCOUNT_RESET,
        };
        effect.queue_mail_to(before, kind)?;
    }
    Ok(())
}
