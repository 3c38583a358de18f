//! How mails are stored, and what of them is never shown.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::*;

fn link() -> MailLink {
    MailLink::new(Url::parse("https://notes.example.com/verify?token=hunter2").unwrap(), Duration::from_millis(90_500))
}

fn mail() -> Mail {
    let code = MailCode::try_from("047105".to_owned()).unwrap();
    Mail {
        id: Uuid::from_u128(7),
        to: "ada@example.org".to_owned(),
        display_name: Some("Ada".to_owned()),
        kind: MailKind::MagicLink { link: link(), code },
        language: Language::english(),
        created_at: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
    }
}

/// What waits in a table has to be read by the next version, too.
#[test]
fn the_stored_form_is_stable() {
    let stored = json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "to": "ada@example.org",
        "display_name": "Ada",
        "kind": {
            "kind": "magic_link",
            "link": { "url": "https://notes.example.com/verify?token=hunter2", "seconds": 90 },
            "code": "047105",
        },
        "language": "en",
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(serde_json::to_value(mail()).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Mail>(stored).unwrap(), mail());
}

#[test]
fn each_kind_is_stored_by_its_name() {
    let link = || json!({ "url": "https://notes.example.com/verify?token=hunter2", "seconds": 90 });
    for stored in [
        json!({ "kind": "verify_email", "link": link() }),
        json!({ "kind": "reset_password", "link": link() }),
        json!({ "kind": "magic_link", "link": link(), "code": "123456" }),
        json!({ "kind": "confirm_email", "link": link() }),
        json!({ "kind": "email_change_requested" }),
        json!({ "kind": "email_changed", "revert_link": link() }),
        json!({ "kind": "password_changed" }),
        json!({ "kind": "already_registered", "reset_link": link() }),
        json!({ "kind": "already_registered", "reset_link": null }),
        json!({ "kind": "account_reset" }),
        json!({ "kind": "account_deleted" }),
    ] {
        let kind: MailKind = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(json!(kind.name()), stored["kind"]);
        assert_eq!(kind.link().is_some(), stored.as_object().unwrap().values().any(|value| *value == link()));
        assert_eq!(kind.code().map(MailCode::as_str), stored["code"].as_str());
        assert_eq!(serde_json::to_value(&kind).unwrap(), stored);
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
    let shown = format!("{mail:?} {:?} {content:?} {:#?}", mail.kind, (mail.clone(), content.clone()));
    assert!(shown.contains("magic_link") && shown.contains("MagicLink") && shown.contains("Log in"), "{shown}");
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
