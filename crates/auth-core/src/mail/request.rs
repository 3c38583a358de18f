//! Requests for mail by clients who are not known yet.

use serde::Serialize;

use super::limits::{MAIL_REQUESTS, of_client};
use crate::client::Client;
use crate::error::Result;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::one_time::Purpose;

/// Leaves a request for mail to an address with the workers. A client whose own limits are used up is told so, whether or not
/// anybody has the address.
///
/// # Errors
/// Fails with `RATE_LIMITED`, and when the database does.
pub(crate) async fn request(
    kernel: &Kernel,
    (purpose, job): (Purpose, &'static str),
    email: &Email,
    body: impl Serialize,
    client: &Client,
) -> Result<()> {
    let requests = MAIL_REQUESTS.of(client).only(purpose.name());
    let [by_client, by_pair] = of_client(client, email);
    let limiter = kernel.limiter();
    if let Some(refusal) = limiter.reserve(&[requests, by_client, by_pair]).await? {
        return Err(limiter.refuse(&refusal, client));
    }
    kernel.queue_counted_job(job, body, client).await
}
