//! Pages of the front end that mailed links lead to.

use std::time::Duration;

use crate::clock::MAX_LIFETIME;

/// A page of the front end that a mailed link leads to, with its token as the query parameter `token`, and how long the
/// link works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// The path of the page below the front end's URL, such as `reset-password`.
    pub page: String,
    /// How long the link works: a minute at least, 400 days at most.
    pub lifetime: Duration,
}

impl LinkConfig {
    /// A link to a page that works for so long.
    #[must_use]
    pub fn new(page: impl Into<String>, lifetime: Duration) -> Self {
        Self { page: page.into(), lifetime }
    }

    /// Everything that is wrong with this link, which `name` names; empty when it can be used.
    #[must_use]
    pub fn problems(&self, name: &str) -> Vec<String> {
        let Self { page, lifetime } = self;
        let is_path = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
        let is_step = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
        let mut problems = Vec::new();
        if !page.bytes().all(is_path) || page.split('/').any(is_step) {
            problems.push(format!(
                "write the page {page:?} of `{name}` as a path without a slash at its ends: letters, digits and - . _ ~ /"
            ));
        }
        if *lifetime < Duration::from_secs(60) || *lifetime > MAX_LIFETIME {
            problems.push(format!("set the lifetime of `{name}` between a minute and 400 days, not {lifetime:?}"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_paths_and_lifetimes_are_bearable() {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        for (page, lifetime, problems) in [
            ("verify", HOUR, 0),
            ("auth/change-email/confirm", HOUR, 0),
            ("verify", Duration::from_secs(60), 0),
            ("verify", MAX_LIFETIME, 0),
            ("", HOUR, 1),
            ("/verify", HOUR, 1),
            ("verify/", HOUR, 1),
            ("a//b", HOUR, 1),
            ("../verify", HOUR, 1),
            ("verify?next=1", HOUR, 1),
            ("verify#top", HOUR, 1),
            ("https://evil.example", HOUR, 1),
            ("ver ify", HOUR, 1),
            ("verify", Duration::from_secs(59), 1),
            ("verify", MAX_LIFETIME + HOUR, 1),
            ("", Duration::ZERO, 2),
        ] {
            assert_eq!(LinkConfig::new(page, lifetime).problems("link").len(), problems, "{page:?} {lifetime:?}");
        }
    }
}
