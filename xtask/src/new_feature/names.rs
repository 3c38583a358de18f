//! The name of a feature in all its spellings.

use crate::Result;

/// What the placeholders of the templates stand for.
pub(super) struct Names(Vec<(&'static str, String)>);

impl Names {
    /// A name in snake case, and the migration that makes its table.
    pub(super) fn of(name: &str, migration: &str) -> Result<Self> {
        check(name)?;
        let title = name.replace('_', " ");
        let camel: String = name.split('_').map(capitalize).collect();
        let plural = if camel.ends_with('s') { camel.clone() } else { format!("{camel}s") };
        // Tokens begin with three letters that tell their purpose.
        let letters = name.chars().filter(char::is_ascii_lowercase).chain("xyz".chars());
        let is_vowel = |letter: &char| "aeiou".contains(*letter);
        let prefix = letters.filter(|letter| !is_vowel(letter)).take(3).collect();
        Ok(Self(vec![
            ("{{name}}", name.to_owned()),
            ("{{migration}}", migration.to_owned()),
            ("{{path}}", name.replace('_', "-")),
            ("{{CODE}}", name.to_ascii_uppercase()),
            ("{{prefix}}", prefix),
            ("{{title}}", title.clone()),
            ("{{Title}}", capitalize(&title)),
            ("{{Type}}", camel),
            ("{{Types}}", plural),
        ]))
    }

    pub(super) fn fill(&self, template: &str) -> String {
        self.0.iter().fold(template.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }
}

fn check(name: &str) -> Result {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = name.split('_').all(|word| !word.is_empty());
    if words && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(valid) {
        return Ok(());
    }
    Err(format!("`{name}` is not in snake_case, as `magic_link` is"))
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_follows_from_the_name() {
        let names = Names::of("magic_link", "m20260101_000001_create_magic_link").unwrap();
        for (template, expected) in [
            ("auth_{{name}}", "auth_magic_link"),
            ("/{{path}}", "/magic-link"),
            ("{{CODE}}_BAD_TOKEN", "MAGIC_LINK_BAD_TOKEN"),
            ("{{prefix}}_", "mgc_"),
            ("{{Title}}: {{title}}", "Magic link: magic link"),
            ("{{Types}}, {{Type}}Config", "MagicLinks, MagicLinkConfig"),
            ("{{{Types}}}", "{MagicLinks}"),
            ("{{migration}}", "m20260101_000001_create_magic_link"),
        ] {
            assert_eq!(names.fill(template), expected);
        }
    }

    #[test]
    fn a_prefix_has_three_letters() {
        for (name, prefix) in [("totp", "ttp"), ("oauth", "thx"), ("a1", "xyz"), ("price_probe", "prc")] {
            assert_eq!(Names::of(name, "m").unwrap().fill("{{prefix}}"), prefix);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for name in ["", "Totp", "_totp", "totp_", "a__b", "2fa", "to-tp", "../x"] {
            assert!(Names::of(name, "m").is_err_and(|e| e.contains("snake_case")), "{name}");
        }
    }
}
