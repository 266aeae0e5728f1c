//! `tandem dev --tour`: one order's way, told while it happens, over the API and with the firms' own keys.
//!
//! **Invariant:** what a step says was read from the API just before; nothing is told that did not happen.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chassis::value::wire_date as day;
use prost::Message as _;
use proto::{
    capacity::{ListCapacityGroupsRequest, ListCapacityWeeksRequest, MatchResult, MatchedWeek},
    event::Event,
    orders::{
        GetOrderRequest, ListOrdersRequest, OrderPublished, OrderState, RespondToOrderRequest, Side,
    },
    stream::{GetHeadRequest, SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;
use tonic::Streaming;

use super::{
    Credentials, as_firm, china, content, firms, monday_of, refused,
    story::{Answer, Firm, Line, Order, Story},
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
const STEPS: usize = 6;
/// How long an event, or a week of the heat map, may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

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
    let before = matched(&supplier, &group, week).await?;

    let (id, took) = publish(&story, &order, &buyer, &mut supplied).await?;
    teller.published(&order, &id).await?;
    teller.arrived(&number, &id, took, self::waiting(&supplier).await?).await?;
    let took = accept(&id, &supplier, &mut bought).await?;
    teller.accepted(&number, &id).await?;
    teller.answered(&number, &id, took, &buyer, self::waiting(&supplier).await?).await?;
    let after = booked(&supplier, &group, week, &before).await?;
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
    let line =
        Line { item: ITEM.to_owned(), quantity: PIECES.into(), price: None, drawing: String::new() };
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
            && OrderPublished::decode(event.data.as_ref())
                .ok()
                .and_then(|told| told.order?.content)
                .is_some_and(|content| content.order_number == order.number)
    };
    let began = Instant::now();
    let (receipt, took) = tokio::try_join!(
        async { Ok(buyer.orders().publish_order(request).await.map_err(refused)?.into_inner()) },
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
    let ours =
        |event: &Event| event.r#type == "tandem.orders.order.responded.v1" && event.subject == subject;
    let began = Instant::now();
    let (_, took) = tokio::try_join!(
        async { Ok(supplier.orders().respond_to_order(request).await.map_err(refused)?) },
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

/// A week of a group, demand against capacity.
async fn matched(supplier: &Connection, group: &str, week: Date) -> anyhow::Result<MatchedWeek> {
    let (from, until) = (Some(day(week)), Some(day(week)));
    let request =
        ListCapacityWeeksRequest { group_id: group.to_owned(), from, until, ..Default::default() };
    let found = supplier.capacity_groups().list_capacity_weeks(request).await.map_err(refused)?;
    Ok(found.into_inner().weeks.into_iter().next().unwrap_or_default())
}

/// The same week once the order's load is in it: capacity follows the supplier's feed.
async fn booked(
    supplier: &Connection,
    group: &str,
    week: Date,
    before: &MatchedWeek,
) -> anyhow::Result<MatchedWeek> {
    let wait = async {
        loop {
            let found = matched(supplier, group, week).await?;
            if found.booked != before.booked {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.context("the load does not come")?
}

/// Seconds, as the group is kept, in hours.
fn hours(seconds: Option<&proto::Decimal>) -> String {
    let seconds = seconds.and_then(|seconds| seconds.value.parse::<Decimal>().ok());
    seconds.map_or_else(|| "–".to_owned(), |seconds| (seconds / Decimal::from(3_600)).normalize().to_string())
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Says what happens, step by step.
struct Teller<'a> {
    node: &'a Node,
    connection: &'a Connection,
    credentials: &'a Credentials,
    story: &'a Story,
    manner: Manner,
    told: usize,
}

impl Teller<'_> {
    fn say(&self, zh: String, en: String) -> String {
        match self.manner.locale {
            Locale::Zh => zh,
            Locale::En => en,
        }
    }

    fn firm(&self, id: &str) -> anyhow::Result<&Firm> {
        let mut firms = self.story.anchors.iter().chain(&self.story.suppliers);
        firms.find(|firm| firm.id == id).with_context(|| format!("no firm {id}"))
    }

    fn name(&self, id: &str) -> anyhow::Result<String> {
        let firm = self.firm(id)?;
        Ok(self.say(firm.name.clone(), firm.name_en.clone()))
    }

    /// A link that signs the firm's person in and leads to a page.
    async fn link(&self, id: &str, page: &str) -> anyhow::Result<String> {
        let firm = self.firm(id)?;
        let access = self.credentials.firms.get(id).with_context(|| format!("no key of {id} is kept"))?;
        let person = firm.people.iter().find(|person| person.desk).with_context(|| format!("nobody at {id}"))?;
        let path = firms::sign_in_link(self.node, self.connection, access, &person.name).await?;
        Ok(format!("{}{path}?next={page}", self.node.config.portal_url()))
    }

    /// A step: who sees what, on which page of the portal.
    async fn step(
        &mut self,
        id: &str,
        what: &str,
        text: String,
        page: &str,
        facts: Value,
    ) -> anyhow::Result<()> {
        if self.told > 0 {
            tokio::time::sleep(self.manner.pause).await;
        }
        self.told += 1;
        let link = self.link(id, page).await?;
        if self.manner.out.json() {
            let mut line = json!({
                "step": self.told, "of": STEPS, "what": what, "firm": id, "text": text, "link": link,
            });
            if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
                line.extend(facts);
            }
            self.manner.out.value(&line)?;
        } else {
            let name = self.name(id)?;
            let told = self.told;
            self.manner.out.line(&format!("\n[{told}/{STEPS}] {name}\n      {text}\n      {link}"))?;
        }
        Ok(())
    }

    async fn waiting(&mut self, waiting: i32) -> anyhow::Result<()> {
        let text = self.say(
            format!("供应商用手机打开待答复清单：所有客户共有 {waiting} 张订单等待答复。（链接各用一次；请为双方各开一个浏览器窗口，其一用无痕模式。）"),
            format!(
                "The supplier opens the inbox on a phone: {waiting} orders of all its customers wait for an answer. \
                 (Each link works once. Open those of the two firms in two windows, one of them private.)"
            ),
        );
        self.step(SUPPLIER, "inbox", text, "/inbox", json!({ "waiting": waiting })).await
    }

    async fn published(&mut self, order: &Order, id: &str) -> anyhow::Result<()> {
        let Order { number, requested, with_tax, .. } = order;
        let supplier = self.name(SUPPLIER)?;
        let again = match number == NUMBER {
            true => String::new(),
            false => self.say(
                format!("（{NUMBER} 已经存在，这次用下一个号。）"),
                format!(" ({NUMBER} is there already, so this one has the next number.)"),
            ),
        };
        let text = self.say(
            format!("采购方的 ERP 向 {supplier} 发布订单 {number}：{PIECES} 个 {ITEM}，要求 {requested} 到货，含税 {with_tax} 元。{again}"),
            format!(
                "The buyer's ERP publishes order {number} to {supplier}: {PIECES} pieces of {ITEM} for {requested}, \
                 CNY {with_tax} with tax.{again}"
            ),
        );
        let facts = json!({ "order_number": number, "order_id": id });
        self.step(BUYER, "published", text, &format!("/orders/{id}"), facts).await
    }

    async fn arrived(&mut self, number: &str, id: &str, took: Duration, waiting: i32) -> anyhow::Result<()> {
        let took = milliseconds(took);
        let text = self.say(
            format!("发布 {took} 毫秒后，供应商的事件流收到 {number}；清单上现有 {waiting} 张等待答复。"),
            format!(
                "{took} ms after it was sent, {number} was on the supplier's feed; {waiting} orders wait for an answer now."
            ),
        );
        let facts = json!({ "order_number": number, "milliseconds": took, "waiting": waiting });
        self.step(SUPPLIER, "event_at_supplier", text, &format!("/orders/{id}"), facts).await
    }

    async fn accepted(&mut self, number: &str, id: &str) -> anyhow::Result<()> {
        let text = self.say(
            format!("供应商全部接受 {number}，在手机上是两次点击。"),
            format!("The supplier accepts all of {number}, which takes two taps on a phone."),
        );
        let facts = json!({ "order_number": number });
        self.step(SUPPLIER, "accepted", text, &format!("/orders/{id}"), facts).await
    }

    async fn answered(
        &mut self,
        number: &str,
        id: &str,
        took: Duration,
        buyer: &Connection,
        waiting: i32,
    ) -> anyhow::Result<()> {
        let request = GetOrderRequest { order_id: id.to_owned() };
        let order = buyer.orders().get_order(request).await.map_err(refused)?.into_inner();
        let state = order.state().as_str_name().trim_start_matches("ORDER_STATE_");
        let took = milliseconds(took);
        let text = self.say(
            format!("答复后 {took} 毫秒，采购方的事件流上有了结果：{number} 为 {state}。供应商的清单回到 {waiting} 张。"),
            format!(
                "{took} ms after the answer was sent, it was on the buyer's feed: {number} is {state}. \
                 The supplier's inbox is back at {waiting}."
            ),
        );
        let facts =
            json!({ "order_number": number, "milliseconds": took, "state": state, "waiting": waiting });
        self.step(BUYER, "event_at_buyer", text, &format!("/orders/{id}"), facts).await
    }

    async fn loaded(&mut self, before: &MatchedWeek, after: &MatchedWeek) -> anyhow::Result<()> {
        let (demand, load) = (hours(before.demand.as_ref()), hours(after.demand.as_ref()));
        let (actual, maximum) =
            (hours(after.actual_capacity.as_ref()), hours(after.maximum_capacity.as_ref()));
        let week = &after.iso_week;
        let (zh, en) = match after.result() {
            MatchResult::BottleneckWithinMaximum => ("橙色：超出计划，仍可达到", "orange, more than planned, and it can be reached"),
            MatchResult::BottleneckBeyondMaximum => ("红色：超出最大产能", "red, more than can be reached"),
            MatchResult::ZeroDeviation => ("恰好等于计划", "exactly what is planned"),
            MatchResult::Surplus => ("仍有余量", "less than is planned"),
            MatchResult::Unmatched | MatchResult::Unspecified => ("没有可比的产能", "nothing to compare it with"),
        };
        let text = self.say(
            format!("产能热力图：{GROUP} 的 {week} 周由 {demand} 小时变为 {load} 小时，计划 {actual}，最大 {maximum}——{zh}。"),
            format!(
                "The heat map: week {week} of {GROUP} went from {demand} to {load} h, of {actual} planned and {maximum} at \
                 most: {en}. Nothing more happens by itself; Ctrl-C ends everything."
            ),
        );
        let result = after.result().as_str_name().trim_start_matches("MATCH_RESULT_");
        let facts = json!({ "week": week, "hours_before": demand, "hours": load, "planned": actual, "maximum": maximum, "result": result });
        self.step(SUPPLIER, "heat_map", text, "/capacity", facts).await
    }
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
        let load = Decimal::from(PIECES * 45).to_string();
        assert_eq!(hours(Some(&proto::Decimal { value: load })), "220", "204 are planned, 240 are the most");
        assert_eq!(hours(None), "–");
    }

    #[test]
    fn milliseconds_keep_one_decimal() {
        assert!((milliseconds(Duration::from_micros(12_345)) - 12.3).abs() < 1e-9);
    }
}
