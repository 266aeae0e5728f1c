//! The methods of OfferService.

use chassis::value;
use proto::capacity::{
    ChangeOfferRequest, GetOfferRequest, ListOffersRequest, ListOffersResponse, Offer, PublishOfferRequest,
    WithdrawOfferRequest, offer_service_server::OfferService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert::offer::new_offer, queries};

#[tonic::async_trait]
impl OfferService for Api {
    async fn publish_offer(&self, request: Request<PublishOfferRequest>) -> Result<Response<Offer>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.OfferService/PublishOffer";
        let new = new_offer(&request)?;
        let group = value::id(&request.group_id)?;
        let command = self.single(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::offer::publish(&command, group, new).await?))
    }

    async fn change_offer(&self, request: Request<ChangeOfferRequest>) -> Result<Response<Offer>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.OfferService/ChangeOffer";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let new = new_offer(&PublishOfferRequest {
            request_id: String::new(),
            group_id: String::new(),
            content: request.content.clone(),
            visibility: request.visibility,
            firm_ids: request.firm_ids.clone(),
            cluster_id: request.cluster_id.clone(),
            hold_seconds: request.hold_seconds,
            buckets: request.buckets.clone(),
            despite_forecast: request.despite_forecast,
        })?;
        let id = value::id(&request.offer_id)?;
        Ok(Response::new(commands::offer::change(&command, id, request.version, new).await?))
    }

    async fn withdraw_offer(
        &self,
        request: Request<WithdrawOfferRequest>,
    ) -> Result<Response<Offer>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.OfferService/WithdrawOffer";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.offer_id)?;
        Ok(Response::new(commands::offer::withdraw(&command, id).await?))
    }

    async fn get_offer(&self, request: Request<GetOfferRequest>) -> Result<Response<Offer>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::offer::get(self.deps(), &caller, &request).await?))
    }

    async fn list_offers(
        &self,
        request: Request<ListOffersRequest>,
    ) -> Result<Response<ListOffersResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::offer::list(self.deps(), &caller, &request).await?))
    }
}
