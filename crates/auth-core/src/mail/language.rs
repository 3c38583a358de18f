//! Languages, and the choice among them.
//!
//! Written by hand, because `fluent-langneg` (0.14) reads `Accept-Language` without its weights, and `accept-language` (3.1)
//! compares whole tags, so that `de-AT` would not get `de`; neither honours the refusal `q=0`.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Room for every registered tag (RFC 5646, section 4.4.1).
const MAX_TAG: usize = 35;

/// No browser lists more; what comes after is not looked at.
const MAX_RANGES: usize = 32;

/// A language as a tag of BCP 47: `en`, `pt-BR`, `zh-Hant-TW`. Compared without regard to case, since parsing writes each
/// tag in the usual case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// Not a language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is a tag like `en` or `pt-BR`")]
pub struct InvalidLanguage;

impl Language {
    /// English, which the library speaks by itself.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this language is `range` or a variety of it (RFC 4647, section 3.3.1).
    fn is_within(&self, range: &Self) -> bool {
        self.0.strip_prefix(range.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;

    /// The usual case is lower, but for regions (`BR`) and scripts (`Hant`): RFC 5646, section 2.1.1.
    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        if text.len() > MAX_TAG {
            return Err(InvalidLanguage);
        }
        let mut tag = String::with_capacity(text.len());
        for (index, subtag) in text.split('-').enumerate() {
            let well_formed = match index {
                0 => (2..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphabetic()),
                _ => (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric()),
            };
            if !well_formed {
                return Err(InvalidLanguage);
            }
            if index > 0 {
                tag.push('-');
            }
            let (first, rest) = subtag.split_at(1);
            match (index, subtag.len()) {
                (1.., 2) => tag.push_str(&subtag.to_ascii_uppercase()),
                (1.., 4) => tag.extend([first.to_ascii_uppercase(), rest.to_ascii_lowercase()]),
                _ => tag.push_str(&subtag.to_ascii_lowercase()),
            }
        }
        Ok(Self(tag))
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(text: String) -> Result<Self, InvalidLanguage> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The languages that mails can be written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Languages {
    default: Language,
    others: Vec<Language>,
}

impl Languages {
    /// The language for everybody whose own is not there, and the others.
    pub fn new(default: Language, others: impl IntoIterator<Item = Language>) -> Self {
        let others = others.into_iter().filter(|language| *language != default).collect();
        Self { default, others }
    }

    /// The language for everybody whose own is not there.
    #[must_use]
    pub fn default_language(&self) -> &Language {
        &self.default
    }

    /// All of them, the default first.
    pub fn iter(&self) -> impl Iterator<Item = &Language> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// The best language for somebody whose browser sent this `Accept-Language` (RFC 9110, section 12.5.4). Whatever the
    /// header is, there is an answer, and the work is bounded.
    ///
    /// Wishes are tried by their weight, each from the most special to the most general (RFC 4647, section 3.4): `de-AT`
    /// is served by `de`. A wish for `pt` is also served by `pt-BR`.
    #[must_use]
    pub fn choose(&self, accept_language: &str) -> &Language {
        let ranges = accept_language.split(',').take(MAX_RANGES);
        let mut wishes: Vec<Wish> = ranges.filter_map(Wish::parse).collect();
        // The sort is stable: of equal wishes the first one counts.
        wishes.sort_by_key(|wish| std::cmp::Reverse(wish.weight));
        let refused = wishes.iter().filter(|wish| wish.weight == 0).filter_map(|wish| wish.range.as_ref());
        let refused: Vec<&Language> = refused.collect();
        let welcome = |language: &&Language| !refused.iter().any(|range| language.is_within(range));
        let wanted = wishes.iter().take_while(|wish| wish.weight > 0);
        let found = wanted.filter_map(|wish| match &wish.range {
            Some(range) => self.lookup(range).filter(welcome),
            None => self.iter().find(welcome),
        });
        found.into_iter().next().unwrap_or(&self.default)
    }

    fn lookup(&self, range: &Language) -> Option<&Language> {
        let more_general = self.iter().filter(|language| range.is_within(language));
        let best = more_general.max_by_key(|language| language.as_str().len());
        best.or_else(|| self.iter().find(|language| language.is_within(range)))
    }
}

/// One element of the header.
struct Wish {
    /// `None` stands for any language.
    range: Option<Language>,
    /// In thousandths.
    weight: u16,
}

impl Wish {
    /// `None` for what the grammar does not allow.
    fn parse(element: &str) -> Option<Self> {
        let (range, weight) = match element.split_once(';') {
            None => (element, 1000),
            Some((range, weight)) => (range, parse_weight(weight)?),
        };
        let range = match range.trim_matches(BLANKS) {
            "*" => None,
            range => Some(range.parse().ok()?),
        };
        Some(Self { range, weight })
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// `q=` and a number from 0 to 1 with at most three decimals (RFC 9110, section 12.4.2), in thousandths.
fn parse_weight(text: &str) -> Option<u16> {
    let text = text.trim_matches(BLANKS);
    let number = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="))?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" => (thousandths == 0).then_some(1000),
        _ => None,
    }
}
