//! Where one begins.

use axum::response::Response;
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, Side},
};

use crate::{
    failure::Failure,
    page,
    session::{Member, Visitor},
};

/// Goes to the member's daily work: what waits for an answer, or what was bought.
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    if visitor.token.is_none() {
        return Ok(page::go("/sign-in"));
    }
    let member = visitor.member().await?;
    if member.may(Permission::Operate) {
        return Ok(page::go("/operator/firms"));
    }
    if !member.may(Permission::OrdersRead) {
        return Ok(page::go("/help"));
    }
    let buys = member.may(Permission::OrdersPublish);
    let supplies = !buys || (member.may(Permission::OrdersRespond) && supplied_before(&member).await?);
    Ok(page::go(if supplies { "/inbox" } else { "/purchases" }))
}

async fn supplied_before(member: &Member) -> Result<bool, Failure> {
    let request = ListOrdersRequest { page_size: 1, side: Side::Supplier as i32, ..Default::default() };
    let list = member.app().api.orders().list_orders(member.call(request)).await?.into_inner();
    Ok(!list.orders.is_empty())
}
