//! Terms between a buyer and its suppliers, and the days that a firm works.

use chassis::Reason;
use harness::{
    Access, Firm, World, date,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::orders::{
    CountWorkingDaysRequest, CountWorkingDaysResponse, EffectiveTerms, GetCalendarRequest, GetTermsRequest,
    ListTermsRequest, SetCalendarRequest, SetTermsRequest, Terms, TermsRule, WorkCalendar,
};
use tonic::Status;

async fn set(buyer: &Firm, terms: Terms) -> Result<Terms, Status> {
    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    Ok(buyer.terms().set_terms(request).await?.into_inner())
}

async fn get(who: &Access, buyer: &str, supplier: &str) -> Result<EffectiveTerms, Status> {
    let request = GetTermsRequest { buyer_id: buyer.into(), supplier_id: supplier.into() };
    Ok(who.terms().get_terms(request).await?.into_inner())
}

async fn count(who: &Access, from: &str, working_days: i32) -> Result<CountWorkingDaysResponse, Status> {
    let request = CountWorkingDaysRequest { from_date: Some(date(from)), working_days };
    Ok(who.calendars().count_working_days(request).await?.into_inner())
}

async fn set_calendar(who: &Access, calendar: WorkCalendar) -> Result<WorkCalendar, Status> {
    let request = SetCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    Ok(who.calendars().set_calendar(request).await?.into_inner())
}

#[tokio::test]
async fn each_term_says_which_rule_it_comes_from_and_both_sides_read_it() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let nothing = get(&supplier, &buyer.id, "").await.expect("the platform's own");
    assert_eq!((nothing.answer_within_working_days, nothing.answer_within_rule()), (3, TermsRule::Platform));

    let all = Terms { answer_within_working_days: Some(2), frozen_working_days: Some(5), ..Terms::default() };
    let all = set(&buyer, all).await.expect("for all");
    let own = Terms { supplier_id: supplier.id.clone(), answer_within_working_days: Some(0), ..all.clone() };
    let own =
        Terms { frozen_working_days: None, remind_before_working_days: Some(1), etag: String::new(), ..own };
    let own = set(&buyer, own).await.expect("for one");

    let mine = get(&buyer, "", &supplier.id).await.expect("as buyer");
    assert_eq!(mine, get(&supplier, &buyer.id, "").await.expect("as supplier"));
    assert_eq!((mine.answer_within_working_days, mine.answer_within_rule()), (0, TermsRule::Supplier));
    assert_eq!((mine.frozen_working_days, mine.frozen_rule()), (5, TermsRule::AllSuppliers));
    assert_eq!((mine.remind_before_working_days, mine.remind_before_rule()), (1, TermsRule::Supplier));
    let wide = get(&buyer, "", "").await.expect("of all suppliers");
    assert_eq!((wide.answer_within_working_days, wide.answer_within_rule()), (2, TermsRule::AllSuppliers));

    let listed = buyer.terms().list_terms(ListTermsRequest { page_size: 1, ..Default::default() }).await;
    let first = listed.expect("a page").into_inner();
    assert_eq!(first.terms, std::slice::from_ref(&all));
    let rest = ListTermsRequest { page_size: 1, page_token: first.next_page_token };
    let rest = buyer.terms().list_terms(rest).await.expect("the next page").into_inner();
    assert_eq!((rest.terms, rest.next_page_token), (vec![own.clone()], String::new()));

    // What was read before somebody else changed it is not written over it.
    let changed = set(&buyer, own.clone()).await.expect("with its etag");
    assert_ne!(changed.etag, own.etag);
    refused(set(&buyer, own).await, Reason::STALE_ETAG);
    world.finish().await;
}

#[tokio::test]
async fn terms_are_between_the_two() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let terms = |supplier: &Firm| Terms {
        supplier_id: supplier.id.clone(),
        answer_within_working_days: Some(9),
        ..Terms::default()
    };
    set(&rival, terms(&supplier)).await.expect("of the rival");
    refused(set(&buyer, terms(&rival)).await, Reason::NOT_FOUND);
    refused(get(&rival, &buyer.id, "").await, Reason::NOT_FOUND);
    refused(get(&rival, &buyer.id, &supplier.id).await, Reason::NOT_FOUND);
    let seen = get(&supplier, &buyer.id, "").await.expect("of the buyer");
    assert_eq!(seen.answer_within_rule(), TermsRule::Platform, "another buyer's terms are not this one's");

    let mut wrong = terms(&supplier);
    wrong.buyer_id = rival.id.clone();
    wrong.answer_within_working_days = Some(251);
    wrong.frozen_working_days = Some(-1);
    wrong.etag = "x".into();
    bad_fields(
        set(&buyer, wrong).await,
        &[
            ("terms.buyer_id", "OWN_FIRM"),
            ("terms.answer_within_working_days", "RANGE"),
            ("terms.frozen_working_days", "RANGE"),
            ("terms.etag", "FORMAT"),
        ],
    );
    world.finish().await;
}

#[tokio::test]
async fn working_days_are_counted_by_holidays_the_week_and_own_days() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for (from, days, to) in
        [("2026-09-30", 3, "2026-10-10"), ("2026-02-13", 1, "2026-02-14"), ("2026-02-13", 2, "2026-02-24")]
    {
        let counted = count(&buyer, from, days).await.expect("counted");
        assert_eq!((counted.date, counted.years_without_data), (Some(date(to)), vec![]), "{from} + {days}");
    }
    let unknown = count(&buyer, "2026-12-31", 5).await.expect("counted by the week");
    assert_eq!((unknown.date, unknown.years_without_data), (Some(date("2027-01-07")), vec![2027]));

    let request = GetCalendarRequest {};
    let plain =
        buyer.calendars().get_calendar(request).await.expect("the calendar of everybody").into_inner();
    assert_eq!((plain.week_days.as_slice(), plain.without_holidays), (&[1, 2, 3, 4, 5][..], false));
    let known: Vec<_> = plain.years.iter().map(|year| (year.year, year.data_version)).collect();
    assert_eq!(known, [(2025, 1), (2026, 1)]);
    assert!(plain.years[1].source.contains("2026年"));

    let own = WorkCalendar {
        week_days: vec![6, 1, 2, 3, 4, 5],
        open_days: vec![date("2026-10-05")],
        closed_days: vec![date("2026-10-08")],
        ..plain.clone()
    };
    let own = set_calendar(&buyer, own).await.expect("its own");
    assert_eq!(own.week_days, [1, 2, 3, 4, 5, 6]);
    assert_eq!(own, buyer.calendars().get_calendar(request).await.unwrap().into_inner());
    for (from, days, to) in
        [("2026-09-30", 1, "2026-10-05"), ("2026-09-30", 2, "2026-10-09"), ("2026-03-06", 1, "2026-03-07")]
    {
        assert_eq!(count(&buyer, from, days).await.unwrap().date, Some(date(to)), "{from} + {days}");
    }
    assert_eq!(
        count(&supplier, "2026-09-30", 1).await.unwrap().date,
        Some(date("2026-10-08")),
        "another's days"
    );
    refused(set_calendar(&buyer, plain).await, Reason::STALE_ETAG);
    let mut without = own;
    without.without_holidays = true;
    set_calendar(&buyer, without).await.expect("without holidays");
    assert_eq!(
        count(&buyer, "2027-12-31", 1).await.unwrap().years_without_data,
        [0; 0],
        "nothing is unknown"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_calendar_that_cannot_be_is_refused_by_every_field() {
    let world = World::start().await;
    let firm = world.firm("甲").await;
    let calendar = WorkCalendar {
        week_days: vec![1, 8],
        open_days: vec![date("2026-02-30"), date("2026-05-04")],
        closed_days: vec![date("2026-05-04")],
        etag: "abc".into(),
        ..WorkCalendar::default()
    };
    bad_fields(
        set_calendar(&firm, calendar).await,
        &[
            ("calendar.week_days", "REQUIRED"),
            ("calendar.open_days[0]", "DATE"),
            ("calendar.closed_days[0]", "REPEATED"),
            ("calendar.etag", "FORMAT"),
        ],
    );
    bad_fields(count(&firm, "2026-02-30", 1).await, &[("from_date", "DATE")]);
    bad_fields(count(&firm, "2026-02-20", 1_001).await, &[("working_days", "RANGE")]);
    world.finish().await;
}
