//! Mails: rendering what people call themselves, and what else the templates are given.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use auth_core::account::SUPERUSER_ADDED;
use auth_core::email_change::CONFIRM_EMAIL;
use auth_core::invitation::INVITATION;
use auth_core::magic_link::MAGIC_LINK;
use auth_core::mail::{Content, Language, Mail, MailCode, MailKind, MailLink, Recipient, Service, Templates};
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::verification::VERIFY_EMAIL;
use url::Url;

use super::shared::OWN;

/// Mails with a name, with a value of their own, with a link, and with a code.
const KINDS: [MailKind; 5] = [VERIFY_EMAIL, SUPERUSER_ADDED, MAGIC_LINK, INVITATION, CONFIRM_EMAIL];

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::builder().build(&KINDS).expect("the library's own templates"));

/// What fills the templates.
struct Words<'a> {
    name: &'a str,
    account: &'a str,
    service: &'a str,
}

/// The same mail with harmless words.
const HARMLESS: Words<'static> = Words { name: "Ada Lovelace", account: "grace@example.org", service: "Notes" };

/// Mails: the number of the kind, a language, a display name, an account and the name of the service, with bars between. None
/// of them adds a line to the subject or an element to the HTML, and the display name adds no line and no link at all.
pub(super) fn mail(input: &[u8]) {
    let Some(input) = std::str::from_utf8(input).ok() else { return };
    let [kind, language, name, account, service] = input.split('|').collect::<Vec<_>>()[..] else { return };
    let Some(kind) = kind.parse().ok().and_then(|index: usize| KINDS.get(index)) else { return };
    let language = TEMPLATES.languages().choose(language);
    let harmless = render(*kind, language, &HARMLESS);
    let hostile = render(*kind, language, &Words { name, account, service });
    assert!(
        !hostile.subject.contains(char::is_control) && hostile.subject.chars().count() <= 151,
        "{:?}",
        hostile.subject
    );
    assert!(tags(&hostile.html).is_subset(&tags(&harmless.html)), "{}", hostile.html);
    let named = render(*kind, language, &Words { name, ..HARMLESS });
    assert_eq!(named.subject, harmless.subject);
    assert_eq!(shape(&named.text), shape(&harmless.text), "{}", named.text);
    assert_eq!(shape(&named.html), shape(&harmless.html), "{}", named.html);
}

fn render(kind: MailKind, language: &Language, words: &Words<'_>) -> Content {
    let url = Url::parse(OWN).expect("a URL");
    // The name is kept for accounts whose address is verified; stored mails are read like this.
    let to = serde_json::json!({ "to": "ada@example.org", "display_name": words.name });
    let to: Recipient = serde_json::from_value(to).expect("a recipient");
    let message = kind.message().value("account", words.account);
    let mut mail = Mail::new(Uuid::nil(), to, message, language.clone(), OffsetDateTime::UNIX_EPOCH);
    if kind != SUPERUSER_ADDED {
        mail.link =
            Some(MailLink::new(url.join("/page?token=x&more=1").expect("a URL"), std::time::Duration::from_secs(600)));
    }
    if kind == MAGIC_LINK {
        mail.code = MailCode::try_from("012345".to_owned()).ok();
    }
    let service = Service { name: words.service, url: &url };
    TEMPLATES.render(&mail, service).unwrap_or_else(|cause| panic!("{kind:?}: {cause}"))
}

/// The tags of a page, each as it is written.
fn tags(html: &str) -> BTreeSet<&str> {
    html.split('<').skip(1).map(|rest| rest.split_inclusive('>').next().unwrap_or_default()).collect()
}

/// How many lines a text has, and how many places in which a mail program may see a link or an address.
fn shape(text: &str) -> (usize, [usize; 2]) {
    (text.lines().count(), ["://", "@"].map(|mark| text.matches(mark).count()))
}
