//! A library that signs nothing chooses a provider all the same, because the host's call comes later.

use jsonwebtoken_host as host;

#[tokio::test]
async fn a_library_without_jwt_comes_first() {
    let auth = host::library(false).await;
    host::host_signs_and_verifies();
    drop(auth);
}
