//! Collecting templates, and checking them before the first mail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior};

use super::samples::Samples;
use super::{Part, Service, Templates, address};
use crate::mail::defaults::{FRAME, LANGUAGES};
use crate::mail::{Language, Languages, Mail};

/// The variables that a template may use, and what the engine itself provides in blocks.
const VARIABLES: [&str; 10] =
    ["service", "host", "url", "language", "subject", "name", "link", "code", "lifetime", "super"];

/// Everything that is wrong with the templates, each with where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateErrors(pub Vec<String>);

impl fmt::Display for TemplateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mail templates are not right:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for TemplateErrors {}

/// Collects templates.
///
/// ```
/// use auth_core::mail::Templates;
///
/// let templates = Templates::builder()
///     .replace("en/verify_email.subject.txt", "Welcome to {{ service }}: one click to go")
///     .default_language("de")
///     .build()?;
/// assert_eq!(templates.languages().choose("fr, en;q=0.5").as_str(), "en");
/// assert_eq!(templates.languages().choose("fr").as_str(), "de");
/// # Ok::<(), auth_core::mail::TemplateErrors>(())
/// ```
#[derive(Clone, Debug)]
pub struct TemplatesBuilder {
    sources: BTreeMap<String, String>,
    default: String,
    only: Option<Vec<String>>,
}

impl Default for TemplatesBuilder {
    fn default() -> Self {
        let files = LANGUAGES.iter().flat_map(|(_, files)| files.iter()).chain([&FRAME]);
        let sources = files.map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
        Self { sources, default: Language::english().to_string(), only: None }
    }
}

impl TemplatesBuilder {
    /// Replaces a template or adds one. It is named like the library's own files: `fr/verify_email.html`. A name that
    /// begins with `_` after the slash is a piece for the others to extend or include. A language is there as soon as it
    /// has a file, and then has to have all of them.
    #[must_use]
    pub fn replace(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.sources.insert(name.into(), source.into());
        self
    }

    /// The language for everybody whose own is not spoken; English unless said otherwise.
    #[must_use]
    pub fn default_language(mut self, tag: impl Into<String>) -> Self {
        self.default = tag.into();
        self
    }

    /// Speaks these languages and no others, such as one that the library brings and the app does not want.
    #[must_use]
    pub fn only(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Checks every template, with sample values too.
    ///
    /// # Errors
    /// Fails with every mistake at once: syntax errors, variables that do not exist, files that are missing or belong
    /// to no kind, and mails that do not show their link or code.
    pub fn build(self) -> Result<Templates, TemplateErrors> {
        let internal = |cause: &dyn fmt::Display| TemplateErrors(vec![cause.to_string()]);
        let samples = Samples::new().map_err(|cause| internal(&cause))?;
        let kinds: BTreeSet<&str> = samples.mails.iter().map(|mail| mail.kind.name()).collect();
        let mut problems = vec![];
        let languages = self.languages(&mut problems);
        self.check_names(&languages, &kinds, &mut problems);
        let environment = self.environment(&mut problems).map_err(|cause| internal(&cause))?;
        let templates = Templates { environment, languages };
        // Without all templates in place every mail would fail, for reasons that are known already.
        if problems.is_empty() {
            templates.try_samples(&samples, &mut problems);
        }
        if problems.is_empty() { Ok(templates) } else { Err(TemplateErrors(problems)) }
    }

    fn languages(&self, problems: &mut Vec<String>) -> Languages {
        let folders: BTreeSet<&str> = self.sources.keys().filter_map(|name| Some(name.split_once('/')?.0)).collect();
        let tags = match &self.only {
            Some(only) => only.iter().map(String::as_str).collect(),
            None => folders,
        };
        let mut languages = vec![];
        for tag in tags {
            match tag.parse::<Language>() {
                Ok(language) if language.as_str() == tag => languages.push(language),
                Ok(language) => problems.push(format!("write the language `{tag}` as `{language}`")),
                Err(why) => problems.push(format!("`{tag}`: {why}")),
            }
        }
        let default = languages.iter().find(|language| language.as_str() == self.default).cloned();
        let default = default.unwrap_or_else(|| {
            problems.push(format!("the default language `{}` is not among the languages", self.default));
            Language::english()
        });
        Languages::new(default, languages)
    }

    fn check_names(&self, languages: &Languages, kinds: &BTreeSet<&str>, problems: &mut Vec<String>) {
        let files =
            |language| Part::ALL.iter().flat_map(move |part| kinds.iter().map(move |kind| part.file(language, kind)));
        let expected: BTreeSet<String> = languages.iter().flat_map(files).collect();
        let missing = expected.iter().filter(|name| !self.sources.contains_key(*name));
        problems.extend(missing.map(|name| format!("{name} is missing")));
        for name in self.sources.keys().filter(|name| !expected.contains(*name)) {
            let (folder, file) = name.split_once('/').unwrap_or(("", name));
            let is_piece = file.starts_with('_');
            let is_unused = self.only.is_some() && languages.iter().all(|language| language.as_str() != folder);
            let is_ours = LANGUAGES.iter().any(|(language, _)| *language == folder);
            if !(is_piece || is_unused && is_ours) {
                problems.push(format!("{name} belongs to no mail; pieces for others begin with `_`"));
            }
        }
    }

    fn environment(&self, problems: &mut Vec<String>) -> Result<Environment<'static>, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        for (name, source) in &self.sources {
            if let Err(cause) = environment.add_template_owned(name.clone(), source.clone()) {
                problems.push(cause.to_string());
            }
        }
        // Rendering finds what the branches for the samples use; this finds the rest.
        for (name, template) in environment.templates() {
            let unknown = template.undeclared_variables(false).into_iter();
            let unknown = unknown.filter(|variable| !VARIABLES.contains(&variable.as_str()));
            problems.extend(unknown.map(|variable| format!("{name}: there is no variable `{variable}`")));
        }
        Ok(environment)
    }
}

impl Templates {
    fn try_samples(&self, samples: &Samples, problems: &mut Vec<String>) {
        let service = Service { name: "Notes", url: &samples.url };
        for language in self.languages.iter() {
            for sample in &samples.mails {
                let mail = Mail { language: language.clone(), ..sample.clone() };
                problems.extend(self.try_sample(&mail, service));
            }
        }
        problems.dedup();
    }

    /// What is wrong with the mail for a sample. There is nothing secret in it, so that the whole story can be told.
    fn try_sample(&self, mail: &Mail, service: Service<'_>) -> Option<String> {
        let content = match self.parts(mail, service) {
            Ok(content) => content,
            Err(cause) => return Some(cause.to_string()),
        };
        let name = format!("{}/{}", mail.language, mail.kind.name());
        if content.subject.is_empty() {
            return Some(format!("{name}.subject.txt: the subject is empty"));
        }
        let link = mail.kind.link().map(|link| [false, true].map(|html| address(link.url(), html).to_string()));
        let code = mail.kind.code().map(|code| [code.as_str().to_owned(), code.as_str().to_owned()]);
        for [text, html] in link.into_iter().chain(code) {
            for (end, part, secret) in [("txt", &content.text, &text), ("html", &content.html, &html)] {
                if !part.contains(secret.as_str()) {
                    return Some(format!("{name}.{end} does not show the mail's link or code"));
                }
            }
        }
        None
    }
}
