//! Prints the public types with canaries in them, and looks for these (SEC-07).

use crate::RedisStrategy;

#[test]
fn a_password_in_the_url_is_hidden() {
    let strategy = RedisStrategy::new("redis://user:canary@localhost/0").unwrap().prefix("canary:");
    let text = format!("{strategy:?} {strategy:#?}");
    assert!(!text.contains("canary") && !text.trim().is_empty(), "{text}");
}
