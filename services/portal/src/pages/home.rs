//! Where one begins, and help.

use askama::Template;
use axum::response::Response;
use proto::{
    access::Permission,
    orders::{ListOrdersRequest, Side},
};

use crate::{
    failure::Failure,
    i18n::{Text, key},
    page::{self, Page, Tab},
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

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    page: Page,
    t: Text,
}

/// A short page for everybody.
pub async fn help(visitor: Visitor) -> Result<Response, Failure> {
    let page = match visitor.token {
        Some(_) => Page::member(&visitor.member().await?, Tab::Help),
        None => Page::visitor(&visitor),
    };
    let title = page.t.say(key::NAV_HELP);
    Ok(page::show(&HelpPage { t: page.t.clone(), page: page.titled(title) }))
}
