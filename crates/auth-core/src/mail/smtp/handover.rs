//! One mail on a connection (RFC 5321, section 3.3).

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

use super::MailError;

/// What has to be said of a mail that is not ASCII throughout (RFC 6531, section 3.4; RFC 6152, section 2).
pub(super) fn parameters(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    text: &str,
) -> Result<Vec<MailParameter>, MailError> {
    let supports = |extension| connection.server_info().supports_feature(extension);
    let mut parameters = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.from().into_iter().chain(envelope.to()).all(is_ascii) {
        if !supports(Extension::SmtpUtfEight) {
            return Err(MailError::permanent("the mail server cannot take an address that is not ASCII"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !text.is_ascii() {
        if !supports(Extension::EightBitMime) {
            return Err(MailError::permanent("the mail server cannot take a message that is not ASCII"));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

/// Hands the mail over. A connection on which that failed is of no further use.
pub(super) async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    parameters: Vec<MailParameter>,
    text: &str,
) -> Result<(), Error> {
    let result = converse(connection, envelope, parameters, text).await;
    if result.is_err() {
        connection.abort().await;
    }
    result
}

async fn converse(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    parameters: Vec<MailParameter>,
    text: &str,
) -> Result<(), Error> {
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    connection.command(data(text)).await?;
    Ok(())
}

/// The text and its end in one piece, dots doubled where a line begins with one (RFC 5321, section 4.5.2).
///
/// In two pieces, as the connection itself would send them, the second waits in the kernel until the server has confirmed
/// the first (RFC 896), and the server, which has nothing to say yet, takes its time (RFC 1122, section 4.2.3.2): 40 ms
/// for every mail.
pub(super) fn data(text: &str) -> String {
    let dot = if text.starts_with('.') { "." } else { "" };
    let text = text.replace("\r\n.", "\r\n..");
    format!("{dot}{text}\r\n.\r\n")
}
