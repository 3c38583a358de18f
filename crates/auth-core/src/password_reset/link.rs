//! The link to a new password, and the mail that brings it.

use super::config::LIFETIME;
use crate::effect::Effect;
use crate::error::Result;
use crate::mail::{Mail, MailKind, MailLink};
use crate::one_time::{Family, Issue, OneTimeTokens, Purpose};
use crate::user::User;

/// The tokens for a new password.
pub const RESET: Purpose = Purpose::new("reset_password", "rst_");

/// A link to a new password for one that was forgotten.
pub const RESET_PASSWORD: MailKind = MailKind::new(
    "reset_password",
    &[("en", include_str!("mail/reset_password.en.jinja")), ("de", include_str!("mail/reset_password.de.jinja"))],
)
.carries_link(LIFETIME)
.recovers_access();

/// A mail with a link to a new password.
pub(crate) async fn mail(effect: &Effect, user: &User) -> Result<Option<Mail>> {
    let link = link(effect, user).await?;
    effect.mail_to(user, RESET_PASSWORD.message().link(link))
}

/// A link to a new password, which replaces an earlier one.
pub(crate) async fn link(effect: &Effect, user: &User) -> Result<MailLink> {
    let kernel = effect.kernel();
    let config = &kernel.configs().password_reset.link;
    let id = user.id.to_string();
    let issue = Issue {
        user: Some(user),
        family: Some(Family::new(&id, effect.client())),
        ..Issue::new(RESET, config.lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    Ok(kernel.mail_link(config, &token))
}
