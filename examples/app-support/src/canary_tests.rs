//! Prints each public type that can be printed, with canaries in it, and looks for them.
//!
//! `cargo xtask tidy` finds the types and insists that they are here.

use std::fmt::Debug;

use sea_orm::prelude::Uuid;

use crate::notes::entity;
use crate::{Config, EnvironmentErrors, Failure};

const SECRET: &str = "canary-Umbrella-42-Zebra-of-the-moon";

fn environment(variables: &[(&str, &str)]) -> Result<Config, EnvironmentErrors> {
    Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).replace('*', SECRET))))
}

fn check(value: &dyn Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.contains("canary") && !text.trim().is_empty(), "{text}");
}

#[test]
fn what_the_environment_holds_is_not_shown() {
    let variables = [
        ("AUTH_SECRET", "*"),
        ("AUTH_SECRET_FORMER", "*-before, *-long-before"),
        ("DATABASE_URL", "postgres://app:*@localhost/notes"),
        ("SMTP_URL", "smtps://notes:*@mail.example.com"),
        ("REDIS_URL", "rediss://notes:*@redis.example.com"),
        ("MAIL_FROM", "Notes <notes@example.com>"),
        ("ADMIN_EMAIL", "canary@example.com"),
        ("ADMIN_PASSWORD", "*"),
    ];
    check(&environment(&variables).unwrap());
    // One half of each pair is missing, and another variable is wrong.
    let halves: Vec<_> =
        variables.into_iter().filter(|(name, _)| !["MAIL_FROM", "ADMIN_EMAIL"].contains(name)).collect();
    let errors: EnvironmentErrors = environment(&[&halves[..], &[("BIND", "nowhere")]].concat()).unwrap_err();
    assert_eq!(errors.0.len(), 3, "{errors:?}");
    check(&errors);
    check(&Failure::of("the environment", errors));
}

#[test]
fn notes_are_shown_as_they_are() {
    check(&entity::Model { id: Uuid::nil(), user_id: Uuid::nil(), text: "hello".to_owned() });
}
