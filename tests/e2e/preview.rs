//! What is shown before is what happens after: PreviewResponse and `validate_only` against RespondToOrder, over the
//! real API and database. The run is random and its seed is printed; `TANDEM_TEST_SEED` repeats one.

use chassis::Reason;
use harness::{
    Firm, World, answer, decimal, order,
    refusal::{bad_fields, reason, refused, visible},
    request_id,
};
use proto::orders::*;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

fn preview_of(request: &RespondToOrderRequest) -> PreviewResponseRequest {
    PreviewResponseRequest {
        request_id: request.request_id.clone(),
        order_id: request.order_id.clone(),
        revision: request.revision,
        accept_all: request.accept_all,
        lines: request.lines.clone(),
        note: request.note.clone(),
        version: request.version,
        despite_offers: request.despite_offers,
    }
}

/// Over 5 % or 7 pieces, 2 days late, 1 early, 0.05 dearer, 10 % cheaper.
async fn tolerate(buyer: &Firm) {
    let bound = |percent: &str, absolute: &str| {
        let part = |text: &str| (!text.is_empty()).then(|| decimal(text));
        Some(ToleranceBound { percent: part(percent), absolute: part(absolute) })
    };
    let rule = SetToleranceRuleRequest {
        request_id: request_id(),
        bounds: Some(ToleranceBounds {
            quantity_over: bound("5", "7"),
            quantity_under: bound("", "3"),
            early_days: Some(1),
            late_days: Some(2),
            price_over: bound("", "0.05"),
            price_under: bound("10", ""),
        }),
        ..SetToleranceRuleRequest::default()
    };
    buyer.tolerances().set_tolerance_rule(rule).await.expect("a rule");
}

/// Lines of 100 and 200 at 2.00: their bounds are 5 and 7 over.
fn random_answer(id: &str, random: &mut StdRng) -> RespondToOrderRequest {
    let mut built = answer(id);
    for (line, ordered) in [("10", 100), ("20", 200)] {
        let quantity = ordered + [-4, -3, 0, 0, 5, 6, 7, 8].choose(random).unwrap();
        let day =
            ["2026-12-26", "2026-12-27", "2026-12-28", "2026-12-30", "2026-12-31"].choose(random).unwrap();
        let covers = ["", "", "", "50", "101"].choose(random).unwrap();
        built = match random.random_range(0..10) {
            0 => continue,
            1 => built.accept(line, covers),
            2 => built.reject(line, covers, RejectReason::NoCapacity),
            3 => built.propose(line, "", &[("50", "2026-12-28"), (&(quantity - 50).to_string(), day)]),
            _ => built.propose(line, covers, &[(&quantity.to_string(), day)]),
        };
        let last = built.request.lines.last_mut().unwrap();
        if let Some(line_response::Answer::Propose(propose)) = &mut last.answer
            && random.random_ratio(1, 2)
        {
            let price = ["1.79", "1.80", "2.05", "2.0500001"].choose(random).unwrap();
            propose.price = Some(Price { amount: Some(decimal(price)), ..Price::default() });
        }
        if random.random_ratio(1, 2) {
            built = built.rest(Remainder::LeaveUnanswered);
        }
    }
    built.request.accept_all = built.request.lines.is_empty() && random.random_ratio(1, 2);
    if random.random_ratio(1, 30) {
        built.request.revision = 2;
    }
    if random.random_ratio(1, 30) {
        built.request.version = 1;
    }
    built.done()
}

/// A short run tries so many answers that each way of judging them comes up often, and fewer chances of what is rare; the long
/// one, with `TANDEM_TEST_LONG=1`, tries thousands.
#[tokio::test]
async fn a_preview_says_what_the_answer_does() {
    let seed = std::env::var_os("TANDEM_TEST_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    tolerate(&buyer).await;
    let (mut taken, mut agreed, mut waiting) = (0, 0, 0);
    let cases = if harness::long() { 3_000 } else { 120 };
    let mut before = Order::default();
    for n in 0..cases {
        // Every third case answers what the ones before left.
        if n % 3 == 0 {
            let request = order(&format!("45{n:05}")).line("10", "A", "100", "2").line("20", "B", "200", "2");
            let id = buyer.publish(request.to("V100")).await.expect("published").order_id;
            before = supplier.order(&id).await.unwrap();
        }
        let id = before.id.clone();
        let request = random_answer(&id, &mut random);
        let shown = supplier.responses().preview_response(preview_of(&request)).await;
        let tried = RespondToOrderRequest { validate_only: true, ..request.clone() };
        let tried = supplier.respond(tried).await;
        assert_eq!(supplier.order(&id).await.unwrap(), before, "nothing was written");
        match (shown, supplier.respond(request).await) {
            (Ok(shown), Ok(receipt)) => {
                let shown = shown.into_inner();
                before = supplier.order(&id).await.unwrap();
                same(&shown, &receipt, &before);
                let tried = tried.expect("what is taken can be tried");
                assert!(tried.validate_only && tried.response_id.is_empty());
                assert_eq!((tried.version, tried.state), (receipt.version, receipt.state));
                taken += 1;
                agreed += shown
                    .lines
                    .iter()
                    .filter(|line| line.tolerance.as_ref().is_some_and(|t| t.accepted))
                    .count();
                waiting += shown.lines.iter().filter(|line| line.waits_for_buyer).count();
            }
            (Err(shown), Err(refused)) => {
                assert_eq!(visible(&shown), visible(&refused), "the same refusal in every byte");
                assert_eq!(reason(&tried.expect_err("neither")), reason(&refused));
            }
            (shown, done) => panic!("seed {seed}, case {n}: {shown:?}, but {done:?}"),
        }
    }
    println!("{taken} of {cases} taken, {agreed} proposals agreed, {waiting} waiting");
    assert!(taken > cases / 5 && agreed > cases / 40 && waiting > cases / 40, "every kind happens");
    world.finish().await;
}

/// The preview, the receipt and what stands afterwards.
fn same(shown: &ResponsePreview, receipt: &OrderReceipt, after: &Order) {
    assert_eq!(
        (shown.version, shown.revision, shown.state),
        (receipt.version, receipt.revision, receipt.state)
    );
    assert_eq!((after.version, after.state), (receipt.version, receipt.state));
    assert_eq!(shown.lines.len(), receipt.lines.len());
    for (line, done) in shown.lines.iter().zip(&receipt.lines) {
        assert_eq!(line.schedule_line_id, done.schedule_line_id);
        assert_eq!((&line.quantities, &line.tolerance), (&done.quantities, &done.tolerance));
        let stands = after.schedule.iter().find(|one| one.schedule_line_id == line.schedule_line_id).unwrap();
        assert_eq!(stands.quantities, line.quantities);
        let promised: Vec<Commitment> = stands
            .commitments
            .iter()
            .filter(|one| one.response_id == receipt.response_id)
            .map(|one| Commitment { response_id: String::new(), ..one.clone() })
            .collect();
        assert_eq!(line.commitments, promised);
        let proposal = stands.proposals.iter().find(|proposal| proposal.id == done.proposal_id);
        assert_eq!(line.waits_for_buyer, proposal.is_some_and(|one| one.state() == ProposalState::Open));
    }
}

#[tokio::test]
async fn an_order_is_checked_without_being_published() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let good = || order("4500001").line("10", "X", "10", "1").to("V100");
    let check = |request: PublishOrderRequest| PublishOrderRequest { validate_only: true, ..request };
    let request = PublishOrderRequest { request_id: String::new(), ..check(good()) };
    let checked = buyer.publish(request).await.expect("it may be published");
    assert!(checked.validate_only && checked.order_id.is_empty() && checked.response_id.is_empty());
    assert_eq!((checked.version, checked.supplier_id.as_str()), (1, &*supplier.id));
    assert!(checked.lines.iter().all(|line| line.schedule_line_id.is_empty()));

    let invited = buyer.publish(check(order("2").line("10", "X", "1", "1").to_invited("V9", "新厂"))).await;
    let invited = invited.expect("it may be published, with an invitation");
    assert!(invited.supplier_invited && invited.supplier_id.is_empty());
    refused(buyer.publish(order("2").line("10", "X", "1", "1").to("V9")).await, Reason::SUPPLIER_UNKNOWN);
    refused(
        buyer.publish(check(order("2").line("10", "X", "1", "1").to("V9"))).await,
        Reason::SUPPLIER_UNKNOWN,
    );
    let mut wrong = check(good());
    wrong.content.as_mut().unwrap().lines.clear();
    bad_fields(buyer.publish(wrong).await, &[("content.lines", "COUNT")]);

    // Under the same id, since checking records nothing.
    let request = good();
    buyer.publish(check(request.clone())).await.expect("checked");
    let receipt = buyer.publish(request.clone()).await.expect("published");
    assert!(!receipt.replayed && !receipt.validate_only);
    refused(buyer.publish(check(good())).await, Reason::ORDER_EXISTS);
    world.settled().await;
    assert_eq!(harness::events::of_orders(&supplier.events().await).len(), 1);
    world.finish().await;
}
