//! What it costs to judge a password that was made to be costly.

use std::path::Path;
use std::sync::Arc;

use auth_core::password::{Password, PasswordPolicy, PolicyContext, StandardPolicy};

use super::total;
use crate::process::Process;
use crate::{Result, statements};

/// The passwords, one a line: the same that the unit tests of the policy read.
const HOSTILE: &str = include_str!("../../../crates/auth-core/src/password/hostile.txt");

/// How many instructions one of them may cost.
pub(super) const AT_MOST: f64 = 20e6;

/// The costliest of them.
pub(super) struct Worst {
    pub(super) password: &'static str,
    pub(super) instructions: f64,
}

/// Judges each of them below valgrind, and fails when one costs too much.
pub(super) fn worst() -> Result<Worst> {
    let directory = std::env::temp_dir().join(format!("auth-bench-judge-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let worst = find_worst(&directory);
    std::fs::remove_dir_all(&directory)?;
    worst
}

fn find_worst(directory: &Path) -> Result<Worst> {
    let counts = directory.join("callgrind.out");
    // It says its line once it has judged all of them.
    drop(Process::start_counted(&counts, ["judge"])?);
    let mut worst = Worst { password: "", instructions: 0.0 };
    for (index, password) in HOSTILE.lines().enumerate() {
        // The first count is that of the start.
        let instructions = total(&counts, index + 2)?;
        eprintln!("{instructions:.0}: {password}");
        if instructions > worst.instructions {
            worst = Worst { password, instructions };
        }
    }
    if worst.instructions > AT_MOST {
        let Worst { password, instructions } = worst;
        return Err(format!("judging {password:?} costs {instructions:.0} instructions, at most {AT_MOST:.0}").into());
    }
    Ok(worst)
}

/// The process that judges. Valgrind writes a count down whenever the statements are counted.
pub(crate) fn run() -> Result {
    let policy: Arc<dyn PasswordPolicy> = Arc::new(StandardPolicy::strict());
    // A display name of short words that occur in many passwords.
    let words = ["passwordqwertymonkey", "1234567890987654321", "thelovedragon"];
    let parts: Vec<&str> = words.iter().flat_map(|word| (3..word.len()).map(|end| &word[end - 3..end])).collect();
    let context = PolicyContext { words: vec!["ada.lovelace@example.org".to_owned(), parts.join(" ")] };
    // The dictionaries are made when they are first needed.
    let _ = policy.check(&Password::new("warm-Tractor-Orbit-19"), &context);
    for password in HOSTILE.lines() {
        statements::count();
        let _ = policy.check(&Password::new(password), &context);
    }
    statements::count();
    println!("judged");
    Ok(())
}
