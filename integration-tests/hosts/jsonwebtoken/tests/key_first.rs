//! A key of the library is made before anything is built.

use jsonwebtoken_host as host;

#[tokio::test]
async fn a_key_comes_first() {
    let key = host::library_key();
    assert!(key.public_jwk().is_some());
    host::host_signs_and_verifies();
    host::library_signs_and_verifies(&host::library(true).await).await;
}
