//! The steps of the tour in words, in both languages: who sees what, and where it is to be seen.

use std::time::Duration;

use anyhow::Context as _;
use proto::{
    capacity::{MatchResult, MatchedWeek},
    orders::GetOrderRequest,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    super::{
        Credentials, firms, refused,
        story::{Firm, Order, Story},
    },
    BUYER, GROUP, ITEM, Manner, NUMBER, PIECES, SUPPLIER,
};
use crate::{
    cli::{Locale, client::Connection},
    node::Node,
};

const STEPS: usize = 6;

/// Seconds, as the group is kept, in hours.
fn hours(seconds: Option<&proto::Decimal>) -> String {
    let seconds = seconds.and_then(|seconds| seconds.value.parse::<Decimal>().ok());
    seconds.map_or_else(|| "–".to_owned(), |seconds| (seconds / Decimal::from(3_600)).normalize().to_string())
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Says what happens, step by step.
pub(super) struct Teller<'a> {
    pub(super) node: &'a Node,
    pub(super) connection: &'a Connection,
    pub(super) credentials: &'a Credentials,
    pub(super) story: &'a Story,
    pub(super) manner: Manner,
    pub(super) told: usize,
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
        let person =
            firm.people.iter().find(|person| person.desk).with_context(|| format!("nobody at {id}"))?;
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

    pub(super) async fn waiting(&mut self, waiting: i32) -> anyhow::Result<()> {
        let text = self.say(
            format!("供应商用手机打开待答复清单：所有客户共有 {waiting} 张订单等待答复。（链接各用一次；请为双方各开一个浏览器窗口，其一用无痕模式。）"),
            format!(
                "The supplier opens the inbox on a phone: {waiting} orders of all its customers wait for an answer. \
                 (Each link works once. Open those of the two firms in two windows, one of them private.)"
            ),
        );
        self.step(SUPPLIER, "inbox", text, "/inbox", json!({ "waiting": waiting })).await
    }

    pub(super) async fn published(&mut self, order: &Order, id: &str) -> anyhow::Result<()> {
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

    pub(super) async fn arrived(
        &mut self,
        number: &str,
        id: &str,
        took: Duration,
        waiting: i32,
    ) -> anyhow::Result<()> {
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

    pub(super) async fn accepted(&mut self, number: &str, id: &str) -> anyhow::Result<()> {
        let text = self.say(
            format!("供应商全部接受 {number}，在手机上是两次点击。"),
            format!("The supplier accepts all of {number}, which takes two taps on a phone."),
        );
        let facts = json!({ "order_number": number });
        self.step(SUPPLIER, "accepted", text, &format!("/orders/{id}"), facts).await
    }

    pub(super) async fn answered(
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

    pub(super) async fn loaded(&mut self, before: &MatchedWeek, after: &MatchedWeek) -> anyhow::Result<()> {
        let (demand, load) = (hours(before.demand.as_ref()), hours(after.demand.as_ref()));
        let (actual, maximum) =
            (hours(after.actual_capacity.as_ref()), hours(after.maximum_capacity.as_ref()));
        let week = &after.iso_week;
        let (zh, en) = match after.result() {
            MatchResult::BottleneckWithinMaximum => {
                ("橙色：超出计划，仍可达到", "orange, more than planned, and it can be reached")
            }
            MatchResult::BottleneckBeyondMaximum => ("红色：超出最大产能", "red, more than can be reached"),
            MatchResult::ZeroDeviation => ("恰好等于计划", "exactly what is planned"),
            MatchResult::Surplus => ("仍有余量", "less than is planned"),
            MatchResult::Unmatched | MatchResult::Unspecified => {
                ("没有可比的产能", "nothing to compare it with")
            }
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
    fn figures_read_as_people_say_them() {
        let seconds = |value: &str| hours(Some(&proto::Decimal { value: value.into() }));
        assert_eq!(
            (seconds("792000"), seconds("5400"), hours(None)),
            ("220".into(), "1.5".into(), "–".into())
        );
        assert!((milliseconds(Duration::from_micros(12_345)) - 12.3).abs() < 1e-9);
    }
}
