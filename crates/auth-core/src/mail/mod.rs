//! Mail: what the library has to say to people, in their language, and how it leaves the machine.
//!
//! A feature declares each [`MailKind`] that it sends. A [`Mail`] says what happened, by its kind, and to whom.
//! [`Templates`] turn it into a [`Content`] in one of the languages that the app speaks, and a [`Mailer`] delivers
//! both: `SmtpMailer` (feature `smtp`) to a mail server, [`LogMailer`] to the log of a developer, or one of the app's
//! own to whatever service it uses.

mod carried;
mod config;
mod defaults;
mod kind;
mod language;
mod limits;
mod link;
mod log;
pub(crate) mod message;
mod nobody;
mod purge;
pub(crate) mod queue;
mod recipient;
pub(crate) mod request;
#[cfg(feature = "smtp")]
mod smtp;
pub(crate) mod store;
mod template;
#[cfg(test)]
mod tests;
mod text;

use crate::feature::Feature;

pub use carried::{InvalidMailCode, MailCode, MailLink};
pub use config::MailConfig;
pub use kind::{MailKind, Message};
pub use language::{InvalidLanguage, Language, Languages};
pub(crate) use limits::of_client;
pub use limits::{MAIL_REQUESTS, MAILS_BY_CLIENT, MAILS_BY_PAIR, MAILS_TO_ADDRESS, NOTICES};
pub use link::LinkConfig;
pub use log::LogMailer;
pub use message::{Content, Mail, MailError, Mailer};
pub(crate) use nobody::NoMailer;
use purge::purge;
pub use recipient::Recipient;
#[cfg(feature = "smtp")]
pub use smtp::{SmtpConfigError, SmtpMailer};
pub use template::{Service, TemplateErrors, Templates, TemplatesBuilder};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("mail", "Mail and its outbox.").purge(purge).limits(&[
    MAIL_REQUESTS.declared(),
    MAILS_BY_CLIENT.declared(),
    MAILS_BY_PAIR.declared(),
    MAILS_TO_ADDRESS.declared(),
    NOTICES.declared(),
]);
