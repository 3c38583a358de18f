//! Putting a mail into words.

use std::time::Duration;

use minijinja::{Environment, Error, ErrorKind, Template, Value, context};
use url::Url;

use super::form::Form;
use crate::mail::text::{presentable_name, subject_line};
use crate::mail::{Content, Language, Languages, Mail, MailError};

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
/// A kind has one template in each language, such as `en/verify_email`, written in the language of Jinja. Its blocks are
/// rendered as plain text and as HTML, so that the two cannot differ in their words:
///
/// | block | holds |
/// | --- | --- |
/// | `subject` | the subject, on one line |
/// | `before` | paragraphs before the link, if there is one; a blank line begins the next |
/// | `action` | the words on the button; needed where there is a link |
/// | `after` | paragraphs after it; may be left out |
///
/// They may use these variables, and those of the kind itself:
///
/// | variable | holds |
/// | --- | --- |
/// | `service` | the name of the service |
/// | `url`, `home` | where people reach it: in HTML as links that show the whole address, and the host alone |
/// | `language` | the tag of the language |
/// | `name` | the display name, or none |
/// | `link`, `code` | what the mail carries, or none |
/// | `lifetime` | how long they work, in words |
/// | `html` | whether this is the HTML form: for markup that plain text must not show |
///
/// A variable that does not exist is an error, and HTML escapes what variables hold. `en/_layout` has the phrases that all
/// mails of a language share: the blocks `greeting`, `copy` (above the address that the button leads to), `footer`, and
/// `lifetime`, which gets `amount` and `unit` (`days`, `hours` or `minutes`). `_frame.txt` and `_frame.html` put everything
/// together.
#[derive(Clone, Debug)]
pub struct Templates {
    pub(super) text: Environment<'static>,
    pub(super) html: Environment<'static>,
    pub(super) languages: Languages,
}

impl Templates {
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
        self.content(mail, service).map_err(|cause| MailError::permanent(place(&cause)))
    }

    pub(super) fn content(&self, mail: &Mail, service: Service<'_>) -> Result<Content, Error> {
        let spoken = self.languages.iter().find(|language| **language == mail.language);
        let language = spoken.unwrap_or_else(|| self.languages.default_language());
        let render = |form: Form| {
            let environment = match form {
                Form::Text => &self.text,
                Form::Html => &self.html,
            };
            let words = words(environment, form, mail, service, language)?;
            environment.get_template(form.frame())?.render(words)
        };
        let subject = self.text.get_template(&file(language, &mail.kind))?;
        let subject = Blocks::of(&subject, variables(Form::Text, mail, service, language))?.render("subject")?;
        Ok(Content { subject: subject_line(&subject), text: render(Form::Text)?, html: render(Form::Html)? })
    }
}

/// The name of the template of a kind.
pub(super) fn file(language: &Language, kind: &str) -> String {
    format!("{language}/{kind}")
}

/// All that a frame shows.
fn words(
    environment: &Environment<'_>,
    form: Form,
    mail: &Mail,
    service: Service<'_>,
    language: &Language,
) -> Result<Value, Error> {
    let variables = variables(form, mail, service, language);
    let layout = environment.get_template(&file(language, "_layout"))?;
    let mut layout = Blocks::of(&layout, variables.clone())?;
    let lifetime = mail.link.as_ref().map(|_| layout.render("lifetime")).transpose()?;
    let variables = context! { lifetime => lifetime.map(|words| form.rendered(words)), ..variables };
    let kind = environment.get_template(&file(language, &mail.kind))?;
    let mut kind = Blocks::of(&kind, variables.clone())?;
    let line = |words: String| form.rendered(words.trim().to_owned());
    let paragraphs = |words: String| form.rendered(form.paragraphs(&words));
    Ok(context! {
        subject => line(subject_line(&kind.render("subject")?)),
        greeting => line(layout.render("greeting")?),
        before => paragraphs(kind.render("before")?),
        action => line(kind.render("action")?),
        copy => line(layout.render("copy")?),
        after => paragraphs(kind.render("after")?),
        footer => line(layout.render("footer")?),
        ..variables
    })
}

/// The blocks of a template, each rendered by itself.
pub(super) struct Blocks<'a>(minijinja::Captured<'a>);

impl<'a> Blocks<'a> {
    pub(super) fn of(template: &Template<'a, 'a>, variables: Value) -> Result<Self, Error> {
        template.render_captured(variables).map(Self)
    }

    /// The text of a block; empty when the template lacks it.
    pub(super) fn render(&mut self, name: &str) -> Result<String, Error> {
        match self.0.with_state_mut(|state| state.render_block(name)) {
            Err(cause) if cause.kind() == ErrorKind::UnknownBlock => Ok(String::new()),
            rendered => rendered,
        }
    }

    /// All that the template says.
    pub(super) fn whole(&self) -> &str {
        self.0.output()
    }
}

/// What a template may use. A link lends the phrase for lifetimes its numbers.
pub(super) fn variables(form: Form, mail: &Mail, service: Service<'_>, language: &Language) -> Value {
    let link = mail.link.as_ref();
    let (amount, unit) = link.map_or((0, "minutes"), |link| lifetime(link.valid_for()));
    let host = service.url.host_str().unwrap_or_default();
    context! {
        service => service.name,
        home => form.link(service.url, host),
        url => form.link(service.url, service.url.as_str()),
        language => language.as_str(),
        name => mail.to.display_name().and_then(presentable_name),
        link => link.map(|link| form.address(link.url())),
        code => mail.code.as_ref().map(|code| form.code(code)),
        lifetime => (),
        html => form == Form::Html,
        amount,
        unit,
        ..Value::from_pairs(mail.values.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// A duration as people say it: in the largest unit that fits evenly, and never less than it is cut to.
fn lifetime(duration: Duration) -> (u64, &'static str) {
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    let minutes = duration.as_secs() / 60;
    match minutes {
        // One day is better known as 24 hours.
        _ if minutes > DAY && minutes.is_multiple_of(DAY) => (minutes / DAY, "days"),
        _ if minutes > 0 && minutes.is_multiple_of(HOUR) => (minutes / HOUR, "hours"),
        _ => (minutes, "minutes"),
    }
}

/// Where a template failed, without what it was given.
fn place(error: &Error) -> String {
    format!("{} in the template {}:{}", error.kind(), error.name().unwrap_or("?"), error.line().unwrap_or_default())
}
