//! Payloads of Catena-X through the public API: every one of the corpus goes in as the standard says, and comes out with
//! what it said.

mod described;
mod exact;
mod examples;
mod updates;
mod versions;
mod yaml;

use std::{collections::BTreeMap, fs, iter};

use chassis::Reason;
use harness::{Firm, World, cli, refusal::refused, request_id, tell::aloud};
use proto::{
    capacity::{
        ExportPayloadsRequest, ImportCapacityGroupsRequest, ImportCommentsRequest,
        ImportMaterialDemandsRequest, PayloadKind, PayloadResult,
    },
    partners::{CreateFirmRequest, PartyId},
};
use serde_json::{Value, json};

use self::exact::{Json, Schema, corpus};
use super::golden;

const CUSTOMER: &str = "BPNL00000000052O";
const SUPPLIER: &str = "BPNL0000000000JS";
/// What a volatility that is stated first may begin at, by the clock of these tests.
const AHEAD: &str = "2027-01-10T12:00:00.320Z";

const DEMAND: &str = "week_based_material_demand_3.0.1_gen_WeekBasedMaterialDemand";
const GROUP: &str = "week_based_capacity_group_3.0.1_gen_WeekBasedCapacityGroup";
const COMMENT: &str = "id_based_comment_1.0.0_gen_IdBasedComment";

/// Both kinds of link of a group, of which its own standard allows one.
const LINKS: [&str; 2] = ["linkedCapacityGroups", "linkedDemandSeries"];

/// A customer and its supplier with their partner numbers.
pub(super) async fn numbered(world: &World) -> (Firm, Firm) {
    let names = ["远樟汽车部件(示例)有限公司", "顺模塑料制品(示例)厂"];
    between(world, names, [CUSTOMER, SUPPLIER]).await
}

/// The same of these names and numbers.
async fn between(world: &World, names: [&str; 2], numbers: [&str; 2]) -> (Firm, Firm) {
    let with_number = async |name: &str, number: &str| {
        let request = CreateFirmRequest {
            request_id: request_id(),
            name: name.into(),
            admin_name: "管理员".into(),
            party_ids: vec![PartyId { scheme: "BPNL".into(), value: number.into() }],
            ..CreateFirmRequest::default()
        };
        world.create_firm(request).await
    };
    let customer = with_number(names[0], numbers[0]).await;
    let supplier = with_number(names[1], numbers[1]).await;
    world.partner(&customer, &supplier, "V100").await;
    (customer, supplier)
}

async fn import(firm: &Firm, kind: PayloadKind, content: &impl ToString) -> Vec<PayloadResult> {
    let (request_id, content) = (request_id(), content.to_string().into());
    let mut catena = firm.catena();
    match kind {
        PayloadKind::Comment => {
            let request = ImportCommentsRequest { request_id, content };
            catena.import_comments(request).await.expect("taken in").into_inner().results
        }
        PayloadKind::CapacityGroup => {
            let request = ImportCapacityGroupsRequest { request_id, content };
            catena.import_capacity_groups(request).await.expect("taken in").into_inner().results
        }
        _ => {
            let request = ImportMaterialDemandsRequest { request_id, content };
            catena.import_material_demands(request).await.expect("taken in").into_inner().results
        }
    }
}

/// The one object that a request for update names.
async fn export(firm: &Firm, other: &Firm, kind: PayloadKind, name: &str, id_name: &str, id: &str) -> Json {
    let wanted = json!({ name: [{ id_name: id }] });
    let request = ExportPayloadsRequest {
        kind: kind.into(),
        counterparty_id: other.id.clone(),
        request_for_update: wanted.to_string().into(),
    };
    let answer = firm.catena().export_payloads(request).await.expect("exported").into_inner();
    let objects = objects(&answer.content);
    assert_eq!((objects.len(), answer.objects), (1, 1));
    objects.into_iter().next().unwrap()
}

/// What a message holds.
fn objects(message: &[u8]) -> Vec<Json> {
    let message = Json::parse(std::str::from_utf8(message).expect("UTF-8"));
    message["content"]["informationObject"].list().to_vec()
}

/// Rows of a table of the corpus.
fn rows(name: &str) -> Option<Vec<Json>> {
    let text = fs::read_to_string(corpus()?.join("kit-derived").join(name)).expect("a file of the corpus");
    Some(Json::parse(&text).list().to_vec())
}

/// The first bad field, or the reason.
fn why(result: &PayloadResult) -> String {
    let refusal = result.refusal.clone().unwrap_or_default();
    refusal.violations.first().map_or(refusal.reason, |one| format!("{} {}", one.field, one.reason))
}

#[tokio::test]
async fn every_demand_of_the_corpus_goes_through() {
    let (Some(valid), Some(invalid)) = (rows("md-valid.json"), rows("md-invalid.json")) else { return };
    let mut schema = Schema::new(DEMAND);
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let kind = PayloadKind::MaterialDemand;
    let mut taken = 0;
    let mut refusals = BTreeMap::new();
    for row in &valid {
        // Each row is a demand of its own, else the second would be another state of the first.
        let mut payload = row["payload"].clone();
        let number = format!("{} #{}", payload["materialNumberCustomer"].text(), row["row"]);
        payload.set("materialDemandId", json!(request_id()));
        payload.set("materialNumberCustomer", json!(number));
        payload.set("aPropertyOfTomorrow", json!({"ignored": null}));
        let result = import(&customer, kind, &payload).await.pop().unwrap();
        if result.status != 201 {
            refusals.insert(row["row"].whole(), why(&result));
            continue;
        }
        taken += 1;
        let id = payload["materialDemandId"].text();
        let out = export(&customer, &supplier, kind, "weekBasedMaterialDemand", "materialDemandId", id).await;
        payload.object().remove("aPropertyOfTomorrow");
        schema.hold(&out);
        assert_eq!(out.said(), payload.said(), "row {}", row["row"]);
    }
    aloud(format_args!(
        "catena-x: {} valid demands: {taken} in and out the same, refused {refusals:?}",
        valid.len()
    ));
    // Both fail the official schema too: an urn without `uuid:`, and a text where a BPNS belongs.
    let expected = [
        (43, "materialGlobalAssetId ID".to_string()),
        (52, "demandSeries[0].customerLocation BPN".to_string()),
    ];
    assert_eq!((taken, refusals), (valid.len() - 2, BTreeMap::from(expected)));
    let mut refused = 0;
    for row in &invalid {
        let result = import(&customer, kind, &row["payload"]).await.pop().unwrap();
        assert_eq!(result.status, 400, "row {}: {}", row["row"], row["kit_error"]);
        refused += 1;
    }
    aloud(format_args!("catena-x: {} invalid demands: {refused} refused", invalid.len()));
    world.finish().await;
}

/// Each group is tried with both kinds of link, and with either alone. A short run takes one of the two of each, by turns, so
/// that half of the groups go through with the other one; `TANDEM_TEST_LONG=1` asks for both.
#[tokio::test]
async fn every_group_of_the_corpus_goes_through() {
    let (Some(valid), Some(invalid)) = (rows("cg-valid.json"), rows("cg-invalid.json")) else { return };
    let mut schema = Schema::new(GROUP);
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let kind = PayloadKind::CapacityGroup;
    let (mut taken, mut kinds) = (0, 0);
    let mut refusals: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let tries = if harness::long() { LINKS.len() } else { 1 };
    println!("turn {}", harness::turn());
    for (place, row) in valid.iter().enumerate() {
        // Each links both kinds, which its own standard forbids: refused as it is, and taken with either alone.
        let whole = &row["payload"];
        let result = import(&supplier, kind, whole).await.pop().unwrap();
        kinds += usize::from(why(&result).ends_with("LINK_KINDS"));
        for dropped in LINKS.iter().cycle().skip((harness::turn() + place) % LINKS.len()).take(tries) {
            let mut payload = whole.clone();
            payload.set("capacityGroupId", json!(request_id()));
            // Of the past; what is stated first has to lie ahead.
            if !row["overrides"].has("startReferenceDateTime") {
                payload["demandVolatilityParameters"].set("startReferenceDateTime", json!(AHEAD));
            }
            payload.object().remove(*dropped);
            let result = import(&supplier, kind, &payload).await.pop().unwrap();
            if result.status != 201 {
                refusals.entry(why(&result)).or_default().push(row["row"].whole());
                continue;
            }
            taken += 1;
            let id = payload["capacityGroupId"].text();
            let out =
                export(&supplier, &customer, kind, "weekBasedCapacityGroup", "capacityGroupId", id).await;
            schema.hold(&out);
            assert_eq!(out.said(), payload.said(), "row {} without {dropped}", row["row"]);
        }
    }
    aloud(format_args!(
        "catena-x: {} valid groups, each without one of its two kinds of link: {taken} in and out the same, {kinds} refused \
              with both; refused otherwise {refusals:?}",
        valid.len()
    ));
    // CX-0128 5.6.1: rows 65, 66, 71 and 72 state a maximum below the actual capacity; 82 and 83 start in the past.
    let each = |rows: &[i64]| rows.iter().flat_map(|row| iter::repeat_n(*row, tries)).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        ("capacities[0].maximumCapacity BELOW_ACTUAL".to_string(), each(&[65, 66, 71, 72])),
        ("content.volatility.start_at IN_PAST".to_string(), each(&[82, 83])),
    ]);
    assert_eq!((taken, refusals), (tries * (valid.len() - 6), expected));
    let mut mistaken = Vec::new();
    for row in &invalid {
        let mut payload = row["payload"].clone();
        if !row["overrides"].has("startReferenceDateTime") {
            payload["demandVolatilityParameters"].set("startReferenceDateTime", json!(AHEAD));
        }
        payload.object().remove("linkedCapacityGroups");
        if row["overrides"].has("linkedCapacityGroups") {
            payload = row["payload"].clone();
        }
        let result = import(&supplier, kind, &payload).await.pop().unwrap();
        if result.status != 400 {
            mistaken.push(row["row"].whole());
        }
    }
    aloud(format_args!("catena-x: {} invalid groups: all refused but rows {mistaken:?}", invalid.len()));
    // Nothing is wrong with them: a UUID of version 4, and a rise of 200 %, both of which the standard allows.
    assert_eq!(mistaken, [2, 38]);
    world.finish().await;
}

/// Holds a message of one demand against the schemas of its header and of what it holds.
fn hold_message(message: &Json) {
    if corpus().is_none() {
        return;
    }
    Schema::new(DEMAND).hold(&message["content"]["informationObject"].list()[0]);
    let header = message["messageHeader"].under("header");
    Schema::new("shared.message_header_3.0.0_gen_MessageHeaderAspect").hold(&header);
}

/// The largest quantity of the standard, which no f64 holds; and what stands for it in JSON that has gone through one.
const LARGEST: &str = "999999999999999999.999";
const PLACE: &str = "\"largest\"";

#[tokio::test]
async fn what_goes_in_comes_out() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let demand = |id: &str, sender: &str| {
        json!({
            "materialDemandId": id, "customer": sender, "supplier": SUPPLIER,
            "materialNumberCustomer": "X", "materialDescriptionCustomer": "", "unitOfMeasureIsOmitted": true,
            "materialDemandIsInactive": false, "changedAt": "2026-11-23T09:00:00+08:00",
            "demandSeries": [{"customerLocation": "BPNS0000000000C1", "demandCategory": {"demandCategoryCode": "0001"},
                "demands": [{"pointInTime": "2026-12-28", "demand": 0}, {"pointInTime": "2027-01-04", "demand": "largest"},
                    {"pointInTime": "2027-01-11", "demand": 0.1}]}]
        })
    };
    let (id, other) = (request_id(), request_id());
    let header = |sender: &str| {
        json!({"messageId": request_id(), "context": "c", "version": "3.0.0", "sentDateTime": "2026-11-23T09:00:00Z",
            "senderBpn": sender, "receiverBpn": SUPPLIER})
    };
    let message = |sender: &str, list: Value| json!({"messageHeader": header(sender), "content": {"informationObject": list}});
    let list = json!([demand(&id, CUSTOMER), demand(&other, CUSTOMER), demand(&id, SUPPLIER), 7]);
    let request = ImportMaterialDemandsRequest {
        request_id: request_id(),
        content: message(CUSTOMER, list).to_string().replace(PLACE, LARGEST).into(),
    };
    let answer = customer.catena().import_material_demands(request.clone()).await.unwrap().into_inner();
    let statuses: Vec<i32> = answer.results.iter().map(|one| one.status).collect();
    let reasons: Vec<String> =
        answer.results[1..].iter().map(|one| one.refusal.clone().unwrap().reason).collect();
    assert_eq!((answer.status, statuses), (400, vec![201, 400, 400, 400]));
    assert_eq!(reasons, ["ALREADY_EXISTS", "PERMISSION_DENIED", "INVALID_FIELDS"]);
    // The same request again takes nothing anew.
    let again = customer.catena().import_material_demands(request).await.unwrap().into_inner();
    assert!(again.results[0].receipt.clone().unwrap().replayed);
    for (content, reason) in [
        (b"{".to_vec(), Reason::JSON_MALFORMED),
        (message(SUPPLIER, json!([])).to_string().into_bytes(), Reason::INVALID_FIELDS),
    ] {
        let request = ImportMaterialDemandsRequest { request_id: request_id(), content: content.into() };
        refused(customer.catena().import_material_demands(request).await, reason);
    }
    // What its locations are called elsewhere cannot be said in a payload.
    let own = harness::capacity::demand("Y", &[("2026-12-28", "1")]);
    let own = customer.state_demand(own).await.unwrap().id;
    let everything = ExportPayloadsRequest {
        kind: PayloadKind::MaterialDemand.into(),
        counterparty_id: supplier.id.clone(),
        request_for_update: Default::default(),
    };
    let answer = customer.catena().export_payloads(everything).await.unwrap().into_inner();
    assert_eq!((answer.objects, answer.left_out_ids), (1, vec![own]));
    let out = Json::parse(std::str::from_utf8(&answer.content).expect("UTF-8"));
    assert_eq!(out["messageHeader"]["senderBpn"].text(), CUSTOMER);
    let expected = Json::of(&demand(&id, CUSTOMER)).to_string().replace(PLACE, LARGEST);
    assert_eq!(objects(&answer.content)[0].said(), Json::parse(&expected).said());
    hold_message(&out);
    // A firm without a number.
    let plain = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&customer, &plain, "V200").await;
    let nameless = ExportPayloadsRequest {
        kind: PayloadKind::MaterialDemand.into(),
        counterparty_id: plain.id.clone(),
        request_for_update: Default::default(),
    };
    refused(customer.catena().export_payloads(nameless).await, Reason::BPN_MISSING);
    world.finish().await;
}

#[tokio::test]
async fn the_command_line_imports_shows_and_exports() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let folder = harness::chaos::folder("capacity-files").await;
    let group = json!({
        "capacityGroupId": request_id(), "name": "大机组", "customer": CUSTOMER, "supplier": SUPPLIER,
        "changedAt": "2026-11-23T09:00:00+08:00", "unitOfMeasure": "unit:secondUnitOfTime",
        "unitOfMeasureIsOmitted": false, "capacityGroupIsInactive": false,
        "linkedDemandSeries": [{"materialNumberCustomer": "X", "customerLocation": "BPNS0000000000C1",
            "demandCategory": {"demandCategoryCode": "0001"}, "loadFactor": 45}],
        "capacities": [{"pointInTime": "2026-12-28", "actualCapacity": 734400, "maximumCapacity": 864000}]
    });
    let file = folder.join("group.json");
    fs::write(&file, group.to_string()).unwrap();
    let path = file.to_str().unwrap();
    let import = ["capacity", "import", "groups", path];
    let done = cli::run(&world, &supplier.key, &import).await.done().json();
    assert_eq!(done[0]["receipt"]["outcome"], "UPLOAD_OUTCOME_CREATED");
    assert_eq!(cli::run(&world, &supplier.key, &import).await.done().json()[0]["receipt"]["replayed"], true);
    let refused = cli::run(&world, &customer.key, &import).await;
    assert!(refused.code != Some(0) && refused.json()[0]["refusal"]["reason"] == "PERMISSION_DENIED");
    let listed = cli::run(&world, &supplier.key, &["capacity", "show"]).await.done().json();
    let shown =
        cli::run(&world, &supplier.key, &["capacity", "show", listed[0]["id"].as_str().unwrap()]).await;
    assert_eq!(shown.done().json()[0]["matched"][0]["isoWeek"], "2026-W53");
    let export = ["capacity", "export", "groups", "--partner", &customer.id];
    let out = cli::run(&world, &supplier.key, &export).await.done().json();
    assert_eq!(Json::of(&out[0]["content"]["informationObject"][0]).said(), Json::of(&group).said());
    world.finish().await;
}

/// An official example, made one of these two firms and of what they share.
fn said_of(demand: &str) -> Option<Value> {
    let name = format!("sldt__io.catenax.{COMMENT}.json");
    let text = fs::read_to_string(corpus()?.join(name)).expect("a file of the corpus");
    let mut comment: Value = serde_json::from_str(&text).expect("JSON");
    comment["customer"] = json!(CUSTOMER);
    comment["supplier"] = json!(SUPPLIER);
    comment["objectType"] = json!("urn:samm:io.catenax.week_based_material_demand");
    comment["objectId"] = json!(demand);
    comment["listOfReferenceDates"] = json!(["2023-11-06"]);
    comment.as_object_mut().unwrap().remove("requestDelete");
    Some(comment)
}

#[tokio::test]
async fn comments_go_in_come_out_and_are_deleted() {
    let world = World::with(golden()).await;
    let (customer, supplier) = numbered(&world).await;
    let demand = harness::capacity::demand("X", &[("2026-12-28", "100")]);
    let demand = customer.state_demand(demand).await.unwrap().id;
    let Some(comment) = said_of(&demand) else { return };
    let kind = PayloadKind::Comment;
    let status = async |firm: &Firm, payload: &Value| import(firm, kind, payload).await.pop().unwrap();
    let with = |name: &str, value: Value| {
        let mut changed = comment.clone();
        changed[name] = value;
        changed
    };
    let sunday = status(&supplier, &with("listOfReferenceDates", json!(["2023-11-05"]))).await;
    assert_eq!((sunday.status, why(&sunday).as_str()), (400, "listOfReferenceDates[0] MONDAY"));
    let elsewhere = status(&supplier, &with("objectId", json!(request_id()))).await;
    assert_eq!(elsewhere.status, 403, "{elsewhere:?}");
    assert_eq!(status(&supplier, &comment).await.status, 201);
    assert_eq!(status(&supplier, &comment).await.status, 200, "the same moment");
    let older = status(&supplier, &with("changedAt", json!("2023-03-09T12:27:11.320Z"))).await;
    assert_eq!((older.status, why(&older).as_str()), (400, "CHANGED_AT_OLDER"));
    let request = ExportPayloadsRequest {
        kind: kind.into(),
        counterparty_id: customer.id.clone(),
        ..ExportPayloadsRequest::default()
    };
    let answer = supplier.catena().export_payloads(request).await.unwrap().into_inner();
    let out = &objects(&answer.content)[0];
    Schema::new(COMMENT).hold(out);
    assert_eq!(out.said(), Json::of(&comment).said());
    assert_eq!(status(&customer, &with("requestDelete", json!(true))).await.status, 400, "it is not its own");
    assert_eq!(status(&supplier, &with("requestDelete", json!(true))).await.status, 200);
    assert_eq!(status(&supplier, &with("requestDelete", json!(true))).await.status, 400, "it is gone");
    world.finish().await;
}

#[test]
fn what_the_standard_ships_fits_its_own_schemas() {
    let Some(corpus) = corpus() else { return };
    let mut fit = 0;
    for entry in fs::read_dir(&corpus).expect("a folder") {
        let path = entry.expect("an entry").path();
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let model = file.strip_prefix("sldt__io.catenax.").and_then(|name| name.strip_suffix(".json"));
        let Some(model) = model.filter(|name| !name.ends_with("-schema")) else { continue };
        let faults = Schema::new(model).faults(&Json::parse(&fs::read_to_string(&path).expect("a text")));
        assert!(faults.is_empty(), "{model}: {faults:?}");
        fit += 1;
    }
    aloud(format_args!("catena-x: {fit} official examples, each by its own schema"));
    assert_eq!(fit, 12);
    // Rows that are said to be valid, and are not by the schema; and said to be invalid, for what no schema says.
    for (table, model, unlike) in [
        ("md-valid.json", DEMAND, vec![43, 52]),
        ("cg-valid.json", GROUP, vec![]),
        ("md-invalid.json", DEMAND, vec![20]),
        ("cg-invalid.json", GROUP, vec![2, 10, 16, 29, 31, 34, 36, 38, 39, 45, 47]),
    ] {
        let (schema, rows) = (Schema::new(model), rows(table).expect("a table"));
        let differs = |row: &&Json| schema.faults(&row["payload"]).is_empty() != table.contains("-valid");
        let found: Vec<i64> = rows.iter().filter(differs).map(|row| row["row"].whole()).collect();
        aloud(format_args!("catena-x: {table}: {} rows; the schema says otherwise of {found:?}", rows.len()));
        assert_eq!(found, unlike, "{table}");
    }
}
