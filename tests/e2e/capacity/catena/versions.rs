//! The official schemas of every version: what is exchanged today fits those of the newest, and those of replaced ones too or
//! but for faults that stand here by name.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use harness::{World, tell::aloud};
use proto::capacity::PayloadKind;
use serde_json::json;

use super::{
    described::exported,
    exact::{Json, Schema, corpus},
    examples::{comment, demand, group, named, one},
    objects,
};
use crate::capacity::golden;

/// What is exchanged today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Demand,
    Group,
    Comment,
    Header,
    /// A request for update, which Tandem answers and does not send.
    Request,
}

/// How each fault begins that a schema finds in what is exchanged today.
type Faults = &'static [&'static str];

const FITS: Faults = &[];
/// A week was a calendar week, and units were those of UN/ECE Recommendation 20.
const OLD_DEMAND: Faults =
    &["/demandSeries/0/demands/0: \"calendarWeek\" is a required property", "/unitOfMeasure: \"unit:piece\""];
const OLD_GROUP: Faults =
    &["/capacities/0: \"calendarWeek\" is a required property", "/unitOfMeasure: \"unit:piece\""];
/// It holds several demands of what would be, if, which CX-0128 does not exchange.
const SIMULATED: Faults = &[
    ": \"listOfWeekBasedMaterialDemand\" is a required property",
    ": \"simulatedWeekBasedMaterialDemandId\" is a required property",
    ": \"simulationChangedAt\" is a required property",
    ": \"simulationDueDate\" is a required property",
    ": \"simulationId\" is a required property",
    ": \"simulationPriority\" is a required property",
];

/// Every schema of the corpus: its model and version, of what it is, and the faults that it finds.
static VERSIONS: [(&str, What, Faults); 18] = [
    ("id_based_comment_1.0.0_gen_IdBasedComment", What::Comment, FITS),
    ("id_based_comment_1.1.0_gen_IdBasedComment", What::Comment, FITS),
    ("id_based_request_for_update_1.0.0_gen_IdBasedRequestForUpdate", What::Request, FITS),
    ("id_based_request_for_update_2.0.0_gen_IdBasedRequestForUpdate", What::Request, FITS),
    ("id_based_request_for_update_3.0.0_gen_IdBasedRequestForUpdate", What::Request, FITS),
    ("shared.message_header_1.0.0_gen_MessageHeaderAspect", What::Header, FITS),
    ("shared.message_header_2.0.0_gen_MessageHeaderAspect", What::Header, FITS),
    ("shared.message_header_3.0.0_gen_MessageHeaderAspect", What::Header, FITS),
    (
        "simulated_week_based_material_demand_1.0.0_gen_SimulatedWeekBasedMaterialDemand",
        What::Demand,
        SIMULATED,
    ),
    ("week_based_capacity_group_1.0.1_gen_WeekBasedCapacityGroup", What::Group, OLD_GROUP),
    ("week_based_capacity_group_2.0.0_gen_WeekBasedCapacityGroup", What::Group, FITS),
    ("week_based_capacity_group_3.0.0_gen_WeekBasedCapacityGroup", What::Group, FITS),
    ("week_based_capacity_group_3.0.1_gen_WeekBasedCapacityGroup", What::Group, FITS),
    ("week_based_material_demand_1.0.0_gen_WeekBasedMaterialDemand", What::Demand, OLD_DEMAND),
    ("week_based_material_demand_1.0.1_gen_WeekBasedMaterialDemand", What::Demand, OLD_DEMAND),
    ("week_based_material_demand_2.0.0_gen_WeekBasedMaterialDemand", What::Demand, OLD_DEMAND),
    ("week_based_material_demand_3.0.0_gen_WeekBasedMaterialDemand", What::Demand, FITS),
    ("week_based_material_demand_3.0.1_gen_WeekBasedMaterialDemand", What::Demand, FITS),
];

/// One of each as it is exchanged between the two firms that the examples name.
async fn exchanged(world: &World) -> BTreeMap<What, Json> {
    let (customer, supplier) = named(world).await;
    let (demand, group) = (demand(), group("linkedCapacityGroups"));
    let comment = comment(&group);
    let known = "2023-01-01T00:00:00Z";
    let request = Json::of(&json!({
        "weekBasedMaterialDemand": [{ "materialDemandId": demand["materialDemandId"].text(), "changedAt": known }],
        "weekBasedCapacityGroup": [{ "capacityGroupId": group["capacityGroupId"].text(), "changedAt": known }],
    }));
    let (asked, all) = (request.to_string(), String::new());
    let mut exchanged = BTreeMap::new();
    for (what, kind, payload, wanted) in [
        (What::Demand, PayloadKind::MaterialDemand, &demand, &asked),
        (What::Group, PayloadKind::CapacityGroup, &group, &asked),
        (What::Comment, PayloadKind::Comment, &comment, &all),
    ] {
        let sides = [&customer, &supplier];
        let [sender, receiver] = if what == What::Demand { sides } else { [sides[1], sides[0]] };
        let result = one(sender, kind, payload).await;
        assert_eq!(result.status, 201, "{what:?}: {result:?}");
        let content = exported(sender, receiver, kind, wanted).await;
        exchanged.insert(what, objects(&content).remove(0));
        let message = Json::parse(std::str::from_utf8(&content).expect("UTF-8"));
        exchanged.insert(What::Header, message["messageHeader"].under("header"));
    }
    exchanged.insert(What::Request, request);
    exchanged
}

/// Models whose schemas stand in the corpus.
fn models(corpus: &Path) -> Vec<String> {
    let files = fs::read_dir(corpus).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let model = |file: OsString| {
        let name = file.to_str()?.strip_suffix("-schema.json")?;
        Some(name.strip_prefix("sldt__io.catenax.").unwrap_or(name).to_owned())
    };
    files.filter_map(model).collect()
}

#[tokio::test]
async fn every_official_schema_fits_what_is_exchanged_today_or_differs_by_name() {
    let Some(corpus) = corpus() else { return };
    let world = World::with(golden()).await;
    let exchanged = exchanged(&world).await;
    let models = models(&corpus);
    let mut differ = BTreeMap::new();
    for model in &models {
        let version = VERSIONS.iter().find(|(name, ..)| name == model);
        let (_, what, expected) =
            version.unwrap_or_else(|| panic!("{model} is a schema that nothing is held against"));
        let faults = Schema::new(model).faults(&exchanged[what]);
        let found = expected.iter().all(|one| faults.iter().any(|fault| fault.starts_with(one)));
        assert!(found && faults.len() == expected.len(), "{model}: {faults:?}");
        if !expected.is_empty() {
            differ.insert(model, expected);
        }
    }
    aloud(format_args!(
        "catena-x: {} official schemas: what is exchanged today fits {}; it differs from {} by name: {differ:?}",
        models.len(),
        models.len() - differ.len(),
        differ.len()
    ));
    assert_eq!((models.len(), differ.len()), (VERSIONS.len(), 5));
    world.finish().await;
}
