//! What a page is about, by its address: where help explains what is done there.

use crate::page::Tab;

/// How addresses begin, `*` for a part that varies, and where help is about what stands there. The first that fits holds, so
/// what is about one thing of a place stands before the place.
pub const TOPICS: &[(&str, &str)] = &[
    ("/d/*/change", "/help#change"),
    ("/d/*/despatch-note", "/help#despatch"),
    ("/d", "/help#answer"),
    ("/practice/change", "/help#change"),
    ("/practice", "/help#answer"),
    ("/orders/*/accept", "/help#answer"),
    ("/orders/*/refuse", "/help#answer"),
    ("/orders/*/change", "/help#change"),
    ("/orders/*/despatch-note", "/help#despatch"),
    ("/orders/*/share", "/help#handover"),
    ("/orders/*/remind", "/help#reminders"),
    ("/orders/*/revise", "/help#changes"),
    ("/orders/*/cancel", "/help#changes"),
    ("/orders/*/close", "/help#changes"),
    ("/orders/*/hold", "/help#changes"),
    ("/orders/*/release", "/help#changes"),
    ("/inbox/sheets", "/help#sheet"),
    ("/inbox/bulk", "/help#bulk"),
    ("/purchases/new", "/help#new-order"),
    ("/purchases/sheets", "/help#change-sheets"),
    ("/remind", "/help#reminders"),
    ("/reminders", "/help#reminders"),
    ("/capacity/groups", "/help#groups"),
    ("/capacity/edit", "/help#groups"),
    ("/capacity/sheets", "/help#groups"),
    ("/capacity/comments/group", "/help#groups"),
    ("/capacity/comments", "/help#demand"),
    ("/capacity/demand", "/help#demand"),
    ("/capacity/offers", "/help#offers"),
    ("/capacity/reservations", "/help#reservations"),
    ("/capacity/requests", "/help#requests"),
    ("/capacity/matches", "/help#requests"),
    ("/capacity/profile", "/help#profile"),
    ("/capacity/disclosure", "/help#disclosure"),
    ("/capacity/payloads", "/help#payloads"),
    ("/resources/waiting", "/help#acknowledge"),
    ("/resources/revisions/*/acknowledge", "/help#acknowledge"),
    ("/resources/revisions/*/impact", "/help#impact"),
    ("/resources/revisions/*/apply", "/help#impact"),
    ("/resources/policy", "/help#impact"),
    ("/resources/revisions", "/help#own"),
    ("/resources/own", "/help#own"),
    ("/resources/new", "/help#own"),
    ("/resources/mine", "/help#access"),
    ("/resources/entitlements", "/help#access"),
    ("/resources/access", "/help#access"),
    ("/resources/following", "/help#following"),
    ("/resources/follow", "/help#following"),
    ("/resources/*/request", "/help#access"),
    ("/resources/*/grant", "/help#access"),
    ("/resources/*/change", "/help#own"),
    ("/resources/*/revise", "/help#own"),
    ("/resources/*/withdraw", "/help#own"),
    ("/partners/invite", "/help#invite"),
    ("/partners/*/score", "/help#score"),
    ("/terms", "/help#terms"),
    ("/calendar", "/help#calendar"),
    ("/channels", "/help#channels"),
    ("/keys", "/help#keys"),
    ("/webhooks", "/help#webhooks"),
    ("/aliases", "/help#aliases"),
    ("/sites", "/help#sites"),
    ("/purchasing-groups", "/help#purchasing-groups"),
    ("/clusters", "/help#clusters"),
    ("/platform-actions", "/help#platform-actions"),
    ("/operator/announcements", "/help#announcements"),
    ("/operator/webhooks", "/help#deliveries"),
    ("/operator/notices", "/help#deliveries"),
    ("/operator/actions", "/help#actions"),
];

/// Where help is about the page at a path of the portal, which belongs to a place. What failed has no place wherever it was.
pub fn about(path: &str, place: Tab) -> &'static str {
    if place == Tab::None {
        return place.help();
    }
    let topic = TOPICS.iter().find(|(start, _)| begins(path, start));
    topic.map_or_else(|| place.help(), |(_, topic)| *topic)
}

fn begins(path: &str, start: &str) -> bool {
    let mut parts = path.split('/');
    start.split('/').all(|of| parts.next().is_some_and(|part| of == "*" || part == of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_one_thing_is_told_from_its_place() {
        assert_eq!(about("/capacity", Tab::Capacity), "/help#capacity");
        assert_eq!(about("/capacity/offers/1/hold", Tab::Capacity), "/help#offers");
        assert_eq!(about("/orders/1", Tab::Inbox), "/help#inbox");
        assert_eq!(about("/orders/1/change", Tab::Inbox), "/help#change");
        assert_eq!(about("/resources/1/change", Tab::Resources), "/help#own");
        assert_eq!(about("/keyboards", Tab::Settings), "/help#settings", "parts are compared, not letters");
        assert_eq!(about("/keys", Tab::None), "/help#code");
    }

    #[test]
    fn each_beginning_may_be_the_first_that_fits() {
        for (at, (start, _)) in TOPICS.iter().enumerate() {
            let hidden = TOPICS[..at].iter().find(|(before, _)| begins(start, before));
            assert!(hidden.is_none(), "{start} stands behind {hidden:?}");
        }
    }
}
