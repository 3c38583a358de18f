//! Telling owners what was changed about their accounts.

use crate::account::Changes;
use crate::account::PASSWORD_CHANGED;
use crate::effect::Effect;
use crate::email_change::EMAIL_CHANGED;
use crate::email_change::queue_revert_mail;
use crate::error::Result;
use crate::user::User;
use crate::verification;

/// Tells the owner of a changed password or email address by mail (OWASP ASVS 6.3.7), and how to revert a new address, if
/// that is for the owner to do.
pub(crate) async fn notify_owner(
    effect: &Effect,
    before: &User,
    after: &User,
    changes: &Changes,
    may_revert: bool,
) -> Result<()> {
    if changes.email.is_some() {
        if may_revert {
            queue_revert_mail(effect, before, after).await?;
        } else {
            effect.queue_mail_to(before, EMAIL_CHANGED)?;
        }
        if !after.is_verified {
            verification::invite_again(effect, after).await?;
        }
    }
    if changes.password_hash.is_some() {
        // To the address that was verified: whoever has the new one knows.
        effect.queue_mail_to(before, PASSWORD_CHANGED)?;
    }
    Ok(())
}
