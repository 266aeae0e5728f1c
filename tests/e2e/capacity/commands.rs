//! Demand and capacity by the command line of both sides: stated, shown and changed by the week, and made to count again.

use harness::{
    Firm, World,
    capacity::{demand, for_customer, group, link, linking},
    cli,
};
use serde_json::{Value, json};

use super::golden;

const W53: &str = "2026-12-28";
const W01: &str = "2027-01-04";

/// A command of a firm that must end well; its first line of JSON.
async fn run(world: &World, firm: &Firm, line: &str) -> Value {
    let arguments: Vec<&str> = line.split(' ').collect();
    cli::run(world, &firm.key, &arguments).await.done().json().into_iter().next().unwrap_or_default()
}

/// A command of a firm that must end so, for this reason.
async fn refused(world: &World, firm: &Firm, line: &str, (code, reason): (i32, &str)) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let ran = cli::run(world, &firm.key, &arguments).await;
    assert!(ran.code == Some(code) && ran.err.contains(reason), "{line}: {ran:?}");
}

/// Weeks of a demand as it is shown, series after series.
fn quantities(shown: &Value) -> Vec<String> {
    let series = shown["content"]["series"].as_array().expect("series").iter();
    let weeks = series.flat_map(|series| series["weeks"].as_array().cloned().unwrap_or_default());
    weeks.map(|week| week["quantity"]["value"].as_str().unwrap_or("–").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demand_is_stated_shown_and_changed_by_the_week() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let state = format!(
        "capacity demand state --vendor V100 --material CY-1 --unit H87 --location CY01 --week {W53}=100 --week {W01}=200"
    );
    let stated = run(&world, &buyer, &state).await;
    assert_eq!((&stated["version"], &stated["outcome"]), (&json!("1"), &json!("UPLOAD_OUTCOME_CREATED")));
    let id = stated["id"].as_str().expect("an id");
    let (show, update) = (format!("capacity demand show {id}"), format!("capacity demand update {id}"));

    let changed = run(&world, &buyer, &format!("{update} --week {W53}=150")).await;
    assert_eq!((&changed["version"], &changed["outcome"]), (&json!("2"), &json!("UPLOAD_OUTCOME_REPLACED")));
    assert_eq!(quantities(&run(&world, &supplier, &show).await), ["150", "200"], "the other week stays");
    run(&world, &buyer, &format!("{update} --week {W01}=")).await;
    assert_eq!(quantities(&run(&world, &supplier, &show).await), ["150"], "unknown, and not 0");
    let before = run(&world, &supplier, &format!("{show} --version 1")).await;
    assert_eq!(quantities(&before), ["100", "200"]);
    let read = cli::read(&world, &supplier.key, &["capacity", "demand", "show", id]).await.done().out;
    for said in ["CY-1", "[H87]", "version 3", W53, "150", "CY01", "default"] {
        assert!(read.contains(said), "{said}: {read}");
    }

    run(&world, &buyer, &format!("{update} --inactive")).await;
    assert_eq!(run(&world, &supplier, &show).await["content"]["inactive"], true);
    run(&world, &buyer, &format!("{update} --active")).await;
    let shown = run(&world, &supplier, &show).await;
    assert!(shown["content"]["inactive"].is_null(), "it counts again: {shown}");
    assert_eq!(quantities(&shown), ["150"]);

    run(&world, &buyer, &format!("{update} --location CY02 --category series --week {W53}=7")).await;
    assert_eq!(quantities(&run(&world, &supplier, &show).await), ["150", "7"], "another series");
    for (more, why) in [
        (format!("--week {W53}=1 --location CY01 --version 2"), (3, "STALE_ETAG")),
        (format!("--week {W53}=1"), (2, "--location")),
        ("--active --inactive".to_owned(), (2, "--inactive")),
        ("--location CY01".to_owned(), (2, "--week")),
    ] {
        refused(&world, &buyer, &format!("{update} {more}"), why).await;
    }
    refused(&world, &supplier, &format!("{update} --week {W53}=1 --location CY01"), (3, "NOT_FOUND")).await;
    world.finish().await;
}

/// What stands of a group's weeks: planned and reached.
async fn weeks(supplier: &Firm, id: &str) -> Vec<(String, String)> {
    let content = supplier.capacity_group(id).await.expect("its own").content.unwrap_or_default();
    let figure = |wire: Option<proto::Decimal>| wire.unwrap_or_default().value;
    let week =
        |week: proto::capacity::CapacityWeek| (figure(week.actual_capacity), figure(week.maximum_capacity));
    content.weeks.into_iter().map(week).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_ones_own_is_stated_and_changed_by_the_week() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let state = format!("capacity group state --name 大机组 --unit SEC --week {W53}=80h/100h");
    let stated = run(&world, &supplier, &state).await;
    assert_eq!((&stated["version"], &stated["outcome"]), (&json!("1"), &json!("UPLOAD_OUTCOME_CREATED")));
    let id = stated["id"].as_str().expect("an id");
    let group = supplier.capacity_group(id).await.expect("its own");
    assert!(group.customer_id.is_empty(), "nobody's but its own");
    let said = |actual: &str, maximum: &str| (actual.to_owned(), maximum.to_owned());
    assert_eq!(weeks(&supplier, id).await, [said("288000", "360000")]);

    let update = format!("capacity group update {id}");
    run(&world, &supplier, &format!("{update} --week {W53}=90h --week {W01}=50h")).await;
    let both = [said("324000", "360000"), said("180000", "180000")];
    assert_eq!(weeks(&supplier, id).await, both, "what could be reached stays, or is what is planned");
    run(&world, &supplier, &format!("{update} --remove {W01} --inactive")).await;
    assert_eq!(weeks(&supplier, id).await, both[..1]);
    let active = run(&world, &supplier, &format!("{update} --active")).await;
    let content = supplier.capacity_group(id).await.expect("its own").content.unwrap_or_default();
    assert!(!content.inactive && content.name == "大机组", "it counts again: {active}");
    for (more, why) in [
        (format!("--week {W53}=1h --version 1"), (3, "STALE_ETAG")),
        (format!("--week {W53}=40h/20h"), (3, "maximum")),
        (format!("--week {W53}=1/2/3/4"), (2, "must be a Monday")),
        ("--version 4".to_owned(), (2, "--week")),
    ] {
        refused(&world, &supplier, &format!("{update} {more}"), why).await;
    }
    refused(&world, &buyer, &format!("{update} --active"), (3, "NOT_FOUND")).await;

    let folder = harness::chaos::folder("stated").await;
    let file = folder.join("group.json");
    let content = json!({ "name": "小机组", "unitCode": "HUR", "linkedDemand": [
        { "customerId": buyer.id, "materialNumberCustomer": "CY-1", "customerLocation": "CY01", "demandCategory": "DEMAND_CATEGORY_DEFAULT" } ] });
    std::fs::write(&file, json!({ "content": content }).to_string()).expect("a file");
    let made = run(&world, &supplier, &format!("capacity group state --file {}", file.display())).await;
    let made = supplier.capacity_group(made["id"].as_str().expect("an id")).await.expect("its own");
    assert_eq!(made.content.unwrap_or_default().linked_demand.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_suppliers_show_is_listed_and_a_request_is_changed() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let shown = for_customer(group("给客户的产能", &[(W53, "100", "120")]), &buyer.id);
    let id = supplier.state_group(linking(shown, vec![link("", "M", "2")])).await.unwrap().id;
    buyer.state_demand(demand("M", &[(W53, "55")])).await.unwrap();
    world.settled().await;
    let line = format!("capacity disclosed --supplier {}", supplier.id);
    let listed = run(&world, &buyer, &line).await;
    assert_eq!((&listed["id"], &listed["level"]), (&json!(id), &json!("DISCLOSURE_LEVEL_EXACT")));
    let arguments: Vec<&str> = line.split(' ').collect();
    let read = cli::read(&world, &buyer.key, &arguments).await.done().out;
    for said in ["给客户的产能", W53, "≤ 100 %", "yes", &id] {
        assert!(read.contains(said), "{said}: {read}");
    }
    assert!(run(&world, &supplier, "capacity disclosed").await.is_null(), "nobody shows it anything");

    let publish = format!(
        "capacity request publish --process 注塑 --material PP --tonnage 650 --quantity 5 --unit HUR --from {W53} --to {W01}"
    );
    let published = run(&world, &buyer, &publish).await;
    let change = format!("capacity request change {}", published["id"].as_str().expect("an id"));
    let named =
        format!("{change} --quantity 9 --material ABS --note 加急 --for named --firm {}", supplier.id);
    let changed = run(&world, &buyer, &named).await;
    let content = &changed["content"];
    assert_eq!((&changed["version"], &changed["firmIds"]), (&json!("2"), &json!([supplier.id])));
    assert_eq!((&content["quantity"]["value"], &content["materials"]), (&json!("9"), &json!(["ABS"])));
    assert_eq!(
        (&content["process"], &content["limits"]["tonnageT"]["value"]),
        (&json!("注塑"), &json!("650"))
    );
    let again = run(&world, &buyer, &format!("{change} --to {W53}")).await;
    assert_eq!(
        (&again["firmIds"], &again["content"]["note"]),
        (&changed["firmIds"], &json!("加急")),
        "stays"
    );
    refused(&world, &buyer, &format!("{change} --quantity 1 --version 1"), (3, "STALE_ETAG")).await;
    refused(&world, &buyer, &format!("{change} --firm {}", supplier.id), (2, "--for")).await;
    refused(&world, &supplier, &format!("{change} --quantity 1 --for partners"), (3, "NOT_FOUND")).await;
    world.finish().await;
}
