//! Demand and capacity: rows to look for, and writes that one side has no business with.

use harness::{
    Firm, World,
    capacity::{demand, for_customer, group, link, linking},
    need::{able, needed, proposal},
    request_id,
};
use proto::capacity::{
    CommentSubject, DemandVolatility, DisclosureLevel, OfferVisibility, PostCommentRequest,
    PublishCapacityRequestRequest, UploadMaterialDemandRequest,
};

use super::attack::{Attack, CHECK, DENIED, FOREIGN_KEY, NOTHING};

/// Gives a customer and its supplier everything that has tables here.
pub(super) async fn fill(customer: &Firm, supplier: &Firm, vendor_number: &str) {
    supplier.disclose(&customer.id, DisclosureLevel::Banded).await.expect("a policy");
    let stated = demand("X", &[("2026-12-28", "100")]);
    let stated = UploadMaterialDemandRequest { vendor_number: vendor_number.into(), ..stated };
    let object_id = customer.state_demand(stated).await.expect("a demand").id;
    let said = PostCommentRequest {
        request_id: request_id(),
        subject: CommentSubject::MaterialDemand.into(),
        object_id,
        text: "说明".into(),
        ..PostCommentRequest::default()
    };
    customer.comments().post_comment(said).await.expect("a comment");
    let mut shown = for_customer(group("G", &[("2026-12-28", "10", "20")]), &customer.id);
    shown.content.get_or_insert_default().volatility = Some(DemandVolatility {
        // Ahead of any day of these tests.
        start_at: Some(chassis::value::timestamp(time::macros::datetime!(2199-01-01 00:00 UTC))),
        measurement_interval_weeks: 1,
        thresholds: Vec::new(),
    });
    let child = supplier.state_group(linking(shown, vec![link("", "X", "2")])).await.expect("a group").id;
    let mut parent = group("车间", &[]);
    parent.content.get_or_insert_default().linked_group_ids = vec![child];
    supplier.state_group(parent).await.expect("a group of groups");
    let offer = supplier.offer_to(customer, "2026-12-28", "10").await;
    customer.hold(&offer, &[(0, "4")], 0).await.expect("a hold");
    let request = needed("1", ("2026-12-28", "2026-12-28"));
    let request = PublishCapacityRequestRequest {
        visibility: OfferVisibility::Named.into(),
        firm_ids: vec![supplier.id.clone()],
        ..request
    };
    let request = customer.publish_need(request).await.expect("a request");
    supplier.propose_match(proposal(&request.id, "")).await.expect("a match");
    supplier.set_profile(able("注塑", &["PP"]), OfferVisibility::Partners, "").await.expect("a profile");
}

/// What would be measured once it is time, and what is pending for a moment.
pub(super) async fn measured(world: &World) {
    let pending = "insert into capacity.pending_load (supplier, order_id, version, order_line, group_id, monday, hours,
                       quantity, promised_at)
                   select supplier, group_id, 1, '10', group_id, monday, 0, 0, now() from capacity.capacity_week";
    sqlx::query(pending).execute(world.owner_pool().await).await.expect("the owner writes everything");
    let measured = "insert into capacity.demand_snapshot (supplier, group_id, measured_at, mondays, demands)
                    select supplier, group_id, start_at, '{2026-12-28}', '{200}' from capacity.demand_volatility";
    sqlx::query(measured).execute(world.owner_pool().await).await.expect("the owner writes everything");
}

/// Hours of a supplier for a group of its customer's own.
pub(super) async fn borrowed(customer: &Firm, supplier: &Firm) {
    let own = customer.state_group(group("自有", &[("2026-12-28", "10", "20")])).await.expect("a group").id;
    let offer = supplier.offer_to(customer, "2026-12-28", "10").await;
    let held = customer.hold(&offer, &[(0, "1")], 0).await.expect("a hold");
    customer.borrow(&held.id, &own).await.expect("borrowed");
}

pub(super) const SUPPLIER: &[Attack] = &[
    // what others need, and what came of it: the other side accepts, and says what was contracted
    ("select from capacity.request", NOTHING),
    ("select from capacity.request_reader", NOTHING),
    ("update capacity.capacity_match set state = 'accepted', version = 2", CHECK),
    ("update capacity.capacity_match set state = 'contracted', version = 2", CHECK),
    ("update capacity.capacity_match set state = 'declined', version = 3", CHECK),
    ("update capacity.capacity_match set need = ''", DENIED),
    // an answer to a request that it does not see
    (
        "insert into capacity.capacity_match (requester, supplier, id, request_id, proposed_by, state, version, need, note,
         proposed_at, changed_at)
         values ({stranger}, {supplier}, gen_random_uuid(), {order}, {supplier}, 'proposed', 1, '', '', now(), now())",
        DENIED,
    ),
    // a match that the other side has proposed, it seems
    (
        "insert into capacity.capacity_match (requester, supplier, id, request_id, proposed_by, state, version, need, note,
         proposed_at, changed_at)
         select requester, supplier, gen_random_uuid(), request_id, requester, 'proposed', 1, '', '', now(), now()
         from capacity.capacity_match",
        DENIED,
    ),
    // a profile of somebody else's, and one for whom there is no word
    ("update capacity.capability_profile set firm = {rival}", DENIED),
    ("update capacity.capability_profile set visibility = 'named'", CHECK),
    // what is sold, past the functions that sell it
    ("update capacity.capacity_bucket set reserved = 0", DENIED),
    ("update capacity.capacity_bucket set total = 1", CHECK),
    ("update capacity.reservation set state = 'released'", DENIED),
    ("update capacity.reservation_part set quantity = 1", DENIED),
    // what orders take of more weeks than there are
    ("update capacity.booked_line set quantity = -1", CHECK),
    ("update capacity.booked_line set monday = '2026-12-29'", CHECK),
    ("update capacity.booked_line set customer = {rival}", DENIED),
    ("update capacity.feed_place set supplier = {rival}", DENIED),
    // what its customer said
    ("update capacity.comment set text = 'x'", NOTHING),
    // a customer's demand
    (
        "insert into capacity.material_demand (customer, id, supplier, material_number_customer, version, inactive,
         changed_at, received_at) values ({buyer}, gen_random_uuid(), {supplier}, 'forged', 1, false, now(), now())",
        DENIED,
    ),
    ("update capacity.material_demand set version = version + 1", NOTHING),
    ("update capacity.demand_series set quantities = '{1}'", NOTHING),
    ("update capacity.group_version set content = ''", DENIED),
    // what its customers borrow of it, and hours that it did not reserve itself
    ("select from capacity.borrowed", NOTHING),
    ("update capacity.borrowed set group_id = null, due = false", NOTHING),
    (
        "insert into capacity.borrowed (supplier, reservation_id, lender, group_id)
         select {supplier}, r.id, r.supplier, g.id from capacity.reservation r, capacity.capacity_group g
         where g.supplier = {supplier}",
        DENIED,
    ),
    ("update capacity.capacity_week set borrowed = -1", CHECK),
    ("update capacity.capacity_week set lent = -1", CHECK),
    ("update capacity.capacity_week set offered_below = -1", CHECK),
    ("update capacity.capacity_week set uncounted_lines = -1", CHECK),
    // what it promised, past the functions that look at what is offered
    ("update capacity.capacity_week set pending = 0", DENIED),
    ("update capacity.pending_load set quantity = 0", DENIED),
    (
        "insert into capacity.pending_load (supplier, order_id, version, order_line, group_id, monday, hours, quantity,
         promised_at)
         select supplier, {order}, 1, '10', group_id, monday, 1, 1, now() from capacity.capacity_week",
        DENIED,
    ),
    // what was measured, and measurements of no beginning
    ("update capacity.demand_snapshot set demands = '{1}'", DENIED),
    ("update capacity.demand_volatility set start_at = null", CHECK),
    ("update capacity.demand_volatility set interval_weeks = 0", CHECK),
    ("update capacity.demand_volatility set supplier = {rival}", DENIED),
    (
        "insert into capacity.demand_snapshot (supplier, group_id, measured_at, mondays, demands)
         select supplier, group_id, now(), '{2026-12-29}', '{1}' from capacity.demand_volatility",
        CHECK,
    ),
    ("update capacity.capacity_group set customer = {rival}", DENIED),
    // more hours than the machine has
    ("update capacity.capacity_week set offered = 21", CHECK),
    ("update capacity.capacity_week set maximum = 1, actual = 2", CHECK),
    (
        "with g as (insert into capacity.capacity_group (supplier, id, name, version, inactive, changed_at, received_at)
             values ({supplier}, {order}, 'G', 1, false, now(), now()) returning id)
         insert into capacity.capacity_week (supplier, group_id, monday, actual, maximum, booked, offered)
         select {supplier}, id, '2026-12-28', 204, 240, 11, 230 from g",
        CHECK,
    ),
    (
        "insert into capacity.capacity_week (supplier, group_id, monday, actual, maximum)
         values ({supplier}, {order}, '2026-12-29', 1, 1)",
        CHECK,
    ),
    (
        "insert into capacity.capacity_week (supplier, group_id, monday, actual, maximum)
         values ({supplier}, {order}, '2026-12-28', 1, 1)",
        FOREIGN_KEY,
    ),
];

pub(super) const CUSTOMER: &[Attack] = &[
    ("update capacity.capacity_match set state = 'delivered', version = 2", CHECK),
    ("update capacity.request set firm = {rival}", DENIED),
    ("update capacity.request set visibility = 'cluster'", CHECK),
    // a supplier is asked whose offer nobody sees
    (
        "insert into capacity.capacity_match (requester, supplier, id, request_id, proposed_by, state, version, need, note,
         proposed_at, changed_at)
         select {buyer}, {stranger}, gen_random_uuid(), id, {buyer}, 'proposed', 1, '', '', now(), now()
         from capacity.request",
        DENIED,
    ),
    // what its supplier can make, past the function that shows it
    ("select from capacity.capability_profile", NOTHING),
    ("update capacity.capability_profile set visibility = 'all'", NOTHING),
    (
        "insert into capacity.capability_profile (firm, version, content, process_keys, visibility, changed_at)
         values ({stranger}, 1, '', '{}', 'all', now())",
        DENIED,
    ),
    ("select from capacity.offer", NOTHING),
    ("select from capacity.offer_reader", NOTHING),
    ("select from capacity.capacity_bucket", NOTHING),
    ("update capacity.capacity_bucket set total = 1000", NOTHING),
    ("update capacity.reservation set announced = true", NOTHING),
    ("update capacity.reservation set lent_due = false", NOTHING),
    ("update capacity.reservation set expires_at = now()", DENIED),
    (
        "insert into capacity.reservation (supplier, id, holder, offer_id, state, version, held_at, expires_at)
         values ({supplier}, gen_random_uuid(), {buyer}, {order}, 'confirmed', 1, now(), now())",
        DENIED,
    ),
    // what the supplier can make, and for whom
    ("select from capacity.capacity_group", NOTHING),
    ("select from capacity.pending_load", NOTHING),
    ("select from capacity.group_version", NOTHING),
    ("select from capacity.capacity_week", NOTHING),
    ("select from capacity.demand_volatility", NOTHING),
    ("select from capacity.demand_snapshot", NOTHING),
    ("update capacity.demand_volatility set alerts = ''", NOTHING),
    ("select from capacity.linked_demand", NOTHING),
    ("select from capacity.linked_group", NOTHING),
    ("select from capacity.demand_arrival", NOTHING),
    ("select from capacity.booked_line", NOTHING),
    ("update capacity.booked_line set quantity = 0", NOTHING),
    ("update capacity.feed_place set seq = 0", NOTHING),
    ("update capacity.capacity_week set maximum = 0, actual = 0", NOTHING),
    ("update capacity.disclosed_group set content = 'x'", NOTHING),
    ("update capacity.demand_arrival set matched_at = now()", NOTHING),
    // its own demand for another supplier's eyes, and history
    ("update capacity.material_demand set supplier = {stranger}", DENIED),
    ("update capacity.demand_version set content = ''", DENIED),
    ("update capacity.demand_series set quantities = '{-1}'", CHECK),
    ("update capacity.demand_series set mondays = '{2026-12-29}'", CHECK),
    ("delete from capacity.demand_series", DENIED),
    ("select from capacity.disclosure", NOTHING),
    ("update capacity.disclosure set level = 'exact'", NOTHING),
    (
        "insert into capacity.disclosure (supplier, customer, level, updated_at, actor_name)
         values ({supplier}, {buyer}, 'exact', now(), '')",
        DENIED,
    ),
    (
        "insert into capacity.disclosed_group (customer, supplier, group_id, version, content, shown, changed_at)
         values ({buyer}, {supplier}, {order}, 1, 'x', true, now())",
        DENIED,
    ),
    (
        "insert into capacity.capacity_group (supplier, id, customer, name, version, inactive, changed_at, received_at)
         values ({supplier}, gen_random_uuid(), {buyer}, 'G', 1, false, now(), now())",
        DENIED,
    ),
];

pub(super) const STRANGER: &[Attack] = &[
    ("select from capacity.request", NOTHING),
    ("select from capacity.request_reader", NOTHING),
    ("select from capacity.capacity_match", NOTHING),
    ("select from capacity.requests_in_sight(null, null, 100)", NOTHING),
    ("select from capacity.capability_profile", NOTHING),
    ("select from capacity.profiles_in_sight(null, null, null, null, null, 100)", NOTHING),
    ("select from capacity.names_in_sight(array[{supplier}, {buyer}])", NOTHING),
    ("update capacity.capacity_match set state = 'declined', version = 2", NOTHING),
    ("select from capacity.offer", NOTHING),
    ("select from capacity.reservation", NOTHING),
    ("select from capacity.reservation_sites(array[{order}])", NOTHING),
    ("select from capacity.offer_sites({supplier}, {order}) as sites where sites is not null", NOTHING),
    ("select from capacity.subject_sites('material_demand', {buyer}, {supplier}, {order})", NOTHING),
    ("select from capacity.reservation_part", NOTHING),
    ("select from capacity.material_demand", NOTHING),
    ("select from capacity.demand_version", NOTHING),
    ("select from capacity.demand_series", NOTHING),
    ("select from capacity.capacity_group", NOTHING),
    ("select from capacity.capacity_week", NOTHING),
    ("select from capacity.disclosed_group", NOTHING),
    (
        "insert into capacity.demand_arrival (supplier, customer, demand_id, version, material_number_customer)
         values ({supplier}, {stranger}, gen_random_uuid(), 1, 'X')",
        FOREIGN_KEY,
    ),
    ("select from capacity.disclosure", NOTHING),
    ("update capacity.disclosure set level = 'exact'", NOTHING),
    (
        "insert into capacity.comment (firm, id, customer, supplier, object_type, object_id, author, text, kind,
         reference_dates, changed_at)
         values ({buyer}, gen_random_uuid(), {buyer}, {supplier}, 'capacity_group', {order}, '', '', 'default', '{}', now())",
        DENIED,
    ),
    (
        "insert into capacity.comment (firm, id, customer, supplier, object_type, object_id, author, text, kind,
         reference_dates, changed_at) values ({stranger}, gen_random_uuid(), {buyer}, {supplier}, 'capacity_group',
         {order}, '', '', 'default', '{}', now())",
        CHECK,
    ),
];
