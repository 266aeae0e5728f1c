//! Writes that one side has no business with.

use harness::Firm;

use super::{Cast, capacity, follow, resources, subscriptions, webhooks};

/// Refused by a missing right or by row-level security.
pub(super) const DENIED: &str = "42501";
/// Refused by a check constraint or trigger.
pub(super) const CHECK: &str = "23514";
/// Refused by a foreign key.
pub(super) const FOREIGN_KEY: &str = "23503";
/// Refused by nothing, and touches no row.
pub(super) const NOTHING: &str = "";

/// A statement, and what stops it.
pub(super) type Attack = (&'static str, &'static str);

const SUPPLIER: &[Attack] = &[
    // the buyer's price, numbers and dates
    ("update orders.order_revision set net_amount = 0 where order_id = {order}", DENIED),
    ("update orders.order_line set content = '' where order_id = {order}", DENIED),
    ("update orders.schedule_line set quantity = 1 where order_id = {order}", DENIED),
    ("update orders.purchase_order set order_number = 'x' where id = {order}", DENIED),
    // whose order it is
    ("update orders.purchase_order set buyer = {supplier} where id = {order}", DENIED),
    ("update orders.order_state set buyer = {rival} where order_id = {order}", DENIED),
    ("update orders.schedule_state set supplier = {stranger} where order_id = {order}", DENIED),
    // what was ordered, and its conservation
    ("update orders.schedule_state set ordered = ordered + 1, accepted = accepted + 1", DENIED),
    ("update orders.schedule_state set accepted = accepted + 1 where order_id = {order}", CHECK),
    ("update orders.schedule_state set unanswered = unanswered - 1 where order_id = {order}", CHECK),
    ("update orders.schedule_state set accepted = ordered + 1, unanswered = -1, proposed = 0, rejected = 0", CHECK),
    // versions
    ("update orders.order_state set version = version + 2 where order_id = {order}", CHECK),
    ("update orders.order_state set version = version where order_id = {order}", CHECK),
    ("update orders.order_state set version = 1 where order_id = {order}", CHECK),
    ("update orders.order_state set revision = 9, version = version + 1 where order_id = {order}", DENIED),
    // a forged order of another buyer
    (
        "insert into orders.purchase_order (id, buyer, supplier, source_system, order_number, purchasing_group, sites,
         published_at) values (gen_random_uuid(), {rival}, {supplier}, 'default', 'forged', '', '{}', now())",
        DENIED,
    ),
    (
        "insert into orders.order_line (order_id, buyer, supplier, position, revision, line_number, buyer_item_id,
         seller_item_id, item_name, unit_code, content)
         values ({order}, {buyer}, {supplier}, 99, 1, '99', '', '', '', '', '')",
        DENIED,
    ),
    // the same as if it were its own order
    (
        "insert into orders.order_line (order_id, buyer, supplier, position, revision, line_number, buyer_item_id,
         seller_item_id, item_name, unit_code, content)
         values ({order}, {supplier}, {stranger}, 99, 1, '99', '', '', '', '', '')",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.schedule_line (id, revision, order_id, buyer, supplier, position, line_position,
         schedule_line_number, quantity, content)
         values (gen_random_uuid(), 2, {order}, {buyer}, {supplier}, 9, 0, '9', 5, '')",
        DENIED,
    ),
    (
        "insert into orders.schedule_state (schedule_line_id, revision, order_id, buyer, supplier, ordered, unanswered)
         values ({line}, 1, {order}, {supplier}, {stranger}, 1000, 1000)",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.order_revision (order_id, buyer, supplier, revision, content, content_sha256, vendor_number,
         currency, price_includes_tax, line_count, first_item_name, published_at, actor_name)
         values ({order}, {buyer}, {supplier}, 2, '', '', '', 'CNY', false, 1, '', now(), '')",
        DENIED,
    ),
    // a request of the buyer that the supplier makes itself, and the door that accepting one opens
    (
        "insert into orders.pending_change (id, order_id, buyer, supplier, version, kind, content, whole, difference, reason,
         note, actor_name, frozen_until, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, 1, '', false, '', 0, '', '', '2027-01-01', now())",
        DENIED,
    ),
    (
        "insert into orders.pending_end (change_id, order_id, buyer, supplier, version, outcome, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, 'accepted', now())",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.pending_end (change_id, order_id, buyer, supplier, version, outcome, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, 'superseded', now())",
        DENIED,
    ),
    // a revision, a hold and a cancellation of the buyer
    ("update orders.schedule_state set answered_since = 9, closed = true where order_id = {order}", DENIED),
    ("update orders.order_state set held = true, version = version + 1 where order_id = {order}", DENIED),
    ("update orders.order_line set superseded = 2 where order_id = {order}", NOTHING),
    (
        "insert into orders.cancellation (order_id, buyer, supplier, version, schedule_line_id, unanswered, accepted,
         proposed) values ({order}, {buyer}, {supplier}, 9, {line}, 1, 0, 0)",
        DENIED,
    ),
    (
        "insert into orders.proposal_end (order_id, buyer, supplier, proposal_id, version, withdrawn, at)
         values ({order}, {buyer}, {supplier}, {proposal}, 9, false, now())",
        DENIED,
    ),
    (
        "insert into orders.order_action (order_id, buyer, supplier, version, revision, action, by_buyer, reason, note,
         actor_name, at, schedule_line_ids, difference)
         values ({order}, {buyer}, {supplier}, 9, 1, 'held', true, 1, '', '', now(), '{}', '')",
        DENIED,
    ),
    // the buyer's decision about its own proposal
    (
        "insert into orders.resolution (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at)
         values ({proposal}, {order}, {buyer}, {supplier}, 9, true, '', '', now())",
        DENIED,
    ),
    // the same in the name of its tolerances, after the transaction that proposed
    (
        "insert into orders.resolution (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at,
         automatic)
         select id, order_id, buyer, supplier, version, true, '', '', now(), true from orders.proposal
         where id = {proposal}",
        DENIED,
    ),
    // more tolerance than the buyer has
    (
        "insert into orders.tolerance_rule (id, buyer, supplier, item_group, buyer_item_id, late_days, note, set_by,
         set_at) values (gen_random_uuid(), {buyer}, {supplier}, '', '', 300, '', '', now())",
        DENIED,
    ),
    ("update orders.tolerance_rule set late_days = 300", DENIED),
    ("update orders.tolerance_rule set ended_at = now()", NOTHING),
    ("delete from orders.tolerance_rule", DENIED),
    // a link to its order in the buyer's name
    (
        "insert into orders.order_link (id, order_id, buyer, actor, sha256, label, created_by, created_at, expires_at)
         values ('0', {order}, {buyer}, gen_random_uuid(), '', '', '', now(), now() + interval '1 day')",
        DENIED,
    ),
    // an answer to another buyer's order under its own name for the buyer
    (
        "insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at)
         values (gen_random_uuid(), {order}, {rival}, {supplier}, 1, 9, '', '', now())",
        FOREIGN_KEY,
    ),
    ("delete from orders.response where order_id = {order}", DENIED),
    ("update orders.response set note = 'changed' where order_id = {order}", DENIED),
    ("update orders.proposal set covers = 1 where order_id = {order}", DENIED),
    ("truncate orders.response", DENIED),
    ("select orders.claim_placeholder({buyer}, {supplier}, 10)", DENIED),
    ("select orders.claim_placeholder({supplier}, {stranger}, 10)", DENIED),
];

const BUYER: &[Attack] = &[
    // the supplier's answers
    (
        "insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 1, 9, '', '', now())",
        DENIED,
    ),
    (
        "insert into orders.response_line (order_id, buyer, supplier, version, position, response_id, schedule_line_id,
         accepted, quantity, reject_reason, note)
         values ({order}, {buyer}, {supplier}, 9, 0, gen_random_uuid(), {line}, true, 5, 0, '')",
        DENIED,
    ),
    (
        "insert into orders.proposal (id, order_id, buyer, supplier, version, response_id, schedule_line_id, covers,
         content, at) values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, gen_random_uuid(), {line}, 5, '', now())",
        DENIED,
    ),
    // the same as if it were the supplier
    (
        "insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at)
         values (gen_random_uuid(), {order}, {rival}, {buyer}, 1, 9, '', '', now())",
        FOREIGN_KEY,
    ),
    ("update orders.response_line set quantity = 40 where order_id = {order}", DENIED),
    ("update orders.response_line set committed_date = '2026-01-01'", DENIED),
    ("delete from orders.proposal where order_id = {order}", DENIED),
    // its own document after publication, behind the supplier's back
    ("update orders.order_revision set net_amount = 0 where order_id = {order}", DENIED),
    ("update orders.schedule_line set quantity = 1 where order_id = {order}", DENIED),
    (
        "update orders.schedule_state
         set ordered = 1, unanswered = 1, accepted = 0, proposed = 0, rejected = 0, cancelled = 0",
        FOREIGN_KEY,
    ),
    ("update orders.schedule_state set answered_since = -1 where order_id = {order}", CHECK),
    ("update orders.schedule_line set quantity = 1, superseded = 2 where order_id = {order}", DENIED),
    ("update orders.order_line set superseded = 1 where order_id = {order}", CHECK),
    ("update orders.order_state set revision = revision + 2, version = version + 1 where order_id = {order}", CHECK),
    ("update orders.purchase_order set supplier = {stranger} where id = {order}", DENIED),
    ("update orders.order_action set note = 'x'", DENIED),
    // its own request, accepted in the supplier's name
    (
        "insert into orders.pending_end (change_id, order_id, buyer, supplier, version, outcome, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, 'accepted', now())",
        DENIED,
    ),
    // a withdrawal in the supplier's name
    (
        "insert into orders.proposal_end (order_id, buyer, supplier, proposal_id, version, withdrawn, at)
         values ({order}, {buyer}, {supplier}, {proposal}, 9, true, now())",
        DENIED,
    ),
    (
        "insert into orders.order_action (order_id, buyer, supplier, version, revision, action, by_buyer, reason, note,
         actor_name, at, schedule_line_ids, difference)
         values ({order}, {buyer}, {supplier}, 9, 1, 'held', false, 1, '', '', now(), '{}', '')",
        DENIED,
    ),
    ("delete from orders.purchase_order where id = {order}", DENIED),
    // a second set of quantities, larger than what was published
    (
        "insert into orders.schedule_state (schedule_line_id, revision, order_id, buyer, supplier, ordered, unanswered)
         select id, revision, order_id, buyer, supplier, quantity + 1, quantity + 1 from orders.schedule_line where id = {line}
         on conflict (schedule_line_id, buyer) do update set unanswered = excluded.unanswered",
        CHECK,
    ),
    // deciding twice
    (
        "insert into orders.resolution (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at)
         values (gen_random_uuid(), {order}, {buyer}, {supplier}, 9, true, '', '', now())",
        FOREIGN_KEY,
    ),
    // the relationship from the supplier's side
    ("update partners.trading_relationship set customer_number = 'x', version = version + 1 where supplier = {supplier}", DENIED),
    ("update partners.trading_relationship set supplier_suspended = true, version = version + 1", DENIED),
    ("update partners.trading_relationship set supplier = {stranger}", DENIED),
    ("update partners.trading_relationship set accepted_at = now()", DENIED),
    ("update partners.firm set state = 'active'", DENIED),
    ("update interchange.document set content = ''", DENIED),
    // an order, terms and a document to somebody who is no partner
    (
        "insert into orders.purchase_order (id, buyer, supplier, source_system, order_number, purchasing_group, sites,
         published_at) values (gen_random_uuid(), {buyer}, {stranger}, 'default', 'forced', '', '{}', now())",
        DENIED,
    ),
    (
        "insert into orders.terms (buyer, supplier, updated_at, actor_name) values ({buyer}, {stranger}, now(), '')",
        DENIED,
    ),
    (
        "insert into orders.tolerance_rule (id, buyer, supplier, item_group, buyer_item_id, note, set_by, set_at)
         values (gen_random_uuid(), {buyer}, {stranger}, '', '', '', '', now())",
        DENIED,
    ),
    (
        "insert into interchange.document (id, buyer, supplier, order_id, request_id, format, standard, media_type, sha256,
         content, extension, received_at)
         values (gen_random_uuid(), {buyer}, {stranger}, {order}, 'x', 1, '', '', sha256(''), '', '', now())",
        DENIED,
    ),
];

const STRANGER: &[Attack] = &[
    ("update orders.order_state set version = version + 1 where order_id = {order}", NOTHING),
    ("update orders.schedule_state set unanswered = 0, accepted = ordered where order_id = {order}", NOTHING),
    (
        "update partners.trading_relationship set ended_at = now(), version = version + 1
         where {stranger} not in (buyer, supplier)",
        NOTHING,
    ),
    ("update partners.member set disabled_at = now() where firm <> {stranger}", NOTHING),
    ("update partners.api_key set revoked_at = now() where firm <> {stranger}", NOTHING),
    ("update partners.session set ended_at = now() where firm <> {stranger}", NOTHING),
    ("update interchange.document set order_id = {order}, supplier = {stranger} where buyer <> {stranger}", NOTHING),
    // its own document, shown to somebody who did not get its order, or as another's order
    ("update interchange.document set supplier = {supplier} where buyer = {stranger}", DENIED),
    ("update interchange.document set order_id = {order}, supplier = {supplier} where buyer = {stranger}", DENIED),
    (
        "insert into orders.order_state (order_id, buyer, supplier, revision, version, state, unanswered_lines,
         proposed_lines, requested_date, updated_at)
         values ({order}, {stranger}, {supplier}, 1, 1, 1, 0, 0, '2026-01-01', now())",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.proposal (id, order_id, buyer, supplier, version, response_id, schedule_line_id, covers,
         content, at)
         values (gen_random_uuid(), {order}, {buyer}, {stranger}, 9, gen_random_uuid(), {line}, 5, '', now())",
        FOREIGN_KEY,
    ),
    (
        "insert into orders.supplier_change (order_id, buyer, supplier, version, previous_supplier, at)
         values ({order}, {buyer}, {stranger}, 9, {supplier}, now())",
        DENIED,
    ),
    // a link to somebody else's order, for longer than links last, and the hashes of links
    (
        "insert into orders.order_link (id, order_id, buyer, actor, sha256, label, created_by, created_at, expires_at)
         values ('0', {order}, {stranger}, gen_random_uuid(), '', '', '', now(), now() + interval '1 day')",
        DENIED,
    ),
    ("update orders.order_link set expires_at = now() + interval '1 year'", DENIED),
    ("update orders.order_link set revoked_at = null where buyer <> {stranger}", NOTHING),
    ("select sha256 from orders.order_link", DENIED),
    ("update orders.tolerance_rule set ended_at = now()", NOTHING),
    // somebody else's people and keys
    (
        "insert into partners.member (id, firm, name, roles, locale, created_at)
         values (gen_random_uuid(), {buyer}, 'x', '{1}', 'zh', now())",
        DENIED,
    ),
    (
        "insert into partners.api_key (id, firm, actor, name, sha256, roles, created_at)
         values ('x', {buyer}, gen_random_uuid(), 'x', '', '{1}', now())",
        DENIED,
    ),
    (
        "insert into partners.session (id, firm, member, sha256, device, created_at, expires_at)
         values ('x', {buyer}, gen_random_uuid(), '', '', now(), now())",
        DENIED,
    ),
    (
        "insert into partners.link (sha256, kind, firm, member, issuer, created_at, expires_at)
         select '', 'sign_in', {buyer}, gen_random_uuid(), {buyer}, now(), now()",
        DENIED,
    ),
    // a link into the own firm for somebody else's member
    (
        "insert into partners.link (sha256, kind, firm, issuer, created_at, expires_at)
         values ('', 'invitation', {stranger}, {stranger}, now(), now() + interval '1 day')",
        DENIED,
    ),
    // more than any firm's administrator may be
    (
        "insert into partners.member (id, firm, name, roles, locale, created_at)
         values (gen_random_uuid(), {stranger}, 'x', '{5}', 'zh', now())",
        DENIED,
    ),
    ("update partners.member set roles = '{1,5}' where firm = {stranger}", DENIED),
    ("insert into partners.firm (id, name, state, created_at) values (gen_random_uuid(), 'x', 'active', now())", DENIED),
    (
        "select partners.create_firm(gen_random_uuid(), 'x', '', '', false, '{}', '{}', gen_random_uuid(), 'x', 'zh',
         '', now(), now())",
        DENIED,
    ),
    ("select partners.create_operator(gen_random_uuid(), 'x', gen_random_uuid(), 'x', 'zh', false, '', now(), now())", DENIED),
    ("insert into partners.trading_relationship (id, buyer, supplier, created_at) values (gen_random_uuid(), {buyer}, {stranger}, now())", DENIED),
    ("insert into partners.claim (placeholder, firm, buyer, accepted_at) values ({supplier}, {stranger}, {buyer}, now())", DENIED),
    // the log
    ("insert into event.outbox (firm, payload) values ({buyer}, '')", DENIED),
    ("select from event.outbox", DENIED),
    ("delete from event.outbox", DENIED),
    ("insert into event.outbox_odd (firm, payload) values ({stranger}, '')", DENIED),
    ("select from event.outbox_even", DENIED),
    ("select event.clear_outbox()", DENIED),
    ("insert into event.feed_entry (feed, seq, month, log_pos, chain, last_of_command) values ({stranger}, 1, now(), 1, '', true)", DENIED),
    ("update event.feed_head set next_seq = 1", DENIED),
    ("update event.event_log set audience = audience || {stranger}", DENIED),
    ("select from event.head", DENIED),
    ("select from event.kafka_place", DENIED),
    (
        "insert into event.idempotency (firm, method, request_id, request_sha256, receipt)
         values ({buyer}, 'x', 'x', '', '')",
        DENIED,
    ),
    ("update event.idempotency set receipt = ''", DENIED),
    // secrets, and who was invited by whom
    ("select sha256 from partners.api_key", DENIED),
    ("select sha256 from partners.session", DENIED),
    ("select invited_by from partners.firm", DENIED),
    // what a firm writes on its documents, whom it reaches, where it is told
    ("update partners.alias set meaning = 'x' where buyer <> {stranger}", NOTHING),
    (
        "insert into partners.alias (buyer, kind, source_system, written, meaning, changed_at)
         values ({buyer}, 'unit', '', 'x', 'H87', now())",
        DENIED,
    ),
    ("insert into partners.purchasing_group (firm, code, name) values ({buyer}, 'x', 'x')", DENIED),
    (
        "insert into partners.supplier_contact (buyer, relationship, name, phone, mail, locale, changed_at)
         values ({buyer}, gen_random_uuid(), 'x', '', '', 'zh', now())",
        DENIED,
    ),
    ("insert into notices.follower (firm, seq) values ({buyer}, 0)", DENIED),
    ("update notices.follower set seq = 0 where firm <> {stranger}", NOTHING),
    (
        "insert into notices.channel (firm, id, medium, name, address, secret, masked, kinds, sites, purchasing_groups,
         locale, digest_s, created_at)
         values ({buyer}, gen_random_uuid(), 'mail', 'x', '', '', '', '{}', '{}', '{}', 'zh', 0, now())",
        DENIED,
    ),
    ("update notices.channel set address = '' where firm <> {stranger}", NOTHING),
    ("update notices.channel set signs_in = true", DENIED),
    ("select from notices.sign_in_request", DENIED),
    ("update notices.delivery set state = 'failed' where firm <> {stranger}", NOTHING),
    // what only an operator does, by its functions alone
    ("select partners.operate({buyer}, gen_random_uuid(), 'suspend', 'x', 'x', now())", DENIED),
    ("select partners.merge_firms({supplier}, {stranger}, gen_random_uuid(), 'x', 'x', now())", DENIED),
    (
        "select partners.reset_admin({buyer}, gen_random_uuid(), gen_random_uuid(), 'x', 'zh', '', now(), 'x', 'x', now())",
        DENIED,
    ),
    ("select partners.find_firms(null, '', '', null, 10)", DENIED),
    ("select partners.partners_of({buyer})", DENIED),
    ("select partners.merged_relationships('{}')", DENIED),
    ("select partners.invite_to_cluster(gen_random_uuid(), {stranger}, now())", DENIED),
    (
        "insert into partners.operator_action (firm, id, operator, kind, firm_name, actor_name, note, at)
         values ({buyer}, gen_random_uuid(), {stranger}, 'verify', 'x', 'x', 'x', now())",
        DENIED,
    ),
    ("update partners.operator_action set note = 'x'", DENIED),
    ("update partners.firm set verified_at = now()", DENIED),
    (
        "insert into partners.cluster (id, operator, name, name_en, created_at)
         values (gen_random_uuid(), {stranger}, 'x', '', now())",
        DENIED,
    ),
    (
        "insert into partners.cluster_member (cluster, firm, operator, state, changed_at)
         values (gen_random_uuid(), {stranger}, {stranger}, 'joined', now())",
        DENIED,
    ),
    ("update partners.cluster_member set state = 'joined'", NOTHING),
    ("select from partners.link", DENIED),
    ("select from partners.claim", DENIED),
    ("select from partners.live_credential", DENIED),
    // somebody else's place
    ("set role tandem_owner", DENIED),
    ("set role tandem_stream", DENIED),
    ("set session authorization tandem_owner", DENIED),
    ("alter table orders.purchase_order disable row level security", DENIED),
    ("create table orders.mine (id int)", DENIED),
    ("create function orders.mine() returns int language sql as 'select 1'", DENIED),
    ("drop policy owner_all on orders.purchase_order", DENIED),
    ("grant select on event.outbox to tandem_app", NOTHING),
    ("copy (select 1) to program 'true'", DENIED),
    ("select pg_read_file('/etc/passwd')", DENIED),
    ("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tandem_owner'", DENIED),
];

#[tokio::test]
async fn no_side_writes_what_is_the_others() {
    let cast = Cast::new().await;
    let everyone: [(&str, &Firm, &[Attack]); 15] = [
        ("supplier", &cast.supplier, SUPPLIER),
        ("buyer", &cast.buyer, BUYER),
        ("stranger", &cast.stranger, STRANGER),
        ("rival", &cast.rival, &STRANGER[..2]),
        ("stranger", &cast.stranger, webhooks::STRANGER),
        ("stranger", &cast.stranger, subscriptions::STRANGER),
        ("supplier", &cast.supplier, follow::SUPPLIER),
        ("buyer", &cast.buyer, follow::BUYER),
        ("stranger", &cast.stranger, follow::STRANGER),
        ("supplier", &cast.supplier, capacity::SUPPLIER),
        ("buyer", &cast.buyer, capacity::CUSTOMER),
        ("stranger", &cast.stranger, capacity::STRANGER),
        ("supplier", &cast.supplier, resources::READER),
        ("buyer", &cast.buyer, resources::OWNER),
        ("stranger", &cast.stranger, resources::STRANGER),
    ];
    let mut faults = Vec::new();
    for (who, firm, attacks) in everyone {
        for (statement, stopped_by) in attacks {
            let outcome = match cast.tries(Some(firm), statement).await {
                Ok(done) if done.rows_affected() == 0 => NOTHING.to_string(),
                Ok(done) => format!("nothing at all: {} rows", done.rows_affected()),
                Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
                Err(error) => panic!("{statement}: {error}"),
            };
            if outcome != *stopped_by {
                faults.push(format!(
                    "{who}: {statement}\n    stopped by {outcome:?} instead of {stopped_by:?}"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    cast.world.finish().await;
}

#[tokio::test]
async fn what_each_side_may_write_it_can() {
    let cast = Cast::new().await;
    for (firm, statement) in [
        (&cast.buyer, "update orders.order_state set version = version + 1, updated_at = now() where order_id = {order}"),
        (&cast.supplier, "update orders.order_state set version = version + 1, updated_at = now() where order_id = {order}"),
        (&cast.supplier, "update orders.schedule_state set accepted = ordered, unanswered = 0, proposed = 0 where schedule_line_id = {line}"),
        (
            &cast.buyer,
            "insert into orders.resolution (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at)
             values ({proposal}, {order}, {buyer}, {supplier}, 9, true, '', '', now())",
        ),
        (
            &cast.buyer,
            "insert into orders.purchase_order (id, buyer, supplier, source_system, order_number, purchasing_group, sites,
             published_at) values (gen_random_uuid(), {buyer}, {supplier}, 'default', 'theirs', '', '{}', now())",
        ),
        (&cast.buyer, "insert into event.outbox (firm, payload) values ({buyer}, '')"),
        (&cast.buyer, "update partners.trading_relationship set vendor_number = 'V9', version = version + 1 where supplier = {supplier}"),
    ] {
        let done = cast.tries(Some(firm), statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }
    cast.world.finish().await;
}
