//! How far suppliers are, and what may come late.

use chassis::Reason;
use harness::{
    Access, Firm, World, answer,
    change::{change, close, hold, release},
    date, events,
    events::Payload,
    order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::orders::{
    LineAtRisk, LineStage, ListOrdersAtRiskRequest, ListScheduleLinesRequest, ProgressStage, Remainder,
    RiskReason, SetProgressRequest, SetProgressResponse, Side,
};
use tonic::Status;

use super::deadlines::pair_at;

fn request(order_id: &str) -> SetProgressRequest {
    SetProgressRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        ..SetProgressRequest::default()
    }
}

async fn set(supplier: &Access, request: SetProgressRequest) -> Result<SetProgressResponse, Status> {
    Ok(supplier.progress().set_progress(request).await?.into_inner())
}

fn line(number: &str, stage: ProgressStage) -> LineStage {
    LineStage { line_number: number.into(), stage: stage.into(), ..LineStage::default() }
}

async fn publish(buyer: &Firm) -> String {
    let request =
        order("4500001").line("10", "X", "10", "1").line("20", "Y", "5", "2").line("30", "Z", "1", "1");
    buyer.publish(request.to("V100")).await.expect("published").order_id
}

async fn published(world: &World) -> (Firm, Firm, String) {
    let (buyer, supplier) = world.pair().await;
    let id = publish(&buyer).await;
    (buyer, supplier, id)
}

#[tokio::test]
async fn one_tap_says_how_far_every_accepted_line_is() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    let all = |stage: ProgressStage| SetProgressRequest { stage: stage.into(), ..request(&id) };
    refused(set(&supplier, all(ProgressStage::Scheduled)).await, Reason::NOTHING_ACCEPTED);
    let part = answer(&id).accept("10", "4").rest(Remainder::LeaveUnanswered).accept("20", "");
    supplier.respond(part.done()).await.expect("accepted");

    let done = set(&supplier, all(ProgressStage::InProduction)).await.expect("said");
    assert_eq!((done.version, done.schedule_line_ids.len()), (3, 2));
    let again = set(&supplier, all(ProgressStage::InProduction)).await.expect("said again");
    assert_eq!((again.version, again.schedule_line_ids.len()), (3, 0), "nothing happened");
    let one = SetProgressRequest {
        lines: vec![line("20", ProgressStage::ReadyToShip)],
        note: "已入库".into(),
        ..request(&id)
    };
    let moved = set(&supplier, one.clone()).await.expect("one line");
    let replay = set(&supplier, one).await.expect("replayed");
    assert_eq!(
        (replay.replayed, replay.version, replay.schedule_line_ids),
        (true, 4, moved.schedule_line_ids)
    );

    let seen = buyer.order(&id).await.unwrap();
    let stages: Vec<_> =
        seen.schedule.iter().map(|line| line.progress.as_ref().map(|said| said.stage())).collect();
    assert_eq!(stages, [Some(ProgressStage::InProduction), Some(ProgressStage::ReadyToShip), None]);
    let said = seen.schedule[1].progress.clone().unwrap();
    assert_eq!(said.note, "已入库");
    assert!(!said.actor_name.is_empty() && said.reported_at.is_some());
    let rows = ListScheduleLinesRequest { side: Side::Buyer.into(), ..ListScheduleLinesRequest::default() };
    let rows = buyer.orders().list_schedule_lines(rows).await.unwrap().into_inner().rows;
    let flat: Vec<_> = rows.iter().map(|row| row.progress.as_ref().map(|said| said.stage())).collect();
    assert_eq!(flat, stages);
    let actions: Vec<_> = seen.history.iter().map(|entry| (entry.version, entry.action.as_str())).collect();
    assert_eq!(actions, [(1, "published"), (2, "responded"), (3, "progressed"), (4, "progressed")]);
    assert_eq!(seen.history[2].schedule_line_ids.len(), 2);

    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    let Payload::Progressed(event) = events::payload(events::event(events::of_order(&left, &id)[3])) else {
        panic!("progress")
    };
    assert_eq!((event.version, event.lines[0].line_number.as_str()), (4, "20"));
    assert_eq!(events::of_order(&right, &id).len(), 4);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_said_of_a_line_is_refused_whole() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    supplier.respond(answer(&id).accept("10", "").done()).await.expect("accepted");
    let lines = |lines: Vec<LineStage>| SetProgressRequest { lines, ..request(&id) };
    let stage = ProgressStage::Scheduled;
    bad_fields(
        set(&supplier, lines(vec![line("10", stage), line("10", stage), line("99", stage)])).await,
        &[("lines[1]", "LINE_REPEATED"), ("lines[2]", "LINE_UNKNOWN")],
    );
    bad_fields(
        set(&supplier, lines(vec![line("10", ProgressStage::Unspecified), LineStage::default()])).await,
        &[
            ("lines[0].stage", "REQUIRED"),
            ("lines[1].schedule_line_id", "REQUIRED"),
            ("lines[1].stage", "REQUIRED"),
        ],
    );
    bad_fields(set(&supplier, request(&id)).await, &[("stage", "REQUIRED")]);
    let status = refused(
        set(&supplier, lines(vec![line("10", stage), line("20", stage)])).await,
        Reason::NOTHING_ACCEPTED,
    );
    let fields = harness::refusal::fields(&status);
    assert_eq!(fields, [("lines[1]".to_string(), "NOTHING_ACCEPTED".to_string())]);
    refused(set(&buyer, lines(vec![line("10", stage)])).await, Reason::NOT_FOUND);
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!((seen.version, seen.schedule[0].progress.clone()), (2, None), "nothing of this took effect");
    world.finish().await;
}

async fn at_risk(buyer: &Access, request: ListOrdersAtRiskRequest) -> Vec<LineAtRisk> {
    buyer.progress().list_orders_at_risk(request).await.expect("a list").into_inner().lines
}

fn short(lines: &[LineAtRisk]) -> Vec<(&str, RiskReason, i32)> {
    lines.iter().map(|line| (line.line_number.as_str(), line.reason(), line.days_left)).collect()
}

#[tokio::test]
async fn lines_that_may_come_late_are_listed_with_the_reason() {
    let (world, clock, buyer, supplier) = pair_at(time::macros::datetime!(2026-11-24 02:00 UTC)).await;
    let id = publish(&buyer).await;
    // Asked for 28 December; line 20 is agreed for the 15th and 30th by a proposal.
    let split = answer(&id).accept("10", "").propose("20", "", &[("2", "2026-12-15"), ("3", "2026-12-30")]);
    let proposed = supplier.respond(split.accept("30", "").done()).await.expect("answered");
    let proposal = &proposed.lines[1].proposal_id;
    buyer.orders().resolve_proposal(harness::decide(&id, &[(proposal, true)])).await.expect("agreed");
    let near = ListOrdersAtRiskRequest::default();
    assert!(at_risk(&buyer, near.clone()).await.is_empty(), "everything is far");
    let wide = ListOrdersAtRiskRequest { within_days: Some(30), ..near.clone() };
    assert_eq!(short(&at_risk(&buyer, wide).await), [("20", RiskReason::NotStarted, 21)]);

    clock.advance(time::Duration::days(20));
    assert_eq!(short(&at_risk(&buyer, near.clone()).await), [("20", RiskReason::NotStarted, 1)]);
    let begun = SetProgressRequest { stage: ProgressStage::InProduction.into(), ..request(&id) };
    set(&supplier, begun).await.expect("said");
    assert!(at_risk(&buyer, near.clone()).await.is_empty(), "it moves");
    clock.advance(time::Duration::days(9));
    // 23 December: the 15th is over, and of the 28th nothing was said for nine days.
    let found = at_risk(&buyer, near.clone()).await;
    let expected =
        [("20", RiskReason::Past, -8), ("10", RiskReason::Stalled, 5), ("30", RiskReason::Stalled, 5)];
    assert_eq!(short(&found), expected);
    assert_eq!(found[0].committed_delivery_date, Some(date("2026-12-15")));
    assert_eq!(
        (found[1].order_number.as_str(), found[1].supplier_name.as_str()),
        ("4500001", &*supplier.name)
    );
    assert_eq!(found[1].progress.as_ref().map(|said| said.stage()), Some(ProgressStage::InProduction));
    let patient = ListOrdersAtRiskRequest { stalled_days: Some(10), ..near.clone() };
    assert_eq!(short(&at_risk(&buyer, patient).await), expected[..1]);
    let ready = SetProgressRequest { stage: ProgressStage::ReadyToShip.into(), ..request(&id) };
    set(&supplier, ready).await.expect("said");
    assert!(at_risk(&buyer, near.clone()).await.is_empty(), "ready: whether it left is not told yet");
    clock.advance(time::Duration::days(2));
    let begun = SetProgressRequest { stage: ProgressStage::InInspection.into(), ..request(&id) };
    set(&supplier, begun).await.expect("said");
    let recent = ListOrdersAtRiskRequest { past_days: Some(9), ..near.clone() };
    assert!(at_risk(&buyer, recent).await.iter().all(|line| line.line_number != "20"), "ten days ago");
    assert_eq!(short(&at_risk(&buyer, near.clone()).await)[0], ("20", RiskReason::Past, -10));

    assert!(at_risk(&supplier, near.clone()).await.is_empty(), "as buyer it has none");
    let other = ListOrdersAtRiskRequest { purchasing_group: "other".into(), ..near };
    assert!(at_risk(&buyer, other).await.is_empty());
    let wrong = ListOrdersAtRiskRequest { within_days: Some(91), ..Default::default() };
    bad_fields(buyer.progress().list_orders_at_risk(wrong).await, &[("within_days", "RANGE")]);
    let wrong = ListOrdersAtRiskRequest { past_days: Some(366), ..Default::default() };
    bad_fields(buyer.progress().list_orders_at_risk(wrong).await, &[("past_days", "RANGE")]);
    world.finish().await;
}

#[tokio::test]
async fn pages_of_lines_at_risk_follow_each_other() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut request = order("4500001");
    for n in 1..=7 {
        request = request.line(&(n * 10).to_string(), "X", "1", "1");
    }
    let id = buyer.publish(request.to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    let wide = ListOrdersAtRiskRequest { within_days: Some(90), page_size: 3, ..Default::default() };
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListOrdersAtRiskRequest { page_token, ..wide.clone() };
        let page = buyer.progress().list_orders_at_risk(request).await.unwrap().into_inner();
        found.extend(page.lines.into_iter().map(|line| line.schedule_line_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let all: std::collections::BTreeSet<_> = found.iter().collect();
    assert_eq!((found.len(), all.len()), (7, 7));
    world.finish().await;
}

#[tokio::test]
async fn what_was_said_of_a_line_before_it_changed_counts_no_more() {
    let (world, _, buyer, supplier) = pair_at(time::macros::datetime!(2026-12-27 02:00 UTC)).await;
    let id = publish(&buyer).await;
    supplier.accept_all(&id).await.expect("accepted");
    let begun = SetProgressRequest { stage: ProgressStage::Scheduled.into(), ..request(&id) };
    set(&supplier, begun.clone()).await.expect("said");
    buyer.change(change(&id, order("4500001").line("20", "Y", "8", "2"))).await.expect("changed");
    let seen = supplier.order(&id).await.unwrap();
    let said: Vec<_> = seen.schedule.iter().map(|line| line.progress.is_some()).collect();
    assert_eq!(said, [true, false, true], "line 20 is to be answered anew");
    let near = ListOrdersAtRiskRequest::default();
    let expected = [("10", RiskReason::NotStarted, 1), ("30", RiskReason::NotStarted, 1)];
    assert_eq!(short(&at_risk(&buyer, near.clone()).await), expected, "each once, and nothing unanswered");
    let one = SetProgressRequest { lines: vec![line("20", ProgressStage::Scheduled)], ..request(&id) };
    refused(set(&supplier, one).await, Reason::NOTHING_ACCEPTED);
    let again = proto::orders::RespondToOrderRequest { revision: 2, ..harness::accept_all(&id) };
    supplier.respond(again).await.expect("accepted anew");
    let begun = SetProgressRequest { request_id: request_id(), ..begun };
    assert_eq!(set(&supplier, begun).await.expect("said").schedule_line_ids.len(), 1, "the one that changed");

    buyer.changes().hold_order(hold(&id)).await.expect("held");
    assert!(at_risk(&buyer, near.clone()).await.is_empty(), "the buyer asked to wait");
    buyer.changes().release_order(release(&id)).await.expect("released");
    buyer.close(close(&id, &[("10", "10")])).await.expect("closed");
    assert_eq!(at_risk(&buyer, near).await.len(), 2, "a closed line is no risk");
    let last = SetProgressRequest { lines: vec![line("10", ProgressStage::ReadyToShip)], ..request(&id) };
    refused(set(&supplier, last).await, Reason::NOTHING_ACCEPTED);
    world.finish().await;
}

#[tokio::test]
async fn what_was_ready_may_come_late_again() {
    let (world, _, buyer, supplier) = pair_at(time::macros::datetime!(2026-12-27 02:00 UTC)).await;
    let id = publish(&buyer).await;
    supplier.accept_all(&id).await.expect("accepted");
    let near = ListOrdersAtRiskRequest::default();
    let all = |stage: ProgressStage| SetProgressRequest { stage: stage.into(), ..request(&id) };
    let not_started = |lines: &[&'static str]| -> Vec<_> {
        lines.iter().map(|line| (*line, RiskReason::NotStarted, 1)).collect()
    };
    assert_eq!(short(&at_risk(&buyer, near.clone()).await), not_started(&["10", "20", "30"]));
    set(&supplier, all(ProgressStage::ReadyToShip)).await.expect("said");
    assert!(at_risk(&buyer, near.clone()).await.is_empty(), "everything is ready");

    let back = SetProgressRequest { lines: vec![line("10", ProgressStage::Scheduled)], ..request(&id) };
    set(&supplier, back).await.expect("a line may go back");
    assert_eq!(short(&at_risk(&buyer, near.clone()).await), not_started(&["10"]));
    buyer.change(change(&id, order("4500001").line("20", "Y", "8", "2"))).await.expect("changed");
    let again = proto::orders::RespondToOrderRequest { revision: 2, ..harness::accept_all(&id) };
    supplier.respond(again).await.expect("accepted anew");
    let seen = at_risk(&buyer, near.clone()).await;
    assert_eq!(short(&seen), not_started(&["10", "20"]), "ready was said of something else");
    buyer.close(close(&id, &[("10", "10")])).await.expect("closed");
    assert_eq!(short(&at_risk(&buyer, near.clone()).await), not_started(&["20"]));
    set(&supplier, all(ProgressStage::ReadyToShip)).await.expect("said");
    assert!(at_risk(&buyer, near).await.is_empty());
    world.finish().await;
}
