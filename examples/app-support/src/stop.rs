//! When an app is to stop.

use tokio::signal;

/// Waits until the process is told to stop, by SIGTERM or Ctrl-C.
pub async fn stopped() {
    if let Err(cause) = signalled().await {
        tracing::error!(%cause, "stopping at once, because no signal could stop this process later");
    }
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    signal::ctrl_c().await
}
