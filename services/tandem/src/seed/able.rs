//! What the sandbox's firms can make.

use std::str::FromStr as _;

use anyhow::Context as _;
use chassis::value::{wire_date as day, wire_decimal as decimal};
use proto::capacity::{
    CapabilityContent, HeldCertificate, ManufacturingCapability, OfferLimits, OfferVisibility,
    SetCapabilityProfileRequest,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, Duration};

use super::{Credentials, as_firm, refused};
use crate::cli::client::Connection;

/// able.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Able {
    profiles: Vec<Profile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    firm: String,
    region: String,
    /// Whether firms see it that are no partners.
    #[serde(default)]
    everybody: bool,
    note: String,
    certificates: Vec<Certificate>,
    capabilities: Vec<Capability>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    name: String,
    /// The last week in which it is valid.
    week: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capability {
    process: String,
    equipment: Vec<String>,
    materials: Vec<String>,
    tonnage: String,
    precision: String,
}

/// Sets the profiles.
pub(super) async fn tell(
    connection: &Connection,
    credentials: &Credentials,
    monday: Date,
) -> anyhow::Result<()> {
    for profile in load()?.profiles {
        let own = as_firm(connection, credentials, &profile.firm)?;
        let request = profile.request(monday).with_context(|| profile.firm.clone())?;
        own.capabilities().set_capability_profile(request).await.map_err(refused)?;
    }
    Ok(())
}

fn load() -> anyhow::Result<Able> {
    toml::from_str(include_str!("able.toml")).context("able.toml")
}

impl Profile {
    fn request(&self, monday: Date) -> anyhow::Result<SetCapabilityProfileRequest> {
        let certificate = |one: &Certificate| HeldCertificate {
            name: one.name.clone(),
            valid_until: Some(day(monday + Duration::weeks(one.week) + Duration::days(6))),
        };
        let capability = |one: &Capability| {
            anyhow::Ok(ManufacturingCapability {
                process: one.process.clone(),
                equipment: one.equipment.clone(),
                materials: one.materials.clone(),
                limits: Some(OfferLimits {
                    tonnage_t: Some(decimal(Decimal::from_str(&one.tonnage)?)),
                    precision_mm: Some(decimal(Decimal::from_str(&one.precision)?)),
                    ..OfferLimits::default()
                }),
            })
        };
        let visibility = if self.everybody { OfferVisibility::All } else { OfferVisibility::Partners };
        Ok(SetCapabilityProfileRequest {
            request_id: format!("sandbox-profile-{}", self.firm),
            version: 0,
            content: Some(CapabilityContent {
                capabilities: self.capabilities.iter().map(capability).collect::<anyhow::Result<_>>()?,
                certificates: self.certificates.iter().map(certificate).collect(),
                region: self.region.clone(),
                note: self.note.clone(),
            }),
            visibility: visibility.into(),
            ..SetCapabilityProfileRequest::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_profile_can_be_set() {
        for profile in load().unwrap().profiles {
            let request = profile.request(date!(2026 - 11 - 23)).unwrap();
            assert!(!request.content.unwrap().capabilities.is_empty());
        }
    }
}
