//! Time on an instrument is booked on a capacity offer, which is the owner's own.

use harness::{World, refusal::bad_fields, resource::shown};
use proto::resources::*;

#[tokio::test]
async fn an_instrument_names_an_offer_of_its_owner() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let offer = supplier.offer_to(&buyer, "2027-01-04", "3600").await.id;
    let instrument = |offer: &str| {
        let mut request = shown("三坐标测量机");
        if let Some(content) = &mut request.content {
            content.category = ResourceCategory::Instrument.into();
            content.capacity_offer_id = offer.into();
        }
        request
    };
    // One that another firm offers, even to the very owner; and none at all.
    let nowhere = uuid::Uuid::from_u128(7).to_string();
    for unknown in [&offer, &nowhere] {
        let wrong = [("content.capacity_offer_id", "UNKNOWN")];
        bad_fields(buyer.resources().publish_resource(instrument(unknown)).await, &wrong);
    }
    let resource = supplier.publish_resource(instrument(&offer)).await.expect("its own");
    let request = instrument(&nowhere);
    let change = ChangeResourceRequest {
        request_id: request.request_id,
        resource_id: resource,
        version: 1,
        content: request.content,
        visibility: request.visibility,
        ..ChangeResourceRequest::default()
    };
    let changed = supplier.resources().change_resource(change).await;
    bad_fields(changed, &[("content.capacity_offer_id", "UNKNOWN")]);
    world.finish().await;
}
