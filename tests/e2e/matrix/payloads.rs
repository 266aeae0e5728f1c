//! Payloads of Catena-X between buyer and supplier of the matrix, of sites of the network, so that they can be said in
//! payloads again.

use bytes::Bytes;
use harness::request_id;
use serde_json::json;

use super::cast::{BUYER_NUMBER, Cast, SUPPLIER_NUMBER};

/// A site of the buyer.
const SITE: &str = "BPNS00000000A1YZ";
/// When all of them were changed.
const CHANGED: &str = "2026-11-23T00:59:00Z";

/// A demand of the buyer, of a material that it did not state before.
pub fn demand(cast: &Cast) -> Bytes {
    let demand = json!({
        "materialDemandId": request_id(), "customer": BUYER_NUMBER, "supplier": SUPPLIER_NUMBER,
        "materialNumberCustomer": cast.number(), "materialDescriptionCustomer": "收纳箱", "changedAt": CHANGED,
        "unitOfMeasure": "unit:piece", "unitOfMeasureIsOmitted": false, "materialDemandIsInactive": false,
        "demandSeries": [{
            "customerLocation": SITE, "demandCategory": { "demandCategoryCode": "0001" },
            "demands": [{ "pointInTime": "2026-12-28", "demand": 7 }],
        }],
    });
    demand.to_string().into()
}

/// A group of one firm for another, by their numbers.
pub fn group(cast: &Cast, supplier: &str, customer: &str) -> Bytes {
    let group = json!({
        "capacityGroupId": request_id(), "name": cast.number(), "customer": customer, "supplier": supplier,
        "changedAt": CHANGED, "unitOfMeasure": "unit:secondUnitOfTime", "unitOfMeasureIsOmitted": false,
        "capacityGroupIsInactive": false,
        "linkedDemandSeries": [{
            "materialNumberCustomer": "X", "customerLocation": SITE, "loadFactor": 2,
            "demandCategory": { "demandCategoryCode": "0001" },
        }],
        "capacities": [{ "pointInTime": "2026-12-28", "actualCapacity": 10, "maximumCapacity": 20 }],
    });
    group.to_string().into()
}

/// A comment of either on a demand between them.
pub fn comment(demand: &str) -> Bytes {
    let comment = json!({
        "commentId": request_id(), "objectId": demand, "customer": BUYER_NUMBER, "supplier": SUPPLIER_NUMBER,
        "objectType": "urn:samm:io.catenax.week_based_material_demand", "author": BUYER_NUMBER,
        "postedAt": CHANGED, "changedAt": CHANGED, "commentText": "说明", "commentType": "information",
    });
    comment.to_string().into()
}
