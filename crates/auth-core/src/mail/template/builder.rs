//! Collecting templates, and checking them before the first mail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior};

use super::form::Form;
use super::render::{Templates, file};
use crate::mail::defaults::SHARED;
use crate::mail::{Language, Languages, MailKind};

/// The variables that every template may use, and what the engine itself provides in blocks.
const VARIABLES: [&str; 10] =
    ["service", "home", "url", "language", "name", "link", "code", "lifetime", "html", "super"];

/// What the pieces that all mails share may use besides.
const SHARED_VARIABLES: [&str; 9] =
    ["amount", "unit", "subject", "greeting", "before", "action", "copy", "after", "footer"];

/// Everything that is wrong with the templates, each with where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateErrors(pub Vec<String>);

impl fmt::Display for TemplateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("correct the mail templates:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for TemplateErrors {}

/// Collects templates.
///
/// ```
/// use auth_core::mail::{MailKind, Templates};
///
/// const ENGLISH: &str = "{% block subject %}News{% endblock %}{% block before %}News of {{ service }}.{% endblock %}";
/// const GERMAN: &str = "{% block subject %}Neues{% endblock %}{% block before %}Neues von {{ service }}.{% endblock %}";
/// const NEWS: MailKind = MailKind::new("news", &[("en", ENGLISH), ("de", GERMAN)]);
///
/// let templates = Templates::builder()
///     .replace("en/news", ENGLISH.replace("News of", "What is new at"))
///     .default_language("de")
///     .build(&[NEWS])?;
/// assert_eq!(templates.languages().choose("fr, en;q=0.5").as_str(), "en");
/// assert_eq!(templates.languages().choose("fr").as_str(), "de");
/// # Ok::<(), auth_core::mail::TemplateErrors>(())
/// ```
#[derive(Clone, Debug)]
pub struct TemplatesBuilder {
    replaced: BTreeMap<String, String>,
    default: String,
    only: Option<Vec<String>>,
}

impl Default for TemplatesBuilder {
    fn default() -> Self {
        Self { replaced: BTreeMap::new(), default: Language::english().to_string(), only: None }
    }
}

impl Templates {
    /// Starts from what the library brings: English, which is the default, and German.
    #[must_use]
    pub fn builder() -> TemplatesBuilder {
        TemplatesBuilder::default()
    }
}

impl TemplatesBuilder {
    /// Replaces a template, such as `en/verify_email`, or adds one. A name that begins with `_` after the slash is a piece for
    /// the others to extend or include. A language is there as soon as it has a template, and then has to have all of them.
    #[must_use]
    pub fn replace(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.replaced.insert(name.into(), source.into());
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

    /// Checks every template of these kinds, with sample values too.
    ///
    /// # Errors
    /// Fails with all that is wrong: syntax errors, variables that do not exist, templates that are missing or belong to no
    /// kind, blocks that are empty, and mails that do not show their link or code.
    pub fn build(self, kinds: &[MailKind]) -> Result<Templates, TemplateErrors> {
        let internal = |cause: &dyn fmt::Display| TemplateErrors(vec![cause.to_string()]);
        let mut problems = vec![];
        let sources = self.sources(kinds);
        let languages = self.languages(&sources, &mut problems);
        check_names(&sources, &languages, kinds, &mut problems);
        let [text, html] = Form::ALL.map(|form| environment(form, &sources));
        let (text, html) = (text.map_err(|cause| internal(&cause))?, html.map_err(|cause| internal(&cause))?);
        problems.extend(check_sources(&text, &sources, kinds));
        let templates = Templates { text, html, languages };
        // Without all templates in place every mail would fail, for reasons that are known already.
        if problems.is_empty() {
            problems = templates.try_samples(kinds).map_err(|cause| internal(&cause))?;
        }
        if problems.is_empty() { Ok(templates) } else { Err(TemplateErrors(problems)) }
    }

    /// All templates: what the library and the kinds bring in the languages that are spoken, and what the app replaced.
    fn sources(&self, kinds: &[MailKind]) -> BTreeMap<String, String> {
        let words = |kind: &MailKind| {
            let name = kind.name();
            kind.texts().iter().map(move |(language, text)| (format!("{language}/{name}"), (*text).to_owned()))
        };
        let shared = SHARED.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
        let mut sources: BTreeMap<String, String> = shared.chain(kinds.iter().flat_map(words)).collect();
        if let Some(only) = &self.only {
            sources.retain(|name, _| name.split_once('/').is_none_or(|(tag, _)| only.iter().any(|one| one == tag)));
        }
        sources.extend(self.replaced.clone());
        sources
    }

    fn languages(&self, sources: &BTreeMap<String, String>, problems: &mut Vec<String>) -> Languages {
        let folders: BTreeSet<&str> = sources.keys().filter_map(|name| Some(name.split_once('/')?.0)).collect();
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
}

fn check_names(
    sources: &BTreeMap<String, String>,
    languages: &Languages,
    kinds: &[MailKind],
    problems: &mut Vec<String>,
) {
    let names = || kinds.iter().map(|kind| kind.name()).chain(["_layout"]);
    let expected: BTreeSet<String> =
        languages.iter().flat_map(|language| names().map(move |name| file(language, name))).collect();
    let missing = expected.iter().filter(|name| !sources.contains_key(*name));
    problems.extend(missing.map(|name| format!("{name} is missing")));
    let is_piece = |name: &str| name.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
    let others = sources.keys().filter(|name| !expected.contains(*name) && !is_piece(name));
    problems.extend(others.map(|name| format!("{name} belongs to no mail; pieces for others begin with `_`")));
}

fn environment(form: Form, sources: &BTreeMap<String, String>) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| form.escape());
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in sources {
        // One that does not parse is a problem of its own: see `check_sources`.
        let _ = environment.add_template_owned(name.clone(), source.clone());
    }
    Ok(environment)
}

/// What is wrong with templates by themselves. Rendering finds what the branches for the samples use; this finds the rest.
fn check_sources(environment: &Environment<'_>, sources: &BTreeMap<String, String>, kinds: &[MailKind]) -> Vec<String> {
    let mut problems = vec![];
    for (name, source) in sources {
        let template = match environment.template_from_named_str(name, source) {
            Ok(template) => template,
            Err(cause) => {
                problems.push(cause.to_string());
                continue;
            }
        };
        let kind = name.rsplit('/').next().unwrap_or(name);
        let is_piece = kind.starts_with('_');
        let own: Vec<&str> = kinds
            .iter()
            .filter(|other| is_piece || other.name() == kind)
            .flat_map(|kind| kind.own_variables())
            .chain(SHARED_VARIABLES.into_iter().filter(|_| is_piece))
            .collect();
        let unknown = template.undeclared_variables(false).into_iter();
        let unknown =
            unknown.filter(|variable| !VARIABLES.contains(&variable.as_str()) && !own.contains(&variable.as_str()));
        problems.extend(unknown.map(|variable| format!("{name}: there is no variable `{variable}`")));
    }
    problems
}
