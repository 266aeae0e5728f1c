//! A call that is repeated until its answer is one that waiting cannot change: for calls that may be repeated, such as those
//! with a `request_id`, which take effect once however often they come. Whoever calls like this does not notice that a
//! server restarts, and beside [`follow`](crate::follow) has to get nothing else right.
//!
//! ```no_run
//! use proto::orders::{PublishOrderRequest, order_service_client::OrderServiceClient};
//! use proto::retry::again;
//!
//! # async fn run(channel: tonic::transport::Channel, request: PublishOrderRequest) -> Result<(), tonic::Status> {
//! let receipt = again(|| {
//!     let (mut client, request) = (OrderServiceClient::new(channel.clone()), request.clone());
//!     async move { client.publish_order(request).await }
//! })
//! .await?;
//! println!("{}", receipt.order_id);
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::follow::is_passing;

/// How often a call is repeated at most, and how long to wait before the first time where the server does not say; each
/// further wait is twice as long.
const TIMES: usize = 4;
const FIRST: Duration = Duration::from_millis(200);
/// Nobody waits longer than this, whatever the server says.
const LONGEST: Duration = Duration::from_secs(10);

/// Calls until the answer is one that waiting cannot change: a busy or restarting server gets a few more chances.
/// Only for calls that may be repeated, each time with the same request.
///
/// # Errors
/// The last answer.
pub async fn again<T, F, Fut>(mut call: F) -> Result<T, Status>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Response<T>, Status>>,
{
    let mut wait = FIRST;
    for _ in 0..TIMES {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => match pause(&status, wait) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(status),
            },
        }
        wait *= 2;
    }
    call().await.map(Response::into_inner)
}

/// How long to wait before asking again; nothing where the answer would be the same.
pub fn pause(status: &Status, usual: Duration) -> Option<Duration> {
    let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let pause = match status.code() {
        // What is too large now is too large later; a rate says when it allows more.
        Code::ResourceExhausted => asked,
        // Whoever set the deadline has waited long enough.
        Code::DeadlineExceeded => None,
        _ => is_passing(status).then(|| asked.unwrap_or(usual)),
    };
    pause.map(|pause| pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    /// As a server says it that is to be asked again after so long.
    fn later(code: Code, delay: Duration) -> Status {
        Status::with_error_details(code, "later", ErrorDetails::with_retry_info(Some(delay)))
    }

    #[test]
    fn only_what_waiting_changes_is_asked_again() {
        let (usual, said) = (Duration::from_millis(400), Duration::from_secs(3));
        for (status, expected) in [
            (Status::unavailable("restarting"), Some(usual)),
            (Status::aborted("somebody was faster"), Some(usual)),
            (Status::from_error(std::io::Error::other("the line broke").into()), Some(usual)),
            (later(Code::Unavailable, said), Some(said)),
            (later(Code::ResourceExhausted, said), Some(said)),
            (later(Code::ResourceExhausted, Duration::from_secs(3_600)), Some(LONGEST)),
            (Status::resource_exhausted("too large"), None),
            (Status::deadline_exceeded("too late"), None),
            (Status::unknown("a fault of the server"), None),
            (Status::invalid_argument("wrong"), None),
        ] {
            assert_eq!(pause(&status, usual), expected, "{status:?}");
        }
    }

    #[tokio::test]
    async fn a_call_is_repeated_until_it_is_answered_and_not_for_ever() {
        for (failures, answered) in [(0, true), (TIMES, true), (TIMES + 1, false)] {
            let mut calls = 0;
            let answer = again(|| {
                calls += 1;
                let fails = calls <= failures;
                async move {
                    match fails {
                        true => Err(later(Code::Unavailable, Duration::ZERO)),
                        false => Ok(Response::new(())),
                    }
                }
            });
            assert_eq!(answer.await.is_ok(), answered, "after {failures}");
            assert_eq!(calls, (failures + 1).min(TIMES + 1));
        }
    }
}
