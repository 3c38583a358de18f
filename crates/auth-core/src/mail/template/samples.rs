//! Trying templates with a mail of every kind.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::form::Form;
use super::render::{Blocks, Service, Templates, file, variables};
use crate::mail::{Language, Mail, MailCode, MailKind, MailLink, Message, Recipient};
use crate::user::User;

/// Where mails of samples go.
const ADDRESS: &str = "ada@example.org";

/// The blocks that a template may have.
const BLOCKS: [&str; 4] = ["subject", "before", "action", "after"];

/// Mails of these kinds, with and without what is optional, and where the service that sends them is.
pub(super) fn samples(kinds: &[MailKind]) -> Result<(Url, Vec<Mail>), Box<dyn Error>> {
    let url = Url::parse("https://notes.example.com/")?;
    let page = url.join("/page?token=sample&more=1")?;
    let link = |lifetime: Duration| MailLink::new(page.clone(), lifetime);
    let code = MailCode::try_from("012345".to_owned())?;
    let messages = kinds.iter().flat_map(|kind| kind.samples(link, &code));
    let mails = messages.flat_map(|message| [Some("Ada Lovelace"), None].map(|name| sample(&message, name)));
    Ok((url, mails.collect()))
}

fn sample(message: &Message, name: Option<&str>) -> Mail {
    let (english, epoch) = (Language::english(), OffsetDateTime::UNIX_EPOCH);
    let to = Recipient::of(&sample_user(name)).unwrap_or_else(|| Recipient::unverified(ADDRESS));
    Mail::new(Uuid::nil(), to, message.clone(), english, epoch)
}

/// A user with a verified address.
pub(in crate::mail) fn sample_user(name: Option<&str>) -> User {
    User {
        id: Uuid::nil(),
        email: Some(ADDRESS.to_owned()),
        username: None,
        is_active: true,
        is_superuser: false,
        is_verified: true,
        must_change_password: false,
        display_name: name.map(str::to_owned),
        attributes: serde_json::Value::Null,
        security_epoch: 1,
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
        last_login_at: None,
        delete_at: None,
    }
}

impl Templates {
    /// What is wrong with the mails of samples. There is nothing secret in those, so that the whole story can be told.
    pub(super) fn try_samples(&self, kinds: &[MailKind]) -> Result<Vec<String>, Box<dyn Error>> {
        let (url, samples) = samples(kinds)?;
        let service = Service { name: "Notes", url: &url };
        let mut problems = BTreeSet::new();
        for language in self.languages.iter() {
            for sample in &samples {
                let mail = Mail { language: language.clone(), ..sample.clone() };
                let found = self.try_sample(&mail, service).unwrap_or_else(|cause| Some(cause.to_string()));
                problems.extend(found);
            }
        }
        Ok(problems.into_iter().collect())
    }

    fn try_sample(&self, mail: &Mail, service: Service<'_>) -> Result<Option<String>, minijinja::Error> {
        let name = file(&mail.language, &mail.kind);
        let template = self.text.get_template(&name)?;
        let mut blocks = Blocks::of(&template, variables(Form::Text, mail, service, &mail.language))?;
        let mut outside = blocks.whole().to_owned();
        for block in BLOCKS {
            let words = blocks.render(block)?;
            outside = outside.replacen(&words, "", 1);
            let needed = block == "subject" || block == "before" || (block == "action" && mail.link.is_some());
            if needed && words.trim().is_empty() {
                return Ok(Some(format!("{name}: write the block `{block}`, which is empty")));
            }
            if has_markup(&words) {
                return Ok(Some(format!(
                    "{name}: plain text would show the markup of the block `{block}`: put it between `{{% if html %}}` and `{{% endif %}}`"
                )));
            }
        }
        if !outside.trim().is_empty() {
            return Ok(Some(format!("{name}: put all words into the blocks {}", BLOCKS.join(", "))));
        }
        let content = self.content(mail, service)?;
        for (form, shown) in [(Form::Text, &content.text), (Form::Html, &content.html)] {
            let link = mail.link.as_ref().map(|link| form.address(link.url()).to_string());
            let code = mail.code.as_ref().map(|code| code.as_str().to_owned());
            if link.into_iter().chain(code).any(|secret| !shown.contains(&secret)) {
                return Ok(Some(format!("{name}: show the mail's link and code; {form:?} lacks one")));
            }
        }
        Ok(None)
    }
}

/// Whether a reader of plain text would see an HTML tag or a character reference.
fn has_markup(text: &str) -> bool {
    let begins_tag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
    let is_reference = |rest: &str| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
        name.len() < rest.len() && name.starts_with(';')
    };
    text.match_indices('<').any(|(at, _)| begins_tag(&text[at + 1..]))
        || text.match_indices('&').any(|(at, _)| is_reference(&text[at + 1..]))
}
