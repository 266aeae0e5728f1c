//! Row-level security, attacked with SQL as tandem_app: what a service with a hole in it could still not do.

mod attack;
mod capacity;
mod catalogue;
mod follow;
mod furnish;
mod resources;
mod sight;
mod subscriptions;
mod webhooks;

use harness::{Firm, World, answer, order};
use proto::orders::{CreateOrderLinkRequest, SetToleranceRuleRequest, ToleranceBounds};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, postgres::PgQueryResult};
use uuid::Uuid;

/// A buyer and its supplier with an order that has everything, a rival buyer of the same supplier, and a stranger.
struct Cast {
    world: World,
    buyer: Firm,
    supplier: Firm,
    rival: Firm,
    stranger: Firm,
    order: Uuid,
    /// An open proposal of the order.
    proposal: Uuid,
    /// The order's first schedule line.
    line: Uuid,
}

impl Cast {
    async fn new() -> Self {
        let world = World::start().await;
        let (buyer, supplier) = world.pair().await;
        let rival = world.firm("木棉门业(示例)有限公司").await;
        world.partner(&rival, &supplier, "GYS-033").await;
        let stranger = world.firm("陌生企业(示例)").await;
        buyer.site("1000").await;
        furnish::buyer(&world, &buyer).await;
        furnish::channel(&supplier).await;
        furnish::webhook(&supplier).await;
        furnish::subscription(&supplier).await;
        let mut ids = Vec::new();
        for (firm, vendor) in [(&buyer, "V100"), (&rival, "GYS-033")] {
            let request =
                order("4500001").line("10", "X", "100", "6.85").line("20", "Y", "40", "2.30").to(vendor);
            let receipt = firm.publish(request).await.expect("published");
            let first =
                answer(&receipt.order_id).propose("10", "", &[("100", "2027-01-04")]).accept("20", "30");
            let first = first.rest(proto::orders::Remainder::LeaveUnanswered).done();
            let proposed = supplier.respond(first).await.expect("answered");
            let declined = harness::decide(&receipt.order_id, &[(&proposed.lines[0].proposal_id, false)]);
            firm.orders().resolve_proposal(declined).await.expect("decided");
            let second = answer(&receipt.order_id).propose("10", "60", &[("60", "2027-02-01")]);
            let second = second.rest(proto::orders::Remainder::LeaveUnanswered).done();
            ids.push(supplier.respond(second).await.expect("answered"));
        }
        for (firm, receipt) in [(&buyer, &ids[0]), (&rival, &ids[1])] {
            furnish::history(firm, &supplier, &receipt.order_id).await;
            follow::fill(&world, firm, &supplier, &receipt.order_id).await;
            furnish::pending(firm, &receipt.order_id).await;
        }
        furnish::known_by_number(&world, &buyer).await;
        capacity::fill(&buyer, &supplier, "V100").await;
        capacity::fill(&rival, &supplier, "GYS-033").await;
        resources::fill(&world, &buyer, &supplier).await;
        resources::fill(&world, &rival, &supplier).await;
        tolerate_and_link(&buyer, &stranger).await;
        furnish::claimed(&world, &stranger).await;
        world.settled().await;
        furnish::noted(&world, &supplier).await;
        capacity::measured(&world).await;
        capacity::borrowed(&rival, &supplier).await;
        let id = |text: &str| Uuid::try_parse(text).unwrap();
        Self {
            order: id(&ids[0].order_id),
            proposal: id(&ids[0].lines[0].proposal_id),
            line: id(&ids[0].lines[0].schedule_line_id),
            world,
            buyer,
            supplier,
            rival,
            stranger,
        }
    }

    /// Runs a statement in a firm's tenant, or in none, as far as its deferred constraints, and takes it back. Names
    /// in braces stand for the cast's ids.
    async fn tries(&self, firm: Option<&Firm>, statement: &str) -> Result<PgQueryResult, sqlx::Error> {
        let statement = [
            ("{order}", self.order.to_string()),
            ("{proposal}", self.proposal.to_string()),
            ("{line}", self.line.to_string()),
            ("{buyer}", self.buyer.id.clone()),
            ("{supplier}", self.supplier.id.clone()),
            ("{rival}", self.rival.id.clone()),
            ("{stranger}", self.stranger.id.clone()),
        ]
        .into_iter()
        .fold(statement.to_string(), |text, (name, id)| text.replace(name, &format!("'{id}'::uuid")));
        tries(self.world.app_pool().await, firm.map(Firm::uuid), statement).await
    }
}

/// A tolerance rule of the buyer for all its suppliers; and a document link of the stranger, to an order that it
/// published to a placeholder of its own.
async fn tolerate_and_link(buyer: &Firm, stranger: &Firm) {
    let rule = SetToleranceRuleRequest {
        request_id: harness::request_id(),
        bounds: Some(ToleranceBounds { late_days: Some(0), ..ToleranceBounds::default() }),
        ..SetToleranceRuleRequest::default()
    };
    buyer.tolerances().set_tolerance_rule(rule).await.expect("a rule");
    let request = order("4500009").line("10", "X", "1", "1").to_invited("V1", "无账号的厂(示例)");
    let link = CreateOrderLinkRequest {
        request_id: harness::request_id(),
        order_id: stranger.publish(request).await.expect("published").order_id,
        ..CreateOrderLinkRequest::default()
    };
    stranger.order_links().create_order_link(link).await.expect("a link");
}

async fn tries(pool: &PgPool, firm: Option<Uuid>, statement: String) -> Result<PgQueryResult, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    let setting = firm.map(|firm| firm.to_string()).unwrap_or_default();
    sqlx::query("select set_config('tandem.firm', $1, true)").bind(setting).execute(&mut *tx).await?;
    let done = sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    sqlx::query("set constraints all immediate").execute(&mut *tx).await?;
    tx.rollback().await?;
    Ok(done)
}
