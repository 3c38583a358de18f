//! Requests for mail by clients who are not known yet.

use serde::Serialize;

use super::limits::{MAIL_REQUESTS, of_client};
use crate::client::Client;
use crate::error::Result;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::one_time::Purpose;

/// Takes what a mail to an address costs the client that asks for it, which is told so whatever becomes of the mail.
///
/// # Errors
/// Fails with `RATE_LIMITED`, and when the database does.
pub(crate) async fn take_of_client(kernel: &Kernel, email: &Email, client: &Client) -> Result<()> {
    take(kernel, &of_client(client, email), client).await
}

async fn take(kernel: &Kernel, limits: &[Bucket], client: &Client) -> Result<()> {
    let limiter = kernel.limiter();
    match limiter.reserve(limits).await? {
        Some(refusal) => Err(limiter.refuse(&refusal, client)),
        None => Ok(()),
    }
}

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
    take_of_request(kernel, purpose, email, client).await?;
    kernel.queue_job(job, body, client).await
}

/// Takes what such a request costs the client, for one that leaves its job with the workers itself.
///
/// # Errors
/// Fails with `RATE_LIMITED`, and when the database does.
pub(crate) async fn take_of_request(kernel: &Kernel, purpose: Purpose, email: &Email, client: &Client) -> Result<()> {
    let [by_client, by_pair] = of_client(client, email);
    let requests = MAIL_REQUESTS.of(client).only(purpose.name());
    take(kernel, &[requests, by_client, by_pair], client).await
}
