//! `tandem dev --tour`: one order's way, told while it happens, over the API and with the firms' own keys.
//!
//! **Invariant:** what a step says was read from the API just before; nothing is told that did not happen.

mod telling;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use prost::Message as _;
use proto::{
    capacity::ListCapacityGroupsRequest,
    event::Event,
    orders::{ListOrdersRequest, OrderPublished, OrderState, RespondToOrderRequest, Side},
    stream::{GetHeadRequest, SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use rust_decimal::Decimal;
use time::Date;
use tonic::Streaming;

use self::telling::Teller;
use super::{
    Credentials, as_firm, china, content,
    matched::{self, PATIENCE},
    monday_of, refused,
    story::{Answer, Line, Order, Story},
};
use crate::{
    cli::{Locale, client::Connection, output::Output},
    node::Node,
};

const BUYER: &str = "A1";
const SUPPLIER: &str = "S1";
const NUMBER: &str = "CY26110240";
/// So much of it that its week, on the machines that make it, needs more than is planned.
const ITEM: &str = "CY-BX-0450";
const PIECES: u32 = 17_600;
const WEEK: i64 = 8;
const GROUP: &str = "S1-G3";

/// How the tour is told.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub out: Output,
    pub locale: Locale,
    /// Between two steps.
    pub pause: Duration,
}

/// Publishes an order, follows it to both firms, and shows what became of the supplier's week.
///
/// # Errors
/// Where the API refuses, or an event does not come.
pub async fn tell(node: &Node, credentials: &Credentials, manner: Manner) -> anyhow::Result<()> {
    let today = node.deps.clock.now().to_offset(china()?).date();
    let story = Story::load(today)?;
    let connection = Connection::open(&format!("http://{}", node.api), None).await?;
    let (buyer, supplier) =
        (as_firm(&connection, credentials, BUYER)?, as_firm(&connection, credentials, SUPPLIER)?);
    let mut teller = Teller { node, connection: &connection, credentials, story: &story, manner, told: 0 };
    let (mut bought, mut supplied) = (feed(&buyer).await?, feed(&supplier).await?);

    let waiting = waiting(&supplier).await?;
    teller.waiting(waiting).await?;
    let number = free(&numbers(&buyer).await?);
    let week = monday_of(today) + time::Duration::weeks(WEEK);
    let order = order(&story, &number, today, week)?;
    let group = group(&supplier).await?;
    let before = matched::read(&supplier, &group, week).await?;

    let (id, took) = publish(&story, &order, &buyer, &mut supplied).await?;
    teller.published(&order, &id).await?;
    teller.arrived(&number, &id, took, self::waiting(&supplier).await?).await?;
    let took = accept(&id, &supplier, &mut bought).await?;
    teller.accepted(&number, &id).await?;
    teller.answered(&number, &id, took, &buyer, self::waiting(&supplier).await?).await?;
    // Capacity follows the supplier's feed.
    let after = matched::once(&supplier, &group, week, |now| now.booked != before.booked).await?;
    teller.loaded(&before, &after).await
}

/// The first number that no order has: state survives a restart, and so do orders of earlier tours.
fn free(taken: &[String]) -> String {
    let mut number = NUMBER.to_owned();
    for next in 2.. {
        if !taken.contains(&number) {
            break;
        }
        number = format!("{NUMBER}-{next}");
    }
    number
}

async fn numbers(buyer: &Connection) -> anyhow::Result<Vec<String>> {
    let request = ListOrdersRequest {
        side: Side::Buyer.into(),
        text: NUMBER.to_owned(),
        page_size: 1_000,
        ..Default::default()
    };
    let found = buyer.orders().list_orders(request).await.map_err(refused)?.into_inner();
    Ok(found.orders.into_iter().map(|order| order.order_number).collect())
}

fn order(story: &Story, number: &str, today: Date, requested: Date) -> anyhow::Result<Order> {
    let line = Line { item: ITEM.to_owned(), quantity: PIECES.into(), price: None, drawing: String::new() };
    let mut order = Order {
        number: number.to_owned(),
        buyer: BUYER.to_owned(),
        supplier: SUPPLIER.to_owned(),
        group: "采购一组".to_owned(),
        issued: today,
        requested,
        lines: vec![line],
        net: Decimal::ZERO,
        with_tax: Decimal::ZERO,
        answer: Answer::None,
        before: Vec::new(),
        acts: Vec::new(),
    };
    (order.net, order.with_tax) = story.amounts(&order)?;
    Ok(order)
}

/// How many orders the inbox counts, as the portal asks for it.
async fn waiting(supplier: &Connection) -> anyhow::Result<i32> {
    let request = ListOrdersRequest {
        side: Side::Supplier.into(),
        states: vec![OrderState::Unanswered.into()],
        page_size: 1,
        with_total: true,
        ..Default::default()
    };
    Ok(supplier.orders().list_orders(request).await.map_err(refused)?.into_inner().total())
}

/// A firm's feed from now on.
async fn feed(own: &Connection) -> anyhow::Result<Streaming<SubscribeResponse>> {
    let head = own.stream().get_head(GetHeadRequest {}).await.map_err(refused)?.into_inner();
    let request = SubscribeRequest { start: Some(Start::After(head.cursor)), ..Default::default() };
    Ok(own.stream().subscribe(request).await.map_err(refused)?.into_inner())
}

/// Reads a feed until the event that is wanted.
async fn until(
    feed: &mut Streaming<SubscribeResponse>,
    wanted: impl Fn(&Event) -> bool,
) -> anyhow::Result<()> {
    let read = async {
        while let Some(message) = feed.message().await.map_err(refused)? {
            if message.events.iter().filter_map(|one| one.event.as_ref()).any(&wanted) {
                return Ok(());
            }
        }
        bail!("the feed ended")
    };
    tokio::time::timeout(PATIENCE, read).await.context("the event does not come")?
}

/// Publishes; the order's id, and how long it took until the supplier had the event.
async fn publish(
    story: &Story,
    order: &Order,
    buyer: &Connection,
    supplied: &mut Streaming<SubscribeResponse>,
) -> anyhow::Result<(String, Duration)> {
    let request = content::publish(story, order)?;
    let ours = |event: &Event| {
        event.r#type == "tandem.orders.order.published.v1"
            && OrderPublished::decode(event.data.clone())
                .ok()
                .and_then(|told| told.order?.content)
                .is_some_and(|content| content.order_number == order.number)
    };
    let began = Instant::now();
    let (receipt, took) = tokio::try_join!(
        async { anyhow::Ok(buyer.orders().publish_order(request).await.map_err(refused)?.into_inner()) },
        async { until(supplied, ours).await.map(|()| began.elapsed()) },
    )?;
    Ok((receipt.order_id, took))
}

/// Accepts everything; how long it took until the buyer had the event.
async fn accept(
    id: &str,
    supplier: &Connection,
    bought: &mut Streaming<SubscribeResponse>,
) -> anyhow::Result<Duration> {
    let request = RespondToOrderRequest {
        request_id: format!("tour-{id}"),
        order_id: id.to_owned(),
        revision: 1,
        accept_all: true,
        ..Default::default()
    };
    let subject = format!("orders/{id}");
    let ours = |event: &Event| event.r#type == "tandem.orders.order.responded.v1" && event.subject == subject;
    let began = Instant::now();
    let (_, took) = tokio::try_join!(
        async { anyhow::Ok(supplier.orders().respond_to_order(request).await.map_err(refused)?) },
        async { until(bought, ours).await.map(|()| began.elapsed()) },
    )?;
    Ok(took)
}

async fn group(supplier: &Connection) -> anyhow::Result<String> {
    let request = ListCapacityGroupsRequest::default();
    let found = supplier.capacity_groups().list_capacity_groups(request).await.map_err(refused)?;
    let group = found.into_inner().groups.into_iter().find(|group| group.name.starts_with(GROUP));
    Ok(group.with_context(|| format!("no group {GROUP}"))?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_tour_takes_the_next_free_number() {
        let taken = |numbers: &[&str]| free(&numbers.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(taken(&[]), "CY26110240");
        assert_eq!(taken(&["CY26110241"]), "CY26110240");
        assert_eq!(taken(&["CY26110240"]), "CY26110240-2");
        assert_eq!(taken(&["CY26110240-2", "CY26110240", "CY26110240-4"]), "CY26110240-3");
    }

    #[test]
    fn the_order_asks_for_more_than_its_week_has_planned() {
        let today = time::macros::date!(2026 - 11 - 25);
        let story = Story::load(today).unwrap();
        let order = order(&story, NUMBER, today, monday_of(today) + time::Duration::weeks(WEEK)).unwrap();
        assert_eq!(order.requested, time::macros::date!(2027 - 01 - 18));
        assert_eq!(order.net.to_string(), "120560.00");
        let hours = Decimal::from(PIECES * 45) / Decimal::from(3_600);
        assert!(
            hours > Decimal::from(204) && hours < Decimal::from(240),
            "beyond what is planned, and it can be reached: {hours}"
        );
    }
}
