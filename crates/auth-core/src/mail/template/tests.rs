//! What the templates say, and what is refused of them.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{Service, Templates, sample_user, samples};
use crate::features::{self, FEATURES};
use crate::mail::{Content, Language, Mail, MailKind, Recipient};
use crate::verification::VERIFY_EMAIL;

fn mail_kinds() -> Vec<MailKind> {
    features::mail_kinds(FEATURES)
}

fn templates() -> Templates {
    Templates::builder().build(&mail_kinds()).unwrap()
}

fn samples_of(kinds: &[MailKind]) -> Vec<Mail> {
    samples::samples(kinds).unwrap().1
}

fn mail(kind: &str, name: Option<&str>, language: &str) -> Mail {
    let sample = samples_of(&mail_kinds()).into_iter().rfind(|mail| mail.kind == kind).unwrap();
    let to = Recipient::verified(&sample_user(name)).unwrap();
    Mail { to, language: language.parse().unwrap(), ..sample }
}

fn render(mail: &Mail, service: &str) -> Content {
    let url = Url::parse("https://notes.example.com/").unwrap();
    templates().render(mail, Service { name: service, url: &url }).unwrap()
}

#[test]
fn the_librarys_own_templates_pass_their_own_check() {
    let templates = templates();
    let languages: Vec<&str> = templates.languages().iter().map(Language::as_str).collect();
    assert_eq!(languages, ["en", "de"]);
}

#[test]
fn mistakes_are_named_before_the_first_mail() {
    const SUBJECT: &str = "{% block subject %}Hi{% endblock %}";
    const BEFORE: &str = "{% block before %}Welcome.{% endblock %}";
    const ACTION: &str = "{% block action %}Go{% endblock %}";
    for (name, source, part) in [
        ("en/verify_email", "{{ link".to_owned(), "syntax error"),
        ("en/verify_email", format!("{SUBJECT}{BEFORE}{ACTION}{{% if false %}}{{{{ lnik }}}}{{% endif %}}"), "`lnik`"),
        ("en/verify_email", format!("{BEFORE}{ACTION}"), "the block `subject`, which is empty"),
        ("en/verify_email", format!("{SUBJECT}{ACTION}"), "the block `before`, which is empty"),
        ("en/verify_email", format!("{SUBJECT}{BEFORE}"), "the block `action`, which is empty"),
        ("en/verify_email", format!("{SUBJECT}{BEFORE}{ACTION}Bye."), "put all words into the blocks"),
        (
            "en/verify_email",
            format!("{SUBJECT}{BEFORE}{ACTION}{{% block afetr %}}Bye.{{% endblock %}}"),
            "put all words",
        ),
        ("en/verify_email", format!("{SUBJECT}{ACTION}{{% block before %}}<b>Hi</b>{{% endblock %}}"), "the markup"),
        ("en/verify_email", format!("{SUBJECT}{ACTION}{{% block before %}}A &amp; B{{% endblock %}}"), "the markup"),
        ("en/magic_link", format!("{SUBJECT}{BEFORE}{ACTION}"), "en/magic_link: show the mail's link and code"),
        ("_frame.txt", "{{ before }}".to_owned(), "Text lacks one"),
        ("en/verify_email.txt", "{{ link }}".to_owned(), "belongs to no mail"),
        ("en/verify_mail", String::new(), "belongs to no mail"),
        ("fr/verify_email", format!("{SUBJECT}{BEFORE}{ACTION}"), "fr/magic_link is missing"),
    ] {
        let builder = Templates::builder().replace(name, source.as_str());
        let problems = builder.build(&mail_kinds()).unwrap_err().0;
        assert!(problems.iter().any(|problem| problem.contains(part)), "{name} {source:?}: {problems:?}");
    }
}

#[test]
fn markup_is_for_html_alone() {
    let source = "{% block subject %}Tom & Jerry{% endblock %}{% block action %}Go{% endblock %}\
        {% block before %}At {{ url }}.\n  \n\n{% if html %}<ul><li>One</li></ul>{% else %}- One{% endif %}{% endblock %}";
    let templates = Templates::builder().replace("en/verify_email", source).build(&mail_kinds()).unwrap();
    let url = Url::parse("https://notes.example.com/").unwrap();
    let content = templates.render(&mail("verify_email", None, "en"), Service { name: "Notes", url: &url }).unwrap();
    assert!(content.text.contains("\nAt https://notes.example.com/.\n\n- One\n"), "{}", content.text);
    let html =
        "<p>At <a href=\"https://notes.example.com/\">https://notes.example.com/</a>.</p>\n<ul><li>One</li></ul>\n";
    assert!(content.html.contains(html), "{}", content.html);
    assert_eq!(content.subject, "Tom & Jerry");
}

#[test]
fn an_app_has_kinds_of_its_own() {
    const ENGLISH: &str = "{% block subject %}Join {{ team }}{% endblock %}\
        {% block before %}{{ service }} has a place for you in {{ team }}.{% endblock %}{% block action %}Join{% endblock %}";
    const JOIN_TEAM: MailKind = MailKind::new("join_team", &[("en", ENGLISH)])
        .carries_link(Duration::from_secs(60))
        .uses(&[("team", "Tom & Jerry")]);
    let kinds = [mail_kinds(), vec![JOIN_TEAM]].concat();
    let problems = Templates::builder().build(&kinds).unwrap_err().0;
    assert_eq!(problems, ["de/join_team is missing"]);
    let templates = Templates::builder().only(["en"]).build(&kinds).unwrap();
    let (url, mails) = samples::samples(&[JOIN_TEAM]).unwrap();
    let content = templates.render(&mails[0], Service { name: "Notes", url: &url }).unwrap();
    assert_eq!(content.subject, "Join Tom & Jerry");
    assert!(content.html.contains("<p>Notes has a place for you in Tom &amp; Jerry.</p>"), "{}", content.html);
}

/// Every kind in a language, as people read it.
fn snapshot(language: &Language) -> String {
    let mails = samples_of(&mail_kinds()).into_iter().filter(|mail| mail.to.display_name().is_some());
    let mut mails: Vec<Mail> = mails.collect();
    mails.sort_by(|one, other| one.kind.cmp(&other.kind));
    let show = |mail: Mail| {
        let title = mail.kind.clone();
        let Content { subject, text, html } = render(&Mail { language: language.clone(), ..mail }, "Notes");
        let html = html.split_once("<body>").unwrap().1;
        format!("==== {title}\n{subject}\n\n{text}\n{html}\n")
    };
    mails.into_iter().map(show).collect()
}

fn snapshot_file(language: &Language) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/mail/snapshots/{language}.txt"))
}

#[test]
fn mails_say_what_they_said_before() {
    for language in templates().languages().iter() {
        let (file, now) = (snapshot_file(language), snapshot(language));
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        let first = now.lines().zip(before.lines()).find(|(now, before)| now != before);
        assert!(
            now == before,
            "{}: {first:?}: read it; if it is meant so, run `cargo test rewrite_snapshots -- --ignored`",
            file.display()
        );
    }
}

#[test]
#[ignore = "writes the files that `mails_say_what_they_said_before` compares with"]
fn rewrite_snapshots() {
    for language in templates().languages().iter() {
        std::fs::write(snapshot_file(language), snapshot(language)).unwrap();
    }
}

#[test]
fn lifetimes_are_said_in_words() {
    for (minutes, english, german) in [
        (1, "within 1 minute.", "1 Minute lang."),
        (10, "within 10 minutes.", "10 Minuten lang."),
        (60, "within 1 hour.", "1 Stunde lang."),
        (90, "within 90 minutes.", "90 Minuten lang."),
        (24 * 60, "within 24 hours.", "24 Stunden lang."),
        (48 * 60, "within 2 days.", "2 Tage lang."),
        (72 * 60, "within 3 days.", "3 Tage lang."),
    ] {
        let url = Url::parse("https://notes.example.com/verify").unwrap();
        let link = crate::mail::MailLink::new(url, Duration::from_secs(minutes * 60));
        for (language, words) in [("en", english), ("de", german)] {
            let mail = Mail { link: Some(link.clone()), ..mail(VERIFY_EMAIL.name(), None, language) };
            let content = render(&mail, "Notes");
            assert!(content.text.contains(words) && content.html.contains(words), "{words}: {}", content.text);
        }
    }
}

#[test]
fn html_shows_names_as_they_are_written() {
    let service = "Müller & <script>alert('1')</script> \"Notes\"";
    for language in ["en", "de"] {
        for kind in mail_kinds().iter().map(|kind| kind.name()) {
            let Content { subject, text, html } = render(&mail(kind, Some("Ada & \"Co\""), language), service);
            assert!(text.contains(service) && text.contains("Ada & \"Co\""), "{text}");
            assert!(subject.contains("<script>"), "a subject is not HTML: {subject}");
            assert!(!html.contains("<script") && !html.contains("Müller & ") && !html.contains("& \""), "{html}");
            assert!(
                html.contains("Müller &amp; &lt;script&gt;") && html.contains("Ada &amp; &quot;Co&quot;"),
                "{html}"
            );
        }
    }
}

#[test]
fn a_link_works_as_it_is_written() {
    let content = render(&mail("verify_email", None, "en"), "Notes");
    assert!(content.text.lines().any(|line| line == "https://notes.example.com/page?token=sample&more=1"));
    let href = r#"href="https://notes.example.com/page?token=sample&amp;more=1""#;
    assert_eq!(content.html.matches(href).count(), 2, "{}", content.html);
}

#[test]
fn names_that_could_mislead_are_left_out() {
    for name in ["Win at evil.example now", "<b>Ada</b>", "http://evil.example", "\u{200B}"] {
        for (language, greeting) in [("en", "Hello,"), ("de", "Guten Tag,")] {
            let content = render(&mail("reset_password", Some(name), language), "Notes");
            assert!(content.text.starts_with(greeting), "{}", content.text);
            assert!(content.html.contains(&format!("<p>{greeting}</p>")) && !content.html.contains("evil"));
        }
    }
}

#[test]
fn a_subject_is_one_line() {
    let service = format!("Notes\r\nBcc: eve@example.com\n\n{}", "long ".repeat(100));
    for sample in samples_of(&mail_kinds()) {
        let subject = render(&sample, &service).subject;
        assert!(!subject.contains(char::is_control) && subject.chars().count() <= 151, "{subject:?}");
        assert_eq!(subject, subject.trim());
    }
}

#[test]
fn a_language_that_is_gone_falls_back() {
    let content = render(&mail("password_changed", None, "fr"), "Notes");
    assert_eq!(content.subject, "Your password at Notes was changed");
    assert!(content.html.contains("<html lang=\"en\">"));
}
