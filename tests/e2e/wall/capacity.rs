//! Demand and capacity: rows to look for, and writes that one side has no business with.

use harness::{Firm, request_id};
use proto::capacity::{DisclosureLevel, SetDisclosureRequest};

use super::attack::{Attack, CHECK, DENIED, FOREIGN_KEY, NOTHING};

/// Gives a customer and its supplier everything that has tables here.
pub(super) async fn fill(customer: &Firm, supplier: &Firm) {
    let request = SetDisclosureRequest {
        request_id: request_id(),
        customer_id: customer.id.clone(),
        level: DisclosureLevel::Banded.into(),
    };
    supplier.disclosures().set_disclosure(request).await.expect("a policy");
}

pub(super) const SUPPLIER: &[Attack] = &[
    // a customer's demand
    (
        "insert into capacity.material_demand (customer, id, supplier, material_number_customer, version, inactive,
         changed_at, received_at) values ({buyer}, gen_random_uuid(), {supplier}, 'forged', 1, false, now(), now())",
        DENIED,
    ),
    // more hours than the machine has
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
