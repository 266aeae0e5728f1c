//! Rows of demand, capacity groups and what is shown of them.

use harness::request_id;
use proto::capacity::*;

use super::{
    cast::Side,
    rows::{Row, build, either, list, named, object, plain},
};

/// The row of a method of DisclosureService.
pub fn disclosures(method: &str) -> Option<Row> {
    Some(match method {
        // The supplier's partner is its customer, who has no customer of this id itself.
        "SetDisclosure" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let customer_id = either(object, || match caller {
                    Side::Supplier => cast.buyer.id.clone(),
                    _ => cast.supplier.id.clone(),
                });
                let request = SetDisclosureRequest {
                    request_id: request_id(),
                    customer_id: customer_id.clone(),
                    level: DisclosureLevel::Exact.into(),
                };
                named(&customer_id, request)
            }),
        ),
        "ListDisclosures" => Row {
            owner: Side::Supplier,
            ..list(
                |cast| cast.buyer.id.clone(),
                false,
                build!(|_, _, _| plain(ListDisclosuresRequest { page_size: 1_000, ..Default::default() })),
            )
        },
        _ => return None,
    })
}
