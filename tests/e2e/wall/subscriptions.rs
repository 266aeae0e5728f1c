//! Subscriptions of others, attacked.

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
];
