//! What buyers of the story agreed on beside the orders: when to answer, what is frozen, what is tolerated.

use proto::orders::{SetTermsRequest, SetToleranceRuleRequest, Terms, ToleranceBound, ToleranceBounds};

use super::{
    Credentials, as_firm, refused,
    story::{Bound, Story, Tolerance},
};
use crate::cli::client::Connection;

/// Sets terms and tolerances of every buyer.
pub(super) async fn settle(
    connection: &Connection,
    story: &Story,
    credentials: &Credentials,
) -> anyhow::Result<()> {
    let firm = |id: &str| credentials.firms.get(id).map(|access| access.firm.clone()).unwrap_or_default();
    for one in &story.terms {
        let terms = Terms {
            supplier_id: firm(&one.supplier),
            answer_within_working_days: Some(one.answer),
            frozen_working_days: Some(one.frozen),
            ..Terms::default()
        };
        let request = SetTermsRequest {
            request_id: format!("sandbox-terms-{}-{}", one.buyer, one.supplier),
            terms: Some(terms),
        };
        as_firm(connection, credentials, &one.buyer)?.terms().set_terms(request).await.map_err(refused)?;
    }
    for (place, one) in story.tolerances.iter().enumerate() {
        let request = SetToleranceRuleRequest {
            request_id: format!("sandbox-tolerance-{}-{place}", one.buyer),
            supplier_id: firm(&one.supplier),
            item_group: one.group.clone(),
            bounds: Some(bounds(one)),
            ..SetToleranceRuleRequest::default()
        };
        let buyer = as_firm(connection, credentials, &one.buyer)?;
        buyer.tolerances().set_tolerance_rule(request).await.map_err(refused)?;
    }
    Ok(())
}

fn bounds(one: &Tolerance) -> ToleranceBounds {
    let decimal = |value: &str| proto::google::r#type::Decimal { value: value.to_owned() };
    let bound = |bound: &Bound| ToleranceBound {
        percent: Some(decimal(&bound.percent)),
        absolute: bound.absolute.as_deref().map(decimal),
    };
    ToleranceBounds {
        quantity_over: Some(bound(&one.over)),
        quantity_under: Some(bound(&one.under)),
        early_days: one.early,
        late_days: one.late,
        price_over: one
            .dearer
            .as_deref()
            .map(|percent| ToleranceBound { percent: Some(decimal(percent)), absolute: None }),
        price_under: None,
    }
}
