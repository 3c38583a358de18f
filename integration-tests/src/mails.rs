//! The mails that an address got, for scenarios.

pub(crate) use auth_core::account::{
    ACCOUNT_DELETED, PASSWORD_CHANGED, PASSWORD_SET, SUPERUSER_ADDED, SUPERUSER_CHANGED, SUPERUSER_REMOVED,
};
pub(crate) use auth_core::admin::ACCOUNT_RESET;
pub(crate) use auth_core::device::{CONFIRM_DEVICE, NEW_DEVICE};
pub(crate) use auth_core::email_change::{
    CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, EMAIL_CHANGED_BY_ADMIN,
};
pub(crate) use auth_core::invitation::INVITATION;
pub(crate) use auth_core::magic_link::{CONFIRM_LOGIN, MAGIC_LINK, PASSWORD_REMOVED};
use auth_core::mail::{Mail, MailKind};
pub(crate) use auth_core::password_reset::RESET_PASSWORD;
pub(crate) use auth_core::registration::ALREADY_REGISTERED;
pub(crate) use auth_core::role::{ROLE_GRANTED, ROLE_REVOKED};
pub(crate) use auth_core::verification::VERIFY_EMAIL;

use crate::App;

impl App {
    /// Sends everything that is due.
    pub async fn deliver(&self) {
        while self.auth().mail().deliver_due().await.expect("the outbox") > 0 {}
    }

    /// Everything that was mailed to an address so far, however it is spelled, in order.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.deliver().await;
        self.mailer()
            .sent()
            .into_iter()
            .map(|(mail, _)| mail)
            .filter(|mail| mail.to.address().eq_ignore_ascii_case(address.trim()))
            .collect()
    }

    /// Whether a mail of a kind has come to an address.
    pub async fn was_mailed(&self, address: &str, kind: MailKind) -> bool {
        self.mails_to(address).await.iter().any(|mail| mail.kind == kind.name())
    }

    /// The names of the kinds of those mails.
    pub async fn kinds_to(&self, address: &str) -> Vec<String> {
        self.mails_to(address).await.into_iter().map(|mail| mail.kind).collect()
    }

    /// The newest mail of a kind to an address.
    pub async fn mail_to(&self, address: &str, kind: MailKind) -> Mail {
        let mails = self.mails_to(address).await;
        let kinds: Vec<_> = mails.iter().map(|mail| mail.kind.as_str()).collect();
        let found = mails.iter().rev().find(|mail| mail.kind == kind.name());
        found.unwrap_or_else(|| panic!("no {kind:?} to {address}: {kinds:?}")).clone()
    }

    /// The token in the link of the newest mail of a kind to an address.
    pub async fn token_to(&self, address: &str, kind: MailKind) -> String {
        token_of(&self.mail_to(address, kind).await)
    }
}

/// The token in the link of a mail.
pub(crate) fn token_of(mail: &Mail) -> String {
    let link = mail.link.as_ref().expect("a mail with a link");
    let token = link.url().query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    token.expect("a link with a token")
}
