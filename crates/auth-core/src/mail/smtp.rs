//! Mail by SMTP (RFC 5321).
//!
//! Written on lettre's connection, without its `AsyncSmtpTransport`: that sends the end of a message as a piece of its own
//! on a socket without `TCP_NODELAY` (lettre 0.11.23), which costs 40 ms a mail (see `handover.rs`), and a URL that does not
//! ask for TLS makes it send the password in the clear.

mod handover;
mod message;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

pub use self::server::SmtpConfigError;
use self::server::{Security, Server};
use super::{Content, Mail, MailError, Mailer};

/// How long it may take to be connected and logged in, and to hand one mail over. Together less than the outbox waits.
const OPENING: Duration = Duration::from_secs(10);
const HANDOVER: Duration = Duration::from_secs(15);

/// How many connections are kept for the next mails: as many as are used at the same time, so that none of them is opened
/// for one mail alone.
const IDLE: usize = crate::mail::message::CONCURRENCY;

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Refusals for want of a password or of encryption, which are not about the mail (RFC 3207, section 4; RFC 4954, section 6).
const UNPREPARED: [u16; 4] = [530, 534, 535, 538];

/// Hands mails over to an SMTP server.
///
/// | URL | connection |
/// | --- | --- |
/// | `smtp://host` | encrypted by STARTTLS when the server offers it, and in the clear when not. The server's certificate is not checked: an attacker who could present a false one could also hide the offer (RFC 7435, section 3) |
/// | `smtp://host?tls=required` | encrypted by STARTTLS (RFC 3207), certificate checked, or no mail at all |
/// | `smtps://host` | TLS from the first byte (RFC 8314), certificate checked |
///
/// `user:password@` before the host logs in; both are percent-encoded where they hold special characters. A password is
/// never sent to another machine in the clear: there, it implies `tls=required`. The port is 587 unless the URL has
/// another one, and 465 for `smtps`.
///
/// ```
/// use auth_core::mail::SmtpMailer;
///
/// let mailer = SmtpMailer::new("smtps://notes:p%40ss@mail.example.com", "Notes <no-reply@example.com>")?;
/// # Ok::<(), auth_core::mail::SmtpConfigError>(())
/// ```
///
/// Each mail has one recipient, a text and an HTML part, and the same `Message-ID` however often it is tried.
pub struct SmtpMailer {
    server: Server,
    from: Mailbox,
    /// The domain of the sender: a name that means something to the server, as that of a container would not.
    name: ClientId,
    tls: TlsParameters,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl SmtpMailer {
    /// A mailer for the server at `url`, whose mails come from the mailbox `from`: `notes@example.com` or
    /// `Notes <notes@example.com>`. Nothing is connected yet.
    ///
    /// # Errors
    /// Fails with what is wrong with the URL or the sender, without repeating any part of it.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpConfigError> {
        let server: Server = url.parse()?;
        let from: Mailbox = from.parse().map_err(|_| SmtpConfigError::Mailbox)?;
        let address: &str = from.email.as_ref();
        if !address.is_ascii() {
            return Err(SmtpConfigError::ForeignMailbox);
        }
        let name = ClientId::Domain(from.email.domain().to_owned());
        let tls = tls(&server, None)?;
        Ok(Self { server, from, name, tls, idle: Mutex::default() })
    }

    /// Trusts the certificates that this one (PEM) has signed, too: for servers of one's own. Counts where certificates are
    /// checked.
    ///
    /// # Errors
    /// Fails for anything other than a certificate in PEM.
    pub fn root_certificate(self, pem: &[u8]) -> Result<Self, SmtpConfigError> {
        // Text without any certificate in it would be read as none to add.
        if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(SmtpConfigError::Certificate);
        }
        let certificate = Certificate::from_pem(pem).map_err(|_| SmtpConfigError::Certificate)?;
        let tls = tls(&self.server, Some(certificate))?;
        Ok(Self { tls, ..self })
    }

    /// A connection that is logged in: one that was left by the mail before, if it still works.
    async fn connection(&self) -> Result<AsyncSmtpConnection, MailError> {
        let opening = async {
            while let Some(mut connection) = self.take_idle() {
                if connection.test_connected().await {
                    return Ok(connection);
                }
            }
            self.open().await
        };
        // A refusal here is about the server and its password, which somebody will put right, and not about the mail.
        within(OPENING, opening).await.map_err(|failure| failure.temporary("connecting"))
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let Server { host, port, security, credentials } = &self.server;
        let tls = || self.tls.clone();
        let implicit = (*security == Security::Implicit).then(tls);
        let address = (host.as_str(), *port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &self.name, implicit, None).await?;
        let upgrade = match security {
            Security::Implicit => false,
            Security::Required => true,
            Security::Opportunistic => connection.can_starttls(),
        };
        if upgrade {
            connection.starttls(tls(), &self.name).await?;
        }
        if let Some(credentials) = credentials {
            connection.auth(&MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE && !connection.has_broken() {
            idle.push(connection);
        }
    }
}

fn tls(server: &Server, root: Option<Certificate>) -> Result<TlsParameters, SmtpConfigError> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if server.security == Security::Opportunistic {
        builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    }
    builder = root.into_iter().fold(builder, |builder, root| builder.add_root_certificate(root));
    builder.build().map_err(|_| SmtpConfigError::Certificate)
}

#[async_trait::async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail, content: &Content) -> Result<(), MailError> {
        let message = message::compose(&self.from, mail, content)?;
        let mut connection = self.connection().await?;
        let text = message::text(&message)?;
        let parameters = handover::parameters(&connection, message.envelope(), &text)?;
        let handover = handover::hand_over(&mut connection, message.envelope(), parameters, &text);
        within(HANDOVER, handover).await.map_err(|failure| failure.about_the_mail("sending"))?;
        self.keep(connection);
        Ok(())
    }

    async fn check(&self) -> Result<(), MailError> {
        let connection = self.connection().await?;
        self.keep(connection);
        Ok(())
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port, security, .. } = &self.server;
        f.debug_struct("SmtpMailer").field("host", host).field("port", port).field("security", security).finish()
    }
}

/// Why something did not work.
enum Failure {
    Slow(Duration),
    Smtp(Error),
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(Failure::Smtp),
        Err(_) => Err(Failure::Slow(limit)),
    }
}

impl Failure {
    fn temporary(self, step: &str) -> MailError {
        MailError::temporary(self.describe(step))
    }

    /// Permanent when the server refuses the mail for good, or cannot take such an address at all.
    fn about_the_mail(self, step: &str) -> MailError {
        let is_permanent = match &self {
            Self::Slow(_) => false,
            Self::Smtp(error) => match error.status().map(u16::from) {
                Some(code) => error.is_permanent() && !UNPREPARED.contains(&code),
                None => error.is_client(),
            },
        };
        if is_permanent { MailError::permanent(self.describe(step)) } else { self.temporary(step) }
    }

    /// For the log: what a server says in words often holds the address, so that only the code is told.
    fn describe(&self, step: &str) -> String {
        match self {
            Self::Slow(limit) => format!("{step}: the mail server took longer than {limit:?}"),
            Self::Smtp(error) => match error.status() {
                Some(code) => format!("{step}: the mail server answered {code}"),
                None if error.is_response() => format!("{step}: the mail server's answer makes no sense"),
                None => format!("{step}: {error}"),
            },
        }
    }
}
