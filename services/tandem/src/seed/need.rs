//! What the first anchor needs beyond its suppliers' machines, and the neighbour's answer.

use std::str::FromStr as _;

use anyhow::Context as _;
use chassis::value::{wire_date as day, wire_decimal as decimal};
use proto::capacity::{
    OfferLimits, OfferVisibility, ProposeMatchRequest, PublishCapacityRequestRequest, RequestContent,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, Duration};

use super::{Credentials, as_firm, refused};
use crate::cli::client::Connection;

/// need.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Needs {
    needs: Vec<Need>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Need {
    id: String,
    /// Who asks, its partners.
    firm: String,
    process: String,
    materials: Vec<String>,
    tonnage: String,
    hours: String,
    first_week: i64,
    last_week: i64,
    region: String,
    wished_certificates: Vec<String>,
    note: String,
    /// Who answers it.
    supplier: String,
    answer: String,
}

/// Publishes the needs and answers them.
pub(super) async fn tell(
    connection: &Connection,
    credentials: &Credentials,
    monday: Date,
) -> anyhow::Result<()> {
    let needs: Needs = toml::from_str(include_str!("need.toml")).context("need.toml")?;
    for need in needs.needs {
        let own = as_firm(connection, credentials, &need.firm)?;
        let request = need.request(monday).with_context(|| need.id.clone())?;
        let published = own.capacity_requests().publish_capacity_request(request).await.map_err(refused)?;
        let answer = ProposeMatchRequest {
            request_id: format!("sandbox-match-{}", need.id),
            capacity_request_id: published.into_inner().id,
            note: need.answer,
            ..ProposeMatchRequest::default()
        };
        let supplier = as_firm(connection, credentials, &need.supplier)?;
        supplier.capacity_matches().propose_match(answer).await.map_err(refused)?;
    }
    Ok(())
}

impl Need {
    fn request(&self, monday: Date) -> anyhow::Result<PublishCapacityRequestRequest> {
        let figure = |text: &str| anyhow::Ok(Some(decimal(Decimal::from_str(text)?)));
        let limits = OfferLimits { tonnage_t: figure(&self.tonnage)?, ..OfferLimits::default() };
        Ok(PublishCapacityRequestRequest {
            request_id: format!("sandbox-need-{}", self.id),
            content: Some(RequestContent {
                process: self.process.clone(),
                materials: self.materials.clone(),
                limits: Some(limits),
                quantity: figure(&self.hours)?,
                unit_code: "HUR".to_owned(),
                first_monday: Some(day(monday + Duration::weeks(self.first_week))),
                last_monday: Some(day(monday + Duration::weeks(self.last_week))),
                wished_certificates: self.wished_certificates.clone(),
                region: self.region.clone(),
                note: self.note.clone(),
                ..RequestContent::default()
            }),
            visibility: OfferVisibility::Partners.into(),
            ..PublishCapacityRequestRequest::default()
        })
    }
}
