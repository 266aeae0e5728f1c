//! Demand and capacity groups to upload, put together in one line.

use proto::capacity::{
    CapacityGroup, CapacityReceipt, CapacityWeek, DemandCategory, DemandContent, DemandSeries, DemandWeek,
    Disclosure, DisclosureLevel, GetCapacityGroupRequest, GroupContent, LinkedDemandSeries, MatchedWeek,
    SetDisclosureRequest, UploadCapacityGroupRequest, UploadMaterialDemandRequest,
};
use tonic::Status;

use crate::{Access, date, decimal, request_id};

/// A demand of a material for the supplier `V100`, at location `CY01`, in pieces.
pub fn demand(material: &str, weeks: &[(&str, &str)]) -> UploadMaterialDemandRequest {
    let content = DemandContent {
        material_number_customer: material.into(),
        material_description_customer: format!("{material} 描述"),
        unit_code: "H87".into(),
        series: vec![series("CY01", weeks)],
        ..DemandContent::default()
    };
    UploadMaterialDemandRequest {
        request_id: request_id(),
        vendor_number: "V100".into(),
        content: Some(content),
        ..UploadMaterialDemandRequest::default()
    }
}

/// A series of the default category; a week with an empty quantity becomes unknown.
pub fn series(location: &str, weeks: &[(&str, &str)]) -> DemandSeries {
    let week = |(monday, quantity): &(&str, &str)| DemandWeek {
        monday: Some(date(monday)),
        quantity: (!quantity.is_empty()).then(|| decimal(quantity)),
    };
    DemandSeries {
        customer_location: location.into(),
        demand_category: DemandCategory::Default.into(),
        expected_supplier_location: String::new(),
        weeks: weeks.iter().map(week).collect(),
    }
}

/// A group in seconds that is the supplier's own, with (Monday, actual, maximum).
pub fn group(name: &str, weeks: &[(&str, &str, &str)]) -> UploadCapacityGroupRequest {
    let week = |(monday, actual, maximum): &(&str, &str, &str)| CapacityWeek {
        monday: Some(date(monday)),
        actual_capacity: Some(decimal(actual)),
        maximum_capacity: Some(decimal(maximum)),
        ..CapacityWeek::default()
    };
    let content = GroupContent {
        name: name.into(),
        unit_code: "SEC".into(),
        weeks: weeks.iter().map(week).collect(),
        ..GroupContent::default()
    };
    UploadCapacityGroupRequest { request_id: request_id(), content: Some(content), ..Default::default() }
}

/// A link to the default series of a material at `CY01`; an empty factor states none.
pub fn link(customer: &str, material: &str, factor: &str) -> LinkedDemandSeries {
    LinkedDemandSeries {
        customer_id: customer.into(),
        material_number_customer: material.into(),
        customer_location: "CY01".into(),
        demand_category: DemandCategory::Default.into(),
        load_factor: (!factor.is_empty()).then(|| decimal(factor)),
        ..LinkedDemandSeries::default()
    }
}

/// The same upload with these links.
pub fn linking(
    mut request: UploadCapacityGroupRequest,
    links: Vec<LinkedDemandSeries>,
) -> UploadCapacityGroupRequest {
    if let Some(content) = &mut request.content {
        content.linked_demand = links;
    }
    request
}

/// The same upload, meant for a customer.
pub fn for_customer(request: UploadCapacityGroupRequest, customer: &str) -> UploadCapacityGroupRequest {
    UploadCapacityGroupRequest { customer_id: customer.into(), ..request }
}

impl Access {
    /// States a demand.
    pub async fn state_demand(
        &self,
        request: UploadMaterialDemandRequest,
    ) -> Result<CapacityReceipt, Status> {
        Ok(self.demands().upload_material_demand(request).await?.into_inner())
    }

    /// States a group.
    pub async fn state_group(&self, request: UploadCapacityGroupRequest) -> Result<CapacityReceipt, Status> {
        Ok(self.capacity_groups().upload_capacity_group(request).await?.into_inner())
    }

    /// A group as its supplier sees it.
    pub async fn capacity_group(&self, group_id: &str) -> Result<CapacityGroup, Status> {
        let request = GetCapacityGroupRequest { group_id: group_id.into(), version: 0 };
        Ok(self.capacity_groups().get_capacity_group(request).await?.into_inner())
    }

    /// Sets what a customer sees of the groups that name it; what every one without a policy of its own, where it is empty.
    pub async fn disclose(&self, customer_id: &str, level: DisclosureLevel) -> Result<Disclosure, Status> {
        let request = SetDisclosureRequest {
            request_id: request_id(),
            customer_id: customer_id.into(),
            level: level.into(),
        };
        Ok(self.disclosures().set_disclosure(request).await?.into_inner())
    }
}

/// A week as `2026-W53 demand/actual/maximum RESULT`, unknown figures as `–`.
pub fn shown(week: &MatchedWeek) -> String {
    let figure = |decimal: &Option<proto::Decimal>| match decimal {
        Some(decimal) => decimal.value.clone(),
        None => "–".into(),
    };
    let result = week.result().as_str_name().trim_start_matches("MATCH_RESULT_").to_owned();
    format!(
        "{} {}/{}/{} {result}",
        week.iso_week,
        figure(&week.demand),
        figure(&week.actual_capacity),
        figure(&week.maximum_capacity)
    )
}
