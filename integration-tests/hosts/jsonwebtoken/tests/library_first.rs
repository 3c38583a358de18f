//! The library chooses the provider of the process, which the host then uses too.

use jsonwebtoken_host as host;

#[tokio::test]
async fn the_library_comes_first() {
    let auth = host::library(true).await;
    host::library_signs_and_verifies(&auth).await;
    host::host_signs_and_verifies();
    host::library_signs_and_verifies(&host::library(true).await).await;
}
