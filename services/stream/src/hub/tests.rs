use std::collections::VecDeque;

use super::*;
use crate::{
    sample::{chain, entry, entry_of},
    slot::HELD_MS,
};
use chassis::caller::{CredentialKind, Role};

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);
const MANY: usize = 100;

fn key(id: &str) -> Credential {
    Credential { kind: CredentialKind::ApiKey, id: id.into() }
}

fn register(hub: &Arc<Hub>, firm: Uuid, credential: Credential) -> Result<Registration> {
    hub.register(firm, credential, &Grants::default(), Leaving::default())
}

fn waiting(place: &Registration, last: i64) -> usize {
    match place.feed.after(last, &chain(place.feed.firm, last), usize::MAX) {
        Next::Entries(entries) => entries.len(),
        Next::Nothing | Next::Gone | Next::Other => 0,
    }
}

fn known(hub: &Hub) -> Vec<Credential> {
    let mut known: Vec<_> = hub.credentials().into_iter().map(|(credential, _)| credential).collect();
    known.sort();
    known
}

fn now(credential: Credential, grants: Option<Grants>) -> Changed {
    Changed { credential, grants, fingerprint: "f".into() }
}

#[test]
fn entries_reach_the_feeds_that_somebody_follows() {
    let hub = Hub::new(MANY);
    hub.offer([entry(ONE, 1)]);
    let one = register(&hub, ONE, key("a")).unwrap();
    let again = register(&hub, ONE, key("b")).unwrap();
    hub.offer([entry(ONE, 2), entry(TWO, 1), entry(ONE, 3)]);
    assert_eq!((waiting(&one, 1), waiting(&again, 2)), (2, 1));
    let two = register(&hub, TWO, key("a")).unwrap();
    assert_eq!(waiting(&two, 0), 0, "nobody followed it then");
    drop((one, again));
    let one = register(&hub, ONE, key("a")).unwrap();
    assert_eq!(waiting(&one, 1), 0, "the ring went with its last reader");
    assert_eq!(hub.open(), 2);
}

#[test]
fn what_came_by_is_forgotten_where_everyone_reads_again() {
    let hub = Hub::new(MANY);
    let one = register(&hub, ONE, key("a")).unwrap();
    hub.offer((51..=53).map(|seq| entry(ONE, seq)));
    assert_eq!(waiting(&one, 50), 3);
    let before = hub.generation();
    hub.read_again();
    assert_ne!(hub.generation(), before);
    for last in [50, 53] {
        let next = one.feed.after(last, &chain(ONE, last), usize::MAX);
        assert!(matches!(next, Next::Nothing), "{next:?}: what came by is of another history, maybe");
    }
    hub.offer([entry_of(ONE, 51, &chain(ONE, 50), b"other".to_vec())]);
    assert_eq!((waiting(&one, 50), hub.generation()), (1, before + 1));
}

#[test]
fn an_entry_that_does_not_follow_makes_everyone_read_again() {
    for seq in [52, 53, 54] {
        let hub = Hub::new(MANY);
        let (one, two) = (register(&hub, ONE, key("a")).unwrap(), register(&hub, TWO, key("a")).unwrap());
        hub.offer((51..=53).map(|seq| entry(ONE, seq)).chain([entry(TWO, 7)]));
        let before = hub.generation();
        hub.offer([entry(ONE, 53), entry(ONE, 54)].into_iter().filter(|entry| entry.seq < seq));
        assert_eq!(hub.generation(), before, "what follows and what is repeated is well");
        hub.offer([entry_of(ONE, seq, &[9; 32], b"other".to_vec()), entry(TWO, 8)]);
        assert_eq!((hub.generation(), waiting(&one, 50), waiting(&two, 6)), (before + 1, 0, 0), "{seq}");
    }
}

#[test]
fn a_credential_takes_all_of_its_streams_along_and_no_others() {
    let hub = Hub::new(MANY);
    let mut open: Vec<_> = (0..6).map(|i| register(&hub, ONE, key(["a", "b"][i % 2])).unwrap()).collect();
    open.swap_remove(0);
    open.remove(2);
    open.push(register(&hub, TWO, key("a")).unwrap());
    assert_eq!(known(&hub), [key("a"), key("b")]);
    hub.change(&[now(key("a"), None)]);
    for place in &open {
        let expected = (place.slot.credential == key("a")).then_some(End::Revoked);
        assert_eq!(place.slot.ended(), expected);
    }
    open.retain(|place| place.slot.ended().is_none());
    assert_eq!((known(&hub), hub.open()), (vec![key("b")], open.len()));
    open.clear();
    assert!(hub.credentials().is_empty() && hub.is_empty());
}

#[test]
fn streams_are_told_what_holds_of_their_credential_now() {
    let hub = Hub::new(MANY);
    let one = register(&hub, ONE, key("a")).unwrap();
    let narrow = Grants { roles: vec![Role::Buyer], sites: vec!["W1".into()], ..Grants::default() };
    hub.change(&[now(key("a"), Some(narrow.clone()))]);
    assert_eq!(one.slot.narrowed().as_deref(), Some(&narrow));
    assert_eq!(hub.credentials(), [(key("a"), "f".to_string())]);
    let two = register(&hub, ONE, key("a")).unwrap();
    assert_eq!(hub.credentials(), [(key("a"), String::new())], "the new one was told nothing yet");
    hub.change(&[now(key("a"), Some(Grants { roles: vec![Role::Viewer], ..Grants::default() }))]);
    assert_eq!((one.slot.narrowed(), two.slot.narrowed()), (None, None), "widened again");
    assert_eq!(one.slot.ended(), None);
    hub.change(&[now(key("a"), Some(Grants { roles: vec![Role::Operator], ..Grants::default() }))]);
    assert_eq!((one.slot.ended(), two.slot.ended()), (Some(End::Denied), Some(End::Denied)));
}

#[test]
fn a_firm_has_a_bound_and_a_draining_process_takes_nobody() {
    let hub = Hub::new(MANY);
    let all: Vec<_> = (0..MANY).map(|_| register(&hub, ONE, key("a")).unwrap()).collect();
    let refused = register(&hub, ONE, key("a")).map(drop).unwrap_err();
    assert_eq!(refused.reason, Reason::TOO_MANY_STREAMS);
    assert!(register(&hub, TWO, key("b")).is_ok(), "others do not feel it");
    drop(all);
    let last = register(&hub, ONE, key("a")).unwrap();
    hub.end_all(End::Draining);
    assert_eq!(last.slot.ended(), Some(End::Draining));
    assert_eq!(register(&hub, ONE, key("a")).map(drop).unwrap_err().reason, Reason::DRAINING);
}

#[test]
fn a_page_that_nobody_asks_for_is_dropped() {
    let hub = Hub::new(MANY);
    let place = register(&hub, ONE, key("a")).unwrap();
    place.slot.hold((1..=9).map(|seq| entry(ONE, seq)).collect(), hub.now_ms());
    assert_eq!(place.slot.take(0, 1).len(), 1, "one at least");
    place.slot.tick(hub.now_ms());
    assert!(!place.slot.take(1, 1).is_empty(), "it is asked for");
    place.slot.tick(hub.now_ms() + HELD_MS);
    assert!(place.slot.take(2, usize::MAX).is_empty());
}

#[test]
fn a_page_stands_behind_the_one_that_it_follows_or_alone() {
    let hub = Hub::new(MANY);
    let slot = register(&hub, ONE, key("a")).unwrap().slot.clone();
    let hold = |first, last| slot.hold((first..=last).map(|seq| entry(ONE, seq)).collect(), 0);
    let take = |after, bytes| slot.take(after, bytes).iter().map(|entry| entry.seq).collect::<Vec<_>>();
    hold(1, 3);
    hold(4, 6);
    slot.hold(VecDeque::new(), 0);
    assert_eq!((take(0, 1), take(1, usize::MAX)), (vec![1], vec![2, 3, 4, 5, 6]));
    hold(7, 9);
    hold(4, 5);
    assert_eq!(take(3, usize::MAX), [4, 5], "it was read again");
    hold(9, 10);
    assert!(take(5, usize::MAX).is_empty(), "something lies between");
    assert_eq!(slot.kept(), 0, "and it is of no use");
}
