//! What the templates say, and what is refused of them.

use std::path::PathBuf;

use super::samples::Samples;
use super::*;

fn templates() -> Templates {
    Templates::builder().build().unwrap()
}

fn mail(kind: &str, name: Option<&str>, language: &str) -> Mail {
    let sample = Samples::new().unwrap().mails.into_iter().rfind(|mail| mail.kind.name() == kind).unwrap();
    Mail { display_name: name.map(str::to_owned), language: language.parse().unwrap(), ..sample }
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
    for (name, source, part) in [
        ("en/verify_email.txt", "{{ link", "syntax error"),
        ("en/verify_email.txt", "{{ link }} {% if false %}{{ lnik }}{% endif %}", "`lnik`"),
        ("en/verify_email.txt", "no way in", "en/verify_email.txt does not show"),
        ("en/verify_email.subject.txt", " \n", "the subject is empty"),
        ("en/verify_mail.txt", "{{ link }}", "belongs to no mail"),
        ("fr/verify_email.txt", "{{ link }}", "fr/verify_email.html is missing"),
    ] {
        let problems = Templates::builder().replace(name, source).build().unwrap_err().0;
        assert!(problems.iter().any(|problem| problem.contains(part)), "{name} {source:?}: {problems:?}");
    }
}

/// Every kind in every language, as a file for people to read: its name and what is in it.
fn snapshots() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/mail/snapshots");
    let samples = Samples::new().unwrap();
    let mut files = vec![];
    for language in templates().languages().iter() {
        for sample in samples.mails.iter().filter(|mail| mail.display_name.is_some()) {
            let mail = Mail { language: language.clone(), ..sample.clone() };
            let Content { subject, text, html } = render(&mail, "Notes");
            // The kinds whose link may be missing.
            let may_lack = ["already_registered", "email_changed"].contains(&mail.kind.name());
            let without = if may_lack && mail.kind.link().is_none() { ".no_link" } else { "" };
            let name = format!("{}{without}.{language}.txt", mail.kind.name());
            files.push((folder.join(name), format!("{subject}\n\n{text}\n\n{html}\n")));
        }
    }
    files
}

#[test]
fn mails_say_what_they_said_before() {
    let files = snapshots();
    assert_eq!(files.len(), 2 * 12);
    for (path, now) in files {
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            now,
            before,
            "{}: read it; if it is meant so, run `cargo test rewrite_snapshots -- --ignored`",
            path.display()
        );
    }
}

#[test]
#[ignore = "writes the files that `mails_say_what_they_said_before` compares with"]
fn rewrite_snapshots() {
    for (path, now) in snapshots() {
        std::fs::write(path, now).unwrap();
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
            let kind = crate::mail::MailKind::VerifyEmail { link: link.clone() };
            let content = render(&Mail { kind, ..mail("verify_email", None, language) }, "Notes");
            assert!(content.text.contains(words) && content.html.contains(words), "{words}: {}", content.text);
        }
    }
}

#[test]
fn html_shows_names_as_they_are_written() {
    let service = "Müller & <script>alert('1')</script> \"Notes\"";
    for language in ["en", "de"] {
        for kind in Samples::new().unwrap().mails.iter().map(|mail| mail.kind.name()) {
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
    for sample in Samples::new().unwrap().mails {
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
