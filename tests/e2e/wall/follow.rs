//! What follows an order: rows to look for, and writes that one side has no business with.

use harness::{Firm, request_id};
use proto::orders::{SetCalendarRequest, SetTermsRequest, Terms, WorkCalendar};

use super::attack::{Attack, CHECK, DENIED, NOTHING};

/// Gives a buyer and its supplier everything that has tables here.
pub(super) async fn fill(buyer: &Firm, supplier: &Firm) {
    for supplier_id in [String::new(), supplier.id.clone()] {
        let terms = Terms { supplier_id, answer_within_working_days: Some(2), ..Terms::default() };
        let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
        buyer.terms().set_terms(request).await.expect("terms");
    }
    let calendar = WorkCalendar { week_days: vec![1, 2, 3, 4, 5, 6], ..WorkCalendar::default() };
    let request = SetCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    buyer.calendars().set_calendar(request).await.expect("a calendar");
}

pub(super) const SUPPLIER: &[Attack] = &[
    ("update orders.terms set answer_within_working_days = 250", NOTHING),
    (
        "insert into orders.terms (buyer, supplier, updated_at, actor_name) values ({buyer}, null, now(), '')",
        DENIED,
    ),
    (
        "insert into orders.terms (buyer, supplier, updated_at, actor_name) values ({buyer}, {supplier}, now(), '')",
        DENIED,
    ),
    ("update orders.work_calendar set week = '{7}' where firm = {buyer}", NOTHING),
    ("delete from orders.terms", DENIED),
];

pub(super) const BUYER: &[Attack] = &[
    ("update orders.terms set supplier = {rival}", DENIED),
    ("update orders.terms set answer_within_working_days = -1", CHECK),
    ("update orders.terms set buyer = {rival}", DENIED),
    ("update orders.work_calendar set week = '{}'", CHECK),
    ("update orders.work_calendar set firm = {supplier}", DENIED),
];

pub(super) const STRANGER: &[Attack] = &[
    ("update orders.terms set frozen_working_days = 9", NOTHING),
    ("update orders.work_calendar set week = '{7}'", NOTHING),
    (
        "insert into orders.work_calendar (firm, week, holidays, open_days, closed_days, updated_at, actor_name)
         values ({buyer}, '{1}', true, '{}', '{}', now(), '')",
        DENIED,
    ),
];
