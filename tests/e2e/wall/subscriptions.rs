//! What others keep for themselves, attacked: subscriptions, and filters of lists.

use super::attack::{Attack, DENIED, NOTHING};

pub(super) const STRANGER: &[Attack] = &[
    (
        "insert into event.subscription (firm, name, seq, chain, created_at)
         values ({buyer}, 'x', 0, '\\x0000000000000000', now())",
        DENIED,
    ),
    ("update event.subscription set seq = 0 where firm <> {stranger}", NOTHING),
    ("update event.subscription set deleted_at = now() where firm <> {stranger}", NOTHING),
    ("update event.subscription set firm = {stranger}", DENIED),
    ("delete from event.subscription", DENIED),
    (
        "insert into partners.saved_filters (firm, actor, content, changed_at)
         values ({buyer}, gen_random_uuid(), '', now())",
        DENIED,
    ),
    ("update partners.saved_filters set content = '' where firm <> {stranger}", NOTHING),
    ("update partners.saved_filters set firm = {stranger}", DENIED),
];
