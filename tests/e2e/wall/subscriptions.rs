//! What others keep for themselves, attacked: subscriptions, filters of lists, and what the operator announces.

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
    (
        "insert into partners.announcement (firm, id, kind, text_zh, text_en, shown_from, shown_until, published_at,
                                            changed_at, changed_by)
         values ({stranger}, gen_random_uuid(), 'notice', 'x', '', now(), now() + '1 day', now(), now(), 'x')",
        DENIED,
    ),
    ("update partners.announcement set text_zh = 'x'", NOTHING),
    ("delete from partners.announcement", DENIED),
    (
        "insert into partners.dismissal (firm, actor, announcement, version, at)
         values ({buyer}, gen_random_uuid(), gen_random_uuid(), 1, now())",
        DENIED,
    ),
    ("update partners.dismissal set version = 9", NOTHING),
];
