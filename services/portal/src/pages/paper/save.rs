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
        document::Holder,
        partners::absolute,
    },
    pdf,
    qr::{self, Code},
    session::Member,
    week::Span,
};

/// Pages of lines of the longest order, and as many again for those that change while they are read.
const MOST_PAGES: usize = 400;

/// An order with all its lines and what was answered, and the code of its page.
pub async fn order(member: Member, _: Saves, Path(id): Path<String>) -> Result<Response, Failure> {
    let code = qr::code(&absolute(&member, &member.order_path(&id)));
    whole(&member, &id, code).await
}

/// The same for who holds a document link; without a code, since the link opens the order for everybody who has the paper.
pub async fn document(holder: Holder, _: Saves) -> Result<Response, Failure> {
    whole(&holder.member, &holder.order_id, None).await
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

/// The file of an order, in the words of the member's side.
async fn whole(member: &Member, id: &str, code: Option<Code>) -> Result<Response, Failure> {
    let loaded = read_all(member, id).await?;
    let supplies = loaded.order.supplier_id == member.who.firm_id;
    pdf::save(member, pdf::order::document(member.text(), &loaded, code, supplies)).await
}

/// An order with the lines of all its pages, as they stand in one version of it.
async fn read_all(member: &Member, id: &str) -> Result<Loaded, Failure> {
    let mut loaded = order::load(member, id, "").await?;
    for _ in 0..MOST_PAGES {
        if loaded.next.is_empty() {
            return Ok(loaded);
        }
        let page = order::load(member, id, &loaded.next).await?;
        if page.order.version == loaded.order.version {
            loaded.rows.extend(page.rows);
            loaded.next = page.next;
        } else {
            loaded = order::load(member, id, "").await?;
        }
    }
    Err(Failure::internal("an order changed each time that it was read"))
}
