//! Passwords verified with nothing but the `argon2` crate: what logins are compared with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::task::JoinSet;

use crate::{Result, seed};

/// Verifications per second with the default parameters (19 MiB, two passes, one lane), `permits` at a time.
pub(crate) async fn hashes_per_second(permits: usize, duration: Duration) -> Result<f64> {
    let stored: PasswordHash = Argon2::default().hash_password(seed::PASSWORD.as_bytes())?;
    let stored: Arc<str> = stored.to_string().into();
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..permits {
        let stored = stored.clone();
        tasks.spawn(async move {
            let mut done = 0_u32;
            while begin.elapsed() < duration {
                let stored = stored.clone();
                let verify = move || {
                    PasswordVerifier::<str>::verify_password(&Argon2::default(), seed::PASSWORD.as_bytes(), &stored)
                };
                tokio::task::spawn_blocking(verify).await??;
                done += 1;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(done)
        });
    }
    let mut done = 0;
    while let Some(finished) = tasks.join_next().await {
        done += finished??;
    }
    Ok(f64::from(done) / begin.elapsed().as_secs_f64())
}
