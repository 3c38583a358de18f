//! What the worker has to do.
//!
//! An unauthenticated request, such as a forgotten password, puts an order here and is answered at once: one and the
//! same statement, whether the address is known or not, so that neither the answer nor its time can tell. Who gets
//! which mail is found out later, when the order is carried out.

use serde::{Deserialize, Serialize};

use super::{Mail, MailKind};
use crate::account::PendingAccount;
use crate::effect::Effect;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::redirect::RedirectTarget;
use crate::{Accounts, Client, EmailChanges, Error, MagicLinks, PasswordResets, Result, User, Verification};
use uuid::Uuid;

/// Something to be done by the worker.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Errand {
    /// A mail, as it will be sent.
    Send { mail: Mail },
    /// A mail that is still to be made, or not.
    Carry { order: Order, client: Client },
}

impl Errand {
    /// What is sent, or would be.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Send { mail } => mail.kind.name(),
            Self::Carry { order, .. } => order.name(),
        }
    }
}

/// What somebody asked for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// A link that proves the mailbox.
    Verify { email_key: String },
    /// A link to a new password.
    ResetPassword { email_key: String },
    /// A login by mail.
    MagicLink { email: String, redirect_to: Option<RedirectTarget> },
    /// A registration that says nothing about whether the address is taken.
    Register { account: Box<PendingAccount> },
    /// A new address, which is asked for the first time.
    ConfirmEmail { user_id: Uuid, sev: i64, email: String },
    /// A mail to an unverified address.
    Offer { mail: Box<Mail> },
}

impl Order {
    fn name(&self) -> &'static str {
        match self {
            Self::Verify { .. } | Self::Register { .. } => "verify_email",
            Self::ResetPassword { .. } => "reset_password",
            Self::MagicLink { .. } => "magic_link",
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::Offer { mail } => mail.kind.name(),
        }
    }

    /// The address that the mail would go to.
    pub(super) fn mailbox(&self) -> Result<Email> {
        let text = match self {
            Self::Verify { email_key: text }
            | Self::ResetPassword { email_key: text }
            | Self::MagicLink { email: text, .. }
            | Self::ConfirmEmail { email: text, .. } => text,
            Self::Register { account } => account.email(),
            Self::Offer { mail } => &mail.to,
        };
        Email::parse(text).map_err(Error::internal)
    }

    /// Finds out whether there is a mail to be sent, and makes it together with the token in its link.
    pub(super) async fn carry_out(&self, kernel: &Kernel, effect: &Effect) -> Result<Option<Mail>> {
        match self {
            Self::Verify { email_key } => Verification::new(kernel).compose(effect, email_key).await,
            Self::ResetPassword { email_key } => PasswordResets::new(kernel).compose(effect, email_key).await,
            Self::MagicLink { email, redirect_to } => {
                MagicLinks::new(kernel).compose(effect, email, redirect_to.as_ref()).await
            }
            Self::Register { account } => Accounts::new(kernel).compose_registration(effect, account).await,
            Self::ConfirmEmail { user_id, sev, email } => {
                EmailChanges::new(kernel).compose(effect, *user_id, *sev, email).await
            }
            Self::Offer { mail } => Ok(Some(mail.as_ref().clone())),
        }
    }
}

impl Kernel {
    /// Leaves an order with the workers: one statement, which does not depend on who is meant.
    pub(crate) async fn leave_order(&self, order: Order, client: &Client) -> Result<()> {
        let order = &order;
        self.effect(client, |effect| async move {
            effect.order(order.clone());
            Ok(())
        })
        .await
    }
}

impl Effect {
    /// Has a mail sent to an account, if it has an address. Mail to an unverified address counts against the
    /// per-address limit, because the address may belong to someone else.
    pub(crate) fn tell(&self, user: &User, kind: MailKind) -> Result<()> {
        let mail = self.write_to(user, kind)?;
        if user.is_verified {
            self.send(mail)
        } else {
            self.offer(mail)
        }
        Ok(())
    }

    /// A mail to an account, if it has an address: to the stored one, whatever was typed.
    pub(crate) fn write_to(&self, user: &User, kind: MailKind) -> Result<Option<Mail>> {
        // What strangers call themselves has no place in a mail to somebody who may not know them.
        let name = user.display_name.as_deref().filter(|_| user.is_verified);
        let write = |email: &String| self.write(email, name, kind);
        user.email.as_ref().map(write).transpose()
    }

    /// A mail to an address.
    pub(crate) fn write(&self, to: &str, display_name: Option<&str>, kind: MailKind) -> Result<Mail> {
        let created_at = self.kernel().now();
        Ok(Mail {
            id: self.kernel().new_id(created_at)?,
            to: to.to_owned(),
            display_name: display_name.map(str::to_owned),
            kind,
            language: self.language(),
            created_at,
        })
    }
}
