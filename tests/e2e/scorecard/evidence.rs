//! What the figures of a scorecard are of: each adds up to its figure, for whoever may read that.

use std::collections::HashSet;

use chassis::{
    Reason,
    clock::{Clock as _, FixedClock},
    value,
};
use harness::{
    Access, Firm, Options, World, answer,
    change::cancel,
    decide, number, order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    orders::{ScoreFigure as Figure, Side, score_evidence::Thing, *},
    partners::{Role, Scope},
};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use tonic::Status;
use uuid::Uuid;

use super::{nearest_rank, scorecard};

type Period = (OffsetDateTime, OffsetDateTime);

/// Of which scorecard, and which figure of it.
fn question(
    side: Side,
    counterparty: &str,
    (from, until): Period,
    figure: Figure,
) -> ListScoreEvidenceRequest {
    ListScoreEvidenceRequest {
        side: side.into(),
        counterparty_id: counterparty.into(),
        from: Some(value::timestamp(from)),
        until: Some(value::timestamp(until)),
        figure: figure.into(),
        ..ListScoreEvidenceRequest::default()
    }
}

/// All pages of it, of so many entries each.
async fn evidence(
    access: &Access,
    mut request: ListScoreEvidenceRequest,
    size: i32,
) -> Result<Vec<ScoreEvidence>, Status> {
    request.page_size = size;
    let mut all = Vec::new();
    loop {
        let page = access.scorecards().list_score_evidence(request.clone()).await?.into_inner();
        assert!(page.evidence.len() <= size as usize, "a page has at most what was asked for");
        all.extend(page.evidence);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// Each figure, with how much it is of, and how much of that it counts.
fn figures(card: &Scorecard) -> Vec<(Figure, i32, i32)> {
    let (supplier, buyer) = (card.supplier.as_ref().unwrap(), card.buyer.as_ref().unwrap());
    let decided = buyer.accepted + buyer.declined;
    let all = |figure, number| (figure, number, number);
    vec![
        (Figure::Answered, supplier.orders, supplier.answered),
        all(Figure::AnswerTime, supplier.answered),
        match supplier.answered_on_time {
            Some(on_time) => (Figure::AnsweredOnTime, supplier.answered, on_time),
            None => all(Figure::AnsweredOnTime, 0),
        },
        (Figure::Acceptance, supplier.lines_settled, supplier.lines_accepted),
        all(Figure::Proposals, buyer.proposals),
        (Figure::AgreedByTolerance, buyer.proposals, buyer.agreed_by_tolerance),
        (Figure::Decided, buyer.proposals, decided),
        all(Figure::Waiting, buyer.waiting),
        all(Figure::DecisionTime, decided),
        all(Figure::ChangesToAcceptedLines, buyer.changes_to_accepted_lines.unwrap()),
        all(Figure::ChangesInsideFrozenHorizon, buyer.changes_inside_frozen_horizon.unwrap()),
    ]
}

/// What a figure is of is as much as it says, the newest first, none of it twice and all of it in the period.
pub(super) async fn adds_up(
    access: &Access,
    side: Side,
    counterparty: &str,
    period: Period,
    card: &Scorecard,
) {
    let when = |one: &ScoreEvidence| value::time(one.at.as_ref().expect("a time")).expect("a time");
    for (figure, whole, part) in figures(card) {
        let all = evidence(access, question(side, counterparty, period, figure), 25).await.expect("evidence");
        let counted = all.iter().filter(|one| one.counted).count();
        assert_eq!((all.len(), counted), (whole as usize, part as usize), "{figure:?}");
        assert!(all.is_sorted_by(|one, next| when(one) >= when(next)), "{figure:?}: the newest first");
        let inside = |one: &ScoreEvidence| (value::micros(period.0)..period.1).contains(&when(one));
        assert!(all.iter().all(inside), "{figure:?}: in the period");
        let name = |one: &ScoreEvidence| {
            (one.order_id.clone(), one.line_number.clone(), one.schedule_line_number.clone(), one.version)
        };
        let names: HashSet<_> = all.iter().map(name).collect();
        assert_eq!(names.len(), all.len(), "{figure:?}: nothing twice");
        times(card, figure, &all);
    }
}

/// The times of a figure are those that the scorecard's were chosen from, and the states those that it counts.
fn times(card: &Scorecard, figure: Figure, all: &[ScoreEvidence]) {
    let (supplier, buyer) = (card.supplier.as_ref().unwrap(), card.buyer.as_ref().unwrap());
    let seconds = || -> Vec<i64> {
        all.iter()
            .filter_map(|one| match one.thing.as_ref()? {
                Thing::Order(order) => order.answer_seconds,
                Thing::Proposal(proposal) => proposal.decision_seconds,
                _ => None,
            })
            .collect()
    };
    let ranks = |values: Vec<i64>| (nearest_rank(values.clone(), 50), nearest_rank(values, 90));
    let state = |wanted: ProposalState| {
        let fits = |one: &ScoreEvidence| match &one.thing {
            Some(Thing::Proposal(proposal)) => proposal.state() == wanted && !proposal.agreed_by_tolerance,
            _ => false,
        };
        all.iter().filter(|one| fits(one)).count() as i32
    };
    match figure {
        Figure::AnswerTime => {
            assert_eq!(ranks(seconds()), (supplier.answer_median_seconds, supplier.answer_p90_seconds));
        }
        Figure::DecisionTime => {
            assert_eq!(ranks(seconds()), (buyer.decision_median_seconds, buyer.decision_p90_seconds));
        }
        Figure::Proposals | Figure::Decided => assert_eq!(
            (state(ProposalState::Accepted), state(ProposalState::Declined), state(ProposalState::Open)),
            (buyer.accepted, buyer.declined, buyer.waiting)
        ),
        _ => {}
    }
}

/// Four orders of one supplier: accepted at once (S1, of another purchasing group than the others), argued about (S2),
/// accepted late and then cut (S3), and not answered (S4). The id of the first.
async fn trade(world: &World, clock: &FixedClock, buyer: &Firm, supplier: &Firm) -> String {
    let publish = async |number: &str, group: &str| {
        clock.advance(Duration::hours(1));
        let request = order(number).line("10", "X", "10", "1").line("20", "Y", "10", "2").group(group);
        buyer.publish(request.to("V100")).await.expect("published").order_id
    };
    let prompt = publish("S1", "P1").await;
    clock.advance(Duration::hours(3));
    supplier.accept_all(&prompt).await.expect("accepted");
    let argued = publish("S2", "P2").await;
    let proposes = answer(&argued).propose("10", "", &[("10", "2027-01-04")]).accept("20", "").done();
    let receipt = supplier.respond(proposes).await.expect("answered");
    let proposal = receipt.lines.iter().find(|line| !line.proposal_id.is_empty()).expect("a proposal");
    clock.advance(Duration::minutes(30));
    let declined = decide(&argued, &[(&proposal.proposal_id, false)]);
    buyer.orders().resolve_proposal(declined).await.expect("declined");
    supplier.accept_all(&argued).await.expect("accepted as it was asked for");
    let late = publish("S3", "P2").await;
    clock.advance(Duration::days(8));
    while orders::sweep_once(world.deps()).await.expect("the sweep looks") > 0 {}
    supplier.accept_all(&late).await.expect("late, and accepted");
    buyer.cancel(cancel(&late, &[("20", "3")])).await.expect("a part is cancelled");
    publish("S4", "P2").await;
    world.settled().await;
    prompt
}

/// Numbers of orders, and whether each counts.
fn told(all: &[ScoreEvidence]) -> Vec<(&str, bool)> {
    all.iter().map(|one| (one.order_number.as_str(), one.counted)).collect()
}

#[tokio::test]
async fn each_figure_leads_to_what_it_counts() {
    let begin = chassis::clock::system().now();
    let clock = FixedClock::new(begin);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let prompt = trade(&world, &clock, &buyer, &supplier).await;
    let period = (begin, clock.now() + Duration::seconds(1));
    let card = scorecard(&buyer, Side::Buyer, &supplier.id, period).await.expect("a scorecard");
    adds_up(&buyer, Side::Buyer, &supplier.id, period, &card).await;
    adds_up(&supplier, Side::Supplier, &buyer.id, period, &card).await;
    let of = async |figure: Figure| {
        evidence(&buyer, question(Side::Buyer, &supplier.id, period, figure), 100).await.expect("evidence")
    };

    let answered = of(Figure::Answered).await;
    assert_eq!(told(&answered), [("S4", false), ("S3", true), ("S2", true), ("S1", true)]);
    assert_eq!((answered[3].order_id.as_str(), answered[3].line_number.as_str()), (prompt.as_str(), ""));
    let in_time = of(Figure::AnsweredOnTime).await;
    assert_eq!(told(&in_time), [("S3", false), ("S2", true), ("S1", true)]);
    let asked = |at: usize| match &in_time[at].thing {
        Some(Thing::Order(order)) => (order.overdue, order.due_on.is_some(), order.answer_seconds),
        other => panic!("an order: {other:?}"),
    };
    assert_eq!(asked(0), (true, true, Some(8 * 86_400)));
    assert_eq!(asked(2), (false, true, Some(3 * 3_600)));
    let settled = of(Figure::Acceptance).await;
    let cut = settled.iter().find(|one| (&*one.order_number, &*one.line_number) == ("S3", "20"));
    let Some(ScoreEvidence { counted: true, thing: Some(Thing::Line(line)), .. }) = cut else {
        panic!("what is left is accepted: {settled:?}")
    };
    let parts = [&line.ordered, &line.accepted, &line.cancelled].map(|part| number(part.as_ref()));
    assert_eq!(parts, [10, 7, 3].map(Decimal::from));
    let decided = of(Figure::Decided).await;
    let [ScoreEvidence { counted: true, thing: Some(Thing::Proposal(one)), .. }] = &decided[..] else {
        panic!("one proposal: {decided:?}")
    };
    assert_eq!((one.state(), one.decision_seconds), (ProposalState::Declined, Some(1_800)));
    let changes = of(Figure::ChangesToAcceptedLines).await;
    let [ScoreEvidence { thing: Some(Thing::Change(change)), order_number, line_number, .. }] = &changes[..]
    else {
        panic!("one change: {changes:?}")
    };
    assert_eq!((&**order_number, &**line_number, &*change.action), ("S3", "20", "cancelled"));
    assert_eq!((number(change.accepted.as_ref()), change.inside_frozen_horizon), (Decimal::from(10), false));
    world.finish().await;
}

#[tokio::test]
async fn whoever_is_narrowed_finds_what_the_own_scorecard_counts_and_others_nothing() {
    let begin = chassis::clock::system().now();
    let clock = FixedClock::new(begin);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    trade(&world, &clock, &buyer, &supplier).await;
    let period = (begin, clock.now() + Duration::seconds(1));
    let scope = Scope { purchasing_groups: vec!["P1".into()], ..Scope::default() };
    let narrow = buyer.key_with(&[Role::Viewer], Some(scope)).await;
    let card = scorecard(&narrow, Side::Buyer, &supplier.id, period).await.expect("a scorecard");
    assert_eq!(card.supplier.as_ref().map(|half| half.orders), Some(1));
    adds_up(&narrow, Side::Buyer, &supplier.id, period, &card).await;
    let seen = question(Side::Buyer, &supplier.id, period, Figure::Answered);
    assert_eq!(told(&evidence(&narrow, seen, 100).await.expect("evidence")), [("S1", true)]);
    let change = question(Side::Buyer, &supplier.id, period, Figure::ChangesToAcceptedLines);
    assert!(evidence(&narrow, change, 100).await.expect("evidence").is_empty());
    for (firm, side, other) in [
        (&rival, Side::Buyer, &supplier.id),
        (&rival, Side::Supplier, &buyer.id),
        (&buyer, Side::Supplier, &supplier.id),
    ] {
        let request = question(side, other, period, Figure::Answered);
        refused(evidence(firm, request, 100).await, Reason::NOT_FOUND);
    }
    world.finish().await;
}

/// Which of these three tables are read for one figure, or for all.
async fn read_for(
    connection: &mut PgConnection,
    (buyer, supplier): (Uuid, Uuid),
    only: Option<&str>,
) -> Vec<String> {
    // What this connection has looked at and not yet reported.
    let scans = "select relname::text, seq_scan + coalesce(idx_scan, 0) from pg_stat_xact_user_tables
         where schemaname = 'orders' and relname in ('answer_overdue', 'proposal', 'volatility') order by relname";
    let before: Vec<(String, i64)> = sqlx::query_as(scans).fetch_all(&mut *connection).await.unwrap();
    let all = "select * from orders.score_evidence($1, $2, '-infinity', 'infinity', '{}', '{}', $3)";
    let all = sqlx::query(all).bind(buyer).bind(supplier).bind(only);
    assert!(!all.fetch_all(&mut *connection).await.unwrap().is_empty(), "{only:?}");
    let after: Vec<(String, i64)> = sqlx::query_as(scans).fetch_all(&mut *connection).await.unwrap();
    after.into_iter().filter(|table| !before.contains(table)).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn one_figure_reads_nothing_of_the_others() {
    let clock = FixedClock::new(chassis::clock::system().now());
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    trade(&world, &clock, &buyer, &supplier).await;
    // In one transaction, in which nothing of that is reported.
    let mut tx = world.owner_pool().await.begin().await.unwrap();
    let cases: [(Option<&str>, &[&str]); 5] = [
        (None, &["answer_overdue", "proposal", "volatility"]),
        (Some("answered"), &["answer_overdue"]),
        (Some("acceptance"), &["answer_overdue"]),
        (Some("decided"), &["proposal"]),
        (Some("changes_to_accepted_lines"), &["volatility"]),
    ];
    for (only, tables) in cases {
        assert_eq!(read_for(&mut tx, (buyer.uuid(), supplier.uuid()), only).await, tables, "{only:?}");
    }
    tx.rollback().await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn evidence_is_asked_for_as_its_scorecard_is() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for n in 0..3 {
        let request = order(&format!("S{n}")).line("10", "X", "10", "1");
        buyer.publish(request.to("V100")).await.expect("published");
    }
    let now = world.deps().clock.now();
    let period = (now - Duration::days(1), now + Duration::days(1));
    let request = question(Side::Buyer, &supplier.id, period, Figure::Answered);
    let ask = async |request: ListScoreEvidenceRequest| buyer.scorecards().list_score_evidence(request).await;
    bad_fields(
        ask(ListScoreEvidenceRequest::default()).await,
        &[
            ("figure", "REQUIRED"),
            ("side", "REQUIRED"),
            ("counterparty_id", "REQUIRED"),
            ("from", "REQUIRED"),
            ("until", "REQUIRED"),
        ],
    );
    for size in [-1, 101] {
        let request = ListScoreEvidenceRequest { page_size: size, ..request.clone() };
        bad_fields(ask(request).await, &[("page_size", "RANGE")]);
    }
    let nobody = ListScoreEvidenceRequest { counterparty_id: request_id(), ..request.clone() };
    refused(ask(nobody).await, Reason::NOT_FOUND);
    let first = ListScoreEvidenceRequest { page_size: 2, ..request };
    let page_token = ask(first.clone()).await.expect("a page").into_inner().next_page_token;
    assert!(!page_token.is_empty(), "a third is left");
    let other = ListScoreEvidenceRequest { page_token, figure: Figure::Proposals.into(), ..first };
    refused(ask(other).await, Reason::PAGE_TOKEN_INVALID);
    world.finish().await;
}
