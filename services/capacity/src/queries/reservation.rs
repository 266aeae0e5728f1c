//! Reservations, for holder and supplier.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::capacity::{
    GetReservationRequest, ListReservationsRequest, ListReservationsResponse, Reservation,
};
use uuid::Uuid;

use super::token;
use crate::{convert::reservation::reservation_out, db::reservation as db};

/// One reservation.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &GetReservationRequest,
) -> Result<Reservation> {
    let id = value::id(&request.reservation_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let head = db::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let parts = db::parts(&mut tx, &[id]).await?;
    let places = db::places(&mut tx, &[id]).await?;
    tx.commit().await?;
    Ok(reservation_out(&head, &parts, &places))
}

/// The caller's reservations on either side.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &ListReservationsRequest,
) -> Result<ListReservationsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListReservations", b"");
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut heads = db::list(&mut tx, after, size + 1).await?;
    let last = page::cut(&mut heads, size, |head| head.id);
    let ids: Vec<Uuid> = heads.iter().map(|head| head.id).collect();
    let parts = db::parts(&mut tx, &ids).await?;
    let places = db::places(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(ListReservationsResponse {
        reservations: heads.iter().map(|head| reservation_out(head, &parts, &places)).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
