//! Requests for update of the standard, official examples and tables of cases, each answered with exactly what it asks for.

use std::{collections::BTreeSet, fs};

use harness::{Firm, World, refusal::bad_fields, request_id, tell::aloud};
use proto::capacity::{ExportPayloadsRequest, ExportPayloadsResponse, PayloadKind};
use serde_json::json;
use tonic::Status;

use super::{
    exact::{Json, Schema, corpus},
    examples::{demand, example, group, named, one},
    objects,
};
use crate::capacity::golden;

pub(super) const NEWEST: &str = "id_based_request_for_update_3.0.0_gen_IdBasedRequestForUpdate";
const DEMANDS: &str = "weekBasedMaterialDemand";
const GROUPS: &str = "weekBasedCapacityGroup";
/// What the tables and the examples have of each, and when those were last changed.
const KNOWN: &str = "2023-03-10T12:27:11.320Z";
/// When those that stand were: later.
const CHANGED: &str = "2023-11-05T13:15:30.123Z";

/// Objects that stand, of one kind.
struct Standing {
    kind: PayloadKind,
    name: &'static str,
    id_name: &'static str,
    ids: BTreeSet<String>,
}

impl Standing {
    /// What of them a request asks for, by the words of its model: everything where it names no kind, all of a kind whose
    /// list is empty, else what it lists and is there.
    fn asked(&self, request: &Json) -> BTreeSet<String> {
        let none = !request.has(DEMANDS) && !request.has(GROUPS);
        if none || (request.has(self.name) && request[self.name].list().is_empty()) {
            return self.ids.clone();
        }
        if !request.has(self.name) {
            return BTreeSet::new();
        }
        let listed = request[self.name].list().iter().map(|one| one[self.id_name].text().to_owned());
        listed.filter(|id| self.ids.contains(id)).collect()
    }
}

/// Two firms, and what stands between them: one of each kind that nobody asks for by its id beside those that are.
struct Scene {
    customer: Firm,
    supplier: Firm,
    standing: [Standing; 2],
}

impl Scene {
    async fn new(world: &World) -> Scene {
        let (customer, supplier) = named(world).await;
        let of = |ids: &[&str]| {
            ids.iter().map(|id| (*id).to_owned()).chain([request_id()]).collect::<BTreeSet<_>>()
        };
        let demands = of(&["0157ba42-d2a8-4e28-8565-7b07830c3456", "e84f0078-cb3f-4917-8b56-8405c053d5ca"]);
        let groups = of(&["0157ba42-d2a8-4e28-8565-7b07830c1110"]);
        for id in &demands {
            let mut demand = demand();
            demand.set("materialDemandId", json!(id));
            demand.set("materialNumberCustomer", json!(format!("M {id}")));
            demand.set("changedAt", json!(CHANGED));
            assert_eq!(one(&customer, PayloadKind::MaterialDemand, &demand).await.status, 201);
        }
        for id in &groups {
            let mut group = group("linkedCapacityGroups");
            group.set("capacityGroupId", json!(id));
            group.set("changedAt", json!(CHANGED));
            assert_eq!(one(&supplier, PayloadKind::CapacityGroup, &group).await.status, 201);
        }
        let standing = [
            Standing {
                kind: PayloadKind::MaterialDemand,
                name: DEMANDS,
                id_name: "materialDemandId",
                ids: demands,
            },
            Standing {
                kind: PayloadKind::CapacityGroup,
                name: GROUPS,
                id_name: "capacityGroupId",
                ids: groups,
            },
        ];
        Scene { customer, supplier, standing }
    }

    async fn export(&self, kind: PayloadKind, request: &Json) -> Result<ExportPayloadsResponse, Status> {
        let (sender, receiver) = match kind {
            PayloadKind::CapacityGroup => (&self.supplier, &self.customer),
            _ => (&self.customer, &self.supplier),
        };
        let request = ExportPayloadsRequest {
            kind: kind.into(),
            counterparty_id: receiver.id.clone(),
            request_for_update: request.to_string().into(),
        };
        Ok(sender.catena().export_payloads(request).await?.into_inner())
    }

    /// Ids of a kind that a request is answered with.
    async fn answered(&self, standing: &Standing, request: &Json) -> BTreeSet<String> {
        let answer = self.export(standing.kind, request).await.expect("exported");
        assert!(answer.left_out_ids.is_empty(), "{request}");
        let objects = objects(&answer.content);
        objects.iter().map(|object| object[standing.id_name].text().to_owned()).collect()
    }

    /// A request is answered with what it asks for of both kinds; and with what it lists no more, once it knows it as it
    /// stands.
    async fn holds(&self, request: &Json) {
        for standing in &self.standing {
            assert_eq!(self.answered(standing, request).await, standing.asked(request), "{request}");
        }
        let known = request.to_string().replace(KNOWN, CHANGED);
        let known = Json::parse(&known);
        for standing in
            self.standing.iter().filter(|standing| known[standing.name].to_string().contains(CHANGED))
        {
            assert_eq!(self.answered(standing, &known).await, BTreeSet::new(), "{known}");
        }
    }
}

/// Requests of a table of cases, as its columns have them.
fn table(name: &str) -> Vec<Json> {
    let path = corpus().expect("a corpus").join("kit-tables").join(name);
    let text = fs::read_to_string(path).expect("a table");
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let head = cells(lines.next().expect("a head"));
    assert_eq!(head[..2], [format!("v_{DEMANDS}"), format!("v_{GROUPS}")], "{name}");
    lines.map(|line| request(&cells(line))).collect()
}

/// What a row asks: a list where it looks like one, else a text that is wrong there.
fn request(cells: &[String]) -> Json {
    let mut request = Json::of(&json!({}));
    for (name, cell) in [DEMANDS, GROUPS].into_iter().zip(cells) {
        let value = match cell.trim() {
            "{{OMITTED}}" => continue,
            list if list.starts_with('[') => Json::parse(list),
            text => Json::of(&json!(text)),
        };
        request.object().insert(name.into(), value);
    }
    request
}

/// Cells of a line, some of them in quotes, which are doubled inside.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut rest) = (false, line.chars().peekable());
    while let Some(c) = rest.next() {
        let cell = cells.last_mut().expect("a cell");
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}

/// A table of one side, of valid or of invalid requests.
fn file(side: &str, how: &str) -> String {
    format!("{side}-create-idbasedrequestforupdate-create-{how}-idbasedrequestforupdate.csv")
}

/// Requests of all tables, valid and not.
pub(super) fn all() -> Vec<Json> {
    let tables =
        ["customer", "supplier"].into_iter().flat_map(|side| ["valid", "invalid"].map(|how| file(side, how)));
    tables.flat_map(|name| table(&name)).collect()
}

#[tokio::test]
async fn every_request_for_update_is_answered_with_what_it_asks_for() {
    if corpus().is_none() {
        return;
    }
    let world = World::with(golden()).await;
    let scene = Scene::new(&world).await;
    let schema = Schema::new(NEWEST);
    let (mut answered, mut refused) = (0, 0);
    for side in ["customer", "supplier"] {
        for request in table(&file(side, "valid")) {
            assert!(schema.faults(&request).is_empty(), "{request}");
            scene.holds(&request).await;
            answered += 1;
        }
        for request in table(&file(side, "invalid")) {
            assert!(!schema.faults(&request).is_empty(), "{request}");
            let name = if request.has(DEMANDS) { DEMANDS } else { GROUPS };
            for standing in &scene.standing {
                bad_fields(scene.export(standing.kind, &request).await, &[(name, "TYPE")]);
            }
            refused += 1;
        }
    }
    assert_eq!((answered, refused), (14, 4));
    // The tables have no empty list, which is all of its kind.
    for name in [DEMANDS, GROUPS] {
        scene.holds(&Json::of(&json!({ name: [] }))).await;
    }
    examples(&scene).await;
    aloud(format_args!(
        "catena-x: {answered} valid requests for update answered with what they ask for, {refused} invalid ones refused; \
         2 official examples answered"
    ));
    world.finish().await;
}

/// The first version asks like the third. The second calls demands otherwise: that property is unknown to the third and
/// ignored, as CX-0128 has it, so that it asks for groups alone.
async fn examples(scene: &Scene) {
    let first = example("id_based_request_for_update_1.0.0_gen_IdBasedRequestForUpdate");
    assert!(Schema::new(NEWEST).faults(&first).is_empty());
    scene.holds(&first).await;
    let second = example("id_based_request_for_update_2.0.0_gen_IdBasedRequestForUpdate");
    assert!(second.has("materialDemand") && !second.has(DEMANDS), "{second}");
    scene.holds(&second).await;
    let [demands, groups] = &scene.standing;
    assert!(demands.asked(&second).is_empty() && groups.asked(&second).len() == 1, "{second}");
}
