//! What follows an order: rows to look for, and writes that one side has no business with.

use harness::{Firm, World, request_id};
use proto::orders::{
    MarkOpenedRequest, NewAttachment, PostMessageRequest, ProgressStage, RemindSupplierRequest,
    SetCalendarRequest, SetProgressRequest, SetTermsRequest, Terms, WorkCalendar,
};

use super::attack::{Attack, CHECK, DENIED, FOREIGN_KEY, NOTHING};

/// Gives a buyer, its supplier and an order of theirs everything that has tables here.
pub(super) async fn fill(world: &World, buyer: &Firm, supplier: &Firm, order_id: &str) {
    for supplier_id in [String::new(), supplier.id.clone()] {
        let terms = Terms {
            supplier_id,
            answer_within_working_days: Some(2),
            frozen_working_days: Some(250),
            ..Terms::default()
        };
        let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
        buyer.terms().set_terms(request).await.expect("terms");
    }
    let calendar = WorkCalendar { week_days: vec![1, 2, 3, 4, 5, 6], ..WorkCalendar::default() };
    let request = SetCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    buyer.calendars().set_calendar(request).await.expect("a calendar");

    let order_ids = vec![order_id.to_string()];
    let request = RemindSupplierRequest { request_id: request_id(), order_ids, message: String::new() };
    assert_eq!(buyer.reminders().remind_supplier(request).await.expect("reminded").into_inner().sent, 1);
    let request = MarkOpenedRequest { request_id: request_id(), order_id: order_id.into() };
    assert_eq!(supplier.reminders().mark_opened(request).await.expect("opened").into_inner().opened, 1);
    let stage = ProgressStage::InProduction.into();
    let request = SetProgressRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        stage,
        ..Default::default()
    };
    supplier.progress().set_progress(request).await.expect("progress");
    for (firm, internal) in [(buyer, false), (buyer, true), (supplier, false), (supplier, true)] {
        let content = format!("%PDF-1.7 {internal} {}", firm.id).into_bytes().into();
        let request = PostMessageRequest {
            request_id: request_id(),
            order_id: order_id.into(),
            internal,
            body: format!("{} {internal}", firm.name),
            attachments: vec![NewAttachment { name: "a.pdf".into(), content }],
            ..PostMessageRequest::default()
        };
        firm.thread().post_message(request).await.expect("posted");
    }
    // No clock of these tests reaches a deadline.
    let overdue = "insert into orders.answer_overdue (order_id, buyer, supplier, version, due_on, at)
         select order_id, buyer, supplier, 999, due_on, now() from orders.answer_deadline on conflict do nothing";
    sqlx::query(overdue).execute(world.owner_pool().await).await.expect("an overdue answer");
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
    // its own deadline
    ("update orders.answer_deadline set due_on = due_on + 30 where order_id = {order}", NOTHING),
    ("update orders.answer_deadline set watched = false", NOTHING),
    ("update orders.order_state set answer_due = answer_due + 30 where order_id = {order}", DENIED),
    (
        "insert into orders.answer_deadline (order_id, buyer, supplier, due_on, certain, watched)
         values ({order}, {buyer}, {supplier}, '2030-01-01', true, true)
         on conflict (order_id, buyer) do update set due_on = excluded.due_on",
        DENIED,
    ),
    ("delete from orders.answer_overdue", DENIED),
    // the buyer's reminders
    ("update orders.reminder set message = 'x' where order_id = {order}", DENIED),
    (
        "insert into orders.reminder (id, order_id, buyer, supplier, version, message, automatic, actor_name, sent_at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 99, 'x', false, '', now())",
        DENIED,
    ),
    ("update orders.reminder_receipt set delivered_at = now()", DENIED),
    // what it said before, and the buyer's messages and notes
    ("update orders.progress set stage = 5 where order_id = {order}", DENIED),
    ("update orders.message set body = 'x' where order_id = {order}", DENIED),
    ("select from orders.message where internal_to = {buyer}", NOTHING),
    ("select from orders.attachment where internal_to is not null and author <> {supplier}", NOTHING),
    (
        "insert into orders.message (id, order_id, buyer, supplier, author, line_number, body, actor_name, version, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, {buyer}, '', 'forged', '', 99, now())",
        DENIED,
    ),
    (
        "insert into orders.message (id, order_id, buyer, supplier, author, internal_to, line_number, body, actor_name,
         version, at) values (gen_random_uuid(), {order}, {buyer}, {supplier}, {supplier}, {buyer}, '', 'x', '', 0, now())",
        DENIED,
    ),
    // a note that takes a version, which would leave a gap on the other feed
    (
        "insert into orders.message (id, order_id, buyer, supplier, author, internal_to, line_number, body, actor_name,
         version, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, {supplier}, {supplier}, '', 'x', '', 99, now())",
        CHECK,
    ),
    // a file on a message that is not its own, be it there or not
    (
        "insert into orders.attachment (id, order_id, buyer, supplier, author, message_id, position, name, media_type,
         size_bytes, sha256, content)
         select gen_random_uuid(), m.order_id, m.buyer, m.supplier, {supplier}, m.id, 9, 'x', 'x', 1, '', 'x'
         from orders.message m where m.order_id = {order} and m.author = {buyer}",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.attachment (id, order_id, buyer, supplier, author, message_id, position, name, media_type,
         size_bytes, sha256, content)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, {supplier}, gen_random_uuid(), 9, 'x', 'x', 1, '', 'x')",
        FOREIGN_KEY,
    ),
];

pub(super) const BUYER: &[Attack] = &[
    ("update orders.terms set supplier = {rival}", DENIED),
    ("update orders.terms set answer_within_working_days = -1", CHECK),
    ("update orders.terms set buyer = {rival}", DENIED),
    ("update orders.work_calendar set week = '{}'", CHECK),
    ("update orders.work_calendar set firm = {supplier}", DENIED),
    // what the supplier says
    (
        "insert into orders.progress (order_id, buyer, supplier, version, schedule_line_id, stage, note, actor_name, at)
         values ({order}, {buyer}, {supplier}, 99, {line}, 5, '', '', now())",
        DENIED,
    ),
    ("update orders.progress set stage = 1", DENIED),
    ("update orders.reminder_receipt set opened_at = now() where order_id = {order}", NOTHING),
    (
        "insert into orders.reminder_receipt (reminder_id, order_id, buyer, supplier, delivered_at)
         select r.id, r.order_id, r.buyer, r.supplier, now() from orders.reminder r where r.order_id = {order}",
        DENIED,
    ),
    ("select from orders.message where internal_to = {supplier}", NOTHING),
    ("select from orders.attachment where internal_to = {supplier}", NOTHING),
    ("delete from orders.reminder", DENIED),
    ("update orders.promise set supplier = {rival}", DENIED),
];

pub(super) const STRANGER: &[Attack] = &[
    ("update orders.terms set frozen_working_days = 9", NOTHING),
    ("update orders.work_calendar set week = '{7}'", NOTHING),
    ("select from orders.message", NOTHING),
    ("select from orders.attachment", NOTHING),
    ("select from orders.reminder", NOTHING),
    ("update orders.promise set committed_date = '2030-01-01'", NOTHING),
    (
        "insert into orders.promise (schedule_line_id, order_id, buyer, supplier, committed_date, at)
         values ({line}, {order}, {stranger}, {supplier}, '2030-01-01', now())",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.message (id, order_id, buyer, supplier, author, line_number, body, actor_name, version, at)
         values (gen_random_uuid(), {order}, {stranger}, {supplier}, {stranger}, '', 'x', '', 99, now())",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.work_calendar (firm, week, holidays, open_days, closed_days, updated_at, actor_name)
         values ({buyer}, '{1}', true, '{}', '{}', now(), '')",
        DENIED,
    ),
];
