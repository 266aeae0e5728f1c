//! Demand that moved too far → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{MAX_WEEKS, envelope};
use crate::{commands::Now, db::group::Head, matching::Turn};

/// Alerts that turned: an event for each way in which they did. For the supplier, or for the customer whom the group
/// names, with what it may see.
pub(crate) fn turned(
    now: Now<'_>,
    head: &Head,
    turned: &[(Turn, wire::DemandAlert)],
    (audience, locations): (Uuid, &[String]),
) -> Vec<NewEvent> {
    let event = |turn: Turn| {
        let alerts = turned.iter().filter(|(one, _)| *one == turn);
        let alerts: Vec<wire::DemandAlert> = alerts.map(|(_, alert)| alert.clone()).collect();
        let event = |alerts: &[wire::DemandAlert]| {
            let (r#type, data) = payload(turn, head, alerts.to_vec());
            envelope(now, r#type, ("capacity-groups", head.id), 0, vec![audience], data)
                .concerning(&[(audience, locations.to_vec())])
        };
        alerts.chunks(MAX_WEEKS).map(event).collect::<Vec<NewEvent>>()
    };
    [Turn::Raised, Turn::Changed, Turn::Cleared].into_iter().flat_map(event).collect()
}

fn payload(turn: Turn, head: &Head, alerts: Vec<wire::DemandAlert>) -> (&'static str, Vec<u8>) {
    let (group_id, supplier_id) = (head.id.to_string(), head.supplier.to_string());
    let (group_name, unit_code) = (head.name.clone(), head.unit_code.clone().unwrap_or_default());
    match turn {
        Turn::Raised => (
            "tandem.capacity.demand_alert.raised.v1",
            wire::DemandAlertRaised { group_id, supplier_id, group_name, unit_code, alerts }.encode_to_vec(),
        ),
        Turn::Changed => (
            "tandem.capacity.demand_alert.changed.v1",
            wire::DemandAlertChanged { group_id, supplier_id, group_name, unit_code, alerts }.encode_to_vec(),
        ),
        Turn::Cleared => (
            "tandem.capacity.demand_alert.cleared.v1",
            wire::DemandAlertCleared { group_id, supplier_id, group_name, unit_code, alerts }.encode_to_vec(),
        ),
    }
}
