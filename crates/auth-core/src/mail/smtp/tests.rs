//! What URLs mean, and what a message looks like. Delivery is tested in integration-tests.

use time::OffsetDateTime;
use uuid::Uuid;

use super::server::{Security, Server};
use super::*;
use crate::account::PASSWORD_CHANGED;
use crate::mail::template::sample_user;
use crate::mail::{Language, Recipient};
use crate::user::User;

const FROM: &str = "Notes <no-reply@notes.example>";

#[test]
fn urls_say_how_to_connect() {
    use Security::{Implicit, Opportunistic, Required};
    for (url, host, port, security, logs_in) in [
        ("smtp://mail.example.com", "mail.example.com", 587, Opportunistic, false),
        ("smtp://mail.example.com/", "mail.example.com", 587, Opportunistic, false),
        ("smtp://MAIL.example.com:25", "mail.example.com", 25, Opportunistic, false),
        ("smtp://mail.example.com?tls=required", "mail.example.com", 587, Required, false),
        ("smtps://mail.example.com", "mail.example.com", 465, Implicit, false),
        ("smtps://u:p@mail.example.com:2465", "mail.example.com", 2465, Implicit, true),
        ("smtp://münchen.example", "xn--mnchen-3ya.example", 587, Opportunistic, false),
        // A password goes to another machine over checked TLS only.
        ("smtp://u:p@mail.example.com", "mail.example.com", 587, Required, true),
        ("smtp://u:p@192.0.2.1", "192.0.2.1", 587, Required, true),
        ("smtp://u:p@127.0.0.1:1025", "127.0.0.1", 1025, Opportunistic, true),
        ("smtp://u:p@localhost:1025", "localhost", 1025, Opportunistic, true),
        ("smtp://u:p@[::1]:1025", "::1", 1025, Opportunistic, true),
        ("smtp://u:p@[::1]?tls=required", "::1", 587, Required, true),
    ] {
        let server: Server = url.parse().unwrap_or_else(|cause| panic!("{url}: {cause}"));
        let got = (server.host.as_str(), server.port, server.security, server.credentials.is_some());
        assert_eq!(got, (host, port, security, logs_in), "{url}");
        assert!(SmtpMailer::new(url, FROM).is_ok(), "{url}");
    }
}

#[test]
fn credentials_are_decoded() {
    use lettre::transport::smtp::authentication::Credentials;
    let server: Server =
        "smtps://notes%40example.com:p%3Aa%2Fs%25s+%C3%A4@mail.example.com".parse().unwrap_or_else(|_| panic!());
    let expected = Credentials::new("notes@example.com".to_owned(), "p:a/s%s+ä".to_owned());
    assert_eq!(server.credentials, Some(expected));
}

#[test]
fn mistakes_are_named_without_the_password() {
    use SmtpConfigError as E;
    for (url, error) in [
        ("", E::Url),
        ("mail.example.com", E::Url),
        ("mail.example.com:25", E::Scheme),
        ("https://mail.example.com", E::Scheme),
        ("smtp:mail.example.com", E::Host),
        ("smtp://", E::Host),
        ("smtp://user:hunter2@", E::Url),
        ("smtp://mail example.com", E::Url),
        ("smtp://mail.example.com:0", E::Port),
        ("smtp://mail.example.com:70000", E::Url),
        ("smtp://user:hunter2#x@mail.example.com", E::Url),
        ("smtp://user:2#hunter2@mail.example.com", E::Trailing),
        ("smtp://user:2/hunter2@mail.example.com", E::Trailing),
        ("smtp://user:2?hunter2@mail.example.com", E::Option),
        ("smtp://mail.example.com?tls=none", E::Option),
        ("smtp://mail.example.com?tls=required&x=y", E::Option),
        ("smtp://user@mail.example.com", E::Credentials),
        ("smtp://:hunter2@mail.example.com", E::Credentials),
        ("smtp://user:hunter2%0A@mail.example.com", E::Encoding),
        ("smtp://user:hunter2%FF@mail.example.com", E::Encoding),
    ] {
        let mistake = SmtpMailer::new(url, FROM).err();
        assert_eq!(mistake, Some(error), "{url}");
        assert!(!error.to_string().contains("hunter2"));
    }
    for (from, error) in [
        ("", E::Mailbox),
        ("Notes", E::Mailbox),
        ("notes@", E::Mailbox),
        ("a@example.com, b@example.com", E::Mailbox),
        ("Notes <notes@example.com>\r\nBcc: eve@example.com", E::Mailbox),
        ("Notes <notes@münchen.example>", E::ForeignMailbox),
    ] {
        assert_eq!(SmtpMailer::new("smtp://localhost", from).err(), Some(error), "{from:?}");
    }
    for pem in ["", "hunter2", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let mailer = SmtpMailer::new("smtps://localhost", FROM).unwrap();
        assert_eq!(mailer.root_certificate(pem.as_bytes()).err(), Some(E::Certificate), "{pem}");
    }
}

#[test]
fn debug_shows_no_password() {
    let mailer = SmtpMailer::new("smtps://user:hunter2@mail.example.com", FROM).unwrap();
    let shown = format!("{mailer:?}");
    assert!(shown.contains("mail.example.com") && !shown.contains("hunter2") && !shown.contains("user"), "{shown}");
}

fn mail(to: &str) -> Mail {
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    let user = User { email: Some(to.to_owned()), ..sample_user(Some("Ada\r\nBcc: eve@example.com")) };
    let to = Recipient::verified(&user).unwrap();
    Mail::new(Uuid::from_u128(7), to, PASSWORD_CHANGED.message(), Language::english(), at)
}

fn written(mail: &Mail, subject: &str) -> String {
    let content =
        Content { subject: subject.to_owned(), text: "Grüße\n".to_owned(), html: "<p>Grüße</p>".to_owned() };
    let message = message::compose(&FROM.parse().unwrap(), mail, &content).unwrap();
    message::text(&message).unwrap()
}

#[test]
fn a_message_is_the_same_each_time() {
    let first = written(&mail("ada@example.org"), "Hello");
    assert_eq!(first, written(&mail("ada@example.org"), "Hello"));
    for line in [
        "Message-ID: <00000000-0000-0000-0000-000000000007@notes.example>",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "From: Notes <no-reply@notes.example>",
        "To: ada@example.org",
        "Subject: Hello",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(first.lines().any(|written| written == line), "{line}: {first}");
    }
    assert!(first.is_ascii() && first.lines().all(|line| line.len() <= 998));
    assert!(!first.contains("Ada") && !first.contains("eve"), "{first}");
}

#[test]
fn a_dot_does_not_end_a_message() {
    for (text, sent) in [
        ("", "\r\n.\r\n"),
        ("Hello", "Hello\r\n.\r\n"),
        ("a.b\r\n\r\nc.", "a.b\r\n\r\nc.\r\n.\r\n"),
        (".", "..\r\n.\r\n"),
        ("a\r\n.\r\n.\r\n..b", "a\r\n..\r\n..\r\n...b\r\n.\r\n"),
    ] {
        assert_eq!(handover::data(text), sent, "{text:?}");
    }
}

#[test]
fn a_subject_cannot_become_a_header() {
    for subject in ["Hello\r\nBcc: eve@example.com", "Hello\nBcc: eve@example.com", "Hello\rBcc: eve@example.com"] {
        let text = written(&mail("ada@example.org"), subject);
        assert!(!text.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_for_good() {
    let content = Content { subject: String::new(), text: String::new(), html: String::new() };
    for to in
        ["", "ada", "ada@example.org\r\nRCPT TO:<eve@example.com>", "a@example.org,b@example.org", "<ada@example.org>"]
    {
        let refusal = message::compose(&FROM.parse().unwrap(), &mail(to), &content).unwrap_err();
        assert!(refusal.is_permanent() && !refusal.to_string().contains("example"), "{to}");
    }
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for() {
    let waited = within(Duration::from_millis(1), std::future::pending::<Result<(), Error>>()).await;
    let failure = waited.unwrap_err().about_the_mail("sending");
    assert!(!failure.is_permanent());
    assert_eq!(failure.to_string(), "sending: the mail server took longer than 1ms");
}
