//! How mails are stored, and what of them is never shown.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::*;
use crate::account::PASSWORD_CHANGED;
use crate::magic_link::MAGIC_LINK;

fn link() -> MailLink {
    MailLink::new(Url::parse("https://notes.example.com/verify?token=hunter2").unwrap(), Duration::from_millis(90_500))
}

fn mail() -> Mail {
    let code = MailCode::try_from("047105".to_owned()).unwrap();
    let message = MAGIC_LINK.message().link(link()).code(code);
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    let to = Recipient::verified(&template::sample_user(Some("Ada"))).unwrap();
    Mail::new(Uuid::from_u128(7), to, message, Language::english(), at)
}

/// What waits in a table has to be read by the next version, too.
#[test]
fn the_stored_form_is_stable() {
    let stored = json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "to": "ada@example.org",
        "display_name": "Ada",
        "kind": "magic_link",
        "link": { "url": "https://notes.example.com/verify?token=hunter2", "seconds": 90 },
        "code": "047105",
        "language": "en",
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(serde_json::to_value(mail()).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Mail>(stored).unwrap(), mail());
    let invitation =
        Message { values: [("team".to_owned(), "Engines".to_owned())].into(), ..PASSWORD_CHANGED.message() };
    let to = Recipient::unverified("ada@example.org");
    let bare = Mail::new(Uuid::nil(), to, invitation, Language::english(), OffsetDateTime::UNIX_EPOCH);
    let stored = serde_json::to_value(&bare).unwrap();
    assert_eq!(stored["values"], json!({ "team": "Engines" }));
    assert_eq!(serde_json::from_value::<Mail>(stored).unwrap(), bare);
}

#[test]
fn a_message_has_all_that_its_kind_carries() {
    const INVITATION: MailKind =
        MailKind::new("join_team", &[]).may_carry_link(Duration::ZERO).uses(&[("team", "Engines")]);
    let code = MailCode::try_from("047105".to_owned()).unwrap();
    for (message, complete) in [
        (PASSWORD_CHANGED.message(), true),
        (PASSWORD_CHANGED.message().link(link()), false),
        (PASSWORD_CHANGED.message().value("team", "Engines"), false),
        (PASSWORD_CHANGED.message().code(code.clone()), false),
        (MAGIC_LINK.message().link(link()), true),
        (MAGIC_LINK.message().code(code.clone()), false),
        (MAGIC_LINK.message().link(link()).code(code), true),
        (INVITATION.message(), false),
        (INVITATION.message().value("team", "Engines"), true),
        (INVITATION.message().value("team", "Engines").link(link()), true),
    ] {
        assert_eq!(message.check().is_ok(), complete, "{message:?}");
    }
}

#[test]
fn a_code_is_six_digits() {
    for text in ["", "12345", "1234567", "12345a", "１２３４５６", " 12345", "-12345"] {
        assert_eq!(MailCode::try_from(text.to_owned()), Err(InvalidMailCode), "{text:?}");
    }
    for _ in 0..100 {
        let code = MailCode::random(&crate::OsRandom).unwrap();
        assert!(MailCode::try_from(code.as_str().to_owned()).is_ok(), "{}", code.as_str());
    }
}

#[test]
fn nothing_secret_is_shown() {
    let content = Content { subject: "Log in".to_owned(), text: "hunter2".to_owned(), html: "hunter2".to_owned() };
    let mail = mail();
    let message = MAGIC_LINK.message().link(link());
    let shown = format!("{mail:?} {message:?} {content:?} {:#?}", (mail.clone(), content.clone()));
    assert!(shown.contains("magic_link") && shown.contains("Log in"), "{shown}");
    for secret in ["hunter2", "047105", "ada@", "Ada", "notes.example.com"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn an_error_says_whether_to_try_again() {
    let (later, never) = (MailError::temporary("busy"), MailError::permanent("no such mailbox"));
    assert!(!later.is_permanent() && never.is_permanent());
    assert_eq!(never.to_string(), "no such mailbox");
}
