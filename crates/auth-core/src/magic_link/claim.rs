//! A login by mail makes the account that of the one who reads its mail.

use crate::account::{Accounts, Changes, SessionsToEnd, store};
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::mail::MailKind;
use crate::password_reset;
use crate::user::User;
use crate::verification::claim;

/// A login by mail removed a password that somebody else may have chosen. The link leads to a new one.
pub const PASSWORD_REMOVED: MailKind = MailKind::new(
    "password_removed",
    &[("en", include_str!("mail/password_removed.en.jinja")), ("de", include_str!("mail/password_removed.de.jinja"))],
)
.carries_link(password_reset::LIFETIME);

/// The account of the one who has just shown that they read its mail, as it is afterwards. It is verified then, and whatever
/// somebody else may have set up is gone: the password, the display name, every session and known device, unless it was
/// verified before and the password is confirmed. A mail to its owner says why, and brings a link to a new password.
///
/// # Errors
/// Fails when the account changed in the meantime, when a hook refuses, and when the database does.
pub async fn claim_by_mail(effect: &Effect, user: User) -> Result<User> {
    let password = store::password_is_confirmed(effect.tx(), user.id).await?;
    if user.is_verified && password != Some(false) {
        return Ok(user);
    }
    let wiped = Changes {
        password_hash: Some(None),
        password_is_confirmed: Some(true),
        display_name: Some(None),
        must_change_password: user.must_change_password.then_some(false),
        ..Changes::default()
    };
    let user =
        if user.is_verified { wipe(effect, &user, &wiped).await? } else { claim(effect, &user, wiped).await?.user };
    if password.is_some() {
        let link = password_reset::link(effect, &user).await?;
        effect.queue_mail_to(&user, PASSWORD_REMOVED.message().link(link))?;
    }
    Ok(user)
}

/// Removes the password of a verified account, and whatever it may have opened.
async fn wipe(effect: &Effect, user: &User, wiped: &Changes) -> Result<User> {
    let taken = ErrorCode::UpdateUserEmailAlreadyExists;
    let accounts = Accounts::new(effect.kernel());
    let updated = accounts.apply(effect, user, wiped, SessionsToEnd::All, taken).await?;
    effect.emit(EventKind::CredentialsWiped { user_id: user.id });
    Ok(updated.user)
}
