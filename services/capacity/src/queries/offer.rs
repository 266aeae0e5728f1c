//! Offers: the caller's own in full, and others' as far as they are meant for it.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    search,
    service::Deps,
    value,
};
use proto::capacity::{GetOfferRequest, ListOffersRequest, ListOffersResponse, Offer};
use uuid::Uuid;

use super::token;
use crate::{convert::offer::offer_out, db::offer as db, scope::sites};

/// One offer.
pub(crate) async fn get(deps: &Deps, caller: &Caller, request: &GetOfferRequest) -> Result<Offer> {
    let id = value::id(&request.offer_id)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let own = db::own(&mut tx, Some(id), sites(deps, caller), &[], None, 1).await?.pop();
    let (head, buckets, named) = match own {
        Some(head) => (head, db::own_buckets(&mut tx, &[id]).await?, db::readers(&mut tx, &[id]).await?),
        None => {
            let head = db::in_sight(&mut tx, id).await?.ok_or_else(Error::not_found)?;
            (head, db::buckets_on_sale(&mut tx, &[id]).await?, Default::default())
        }
    };
    tx.commit().await?;
    let buckets = buckets.get(&id).map(Vec::as_slice).unwrap_or_default();
    offer_out(&head, buckets, named.get(&id).map(Vec::as_slice).unwrap_or_default())
}

/// The caller's own offers, or those of others that it may book.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    request: &ListOffersRequest,
) -> Result<ListOffersResponse> {
    let size = page::size(request.page_size)?;
    let supplier = value::optional_id("supplier_id", &request.supplier_id)?;
    let words = search::parts(&request.text)?;
    let filter = format!("{}{}{}", request.own, request.supplier_id, request.text);
    let question = Question::new(caller.firm, "ListOffers", filter.as_bytes());
    let after: Option<Uuid> = question.after(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut heads = match request.own {
        true => db::own(&mut tx, None, sites(deps, caller), &words, after, size + 1).await?,
        false => db::found(&mut tx, supplier, &words, after, size + 1).await?,
    };
    let last = page::cut(&mut heads, size, |head| head.id);
    let ids: Vec<Uuid> = heads.iter().map(|head| head.id).collect();
    let (buckets, named) = match request.own {
        true => (db::own_buckets(&mut tx, &ids).await?, db::readers(&mut tx, &ids).await?),
        false => (db::buckets_on_sale(&mut tx, &ids).await?, Default::default()),
    };
    tx.commit().await?;
    let offers = heads.iter().map(|head| {
        let buckets = buckets.get(&head.id).map(Vec::as_slice).unwrap_or_default();
        offer_out(head, buckets, named.get(&head.id).map(Vec::as_slice).unwrap_or_default())
    });
    Ok(ListOffersResponse {
        offers: offers.collect::<Result<_>>()?,
        next_page_token: token(deps, &question, last)?,
    })
}
