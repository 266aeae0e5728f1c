//! The files: read as their pages are, and for the same people.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::access::Permission;

use crate::{
    download::Saves,
    failure::Failure,
    format, order,
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

/// An order with all its lines and what was answered, and the code of its page.
pub async fn order(member: Member, _: Saves, Path(id): Path<String>) -> Result<Response, Failure> {
    let code = qr::code(&absolute(&member, &member.order_path(&id)));
    whole(&member, &id, code).await
}

/// The same for who holds a document link; without a code, since the link opens the order for everybody who has the paper.
pub async fn document(holder: Holder, _: Saves) -> Result<Response, Failure> {
    whole(&holder.member, &holder.order_id, None).await
}

/// The page's weeks of all own groups with what is looked for.
pub async fn capacity(member: Member, _: Saves, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let (t, now) = (member.text(), member.app().clock.now());
    let span = Span::read(&wish.from, format::today(now));
    let (groups, weeks) =
        futures::try_join!(read::all(&member, wish.q.trim()), read::weeks_of_all(&member, span))?;
    let made = chassis::value::timestamp(now);
    pdf::save(&member, pdf::capacity::document(t, member.firm_name(), span, &groups, &weeks, &made)).await
}

/// The file of an order, in the words of the member's side.
async fn whole(member: &Member, id: &str, code: Option<Code>) -> Result<Response, Failure> {
    let loaded = order::whole(member, id).await?;
    let supplies = loaded.order.supplier_id == member.who.firm_id;
    let made = chassis::value::timestamp(member.app().clock.now());
    pdf::save(member, pdf::order::document(member.text(), &loaded, code, supplies, &made)).await
}
