//! The methods of ReservationService.

use chassis::value;
use proto::capacity::{
    BorrowCapacityRequest, ConfirmReservationRequest, GetReservationRequest, HoldCapacityRequest,
    ListReservationsRequest, ListReservationsResponse, PrefillOrderRequest, PrefilledOrder,
    ReleaseReservationRequest, Reservation, reservation_service_server::ReservationService,
};
use tonic::{Request, Response, Status};

use super::{Api, key, parts};
use crate::{
    commands::{
        borrow,
        hold::HoldCapacity,
        settle::{SettleReservation, Want},
    },
    convert::reservation::new_hold,
    queries,
};

#[tonic::async_trait]
impl ReservationService for Api {
    async fn hold_capacity(
        &self,
        request: Request<HoldCapacityRequest>,
    ) -> Result<Response<Reservation>, Status> {
        let (caller, request) = parts(request)?;
        let new = new_hold(&request)?;
        let key = key(&request.request_id, &request)?;
        let firm = caller.firm;
        Ok(Response::new(self.holds.submit(firm, HoldCapacity { caller, key, new }).await?))
    }

    async fn confirm_reservation(
        &self,
        request: Request<ConfirmReservationRequest>,
    ) -> Result<Response<Reservation>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        let id = value::id(&request.reservation_id)?;
        let firm = caller.firm;
        let command = SettleReservation { caller, key, id, want: Want::Confirmed };
        Ok(Response::new(self.settles.submit(firm, command).await?))
    }

    async fn release_reservation(
        &self,
        request: Request<ReleaseReservationRequest>,
    ) -> Result<Response<Reservation>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        let id = value::id(&request.reservation_id)?;
        let firm = caller.firm;
        let command = SettleReservation { caller, key, id, want: Want::Released };
        Ok(Response::new(self.settles.submit(firm, command).await?))
    }

    async fn borrow_capacity(
        &self,
        request: Request<BorrowCapacityRequest>,
    ) -> Result<Response<Reservation>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.ReservationService/BorrowCapacity";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.reservation_id)?;
        let group = value::optional_id("group_id", &request.group_id)?;
        Ok(Response::new(borrow::borrow(&command, id, group).await?))
    }

    async fn get_reservation(
        &self,
        request: Request<GetReservationRequest>,
    ) -> Result<Response<Reservation>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::reservation::get(self.deps(), &caller, &request).await?))
    }

    async fn prefill_order(
        &self,
        request: Request<PrefillOrderRequest>,
    ) -> Result<Response<PrefilledOrder>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::reservation::prefill(self.deps(), &caller, &request).await?))
    }

    async fn list_reservations(
        &self,
        request: Request<ListReservationsRequest>,
    ) -> Result<Response<ListReservationsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::reservation::list(self.deps(), &caller, &request).await?))
    }
}
