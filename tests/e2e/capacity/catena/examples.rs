//! The official examples of every version: one of the newest goes in and comes out as it was, a replaced one is refused for
//! what its version lacks, by name.

use std::{collections::BTreeSet, fs};

use chassis::Reason;
use harness::{Firm, World, refusal::bad_fields, request_id, tell::aloud};
use proto::capacity::{
    ExportPayloadsRequest, ImportMaterialDemandsRequest, ListMaterialDemandsRequest, PayloadKind,
    PayloadResult,
};
use serde_json::json;

use super::{
    AHEAD, COMMENT, DEMAND, GROUP, between,
    exact::{Json, Schema, corpus},
    export, import, objects, why,
};
use crate::capacity::golden;

const NEWEST_COMMENT: &str = "id_based_comment_1.1.0_gen_IdBasedComment";
const NEWEST_HEADER: &str = "shared.message_header_3.0.0_gen_MessageHeaderAspect";
/// A monday beside the sunday of the examples.
const MONDAY: &str = "2023-11-06";
/// Those of `IdBasedRequestForUpdate` ask for something, and are answered in `updates.rs`.
const ELSEWHERE: usize = 2;

/// An example of a version that the standard replaced.
struct Replaced {
    model: &'static str,
    /// As what it is sent.
    kind: PayloadKind,
    /// The schema of today's payload of its kind.
    newest: &'static str,
    /// Every field that this payload needs and it has not, or has otherwise.
    lacks: &'static [&'static str],
}

const REPLACED: [Replaced; 4] = [
    Replaced {
        model: "week_based_material_demand_2.0.0_gen_WeekBasedMaterialDemand",
        kind: PayloadKind::MaterialDemand,
        newest: DEMAND,
        lacks: &[
            "demandSeries[0].demands[0].pointInTime REQUIRED",
            "materialDemandIsInactive REQUIRED",
            "unitOfMeasure UNIT",
            "unitOfMeasureIsOmitted REQUIRED",
        ],
    },
    Replaced {
        model: "week_based_capacity_group_1.0.1_gen_WeekBasedCapacityGroup",
        kind: PayloadKind::CapacityGroup,
        newest: GROUP,
        lacks: &[
            "capacities[0].pointInTime REQUIRED",
            "capacityGroupIsInactive REQUIRED",
            "unitOfMeasure UNIT",
            "unitOfMeasureIsOmitted REQUIRED",
        ],
    },
    Replaced {
        model: "week_based_capacity_group_2.0.0_gen_WeekBasedCapacityGroup",
        kind: PayloadKind::CapacityGroup,
        newest: GROUP,
        lacks: &["capacityGroupIsInactive REQUIRED"],
    },
    // What would be, if: CX-0128 does not exchange it, and it is no demand.
    Replaced {
        model: "simulated_week_based_material_demand_1.0.0_gen_SimulatedWeekBasedMaterialDemand",
        kind: PayloadKind::MaterialDemand,
        newest: DEMAND,
        lacks: &[
            "changedAt REQUIRED",
            "customer REQUIRED",
            "demandSeries REQUIRED",
            "materialDemandId REQUIRED",
            "materialDemandIsInactive REQUIRED",
            "materialDescriptionCustomer REQUIRED",
            "materialNumberCustomer REQUIRED",
            "supplier REQUIRED",
            "unitOfMeasure REQUIRED",
            "unitOfMeasureIsOmitted REQUIRED",
        ],
    },
];

/// The official example of a model.
pub(super) fn example(model: &str) -> Json {
    let path = corpus().expect("a corpus").join(format!("sldt__io.catenax.{model}.json"));
    Json::parse(&fs::read_to_string(path).expect("an example"))
}

/// The example of the last version of a demand that has one.
pub(super) fn demand() -> Json {
    example("week_based_material_demand_3.0.0_gen_WeekBasedMaterialDemand")
}

/// The same of a group, with either kind of link alone and a first measurement that lies ahead.
pub(super) fn group(without: &str) -> Json {
    let mut group = example("week_based_capacity_group_3.0.0_gen_WeekBasedCapacityGroup");
    group.object().remove(without);
    group["demandVolatilityParameters"].set("startReferenceDateTime", json!(AHEAD));
    group
}

/// The same of a comment, on a group and a Monday, that asks for no deletion.
pub(super) fn comment(group: &Json) -> Json {
    let mut comment = example(COMMENT);
    comment.set("objectId", json!(group["capacityGroupId"].text()));
    comment.set("listOfReferenceDates", json!([MONDAY]));
    comment.object().remove("requestDelete");
    comment
}

/// The two firms that the examples name, partners of one another.
pub(super) async fn named(world: &World) -> (Firm, Firm) {
    let demand = demand();
    let names = ["远樟汽车部件(示例)有限公司", "顺模塑料制品(示例)厂"];
    between(world, names, [demand["customer"].text(), demand["supplier"].text()]).await
}

/// What became of one payload.
pub(super) async fn one(firm: &Firm, kind: PayloadKind, payload: &Json) -> PayloadResult {
    let mut results = import(firm, kind, payload).await;
    assert_eq!(results.len(), 1, "{payload}");
    results.remove(0)
}

#[tokio::test]
async fn every_official_example_goes_through_or_is_refused_by_name() {
    if corpus().is_none() {
        return;
    }
    let world = World::with(golden()).await;
    let (customer, supplier) = named(&world).await;
    for replaced in &REPLACED {
        refused(&customer, &supplier, replaced).await;
    }
    assert!(stated(&customer).await.is_empty(), "what is refused states nothing");
    let taken = [
        newest_demand(&customer, &supplier).await,
        newest_group(&customer, &supplier).await,
        comments(&customer, &supplier).await,
        headers(&world, &customer).await,
    ];
    let taken: usize = taken.into_iter().sum();
    aloud(format_args!(
        "catena-x: {} official examples: {taken} taken in, {} of replaced versions refused by every field that they lack, \
         {ELSEWHERE} requests for update answered",
        taken + REPLACED.len() + ELSEWHERE,
        REPLACED.len()
    ));
    assert_eq!(taken + REPLACED.len() + ELSEWHERE, 12);
    world.finish().await;
}

/// Ids of the demands that a customer stated.
async fn stated(customer: &Firm) -> Vec<String> {
    let request = ListMaterialDemandsRequest { page_size: 100, ..Default::default() };
    let list = customer.demands().list_material_demands(request).await.expect("a list").into_inner();
    list.demands.into_iter().map(|demand| demand.id).collect()
}

/// A replaced example does not fit the newest schema either, and the refusal names all that it lacks, to a person too.
async fn refused(customer: &Firm, supplier: &Firm, replaced: &Replaced) {
    let Replaced { model, kind, newest, lacks } = replaced;
    let payload = example(model);
    assert!(!Schema::new(newest).faults(&payload).is_empty(), "{model} fits {newest}");
    let sender = if *kind == PayloadKind::CapacityGroup { supplier } else { customer };
    let result = one(sender, *kind, &payload).await;
    let refusal = result.refusal.expect("a refusal");
    let violations = refusal.violations.iter().map(|one| format!("{} {}", one.field, one.reason));
    let expected: BTreeSet<String> = lacks.iter().map(|one| (*one).to_owned()).collect();
    assert_eq!(violations.collect::<BTreeSet<_>>(), expected, "{model}");
    assert_eq!((result.status, refusal.reason.as_str()), (400, Reason::INVALID_FIELDS.as_str()), "{model}");
    assert!(!refusal.message.is_empty() && !refusal.message_zh.is_empty(), "{model}");
    assert!(refusal.violations.iter().all(|one| !one.description.is_empty()), "{model}");
}

/// It goes in as it is.
async fn newest_demand(customer: &Firm, supplier: &Firm) -> usize {
    let (kind, demand) = (PayloadKind::MaterialDemand, demand());
    let result = one(customer, kind, &demand).await;
    assert_eq!(result.status, 201, "{result:?}");
    let id = demand["materialDemandId"].text();
    let out = export(customer, supplier, kind, "weekBasedMaterialDemand", "materialDemandId", id).await;
    Schema::new(DEMAND).hold(&out);
    assert_eq!(out.said(), demand.said());
    1
}

/// It links both kinds, which its own standard forbids, and is measured from the past on: each is said, and without either
/// kind it goes in.
async fn newest_group(customer: &Firm, supplier: &Firm) -> usize {
    let kind = PayloadKind::CapacityGroup;
    let mut schema = Schema::new(GROUP);
    let whole = example("week_based_capacity_group_3.0.0_gen_WeekBasedCapacityGroup");
    let result = one(supplier, kind, &whole).await;
    assert!(result.status == 400 && why(&result).ends_with("LINK_KINDS"), "{result:?}");
    for (dropped, status) in [("linkedCapacityGroups", 201), ("linkedDemandSeries", 200)] {
        if status == 201 {
            let mut past = whole.clone();
            past.object().remove(dropped);
            let result = one(supplier, kind, &past).await;
            let expected = (400, "content.volatility.start_at IN_PAST");
            assert_eq!((result.status, why(&result).as_str()), expected);
        }
        let group = group(dropped);
        let result = one(supplier, kind, &group).await;
        assert_eq!(result.status, status, "{result:?}");
        let id = group["capacityGroupId"].text();
        let out = export(supplier, customer, kind, "weekBasedCapacityGroup", "capacityGroupId", id).await;
        schema.hold(&out);
        assert_eq!(out.said(), group.said(), "without {dropped}");
    }
    1
}

/// Each asks to be deleted, names a sunday and a group that was never exchanged. Put right one by one, it goes in, comes out
/// and is deleted.
async fn comments(customer: &Firm, supplier: &Firm) -> usize {
    let kind = PayloadKind::Comment;
    let group = group("linkedCapacityGroups");
    let mut schemas = [Schema::new(COMMENT), Schema::new(NEWEST_COMMENT)];
    for model in [COMMENT, NEWEST_COMMENT] {
        let mut comment = example(model);
        // Both examples have one id.
        comment.set("commentId", json!(request_id()));
        let result = one(supplier, kind, &comment).await;
        assert_eq!(
            (result.status, why(&result).as_str()),
            (400, "listOfReferenceDates[0] MONDAY"),
            "{model}"
        );
        comment.set("listOfReferenceDates", json!([MONDAY]));
        assert_eq!(one(supplier, kind, &comment).await.status, 403, "{model}: of an unknown group");
        comment.set("objectId", json!(group["capacityGroupId"].text()));
        assert_eq!(one(supplier, kind, &comment).await.status, 400, "{model}: nothing to delete");
        let deletion = comment.clone();
        comment.object().remove("requestDelete");
        let result = one(supplier, kind, &comment).await;
        assert_eq!(result.status, 201, "{model}: {result:?}");
        let request = ExportPayloadsRequest {
            kind: kind.into(),
            counterparty_id: customer.id.clone(),
            ..ExportPayloadsRequest::default()
        };
        let answer = supplier.catena().export_payloads(request).await.expect("exported").into_inner();
        let out = objects(&answer.content).remove(0);
        for schema in &mut schemas {
            schema.hold(&out);
        }
        // It belongs to a simulation, of which nothing is kept.
        comment.object().remove("simulationId");
        assert_eq!(out.said(), comment.said(), "{model}");
        assert_eq!(one(supplier, kind, &deletion).await.status, 200, "{model}: deleted");
    }
    2
}

/// Headers of replaced versions are read like the newest one: around a demand between the two firms that they name, and from
/// nobody else.
async fn headers(world: &World, stranger: &Firm) -> usize {
    let models =
        ["1.0.0", "2.0.0"].map(|version| format!("shared.message_header_{version}_gen_MessageHeaderAspect"));
    let header = example(&models[0]);
    let numbers = ["senderBpn", "receiverBpn"].map(|name| header["header"][name].text());
    let (sender, receiver) =
        between(world, ["木棉门业(示例)有限公司", "邻益注塑(示例)有限公司"], numbers).await;
    let mut demand = demand();
    for (name, number) in ["customer", "supplier"].into_iter().zip(numbers) {
        demand.set(name, json!(number));
    }
    demand.set("materialDemandId", json!(request_id()));
    for (model, status) in models.iter().zip([201, 200]) {
        let mut message = example(model);
        assert_eq!(
            ["senderBpn", "receiverBpn"].map(|name| message["header"][name].text()),
            numbers,
            "{model}"
        );
        message
            .object()
            .insert("content".into(), Json::parse(&format!(r#"{{"informationObject":[{demand}]}}"#)));
        let request =
            ImportMaterialDemandsRequest { request_id: request_id(), content: message.to_string().into() };
        let from_another = stranger.catena().import_material_demands(request).await;
        bad_fields(from_another, &[("messageHeader.senderBpn", "NOT_SENDER")]);
        let result = one(&sender, PayloadKind::MaterialDemand, &message).await;
        assert_eq!(result.status, status, "{model}: {result:?}");
    }
    let everything = ExportPayloadsRequest {
        kind: PayloadKind::MaterialDemand.into(),
        counterparty_id: receiver.id.clone(),
        ..ExportPayloadsRequest::default()
    };
    let answer = sender.catena().export_payloads(everything).await.expect("exported").into_inner();
    let out = objects(&answer.content).remove(0);
    Schema::new(DEMAND).hold(&out);
    assert_eq!(out.said(), demand.said());
    let message = Json::parse(std::str::from_utf8(&answer.content).expect("UTF-8"));
    Schema::new(NEWEST_HEADER).hold(&message["messageHeader"].under("header"));
    models.len()
}
