//! The cryptography of TLS.

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// Installs the provider of the process, if it has none yet. The client of Redis takes that one, and panics where there is
/// none and more than one is compiled in.
pub(crate) fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster, with one that is as good.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}
