//! The offer of capacity on which an instrument's time is booked: whether it is the owner's, asked of the capacity service with
//! the caller's own token, before any transaction.

use chassis::{Error, Reason, Result, caller::Caller, gate, service::Deps};
use proto::capacity::{GetOfferRequest, offer_service_client::OfferServiceClient};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

/// An offer with very many weeks fits.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// INVALID_ARGUMENT where the offer is not the caller's; nothing is asked where there is none. PERMISSION_DENIED for whoever
/// may not look at capacity.
pub(crate) async fn check(deps: &Deps, caller: &Caller, offer_id: &str) -> Result<()> {
    if offer_id.is_empty() {
        return Ok(());
    }
    let unknown =
        || Error::field("content.capacity_offer_id", "UNKNOWN", "is no capacity offer of the owner's");
    let mut request = Request::new(GetOfferRequest { offer_id: offer_id.to_owned() });
    request.metadata_mut().insert("authorization", gate::bearer(&caller.token)?);
    if let Ok(traceparent) = caller.traceparent.parse() {
        request.metadata_mut().insert("traceparent", traceparent);
    }
    let mut client = OfferServiceClient::new(deps.api.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
    match client.get_offer(request).await {
        Ok(offer) if offer.get_ref().supplier_id == caller.firm.to_string() => Ok(()),
        Ok(_) => Err(unknown()),
        Err(status) if status.code() == Code::NotFound => Err(unknown()),
        Err(status) if status.get_error_details().error_info().is_some() => Err(Error::passed_on(status)),
        Err(status) => {
            let mut error = Error::new(Reason::UNAVAILABLE);
            error.source =
                Some(anyhow::anyhow!("capacity answered {:?}: {}", status.code(), status.message()));
            Err(error)
        }
    }
}
