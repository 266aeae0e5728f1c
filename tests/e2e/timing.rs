//! The time of a refusal tells nothing: medians of calls that take turns, so that whatever else this machine does falls on
//! both. What would be told is a query more or a comparison that stops early; the bound is above the noise and far below
//! a query.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chassis::{Reason, rates::MAILED_LINKS_BURST};
use harness::{Options, World, order, outside::MailServer, refusal::refused, request_id, signed};
use proto::{
    notices::{Channel, CreateChannelRequest, Medium, RequestSignInLinkRequest},
    orders::GetOrderRequest,
};
use tonic::metadata::MetadataMap;

/// Calls of each kind.
const ROUNDS: usize = 200;
/// The same, where each call uses up something that is set up before.
const FEW_ROUNDS: usize = 75;
/// A difference that is there is there each time; noise is not.
const ATTEMPTS: usize = 6;

/// The median times of two kinds of calls that take turns.
async fn medians(rounds: usize, one: impl AsyncFn(), other: impl AsyncFn()) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..2 * rounds {
        // Neither kind always follows the other: one, other, other, one …
        let first = matches!(round % 4, 0 | 3);
        let since = Instant::now();
        if first {
            one().await;
        } else {
            other().await;
        }
        if first { &mut ones } else { &mut others }.push(since.elapsed());
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    (median(ones), median(others))
}

async fn take_the_same_time(what: &str, one: impl AsyncFn(), other: impl AsyncFn()) {
    take_the_same_time_in(ROUNDS, what, one, other).await;
}

async fn take_the_same_time_in(rounds: usize, what: &str, one: impl AsyncFn(), other: impl AsyncFn()) {
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let (a, b) = medians(rounds, &one, &other).await;
        println!("{what}: {a:?} and {b:?}");
        let bound = (a.min(b) / 4).max(Duration::from_micros(100));
        if a.abs_diff(b) <= bound {
            return;
        }
        seen.push((a, b));
    }
    panic!("{what} can be told apart by time: {seen:?}");
}

#[tokio::test]
async fn what_is_another_s_takes_as_long_as_what_is_not_there() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let receipt = buyer.publish(order("4500001").line("10", "X", "10", "1").to("V100")).await.unwrap();
    let get = async |id: &str| {
        let request = GetOrderRequest { order_id: id.into() };
        refused(rival.orders().get_order(request).await, Reason::NOT_FOUND);
    };
    let nobodys = request_id();
    take_the_same_time("an order", async || get(&receipt.order_id).await, async || get(&nobodys).await).await;
    let answer = async |id: &str| {
        refused(rival.respond(harness::accept_all(id)).await, Reason::NOT_FOUND);
    };
    take_the_same_time(
        "an answer",
        async || answer(&receipt.order_id).await,
        async || answer(&nobodys).await,
    )
    .await;
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_key_takes_as_long_wherever_it_is_wrong() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let (body, _) = firm.key.rsplit_once('_').unwrap();
    let (front, secret) = body.rsplit_once('_').unwrap();
    let other = |digit: &str| if digit == "0" { "1" } else { "0" };
    let wrong_at = |at: usize| {
        let digit = other(&secret[at..=at]);
        signed(&format!("{front}_{}{digit}{}", &secret[..at], &secret[at + 1..]))
    };
    let (first, last) = (wrong_at(0), wrong_at(secret.len() - 1));
    let unknown_id = signed(&format!("tdm_live_{}_{secret}", "0".repeat(16)));
    let ask = async |key: &str| {
        let mut headers = MetadataMap::new();
        headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
        let path = "/tandem.partners.v1.SessionService/WhoAmI";
        refused(world.anybody().call_with(path, Bytes::new(), headers).await, Reason::UNAUTHENTICATED);
    };
    take_the_same_time("a wrong digit", async || ask(&first).await, async || ask(&last).await).await;
    take_the_same_time("a known id", async || ask(&first).await, async || ask(&unknown_id).await).await;
    world.finish().await;
}

/// D30: whether somebody is signed in under an id tells nothing by its time, as what it says tells nothing.
#[tokio::test]
async fn a_session_that_is_none_takes_as_long_whosever_id_it_has() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let (body, _) = firm.session().token().rsplit_once('_').unwrap();
    let (front, secret) = body.rsplit_once('_').unwrap();
    let (kind, id) = front.rsplit_once('_').unwrap();
    let (guess, nobody) = ("0".repeat(secret.len()), "0".repeat(id.len()));
    let known = signed(&format!("{front}_{guess}"));
    let unknown = signed(&format!("{kind}_{nobody}_{guess}"));
    let ask = async |token: &str| {
        let mut headers = MetadataMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let path = "/tandem.partners.v1.SessionService/WhoAmI";
        refused(world.anybody().call_with(path, Bytes::new(), headers).await, Reason::UNAUTHENTICATED);
    };
    take_the_same_time("a session", async || ask(&known).await, async || ask(&unknown).await).await;
    world.finish().await;
}

/// D30: whether a mail address is a member's tells nothing by the time that it takes to ask for a link. One address is sent few,
/// so that there are many, and none is asked for more often than it is sent them.
#[tokio::test]
async fn a_link_by_mail_takes_as_long_to_ask_for_whosever_address_it_is() {
    let server = MailServer::start().await;
    let world = World::with(Options { smtp_url: server.url(), ..Options::default() }).await;
    let each = MAILED_LINKS_BURST as usize;
    let address = |whose: &str, number: usize| format!("{whose}-{number:03}@example.invalid");
    let members: Vec<String> =
        (0..(FEW_ROUNDS * ATTEMPTS).div_ceil(each)).map(|number| address("member", number)).collect();
    // As many as a firm may have.
    for (number, addresses) in members.chunks(50).enumerate() {
        let firm = world.firm(&format!("第{number}塑料制品(示例)厂")).await;
        for address in addresses {
            let channel = Channel {
                medium: Medium::Mail.into(),
                name: "登录".into(),
                digest_s: Some(0),
                member_id: firm.admin_id.clone(),
                signs_in: true,
                ..Channel::default()
            };
            let request = CreateChannelRequest {
                request_id: request_id(),
                channel: Some(channel),
                address: address.clone(),
                secret: String::new(),
            };
            firm.notices().create_channel(request).await.expect("set up");
        }
    }
    let ask = async |whose: &str, asked: &Cell<usize>| {
        let address = address(whose, asked.replace(asked.get() + 1) / each);
        let request = RequestSignInLinkRequest { address };
        world.anybody().notices().request_sign_in_link(request).await.expect("asked");
    };
    let (known, unknown) = (Cell::new(0), Cell::new(0));
    take_the_same_time_in(
        FEW_ROUNDS,
        "a link by mail",
        async || ask("member", &known).await,
        async || ask("nobody", &unknown).await,
    )
    .await;
    assert!(members.len() * each >= known.get(), "all of them were members'");
    world.finish().await;
}
