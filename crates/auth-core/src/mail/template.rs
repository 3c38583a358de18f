//! Templates: what each kind of mail says in each language.

mod builder;
mod samples;
#[cfg(test)]
mod tests;

use std::time::Duration;

use minijinja::{Environment, Error, Value, context};
use url::Url;

pub use self::builder::{TemplateErrors, TemplatesBuilder};
use super::text::{presentable_name, subject_line};
use super::{Content, Language, Languages, Mail, MailError};

/// Who writes: fixed by the app's configuration, never by a request.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// The name of the service that users see.
    pub name: &'a str,
    /// Where people reach it.
    pub url: &'a Url,
}

/// The templates of all mails in all languages, checked when they were built.
///
/// A kind has three templates in each language, `en/verify_email.subject.txt`, `en/verify_email.txt` and
/// `en/verify_email.html`, written in the language of Jinja. They may use these variables:
///
/// | variable | holds |
/// | --- | --- |
/// | `service`, `host`, `url` | the name of the service, the host and the address where people reach it |
/// | `language` | the tag of the language |
/// | `subject` | the subject as it was rendered; not within the subject itself |
/// | `name` | the display name, or none |
/// | `link`, `code` | what the mail carries, or none |
/// | `lifetime` | how long they work: `lifetime.amount` and `lifetime.unit` (`days`, `hours` or `minutes`); or none |
///
/// A variable that does not exist is an error. HTML templates escape what they are given.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Environment<'static>,
    languages: Languages,
}

/// The parts of a mail; each has a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The name of the template of this part.
    fn file(self, language: &Language, kind: &str) -> String {
        let end = match self {
            Self::Subject => "subject.txt",
            Self::Text => "txt",
            Self::Html => "html",
        };
        format!("{language}/{kind}.{end}")
    }
}

impl Templates {
    /// Starts from what the library brings: English, which is the default, and German.
    #[must_use]
    pub fn builder() -> TemplatesBuilder {
        TemplatesBuilder::default()
    }

    /// The languages that mails can be written in.
    #[must_use]
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Puts a mail into words: in its language, or in the default one when its own is not spoken any more.
    ///
    /// # Errors
    /// Fails permanently when a template does; building the templates has tried each of them with sample values.
    pub fn render(&self, mail: &Mail, service: Service<'_>) -> Result<Content, MailError> {
        self.parts(mail, service).map_err(|cause| MailError::permanent(place(&cause)))
    }

    fn parts(&self, mail: &Mail, service: Service<'_>) -> Result<Content, Error> {
        let spoken = self.languages.iter().find(|language| **language == mail.language);
        let language = spoken.unwrap_or_else(|| self.languages.default_language());
        let render = |part: Part, variables: Value| {
            let name = part.file(language, mail.kind.name());
            self.environment.get_template(&name)?.render(variables)
        };
        let (html, plain) = (variables(mail, service, language, true), variables(mail, service, language, false));
        let subject = subject_line(&render(Part::Subject, plain.clone())?);
        let text = render(Part::Text, context! { subject => subject.as_str(), ..plain })?;
        let html = render(Part::Html, context! { subject => subject.as_str(), ..html })?;
        Ok(Content { subject, text, html })
    }
}

fn variables(mail: &Mail, service: Service<'_>, language: &Language, html: bool) -> Value {
    let link = mail.kind.link();
    context! {
        service => service.name,
        host => service.url.host_str().unwrap_or_default(),
        url => address(service.url, html),
        language => language.as_str(),
        name => mail.display_name.as_deref().and_then(presentable_name),
        link => link.map(|link| address(link.url(), html)),
        code => mail.kind.code().map(|code| code.as_str()),
        lifetime => link.map(|link| lifetime(link.valid_for())),
    }
}

/// An address to show and to link. The engine would write each slash of it as a character reference, which not every
/// mail program undoes in a link.
fn address(url: &Url, html: bool) -> Value {
    if !html {
        return Value::from(url.as_str());
    }
    let mut escaped = String::with_capacity(url.as_str().len());
    for c in url.as_str().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Value::from_safe_string(escaped)
}

/// A duration as people say it: in the largest unit that fits evenly, and never less than it is cut to.
fn lifetime(duration: Duration) -> Value {
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    let minutes = duration.as_secs() / 60;
    let (amount, unit) = match minutes {
        // One day is better known as 24 hours.
        _ if minutes > DAY && minutes.is_multiple_of(DAY) => (minutes / DAY, "days"),
        _ if minutes > 0 && minutes.is_multiple_of(HOUR) => (minutes / HOUR, "hours"),
        _ => (minutes, "minutes"),
    };
    context! { amount, unit }
}

/// Where a template failed, without what it was given.
fn place(error: &Error) -> String {
    format!("{} in the template {}:{}", error.kind(), error.name().unwrap_or("?"), error.line().unwrap_or_default())
}
