//! Reservations, for holder and supplier.

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use prost::Message as _;
use proto::capacity::{
    GetReservationRequest, ListReservationsRequest, ListReservationsResponse, OfferContent,
    PrefillOrderRequest, PrefilledOrder, Reservation,
};
use uuid::Uuid;

use super::token;
use crate::{
    convert::{prefill::prefilled, reservation::reservation_out},
    db::{
        borrowed, offer, reservation as db,
        scope::{About, seen},
    },
    error,
    scope::sites,
};

/// One reservation.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    request: &GetReservationRequest,
) -> Result<Reservation> {
    let id = value::id(&request.reservation_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    seen(&mut tx, sites(deps, caller), About::Reservation(id)).await?;
    let head = db::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let parts = db::parts(&mut tx, &[id]).await?;
    let places = db::places(&mut tx, &[id]).await?;
    let groups = borrowed::groups_of(&mut tx, &[id]).await?;
    tx.commit().await?;
    Ok(own(reservation_out(&head, &parts, &places), groups.get(&id)))
}

/// With the group that it strengthens, which its holder alone has a row of.
fn own(reservation: Reservation, group: Option<&Uuid>) -> Reservation {
    Reservation { borrowing_group_id: group.map(Uuid::to_string).unwrap_or_default(), ..reservation }
}

/// The order that uses a reservation of the caller's.
pub(crate) async fn prefill(
    deps: &Deps,
    caller: &Caller,
    request: &PrefillOrderRequest,
) -> Result<PrefilledOrder> {
    let id = value::id(&request.reservation_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    seen(&mut tx, sites(deps, caller), About::Reservation(id)).await?;
    let head = db::get(&mut tx, id).await?.filter(|head| head.holder == caller.firm);
    let head = head.ok_or_else(Error::not_found)?;
    if !["held", "confirmed"].contains(&head.state.as_str()) {
        return Err(Error::new(Reason::RESERVATION_ENDED).with("state", head.state));
    }
    let parts = db::parts(&mut tx, &[id]).await?;
    let places = db::places(&mut tx, &[id]).await?;
    let offer = offer::in_sight(&mut tx, head.offer_id).await?;
    tx.commit().await?;
    let offer = offer.map(|offer| OfferContent::decode(offer.content.as_slice())).transpose();
    let offer = offer.map_err(|_| error::missing(head.offer_id))?;
    Ok(prefilled(&reservation_out(&head, &parts, &places), offer.as_ref()))
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
    let mut heads = db::list(&mut tx, sites(deps, caller), after, size + 1).await?;
    let last = page::cut(&mut heads, size, |head| head.id);
    let ids: Vec<Uuid> = heads.iter().map(|head| head.id).collect();
    let parts = db::parts(&mut tx, &ids).await?;
    let places = db::places(&mut tx, &ids).await?;
    let groups = borrowed::groups_of(&mut tx, &ids).await?;
    tx.commit().await?;
    let out = |head: &db::Head| own(reservation_out(head, &parts, &places), groups.get(&head.id));
    Ok(ListReservationsResponse {
        reservations: heads.iter().map(out).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
