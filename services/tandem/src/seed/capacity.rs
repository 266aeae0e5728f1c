//! The sandbox's demand, machines and policies, as requests.

use std::{collections::BTreeMap, str::FromStr as _};

use anyhow::{Context as _, bail};
use chassis::value::{timestamp, wire_date as day, wire_decimal as decimal};
use proto::capacity::{
    AlertThreshold, CapacityWeek, DemandCategory, DemandContent, DemandSeries, DemandVolatility, DemandWeek,
    DisclosureLevel, GroupContent, LinkedDemandSeries, SetDisclosureRequest, UploadCapacityGroupRequest,
    UploadMaterialDemandRequest,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, Duration};

use super::{Credentials, as_firm, booking::Groups, china, refused, story::Story};
use crate::cli::client::Connection;

/// Weeks of the story.
const WEEKS: usize = 26;

/// capacity.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    demands: Vec<Demand>,
    groups: Vec<Group>,
    disclosures: Vec<Disclosure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Demand {
    item: String,
    customer: String,
    weeks: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: String,
    supplier: String,
    /// Whom it is meant for; nobody: the supplier's own.
    customer: Option<String>,
    name: String,
    /// In which it is kept; its weeks are hours all the same.
    #[serde(default = "seconds")]
    unit: String,
    weeks: String,
    /// Seconds a piece, by item.
    #[serde(default)]
    seconds: BTreeMap<String, String>,
    /// In order, one part of the horizon after the other.
    #[serde(default)]
    alerts: Vec<Alert>,
}

/// By how much demand may move before its supplier wants to know of it; shares, and hours.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alert {
    weeks: i32,
    more: Option<String>,
    less: Option<String>,
    hours_more: Option<String>,
}

fn seconds() -> String {
    "SEC".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disclosure {
    supplier: String,
    /// Nobody: everybody without a policy of their own.
    customer: Option<String>,
    level: String,
}

/// Everybody's demand goes to the first supplier, who has the machines for it.
const SUPPLIER: &str = "S1";

fn load() -> anyhow::Result<Capacity> {
    toml::from_str(include_str!("capacity.toml")).context("capacity.toml")
}

/// What each week says, from the first Monday on; unknown weeks are left out.
fn weeks(text: &str, monday: Date) -> anyhow::Result<Vec<(Date, &str)>> {
    let mut weeks = Vec::new();
    let mut count = 0;
    for part in text.split(' ') {
        let (value, times) = part.split_once('*').unwrap_or((part, "1"));
        for _ in 0..times.parse::<usize>()? {
            if value != "-" {
                weeks.push((monday + Duration::weeks(i64::try_from(count)?), value));
            }
            count += 1;
        }
    }
    if count != WEEKS {
        bail!("{count} weeks instead of {WEEKS}");
    }
    Ok(weeks)
}

/// Tells policies, machines and demand; the groups as they are known from then on. Policies come first, or customers would be
/// shown everything for a moment.
pub(super) async fn tell(
    connection: &Connection,
    story: &Story,
    credentials: &Credentials,
    monday: Date,
) -> anyhow::Result<Groups> {
    let capacity = load()?;
    for disclosure in &capacity.disclosures {
        let own = as_firm(connection, credentials, &disclosure.supplier)?;
        let request = disclosure.request(credentials)?;
        own.disclosures().set_disclosure(request).await.map_err(refused)?;
    }
    let mut groups = Groups::new();
    for group in &capacity.groups {
        let request =
            group.request(story, &capacity, credentials, monday).with_context(|| group.id.clone())?;
        let own = as_firm(connection, credentials, &group.supplier)?;
        let made = own.capacity_groups().upload_capacity_group(request).await.map_err(refused)?;
        groups.insert(group.id.clone(), (made.into_inner().id, group.unit.clone()));
    }
    for demand in &capacity.demands {
        let request = demand.request(story, credentials, monday).with_context(|| demand.item.clone())?;
        let own = as_firm(connection, credentials, &demand.customer)?;
        own.demands().upload_material_demand(request).await.map_err(refused)?;
    }
    Ok(groups)
}

/// Where a customer wants its goods: its site.
fn location(story: &Story, customer: &str) -> anyhow::Result<String> {
    let site = story.anchor(customer)?.site.as_ref();
    Ok(site.with_context(|| format!("{customer} has no site"))?.code.clone())
}

/// Our id of a customer; empty where there is none.
fn customer(credentials: &Credentials, id: Option<&str>) -> anyhow::Result<String> {
    Ok(id.map(|id| firm(credentials, id)).transpose()?.unwrap_or_default())
}

pub(super) fn firm(credentials: &Credentials, id: &str) -> anyhow::Result<String> {
    Ok(credentials.firms.get(id).with_context(|| format!("no key of {id} is kept"))?.firm.clone())
}

impl Demand {
    fn request(
        &self,
        story: &Story,
        credentials: &Credentials,
        monday: Date,
    ) -> anyhow::Result<UploadMaterialDemandRequest> {
        let item = story.item(&self.item)?;
        let week = |(monday, quantity): (Date, &str)| {
            let quantity = Some(decimal(Decimal::from_str(quantity)?));
            anyhow::Ok(DemandWeek { monday: Some(day(monday)), quantity })
        };
        let series = DemandSeries {
            customer_location: location(story, &self.customer)?,
            demand_category: DemandCategory::Default.into(),
            expected_supplier_location: String::new(),
            weeks: weeks(&self.weeks, monday)?.into_iter().map(week).collect::<anyhow::Result<_>>()?,
        };
        Ok(UploadMaterialDemandRequest {
            request_id: format!("sandbox-demand-{}", self.item),
            supplier_id: firm(credentials, SUPPLIER)?,
            content: Some(DemandContent {
                material_number_customer: self.item.clone(),
                material_number_supplier: item.seller.clone(),
                material_description_customer: item.name.clone(),
                unit_code: item.unit.clone(),
                series: vec![series],
                ..DemandContent::default()
            }),
            ..UploadMaterialDemandRequest::default()
        })
    }
}

impl Group {
    fn request(
        &self,
        story: &Story,
        capacity: &Capacity,
        credentials: &Credentials,
        monday: Date,
    ) -> anyhow::Result<UploadCapacityGroupRequest> {
        let factor = Decimal::from(if self.unit == "SEC" { 3_600 } else { 1 });
        let kept = |hours: &str| anyhow::Ok(Some(decimal(Decimal::from_str(hours)? * factor)));
        let week = |(monday, hours): (Date, &str)| {
            let (actual, maximum) = hours.split_once('/').context("a week is actual/maximum")?;
            anyhow::Ok(CapacityWeek {
                monday: Some(day(monday)),
                actual_capacity: kept(actual)?,
                maximum_capacity: kept(maximum)?,
                ..CapacityWeek::default()
            })
        };
        let link = |(item, seconds): (&String, &String)| {
            let demand = capacity.demands.iter().find(|demand| demand.item == *item);
            let customer = &demand.with_context(|| format!("nobody wants {item}"))?.customer;
            anyhow::Ok(LinkedDemandSeries {
                customer_id: firm(credentials, customer)?,
                material_number_customer: item.clone(),
                material_number_supplier: story.item(item)?.seller.clone(),
                customer_location: location(story, customer)?,
                demand_category: DemandCategory::Default.into(),
                load_factor: Some(decimal(Decimal::from_str(seconds)?)),
            })
        };
        Ok(UploadCapacityGroupRequest {
            request_id: format!("sandbox-group-{}", self.id),
            customer_id: customer(credentials, self.customer.as_deref())?,
            content: Some(GroupContent {
                name: format!("{} {}", self.id, self.name),
                unit_code: self.unit.clone(),
                linked_demand: self.seconds.iter().map(link).collect::<anyhow::Result<_>>()?,
                weeks: weeks(&self.weeks, monday)?.into_iter().map(week).collect::<anyhow::Result<_>>()?,
                volatility: self.volatility(monday, factor)?,
                ..GroupContent::default()
            }),
            ..UploadCapacityGroupRequest::default()
        })
    }

    /// Measured from the second Monday on, since a measurement lies ahead when it is asked for.
    fn volatility(&self, monday: Date, factor: Decimal) -> anyhow::Result<Option<DemandVolatility>> {
        if self.alerts.is_empty() {
            return Ok(None);
        }
        let share = |text: &Option<String>| {
            text.as_deref().map(Decimal::from_str).transpose().map(|share| share.map(decimal))
        };
        let threshold = |(number, alert): (i32, &Alert)| {
            let hours = alert.hours_more.as_deref().map(Decimal::from_str).transpose()?;
            anyhow::Ok(AlertThreshold {
                sequence_number: number,
                subhorizon_length_weeks: alert.weeks,
                relative_positive: share(&alert.more)?,
                relative_negative: share(&alert.less)?,
                absolute_positive: hours.map(|hours| decimal(hours * factor)),
                absolute_negative: None,
            })
        };
        let start = (monday + Duration::WEEK).midnight().assume_offset(china()?);
        Ok(Some(DemandVolatility {
            start_at: Some(timestamp(start)),
            measurement_interval_weeks: 1,
            thresholds: (1..).zip(&self.alerts).map(threshold).collect::<anyhow::Result<_>>()?,
        }))
    }
}

impl Disclosure {
    fn request(&self, credentials: &Credentials) -> anyhow::Result<SetDisclosureRequest> {
        let level = match self.level.as_str() {
            "exact" => DisclosureLevel::Exact,
            "banded" => DisclosureLevel::Banded,
            "yes-no" => DisclosureLevel::YesNo,
            "hidden" => DisclosureLevel::Hidden,
            other => bail!("no level is written {other}"),
        };
        let whose = self.customer.as_deref();
        Ok(SetDisclosureRequest {
            request_id: format!("sandbox-disclosure-{}-{}", self.supplier, whose.unwrap_or("others")),
            customer_id: customer(credentials, whose)?,
            level: level.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_row_has_its_weeks_and_the_53rd_is_red() {
        let capacity = load().unwrap();
        let monday = date!(2026 - 11 - 23);
        for text in
            capacity.demands.iter().map(|one| &one.weeks).chain(capacity.groups.iter().map(|one| &one.weeks))
        {
            weeks(text, monday).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        let boxes = weeks(&capacity.demands[0].weeks, monday).unwrap();
        assert_eq!(boxes[5], (date!(2026 - 12 - 28), "20000"));
        assert_eq!(boxes.len(), 26 - 3, "one week of the holidays and two later ones are unknown");
        let large = capacity.groups.iter().find(|group| group.id == "S1-G3").unwrap();
        let alerts = large.volatility(monday, 3_600.into()).unwrap().unwrap();
        let horizon: i32 = alerts.thresholds.iter().map(|part| part.subhorizon_length_weeks).sum();
        assert_eq!((horizon, alerts.start_at.unwrap().seconds), (26, 1_795_996_800 - 8 * 3_600));
    }

    #[test]
    fn every_policy_is_about_a_group_and_every_such_group_about_its_customer_alone() {
        let Capacity { demands, groups, disclosures } = load().unwrap();
        for customer in disclosures.iter().filter_map(|policy| policy.customer.as_ref()) {
            let named: Vec<&Group> =
                groups.iter().filter(|group| group.customer.as_ref() == Some(customer)).collect();
            assert!(!named.is_empty(), "nothing is shown to {customer}");
            for item in named.iter().flat_map(|group| group.seconds.keys()) {
                let demand = demands.iter().find(|demand| demand.item == *item).unwrap();
                assert_eq!(demand.customer, *customer, "{item}");
            }
        }
    }
}
