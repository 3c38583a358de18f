//! Which server, and how: the URL.

use std::str::FromStr;

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// What is wrong with the configuration of a [`SmtpMailer`](super::SmtpMailer). Says nothing of what was given, because
/// it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpConfigError {
    /// Not a URL at all, or one whose password has special characters.
    #[error(
        "the SMTP URL is malformed: write `smtp://user:password@host:port`, and percent-encode special characters in the \
         user and the password"
    )]
    Url,
    /// Another scheme than `smtp` and `smtps`.
    #[error("the SMTP URL must start with `smtp://` or `smtps://`")]
    Scheme,
    /// No host.
    #[error("the SMTP URL must name a host")]
    Host,
    /// Port 0.
    #[error("the SMTP URL must not use port 0")]
    Port,
    /// Something after the port.
    #[error("the SMTP URL must end with its host or port: percent-encode a `/` or `#` in the user or the password")]
    Trailing,
    /// Another query than `tls=required`.
    #[error("the SMTP URL must not have an option other than `?tls=required`")]
    Option,
    /// A user without a password, or the other way round.
    #[error("the SMTP URL must have both a user and a password, or neither")]
    Credentials,
    /// A user or a password that is not text.
    #[error("the user and the password in the SMTP URL must be UTF-8 without control characters")]
    Encoding,
    /// The sender is not one address.
    #[error("the sender must be one address: `notes@example.com` or `Notes <notes@example.com>`")]
    Mailbox,
    /// The sender's address has other characters than those of ASCII, which not every server takes.
    #[error("the sender's address must be ASCII: write an international domain as `xn--…`")]
    ForeignMailbox,
    /// Not a certificate.
    #[error("the root certificate of the SMTP server must be a certificate in PEM")]
    Certificate,
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// By STARTTLS if the server offers it.
    Opportunistic,
    /// By STARTTLS.
    Required,
    /// From the first byte.
    Implicit,
}

/// A mail server.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
}

impl FromStr for Server {
    type Err = SmtpConfigError;

    fn from_str(text: &str) -> Result<Self, SmtpConfigError> {
        let url = Url::parse(text).map_err(|_| SmtpConfigError::Url)?;
        let (security, usual_port) = match url.scheme() {
            "smtp" => (Security::Opportunistic, 587),
            "smtps" => (Security::Implicit, 465),
            _ => return Err(SmtpConfigError::Scheme),
        };
        let host = host(&url)?;
        let port = url.port().unwrap_or(usual_port);
        if port == 0 {
            return Err(SmtpConfigError::Port);
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpConfigError::Trailing);
        }
        let insists = match url.query() {
            None => false,
            Some("tls=required") => true,
            Some(_) => return Err(SmtpConfigError::Option),
        };
        let credentials = credentials(&url)?;
        let exposed = credentials.is_some() && !is_this_machine(&host);
        let security = match security {
            Security::Opportunistic if insists || exposed => Security::Required,
            other => other,
        };
        Ok(Self { host: host.to_string().trim_matches(['[', ']']).to_owned(), port, security, credentials })
    }
}

/// The host, read like that of an https URL: other schemes leave names as they are.
fn host(url: &Url) -> Result<Host<String>, SmtpConfigError> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpConfigError::Host)?;
    Host::parse(host).map_err(|_| SmtpConfigError::Host)
}

fn is_this_machine(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpConfigError> {
    let (user, password) = (decode(url.username())?, decode(url.password().unwrap_or_default())?);
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Credentials::new(user, password))),
        _ => Err(SmtpConfigError::Credentials),
    }
}

fn decode(text: &str) -> Result<String, SmtpConfigError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| SmtpConfigError::Encoding)?;
    if text.chars().any(char::is_control) {
        return Err(SmtpConfigError::Encoding);
    }
    Ok(text.into_owned())
}
