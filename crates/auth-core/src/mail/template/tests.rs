//! What the templates say, and what is refused of them.

use super::*;

#[test]
fn the_librarys_own_templates_pass_their_own_check() {
    let templates = Templates::builder().build().unwrap();
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
