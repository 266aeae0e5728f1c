//! Tolerances: who sets them, which one counts, and what is agreed by them without a decision.

use chassis::Reason;
use harness::{
    Firm, World, answer, date, decide, decimal, events,
    events::Payload,
    order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::orders::*;

fn bound(percent: &str, absolute: &str) -> Option<ToleranceBound> {
    let part = |text: &str| (!text.is_empty()).then(|| decimal(text));
    Some(ToleranceBound { percent: part(percent), absolute: part(absolute) })
}

fn rule(bounds: ToleranceBounds) -> SetToleranceRuleRequest {
    SetToleranceRuleRequest { request_id: request_id(), bounds: Some(bounds), ..Default::default() }
}

async fn set(buyer: &Firm, request: SetToleranceRuleRequest) -> ToleranceRule {
    buyer.tolerances().set_tolerance_rule(request).await.expect("a rule").into_inner()
}

async fn listed(firm: &Firm) -> Vec<String> {
    let request = ListToleranceRulesRequest::default();
    let rules = firm.tolerances().list_tolerance_rules(request).await.expect("rules").into_inner().rules;
    rules.into_iter().map(|rule| rule.id).collect()
}

fn published(number: &str) -> PublishOrderRequest {
    let mut order =
        order(number).line("10", "CY-BX-0450", "1000", "6.85").line("20", "CY-LD-0450", "40", "2");
    for line in &mut order.content.lines {
        line.item.as_mut().unwrap().item_group = "ZS".into();
    }
    order.to("V100")
}

/// A proposal for the whole of line 10.
async fn propose(
    supplier: &Firm,
    id: &str,
    deliveries: &[(&str, &str)],
    price: &str,
) -> (LineReceipt, OrderReceipt) {
    let mut request = answer(id).propose("10", "", deliveries).done();
    if let Some(line_response::Answer::Propose(propose)) = &mut request.lines[0].answer {
        propose.price =
            (!price.is_empty()).then(|| Price { amount: Some(decimal(price)), ..Default::default() });
    }
    let receipt = supplier.respond(request).await.expect("answered");
    (receipt.lines[0].clone(), receipt)
}

#[tokio::test]
async fn a_proposal_within_tolerance_is_agreed_in_the_same_version() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let request = SetToleranceRuleRequest {
        vendor_number: "V100".into(),
        ..rule(ToleranceBounds {
            quantity_over: bound("5", "30"),
            late_days: Some(2),
            price_over: bound("", "0.05"),
            ..ToleranceBounds::default()
        })
    };
    let set = set(&buyer, request).await;
    let id = buyer.publish(published("4500001")).await.expect("published").order_id;
    let (line, receipt) = propose(&supplier, &id, &[("1030", "2026-12-30")], "6.90").await;
    assert_eq!((receipt.version, receipt.state()), (2, OrderState::Unanswered), "line 20 still waits");
    let outcome = line.tolerance.expect("how it compared");
    assert!(outcome.accepted && outcome.obstacles.is_empty());
    let checks: Vec<_> = outcome
        .checks
        .iter()
        .map(|check| {
            let text = |wire: &Option<proto::Decimal>| wire.as_ref().unwrap().value.clone();
            assert!(check.within && check.rule_id == set.id);
            assert_eq!(check.source(), ToleranceSource::Relationship);
            (check.dimension(), text(&check.actual), text(&check.limit))
        })
        .collect();
    let named = |dimension, actual: &str, limit: &str| (dimension, actual.into(), limit.into());
    assert_eq!(
        checks,
        [
            named(ToleranceDimension::QuantityOver, "30", "30"),
            named(ToleranceDimension::Late, "2", "2"),
            named(ToleranceDimension::PriceOver, "0.05", "0.05"),
        ]
    );
    world.settled().await;
    let feed = buyer.events().await;
    let event = events::of_order(&feed, &id);
    assert_eq!(event.len(), 2, "one event for the answer and what it agreed");
    let Payload::Responded(event) = events::payload(events::event(event[1])) else { panic!("a response") };
    let proposal = &event.schedule[0].proposals[0];
    assert_eq!((proposal.state(), &proposal.tolerance), (ProposalState::Accepted, &Some(outcome)));
    let commitment = &event.schedule[0].commitments[0];
    assert_eq!(commitment.quantity, Some(decimal("1030")));
    assert_eq!(commitment.settles_quantity, Some(decimal("1000")));
    assert_eq!(commitment.committed_delivery_date, Some(date("2026-12-30")));

    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].proposals, event.schedule[0].proposals);
    let actions: Vec<_> = seen.history.iter().map(|entry| (entry.version, entry.action.as_str())).collect();
    assert_eq!(actions, [(1, "published"), (2, "responded")], "nobody decided anything");
    let decided = buyer.orders().resolve_proposal(decide(&id, &[(&line.proposal_id, false)])).await;
    refused(decided, Reason::PROPOSAL_RESOLVED);
    world.finish().await;
}

#[tokio::test]
async fn one_dimension_beyond_its_bound_waits_for_the_buyer() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    set(&buyer, rule(ToleranceBounds { late_days: Some(2), ..Default::default() })).await;
    for (n, deliveries, price) in [
        ("A1", &[("1000", "2026-12-31")][..], ""),
        ("A2", &[("1001", "2026-12-30")], ""),
        ("A3", &[("1000", "2026-12-30")], "6.80"),
        ("A4", &[("1000", "2026-12-27")], ""),
    ] {
        let id = buyer.publish(published(n)).await.expect("published").order_id;
        let (line, _) = propose(&supplier, &id, deliveries, price).await;
        assert!(!line.tolerance.as_ref().unwrap().accepted, "{n}");
        let seen = supplier.order(&id).await.unwrap();
        let waiting = &seen.schedule[0].proposals[0];
        assert_eq!((waiting.state(), &waiting.tolerance), (ProposalState::Open, &line.tolerance), "{n}");
        buyer.orders().resolve_proposal(decide(&id, &[(&line.proposal_id, true)])).await.expect("decided");
    }
    let id = buyer.publish(published("A5")).await.expect("published").order_id;
    let mut other = answer(&id).propose("10", "", &[("1000", "2026-12-29")]).done();
    if let Some(line_response::Answer::Propose(propose)) = &mut other.lines[0].answer {
        propose.substitute = Some(Item { name: "替代料".into(), ..Item::default() });
    }
    let receipt = supplier.respond(other).await.expect("answered");
    let outcome = receipt.lines[0].tolerance.clone().unwrap();
    assert_eq!((outcome.accepted, outcome.obstacles), (false, vec![ToleranceObstacle::Substitute.into()]));
    let (line, _) = {
        let id = buyer.publish(published("A6")).await.expect("published").order_id;
        propose(&supplier, &id, &[("400", "2026-12-28"), ("600", "2026-12-30")], "").await
    };
    assert!(line.tolerance.unwrap().accepted, "a split whose every day and total are within");
    world.finish().await;
}

#[tokio::test]
async fn the_most_specific_rule_counts_and_the_order_line_before_all() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let over = |percent: &str| ToleranceBounds { quantity_over: bound(percent, ""), ..Default::default() };
    let to = |scope: [&str; 3], percent: &str| SetToleranceRuleRequest {
        vendor_number: scope[0].into(),
        item_group: scope[1].into(),
        buyer_item_id: scope[2].into(),
        ..rule(over(percent))
    };
    // From the least specific on: each takes the place of the ones before.
    let steps = [
        (to(["", "", ""], "10"), ToleranceSource::EverySupplier, "100"),
        (to(["V100", "", ""], "9"), ToleranceSource::Relationship, "90"),
        (to(["", "ZS", ""], "8"), ToleranceSource::ItemGroup, "80"),
        (to(["V100", "ZS", ""], "7"), ToleranceSource::ItemGroup, "70"),
        (to(["", "", "CY-BX-0450"], "6"), ToleranceSource::Item, "60"),
        (to(["V100", "", "CY-BX-0450"], "5"), ToleranceSource::Item, "50"),
    ];
    for (n, (request, source, limit)) in steps.into_iter().enumerate() {
        let rule = set(&buyer, request).await;
        let id = buyer.publish(published(&format!("A{n}"))).await.expect("published").order_id;
        let (line, _) = propose(&supplier, &id, &[("1101", "2026-12-28")], "").await;
        let check = line.tolerance.unwrap().checks[0].clone();
        assert_eq!((check.source(), check.limit, check.rule_id), (source, Some(decimal(limit)), rule.id));
    }
    let mut request = published("own");
    request.content.as_mut().unwrap().lines[0].tolerance =
        Some(Tolerance { over_quantity: Some(decimal("101")), ..Tolerance::default() });
    let id = buyer.publish(request).await.expect("published").order_id;
    let (line, _) = propose(&supplier, &id, &[("1101", "2026-12-28")], "").await;
    let outcome = line.tolerance.unwrap();
    assert!(outcome.accepted);
    assert_eq!((outcome.checks[0].source(), &*outcome.checks[0].rule_id), (ToleranceSource::OrderLine, ""));
    world.finish().await;
}

#[tokio::test]
async fn many_small_proposals_get_no_further_than_one() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    set(&buyer, rule(ToleranceBounds { quantity_over: bound("", "10"), ..Default::default() })).await;
    let id = buyer.publish(published("A1")).await.expect("published").order_id;
    for (covers, quantity, accepted) in [("100", "106", true), ("100", "104", true), ("100", "101", false)] {
        let part = answer(&id).propose("10", covers, &[(quantity, "2026-12-28")]);
        let receipt = supplier.respond(part.rest(Remainder::LeaveUnanswered).done()).await.expect("answered");
        assert_eq!(receipt.lines[0].tolerance.as_ref().unwrap().accepted, accepted, "{quantity}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_rule_takes_the_place_of_the_one_before_and_ends() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    let late = |days| rule(ToleranceBounds { late_days: Some(days), ..Default::default() });
    let request = late(1);
    let first = set(&buyer, request.clone()).await;
    assert_eq!(set(&buyer, request).await, first, "the same request answers the same rule");
    let second = set(&buyer, late(2)).await;
    assert_ne!(first.id, second.id, "an id means the same bounds for ever");
    let own = set(&buyer, SetToleranceRuleRequest { vendor_number: "V100".into(), ..late(3) }).await;
    assert_eq!(listed(&buyer).await, [second.id.clone(), own.id.clone()]);
    assert_eq!(listed(&supplier).await, [second.id.clone(), own.id.clone()], "both concern it");
    assert!(listed(&rival).await.is_empty());

    let delete = |id: &str| DeleteToleranceRuleRequest { request_id: request_id(), rule_id: id.into() };
    refused(supplier.tolerances().delete_tolerance_rule(delete(&own.id)).await, Reason::NOT_FOUND);
    for _ in 0..2 {
        let ended = buyer.tolerances().delete_tolerance_rule(delete(&own.id)).await.expect("ended");
        assert!(ended.into_inner().ended_at.is_some());
    }
    assert_eq!(listed(&buyer).await, std::slice::from_ref(&second.id));
    let id = buyer.publish(published("A1")).await.expect("published").order_id;
    let (line, _) = propose(&supplier, &id, &[("1000", "2026-12-31")], "").await;
    assert_eq!(line.tolerance.unwrap().checks[0].rule_id, second.id, "the ended one counts no more");
    world.finish().await;
}

#[tokio::test]
async fn every_bad_field_of_a_rule_is_named() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let bad = SetToleranceRuleRequest {
        supplier_id: "x".into(),
        item_group: "ZS".into(),
        buyer_item_id: "y".repeat(201),
        ..rule(ToleranceBounds {
            quantity_over: Some(ToleranceBound::default()),
            quantity_under: bound("-1", "1e3"),
            price_over: bound("1000.1", ""),
            price_under: bound("0.1234567", ""),
            late_days: Some(-1),
            early_days: Some(367),
        })
    };
    bad_fields(
        buyer.tolerances().set_tolerance_rule(bad).await,
        &[
            ("supplier_id", "ID"),
            ("buyer_item_id", "TOO_LONG"),
            ("buyer_item_id", "CONFLICT"),
            ("bounds.quantity_over", "REQUIRED"),
            ("bounds.quantity_under.percent", "RANGE"),
            ("bounds.quantity_under.absolute", "DECIMAL"),
            ("bounds.early_days", "RANGE"),
            ("bounds.late_days", "RANGE"),
            ("bounds.price_over.percent", "RANGE"),
            ("bounds.price_under.percent", "RANGE"),
        ],
    );
    bad_fields(
        buyer.tolerances().set_tolerance_rule(rule(ToleranceBounds::default())).await,
        &[("bounds", "REQUIRED")],
    );
    let unknown = SetToleranceRuleRequest {
        vendor_number: "V9".into(),
        ..rule(ToleranceBounds { late_days: Some(1), ..Default::default() })
    };
    refused(buyer.tolerances().set_tolerance_rule(unknown).await, Reason::SUPPLIER_UNKNOWN);
    world.finish().await;
}

#[tokio::test]
async fn a_placeholders_rules_follow_it_to_its_claimant() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let (_, path) = world.invite(&buyer, "清禾包装(示例)有限公司", "V100").await;
    let mut request = rule(ToleranceBounds { late_days: Some(2), ..Default::default() });
    request.vendor_number = "V100".into();
    let set = set(&buyer, request).await;
    let supplier = world.firm("清禾包装(示例)有限公司").await;
    let token = path.rsplit('/').next().unwrap().to_string();
    let claim =
        proto::partners::ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() };
    supplier.relationships().claim_invitation(claim).await.expect("claimed");
    harness::until("the rule has moved", std::time::Duration::from_secs(60), async || {
        (listed(&supplier).await == std::slice::from_ref(&set.id)).then_some(())
    })
    .await;
    let id = buyer.publish(published("A1")).await.expect("published").order_id;
    let (line, _) = propose(&supplier, &id, &[("1000", "2026-12-30")], "").await;
    assert_eq!(line.tolerance.unwrap().checks[0].rule_id, set.id);
    world.finish().await;
}
