//! A mail as a message (RFC 5322).

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::{Content, Mail, MailError};

/// The message, the same to the byte whenever it is made.
///
/// The name of the account is not in the header: strangers choose it.
pub(super) fn compose(from: &Mailbox, mail: &Mail, content: &Content) -> Result<Message, MailError> {
    let to: Address =
        mail.to.address().parse().map_err(|_| MailError::permanent("mail cannot be sent to this address"))?;
    // No encoding of a part has a line with `=_`.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", mail.id.simple()))
        .singlepart(SinglePart::plain(content.text.clone()))
        .singlepart(SinglePart::html(content.html.clone()));
    Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .date(mail.created_at.into())
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(content.subject.clone())
        .raw_header(generated())
        .multipart(parts)
        .map_err(|_| MailError::permanent("the message cannot be put together"))
}

/// The message as it is written.
pub(super) fn text(message: &Message) -> Result<String, MailError> {
    String::from_utf8(message.formatted()).map_err(|_| MailError::permanent("the message is not UTF-8"))
}

/// Keeps away-messages from being sent back (RFC 3834, section 5).
fn generated() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}
