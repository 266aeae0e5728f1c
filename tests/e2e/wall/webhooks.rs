//! Webhooks of others, attacked.

use super::attack::{Attack, DENIED, NOTHING};

pub(super) const STRANGER: &[Attack] = &[
    (
        "insert into event.webhook (firm, id, name, url, types, counterparties, subject_prefix, sites, purchasing_groups,
         ordered, in_flight, seq, seen, created_at)
         values ({buyer}, gen_random_uuid(), 'x', 'https://x.example/', '{}', '{}', '', '{}', '{}', true, 1, 0, 0, now())",
        DENIED,
    ),
    ("update event.webhook set url = 'https://x.example/' where firm <> {stranger}", NOTHING),
    ("update event.webhook set seq = 0, seen = 0 where firm <> {stranger}", NOTHING),
    ("update event.webhook set firm = {stranger}", DENIED),
    ("update event.webhook_secret set sealed = '' where firm <> {stranger}", NOTHING),
    (
        "insert into event.webhook_secret (firm, webhook, id, sealed, created_at)
         values ({buyer}, gen_random_uuid(), gen_random_uuid(), '', now())",
        DENIED,
    ),
    ("update event.webhook_delivery set answer = '' where firm <> {stranger}", NOTHING),
    ("delete from event.webhook_delivery", DENIED),
];
