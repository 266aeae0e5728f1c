//! The files: read as their pages are, and for the same people.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::access::Permission;

use crate::{
    download::Saves,
    failure::Failure,
    format,
    i18n::Lang,
    order::{self, Loaded},
    pages::{
        capacity::{Wish, read},
        partners::absolute,
    },
    pdf, qr,
    session::Member,
    week::Span,
};

/// Pages of lines of the longest order, and as many again for those that change while they are read.
const MOST_PAGES: usize = 400;

/// An order with all its lines and what was answered.
pub async fn order(member: Member, _: Saves, Path(id): Path<String>) -> Result<Response, Failure> {
    let whole = whole(&member, &id).await?;
    let code = qr::code(&absolute(&member, &format!("/orders/{}", whole.order.id)));
    let supplies = whole.order.supplier_id == member.who.firm_id;
    pdf::save(&member, pdf::order::document(member.text(), &whole, code, supplies)).await
}

/// The page's weeks of all own groups.
pub async fn capacity(member: Member, _: Saves, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let (t, now) = (member.text(), member.app().clock.now());
    let span = Span::read(&wish.from, format::today(now));
    let (groups, weeks) = futures::try_join!(read::all(&member), read::weeks_of_all(&member, span))?;
    let english = t.lang == Lang::En && !member.who.firm_name_en.is_empty();
    let firm = if english { &member.who.firm_name_en } else { &member.who.firm_name };
    let made = chassis::value::timestamp(now);
    pdf::save(&member, pdf::capacity::document(t, firm, span, &groups, &weeks, &made)).await
}

/// An order with the lines of all its pages, as they stand in one version of it.
async fn whole(member: &Member, id: &str) -> Result<Loaded, Failure> {
    let mut whole = order::load(member, id, "").await?;
    for _ in 0..MOST_PAGES {
        if whole.next.is_empty() {
            return Ok(whole);
        }
        let page = order::load(member, id, &whole.next).await?;
        if page.order.version == whole.order.version {
            whole.rows.extend(page.rows);
            whole.next = page.next;
        } else {
            whole = order::load(member, id, "").await?;
        }
    }
    Err(Failure::internal("an order changed each time that it was read"))
}
