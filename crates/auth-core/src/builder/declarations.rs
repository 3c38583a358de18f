//! What has to be unique among all features.

use std::collections::BTreeSet;

use crate::feature::Feature;
use crate::limit::{DeclaredLimit, Limits};

/// The longest name of a purpose: what its column holds.
const MAX_PURPOSE: usize = 32;

/// What is wrong with what the features declare, and with the limits that the app sets.
pub(super) fn problems(features: &[Feature], limits: &Limits) -> Vec<String> {
    let mut problems = Vec::new();
    check_names("feature", features.iter().map(Feature::name), &mut problems);
    let mails = features.iter().flat_map(|feature| feature.mails);
    check_names("mail", mails.map(|mail| mail.name()), &mut problems);
    let jobs = features.iter().flat_map(|feature| feature.jobs);
    check_names("job", jobs.map(|job| job.name), &mut problems);
    let purposes = || features.iter().flat_map(|feature| feature.purposes);
    check_names("purpose", purposes().map(|purpose| purpose.name()), &mut problems);
    let prefixes = twice(purposes().map(|purpose| purpose.prefix()));
    problems.extend(prefixes.map(|prefix| format!("two purposes have the prefix `{prefix}`: change one of them")));
    let odd = purposes().filter(|purpose| !is_prefix(purpose.prefix()));
    problems.extend(odd.map(|purpose| {
        format!("give the purpose `{}` a prefix of three lower-case letters and an underscore", purpose.name())
    }));
    let long = purposes().filter(|purpose| purpose.name().len() > MAX_PURPOSE);
    problems.extend(
        long.map(|purpose| format!("give the purpose `{}` a name of at most {MAX_PURPOSE} characters", purpose.name())),
    );
    let declared: Vec<DeclaredLimit> = features.iter().flat_map(|feature| feature.limits).copied().collect();
    check_names("limit", declared.iter().map(DeclaredLimit::name), &mut problems);
    problems.extend(limits.problems(&declared));
    problems
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str> + Clone, problems: &mut Vec<String>) {
    let odd = names.clone().filter(|name| !is_snake_case(name));
    problems.extend(odd.map(|name| format!("name the {what} `{name}` in snake case")));
    problems.extend(twice(names).map(|name| format!("two {what}s are called `{name}`: rename one of them")));
}

/// Each name that was there before.
fn twice<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let mut seen = BTreeSet::new();
    names.filter(move |name| !seen.insert(*name))
}

fn is_snake_case(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(word)
}

fn is_prefix(prefix: &str) -> bool {
    let letters = prefix.strip_suffix('_').unwrap_or_default();
    letters.len() == 3 && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FEATURES;
    use crate::limit::{Limit, Rate};
    use crate::mail::MailKind;
    use crate::one_time::Purpose;
    use crate::registration::REGISTRATIONS;
    use crate::{Client, verification};

    #[test]
    fn the_librarys_own_declarations_are_sound() {
        assert_eq!(problems(FEATURES, &Limits::default()), Vec::<String>::new());
        assert_eq!(problems(FEATURES, &Limits::off()), Vec::<String>::new());
    }

    #[test]
    fn clashes_are_named() {
        const NAMESAKE: Feature = Feature::new("login", "Another one.");
        const MAILS: Feature = Feature::new("app", "An app's.").mails(&[MailKind::new("verify_email", &[])]);
        const ODD: Feature = Feature::new("app", "An app's.").mails(&[MailKind::new("Welcome!", &[])]);
        const AGAIN: Feature = Feature::new("app", "An app's.").purposes(&[verification::VERIFY]);
        const PREFIX: Feature = Feature::new("app", "An app's.").purposes(&[Purpose::new("join_team", "vfy_")]);
        const LONG: Feature = Feature::new("app", "An app's.").purposes(&[Purpose::new("join_team", "join_")]);
        const WORDY: Feature =
            Feature::new("app", "An app's.").purposes(&[Purpose::new("join_the_team_of_somebody_who_asks", "jnt_")]);
        const TAKEN: Limit<Client> = Limit::new("registrations", &[Rate::per_hour(1)]);
        const LIMITS: Feature = Feature::new("app", "An app's.").limits(&[TAKEN.declared()]);
        for (feature, part) in [
            (NAMESAKE, "two features are called `login`"),
            (MAILS, "two mails are called `verify_email`"),
            (ODD, "the mail `Welcome!` in snake case"),
            (AGAIN, "two purposes are called `verify_email`"),
            (PREFIX, "the prefix `vfy_`"),
            (LONG, "three lower-case letters"),
            (WORDY, "a name of at most 32 characters"),
            (LIMITS, "two limits are called `registrations`"),
        ] {
            let features = [FEATURES, &[feature]].concat();
            let found = problems(&features, &Limits::default());
            assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:?}");
        }
    }

    #[test]
    fn limits_are_set_by_names_that_there_are() {
        let rate = Rate::per_hour(1);
        for (limits, part) in [
            (Limits::default().set(REGISTRATIONS, [rate]), ""),
            (Limits::default().set("token_tries", [rate, Rate::UNLIMITED]), ""),
            (Limits::default().set("tokens", [rate]), "there is no limit `tokens`: set one of "),
            (Limits::off().set(REGISTRATIONS, [Rate { per: std::time::Duration::ZERO, ..rate }]), "`Rate::per_hour`"),
        ] {
            let found = problems(FEATURES, &limits);
            assert_eq!(found.is_empty(), part.is_empty(), "{found:?}");
            assert!(found.concat().contains(part), "{found:?}");
        }
    }
}
