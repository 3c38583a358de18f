//! A mail of every kind, to try templates with.

use std::error::Error;
use std::time::Duration;

use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use crate::mail::{Language, Mail, MailCode, MailKind, MailLink};

/// Mails of every kind, with and without what is optional, and where the service that sends them is.
pub(super) struct Samples {
    pub(super) url: Url,
    pub(super) mails: Vec<Mail>,
}

impl Samples {
    pub(super) fn new() -> Result<Self, Box<dyn Error>> {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let url = Url::parse("https://notes.example.com/")?;
        let page = url.join("/page?token=sample&more=1")?;
        let link = |seconds| MailLink::new(page.clone(), Duration::from_secs(seconds));
        let kinds = [
            MailKind::VerifyEmail { link: link(24 * HOUR) },
            MailKind::ResetPassword { link: link(30 * MINUTE) },
            MailKind::MagicLink { link: link(10 * MINUTE), code: MailCode::try_from("012345".to_owned())? },
            MailKind::ConfirmEmail { link: link(24 * HOUR) },
            MailKind::EmailChangeRequested,
            MailKind::EmailChanged { revert_link: Some(link(3 * 24 * HOUR)) },
            MailKind::EmailChanged { revert_link: None },
            MailKind::PasswordChanged,
            MailKind::AlreadyRegistered { reset_link: Some(link(30 * MINUTE)) },
            MailKind::AlreadyRegistered { reset_link: None },
            MailKind::AccountReset,
            MailKind::AccountDeleted,
        ];
        let mails = kinds.into_iter().flat_map(|kind| [Some("Ada Lovelace"), None].map(|name| sample(&kind, name)));
        Ok(Self { url, mails: mails.collect() })
    }
}

fn sample(kind: &MailKind, name: Option<&str>) -> Mail {
    Mail {
        id: Uuid::nil(),
        to: "ada@example.org".to_owned(),
        display_name: name.map(str::to_owned),
        kind: kind.clone(),
        language: Language::english(),
        created_at: OffsetDateTime::UNIX_EPOCH,
    }
}
