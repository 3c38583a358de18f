//! Mail: what the library has to say to people, in their language, and how it leaves the machine.
//!
//! A [`Mail`] says what happened ([`MailKind`]) and to whom. [`Templates`] turn it into a [`Content`] in one of the
//! languages that the app speaks, and a [`Mailer`] delivers both: [`LogMailer`] to the log of a developer, or one of the app's own to whatever service it uses.

mod defaults;
mod kind;
mod language;
mod log;
mod message;
mod template;
mod text;

pub use kind::{InvalidMailCode, MailCode, MailKind, MailLink};
pub use language::{InvalidLanguage, Language, Languages};
pub use log::LogMailer;
pub use message::{Content, Mail, MailError, Mailer};
pub use template::{Service, TemplateErrors, Templates, TemplatesBuilder};
