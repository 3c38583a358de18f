//! The host's own call chooses the provider of the process.

use jsonwebtoken_host as host;

#[tokio::test]
async fn the_hosts_call_comes_first() {
    host::choose_between_both();
    host::host_signs_and_verifies();
    let auth = host::library(true).await;
    host::library_signs_and_verifies(&auth).await;
    host::host_signs_and_verifies();
}
