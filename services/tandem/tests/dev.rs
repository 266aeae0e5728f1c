//! `tandem dev` as a program: from nothing to a seeded sandbox, through a stop and a start.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use proto::{
    capacity::{
        ConditionKind, ConditionOutcome, DemandCategory, DisclosedGroup, DisclosedWeek, DisclosureLevel,
        GetCapacityGroupRequest, GroupContent, HeldPart, HoldCapacityRequest, LinkedDemandSeries,
        ListCapacityGroupsRequest, ListCapacityRequestsRequest, ListDisclosedGroupsRequest,
        ListMatchesRequest, ListOffersRequest, ListReservationsRequest, MatchCapacityRequestRequest,
        MatchResult, MatchState, MatchedWeek, NewBucket, Offer, OfferContent, OfferVisibility,
        PublishOfferRequest, ReservationState, UploadCapacityGroupRequest,
    },
    orders::{ListOrdersRequest, OrderState, OrderSummary, Side},
    resources::ListResourcesRequest,
};
use rust_decimal::Decimal;
use serde_json::Value;
use tandem::{
    cli::{client::Connection, failure::Failure},
    postgres,
    seed::story::{Act, Answer, Story},
};
use tonic_types::StatusExt as _;

/// Within which a line comes: the first start seeds a whole sandbox before it says one.
const PATIENCE: Duration = Duration::from_secs(300);
/// Steps of a tour.
const STEPS: usize = 6;

/// Starts `tandem dev`. What it says is read by a thread of its own, so that a line that does not come is missed instead
/// of waited for.
fn run(dir: &Path, output: &str, more: &[&str]) -> (Child, Receiver<String>) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["dev", "--api", "0", "--portal", "0", "--metrics", "0", "--output", output, "--data"])
        .arg(dir)
        .args(more)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let (say, told) = mpsc::channel();
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
    (process, told)
}

/// Asks it to end, and waits.
fn end(mut process: Child) {
    Command::new("kill").arg(process.id().to_string()).status().unwrap();
    assert!(process.wait().unwrap().success());
}

/// A running `tandem dev`.
struct Dev {
    process: Child,
    sandbox: Value,
    told: Receiver<String>,
}

impl Dev {
    /// Starts it and waits for the line that says it is ready.
    fn start(dir: &Path, more: &[&str]) -> Dev {
        let (process, told) = run(dir, "json", more);
        let line = told.recv_timeout(PATIENCE).expect("it starts");
        Dev { sandbox: serde_json::from_str(&line).expect("the line is the sandbox"), process, told }
    }

    /// The steps of a tour: as many as it has, one after the other.
    fn tour(&self) -> Vec<Value> {
        let step = |at: usize| {
            let line = self.told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("step {at} does not come"));
            let step: Value = serde_json::from_str(&line).expect("a step in JSON");
            assert_eq!((&step["step"], &step["of"]), (&at.into(), &STEPS.into()), "{step}");
            step
        };
        (1..=STEPS).map(step).collect()
    }

    fn stop(self) {
        end(self.process);
    }

    fn firm(&self, id: &str) -> Value {
        let mut firms =
            ["anchors", "suppliers"].into_iter().flat_map(|group| self.sandbox[group].as_array().unwrap());
        firms.find(|firm| firm["id"] == id).expect(id).clone()
    }

    async fn connect(&self, id: &str) -> Connection {
        let (api, key) =
            (self.sandbox["api"].as_str().unwrap(), self.firm(id)["key"].as_str().unwrap().to_owned());
        Connection::open(api, Some(&key)).await.unwrap()
    }

    async fn orders(&self, id: &str, side: Side) -> Vec<OrderSummary> {
        let request = ListOrdersRequest { side: side.into(), page_size: 100, ..Default::default() };
        self.connect(id).await.orders().list_orders(request).await.unwrap().into_inner().orders
    }
}

fn scratch() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("tandem-dev-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_tells_its_story_and_survives_a_restart() {
    if postgres::binaries::find(None).is_none() {
        println!("skipped: PostgreSQL is not installed");
        return;
    }
    let dir = scratch();
    let dev = Dev::start(&dir, &[]);
    let file = dir.join("sandbox.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, dev.sandbox);
    assert_eq!(written["anchor"], written["anchors"][0]);

    story_is_told(&dev).await;
    capacity_is_told(&dev).await;
    let inbox = dev.orders("S1", Side::Supplier).await;
    let unanswered = || inbox.iter().filter(|order| order.state() == OrderState::Unanswered);
    assert_eq!(unanswered().filter(|order| order.held).count(), 1, "the buyer asks to wait with one");
    let waiting = unanswered().filter(|order| !order.held && order.revision == 1).count();
    assert_eq!(waiting, 6, "what S1 has to answer, over three anchors");

    let first = dev.firm("S1");
    dev.stop();
    assert!(!file.exists(), "who waits for the file waits for a running sandbox");
    assert!(postgres::attach(&dir).is_none(), "Postgres stopped too");

    let again = Dev::start(&dir, &["--tour", "--tour-pause", "0", "--lan", NEIGHBOUR]);
    let second = again.firm("S1");
    assert_eq!((&first["key"], &first["firm"]), (&second["key"], &second["firm"]));
    assert_ne!(first["sign_in"], second["sign_in"], "links are fresh");
    tour_is_told(&again);
    the_portal_alone_is_open(&again);
    let shown = again.orders("S1", Side::Supplier).await;
    assert_eq!(shown.len(), inbox.len() + 1, "nothing is seeded twice, and the tour's order has come");
    again.stop();

    let once_more = Dev::start(&dir, &["--tour", "--tour-pause", "0", "--locale", "zh"]);
    let steps = once_more.tour();
    assert_eq!(steps[1]["order_number"], "CY26110240-2");
    assert!(steps[1]["text"].as_str().unwrap().contains("CY26110240 已经存在"), "{}", steps[1]);
    once_more.stop();
    people_are_told(&dir);
    std::fs::remove_dir_all(dir).unwrap();
}

/// An address of this machine that stands for the one that phones reach.
const NEIGHBOUR: &str = "127.0.0.2";

/// The portal can be reached at the address of the network, and the API cannot.
fn the_portal_alone_is_open(dev: &Dev) {
    let port = |what: &str, host: &str| -> u16 {
        let address = dev.sandbox[what].as_str().unwrap();
        let port = address.strip_prefix(&format!("http://{host}:"));
        port.unwrap_or_else(|| panic!("{what} is at {address}")).parse().unwrap()
    };
    let (portal, api) = (port("portal", NEIGHBOUR), port("api", "127.0.0.1"));
    let sign_in = dev.firm("S1")["sign_in"].as_str().unwrap().to_owned();
    assert!(sign_in.starts_with(&format!("http://{NEIGHBOUR}:{portal}/s/")), "{sign_in}");
    assert!(TcpStream::connect((NEIGHBOUR, portal)).is_ok(), "a phone reaches the portal");
    assert!(TcpStream::connect((NEIGHBOUR, api)).is_err(), "and not the API");
}

/// What stands in a terminal: a code to scan with the address below it, and the tour, step after step.
fn people_are_told(dir: &Path) {
    let (process, told) = run(dir, "text", &["--tour", "--tour-pause", "0", "--lan", NEIGHBOUR]);
    let next = || told.recv_timeout(PATIENCE).expect("a line");
    let mut code = 0;
    let link = loop {
        let line = next();
        code += usize::from(line.contains(['█', '▀', '▄']));
        if line.starts_with("  http://") {
            break line;
        }
    };
    assert!(link.starts_with(&format!("  http://{NEIGHBOUR}:")) && link.contains("/s/"), "{link}");
    // Version 3, the smallest that holds such an address, has 29 modules a side; two rows are a line.
    assert!(code >= 15, "{code} lines of a code");
    for step in 1..=STEPS {
        while !next().starts_with(&format!("[{step}/{STEPS}] ")) {}
    }
    end(process);
}

/// What the tour says happened, step by step, and where its links lead.
fn tour_is_told(dev: &Dev) {
    let steps = dev.tour();
    let whats: Vec<&str> = steps.iter().map(|step| step["what"].as_str().unwrap()).collect();
    let expected = ["inbox", "published", "event_at_supplier", "accepted", "event_at_buyer", "heat_map"];
    assert_eq!(whats, expected);
    let waiting = |at: usize| steps[at]["waiting"].as_i64().unwrap();
    assert_eq!((waiting(2), waiting(4)), (waiting(0) + 1, waiting(0)), "one more, and back");
    assert_eq!((&steps[1]["order_number"], &steps[4]["state"]), (&"CY26110240".into(), &"ACCEPTED".into()));
    for at in [2, 4] {
        let took = steps[at]["milliseconds"].as_f64().unwrap();
        assert!(took > 0.0 && took < 10_000.0, "{}", steps[at]);
    }
    let week = &steps[5];
    assert_eq!((&week["hours_before"], &week["hours"]), (&"140".into(), &"220".into()));
    assert_eq!(week["result"], "BOTTLENECK_WITHIN_MAXIMUM");
    let portal = dev.sandbox["portal"].as_str().unwrap();
    for (step, page) in
        steps.iter().zip(["/inbox", "/orders/", "/orders/", "/orders/", "/orders/", "/capacity"])
    {
        let link = step["link"].as_str().unwrap();
        assert!(
            link.starts_with(&format!("{portal}/s/")) && link.contains(&format!("?next={page}")),
            "{link}"
        );
    }
}

/// Every order stands as the story says, with its amount.
async fn story_is_told(dev: &Dev) {
    // The week does not matter: neither amounts nor states move with it.
    let story = Story::load(time::macros::date!(2026 - 11 - 23)).unwrap();
    let mut listed = Vec::new();
    for anchor in &story.anchors {
        listed.extend(dev.orders(&anchor.id, Side::Buyer).await);
    }
    assert_eq!(listed.len(), story.orders.len());
    for order in &story.orders {
        let found = listed.iter().find(|found| found.order_number == order.number).expect(&order.number);
        let state = match order.answer {
            _ if order.acts.iter().any(|act| matches!(act, Act::Cancel(None, _))) => OrderState::Cancelled,
            Answer::None => OrderState::Unanswered,
            Answer::Accept | Answer::Tolerated(_) => OrderState::Accepted,
            Answer::Reject(_) => OrderState::Rejected,
            Answer::Part { .. } => OrderState::PartAccepted,
            Answer::Propose(_) => OrderState::Proposed,
        };
        // Whether a change asks for a new answer depends on how far its day is from today.
        if order.before.is_empty() {
            assert_eq!(found.state(), state, "{}", order.number);
        }
        // A change of what is frozen takes two: of the totals at once, of the line once the supplier agrees.
        assert!(found.revision as usize > order.before.len(), "{}", order.number);
        let held = order.acts.iter().any(|act| matches!(act, Act::Hold(_)));
        assert_eq!(found.held, held, "{}", order.number);
        let included = story.with_tax(order).unwrap();
        assert_eq!(found.price_includes_tax, Some(included), "{}", order.number);
        let amount: Decimal = found.net_amount.clone().unwrap().value.parse().unwrap();
        assert_eq!(amount, order.net, "{}", order.number);
    }
}

fn said(decimal: Option<&proto::Decimal>) -> &str {
    decimal.map(|decimal| decimal.value.as_str()).unwrap_or_default()
}

/// What a firm may hold of another's machine.
async fn offered(firm: &Connection, supplier: &Value, machine: &str) -> Offer {
    let supplier_id = supplier["firm"].as_str().unwrap().to_owned();
    let request = ListOffersRequest { supplier_id, page_size: 100, ..Default::default() };
    let offers = firm.offers().list_offers(request).await.unwrap().into_inner().offers;
    let of = |offer: &Offer| offer.content.as_ref().is_some_and(|content| content.machine == machine);
    offers.into_iter().find(of).expect(machine)
}

/// The red week and where room is instead, hours that firms lend each other, and a machine that is shared by the slot.
async fn capacity_is_told(dev: &Dev) {
    let (s1, s3, a3) = (dev.connect("S1").await, dev.connect("S3").await, dev.connect("A3").await);
    let groups = s1
        .capacity_groups()
        .list_capacity_groups(ListCapacityGroupsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let large = groups.groups.iter().find(|group| group.name.starts_with("S1-G3")).unwrap();
    let request = GetCapacityGroupRequest { group_id: large.id.clone(), version: 0 };
    let large = s1.capacity_groups().get_capacity_group(request).await.unwrap().into_inner();
    let beyond = |week: &&MatchedWeek| week.result() == MatchResult::BottleneckBeyondMaximum;
    let red: Vec<&MatchedWeek> = large.matched.iter().filter(beyond).collect();
    assert_eq!(red.len(), 1, "one week of them all is red");
    assert_eq!((said(red[0].demand.as_ref()), said(red[0].maximum_capacity.as_ref())), ("900000", "864000"));
    assert_eq!(large.content.unwrap().volatility.unwrap().thresholds.len(), 2);
    nothing_is_to_spare(&s1, &large.id, red[0]).await;
    anchors_see_what_is_disclosed(dev, red[0].monday).await;
    others_see_nothing(&s1, &s3, &dev.firm("S3")).await;
    need_is_explained(dev, red[0].monday).await;

    let neighbour = offered(&a3, &dev.firm("S3"), "650 t 二号机").await;
    let free: Vec<&str> = neighbour.buckets.iter().map(|bucket| said(bucket.free.as_ref())).collect();
    assert_eq!((free, neighbour.buckets[1].monday), (vec!["40", "0", "40"], red[0].monday));
    let part = HeldPart {
        bucket_id: neighbour.buckets[1].id.clone(),
        quantity: Some(proto::Decimal { value: "20".into() }),
    };
    let request = HoldCapacityRequest {
        request_id: "dev-late".into(),
        offer_id: neighbour.id.clone(),
        parts: vec![part],
        ..Default::default()
    };
    let late = a3.reservations().hold_capacity(request).await.unwrap_err().get_details_error_info().unwrap();
    let after = neighbour.buckets[2].monday.map(|day| chassis::value::date(&day).unwrap()).unwrap();
    assert_eq!(late.reason, "CAPACITY_SHORT");
    assert!(late.metadata["free_elsewhere"].ends_with(&format!(" {after}=40")), "{:?}", late.metadata);

    let s2 = dev.connect("S2").await;
    let measuring = offered(&s2, &dev.firm("A3"), "三坐标测量机").await;
    let free =
        measuring.buckets.iter().map(|bucket| (bucket.starts_at.is_some(), said(bucket.free.as_ref())));
    assert_eq!(free.collect::<Vec<_>>(), [(true, "0"), (true, "3"), (true, "3"), (true, "3")]);
    let found =
        s2.resources().list_resources(ListResourcesRequest::default()).await.unwrap().into_inner().resources;
    let points = found
        .iter()
        .filter_map(|one| one.content.as_ref())
        .any(|content| content.capacity_offer_id == measuring.id);
    assert!(points, "the instrument says where its time is booked");

    let lent =
        s3.reservations().list_reservations(ListReservationsRequest::default()).await.unwrap().into_inner();
    let lent = lent.reservations.iter().find(|one| one.holder_id == dev.firm("S3")["firm"]).unwrap();
    assert_eq!((lent.state(), said(lent.parts[0].quantity.as_ref())), (ReservationState::Consumed, "216000"));
    let bought = dev.orders("S3", Side::Buyer).await;
    assert_eq!((bought.len(), &bought[0].id, bought[0].state()), (1, &lent.order_id, OrderState::Accepted));
}

/// As many hours as the machines can be run in the red week, though not beside its demand, are not offered.
async fn nothing_is_to_spare(s1: &Connection, group_id: &str, red: &MatchedWeek) {
    let quantity = Some(proto::Decimal { value: (230 * 3_600).to_string() });
    let request = PublishOfferRequest {
        request_id: "dev-over".into(),
        group_id: group_id.into(),
        content: Some(OfferContent { process: "注塑".into(), ..Default::default() }),
        visibility: OfferVisibility::Partners.into(),
        buckets: vec![NewBucket { monday: red.monday, quantity, ..Default::default() }],
        ..Default::default()
    };
    let refusal = Failure::from_status(&s1.offers().publish_offer(request).await.unwrap_err(), "en");
    assert_eq!(refusal.reason, "OFFER_EXCEEDS_CAPACITY");
    assert!(refusal.metadata.contains(&("spare".into(), "0".into())), "{:?}", refusal.metadata);
    let why: Vec<&str> = refusal.fields.iter().map(|field| field.reason.as_str()).collect();
    assert_eq!(why, ["FORECAST"], "no order and no offer has them");
}

/// What suppliers show a firm.
async fn shown(firm: &Connection) -> Vec<DisclosedGroup> {
    let request = ListDisclosedGroupsRequest::default();
    firm.capacity_groups().list_disclosed_groups(request).await.unwrap().into_inner().groups
}

/// The one group that an anchor sees, with a week of it: once its demand is found, which is soon after it was stated.
async fn one_shown(firm: &Connection, monday: Option<proto::Date>) -> (DisclosedGroup, DisclosedWeek) {
    let is = |week: &&DisclosedWeek| week.monday == monday && week.sufficient.is_some();
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let groups = shown(firm).await;
        assert_eq!(groups.len(), 1, "the group that names it and no other: {groups:?}");
        if let Some(week) = groups[0].weeks.iter().find(is).cloned() {
            return (groups[0].clone(), week);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing is shown of that week");
}

/// Of the red week one anchor sees how full it is, the next whether its own share suffices, and the third every figure of
/// its own.
async fn anchors_see_what_is_disclosed(dev: &Dev, red: Option<proto::Date>) {
    let none = ["", "", ""];
    for (id, level, quarter, sufficient, figures, factors) in [
        ("A1", DisclosureLevel::Banded, Some(5), false, none, vec![""]),
        ("A2", DisclosureLevel::YesNo, None, true, none, vec!["", ""]),
        ("A3", DisclosureLevel::Exact, Some(3), true, ["300000", "367200", "432000"], vec!["1.5"]),
    ] {
        let (group, week) = one_shown(&dev.connect(id).await, red).await;
        assert_eq!(
            (group.level(), week.quarter, week.sufficient),
            (level, quarter, Some(sufficient)),
            "{id}"
        );
        let told = [&week.demand, &week.actual_capacity, &week.maximum_capacity];
        assert_eq!(told.map(|figure| number(figure.as_ref())), figures.map(str::to_owned), "{id}");
        let weighed: Vec<&str> =
            group.linked_demand.iter().map(|link| said(link.load_factor.as_ref())).collect();
        assert_eq!(weighed, factors, "{id}: what a piece takes would tell hours");
    }
}

/// A figure without the zeros that end it; empty where there is none.
fn number(decimal: Option<&proto::Decimal>) -> String {
    decimal
        .map(|decimal| decimal.value.parse::<Decimal>().unwrap().normalize().to_string())
        .unwrap_or_default()
}

/// A customer without a policy of its own does not see that a group names it.
async fn others_see_nothing(s1: &Connection, s3: &Connection, customer: &Value) {
    let link = LinkedDemandSeries {
        material_number_customer: "LY-1".into(),
        customer_location: "LY01".into(),
        demand_category: DemandCategory::Default.into(),
        ..Default::default()
    };
    let content = GroupContent {
        name: "邻益份额".into(),
        unit_code: "SEC".into(),
        linked_demand: vec![link],
        ..Default::default()
    };
    let request = UploadCapacityGroupRequest {
        request_id: "dev-hidden".into(),
        customer_id: customer["firm"].as_str().unwrap().into(),
        content: Some(content),
        ..Default::default()
    };
    s1.capacity_groups().upload_capacity_group(request).await.unwrap();
    assert!(shown(s3).await.is_empty());
}

/// Of what the first anchor needs, the neighbour's machine meets all but a wish. Who could be asked beside it has such
/// machines; who does other work is named with what it misses.
async fn need_is_explained(dev: &Dev, red: Option<proto::Date>) {
    use ConditionKind as Kind;
    use ConditionOutcome::{Met, NotMet, NotStated};

    let a1 = dev.connect("A1").await;
    let id = |firm: &str| dev.firm(firm)["firm"].as_str().unwrap().to_owned();
    let request = ListCapacityRequestsRequest { own: true, ..Default::default() };
    let needs = a1.capacity_requests().list_capacity_requests(request).await.unwrap().into_inner().requests;
    assert_eq!(needs.len(), 1);
    let capacity_request_id = needs[0].id.clone();
    let request = MatchCapacityRequestRequest {
        capacity_request_id: capacity_request_id.clone(),
        near_misses: true,
        ..Default::default()
    };
    let found = a1.capacity_requests().match_capacity_request(request).await.unwrap().into_inner();
    assert_eq!((found.fitting, found.results.len()), (1, 1), "all that it sees of the process");
    let best = &found.results[0];
    assert_eq!(best.offer.as_ref().map(|offer| offer.supplier_id.clone()), Some(id("S3")));
    assert_eq!((best.fits, best.enough_by), (true, red), "40 h a week from the week before on");
    let explained: Vec<_> = best
        .conditions
        .iter()
        .map(|one| (one.kind(), one.hard, one.outcome(), one.wanted.as_str(), one.found.as_str()))
        .collect();
    let seven = [
        (Kind::Process, true, Met, "注塑", "注塑"),
        (Kind::Material, true, Met, "PP", "PP"),
        (Kind::Tonnage, true, Met, "650", "650"),
        (Kind::Unit, true, Met, "HUR", "HUR"),
        (Kind::Quantity, true, Met, "80", "120"),
        (Kind::Certificate, false, NotStated, "ISO 9001", ""),
        (Kind::Region, false, Met, "990000", "990000"),
    ];
    assert_eq!(explained, seven);

    let asked = found.could_be_asked.iter().filter_map(|one| one.profile.as_ref());
    assert_eq!(asked.map(|profile| profile.firm_id.clone()).collect::<Vec<_>>(), [id("S1")]);
    let near: Vec<_> = found.near_profiles.iter().filter_map(|one| one.profile.as_ref()).collect();
    assert_eq!(near.iter().map(|profile| profile.firm_id.clone()).collect::<Vec<_>>(), [id("S2")]);
    let process = &found.near_profiles[0].conditions[0];
    let said = (process.kind(), process.hard, process.outcome(), &*process.wanted, &*process.found);
    assert_eq!(
        said,
        (Kind::Process, true, NotMet, "注塑", "冲压"),
        "it fails the hard condition of the process"
    );

    let request = ListMatchesRequest { capacity_request_id, ..Default::default() };
    let matches = a1.capacity_matches().list_matches(request).await.unwrap().into_inner().matches;
    let answers: Vec<_> = matches.iter().map(|one| (one.state(), one.supplier_id.clone())).collect();
    assert_eq!(answers, [(MatchState::Proposed, id("S3"))], "the neighbour has answered");
}
