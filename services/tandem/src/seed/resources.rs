//! What the sandbox's firms open to each other: drawings that orders are made by, and the new revision of one; a
//! specification, seats, a course and a template; who may use them, who asked, who was refused, and whose right ended.
//!
//! Drawings are released before the orders that are made by them; what follows comes after.

use std::time::Duration;

use anyhow::Context as _;
use proto::{
    partners::ListClustersRequest,
    resources::{
        AcknowledgeRevisionRequest, BindingPolicy, CreateRevisionRequest, DespatchRule, Effectivity,
        EntitlementTerms, GetResourceRequest, GrantEntitlementRequest, PublishResourceRequest,
        RefuseEntitlementRequest, ReleaseRevisionRequest, RequestEntitlementRequest, ResourceCategory,
        ResourceContent, ResourceVisibility, RevokeEntitlementRequest, SetBindingPolicyRequest,
    },
};
use time::Date;

use super::{Credentials, as_firm, booking::Offers, china, refused};
use crate::cli::client::Connection;

/// How long a supplier waits at most for what its order gives it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

/// Something that is opened.
struct Opened {
    owner: &'static str,
    number: &'static str,
    name: &'static str,
    name_en: &'static str,
    summary: &'static str,
    category: ResourceCategory,
    /// Members of the cluster find it and may use it; else partners of some kinds find it, and drawings nobody.
    open: bool,
    item: &'static str,
    seats: i32,
    /// Empty: none.
    first: &'static str,
}

const OPENED: [Opened; 6] = [
    Opened {
        owner: "A3",
        number: "YZ-10022",
        name: "转向柱支架 YZ-10022 图纸",
        name_en: "Steering column bracket YZ-10022, drawing",
        summary: "PDF 图纸与 STEP 模型",
        category: ResourceCategory::Drawing,
        open: false,
        item: "YZ-10022",
        seats: 0,
        first: "B",
    },
    Opened {
        owner: "A1",
        number: "CY-BX-0450",
        name: "收纳箱箱体 CY-BX-0450 图纸",
        name_en: "Box body CY-BX-0450, drawing",
        summary: "",
        category: ResourceCategory::Drawing,
        open: false,
        item: "CY-BX-0450",
        seats: 0,
        first: "A",
    },
    Opened {
        owner: "A3",
        number: "YZ-QS-31880",
        name: "线束护套检验规范",
        name_en: "Harness sleeve, inspection specification",
        summary: "",
        category: ResourceCategory::Specification,
        open: false,
        item: "YZ-31880",
        seats: 0,
        first: "2",
    },
    Opened {
        owner: "A3",
        number: "YZ-SW-01",
        name: "模流分析软件席位",
        name_en: "Mould flow analysis, seats",
        summary: "5 席，按申请开通",
        category: ResourceCategory::Software,
        open: false,
        item: "",
        seats: 5,
        first: "",
    },
    Opened {
        owner: "OP",
        number: "NT-KC-08",
        name: "注塑车间数字化管理",
        name_en: "Digital management of a moulding shop",
        summary: "课程，8 课时",
        category: ResourceCategory::Course,
        open: true,
        item: "",
        seats: 0,
        first: "1",
    },
    Opened {
        owner: "OP",
        number: "NT-HT-NX",
        name: "N+X 合同样本",
        name_en: "N+X contract template",
        summary: "",
        category: ResourceCategory::Template,
        open: true,
        item: "",
        seats: 0,
        first: "1",
    },
];

impl Opened {
    fn request(&self, cluster_id: &str) -> PublishResourceRequest {
        let visibility = match (self.open, self.item.is_empty()) {
            (true, _) => ResourceVisibility::Cluster,
            (false, true) => ResourceVisibility::Partners,
            (false, false) => ResourceVisibility::Granted,
        };
        PublishResourceRequest {
            request_id: format!("sandbox-resource-{}", self.number),
            resource_number: self.number.to_owned(),
            content: Some(ResourceContent {
                name: self.name.to_owned(),
                name_en: self.name_en.to_owned(),
                summary: self.summary.to_owned(),
                category: self.category.into(),
                acknowledge: !self.item.is_empty(),
                seats: self.seats,
                ..ResourceContent::default()
            }),
            visibility: visibility.into(),
            cluster_id: cluster_id.to_owned(),
            open: self.open,
            buyer_item_ids: Some(self.item.to_owned()).filter(|item| !item.is_empty()).into_iter().collect(),
        }
    }

    /// Publishes it in its first revision; for a cluster where it is open.
    async fn tell(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        cluster_id: &str,
    ) -> anyhow::Result<()> {
        let owner = as_firm(connection, credentials, self.owner)?;
        owner.resources().publish_resource(self.request(cluster_id)).await.map_err(refused)?;
        if !self.first.is_empty() {
            let release = Release { label: self.first, ..Release::of(self.number) };
            release.tell(&owner).await.with_context(|| self.number)?;
        }
        Ok(())
    }
}

/// Opens them, in their first revisions; those for the cluster, once there is one.
pub(super) async fn open(connection: &Connection, credentials: &Credentials) -> anyhow::Result<()> {
    for opened in OPENED.iter().filter(|opened| !opened.open) {
        opened.tell(connection, credentials, "").await?;
    }
    let owner = as_firm(connection, credentials, "A3")?;
    let policy = BindingPolicy {
        version: 0,
        retention_days: 180,
        superseded: DespatchRule::Block.into(),
        not_acknowledged: DespatchRule::Block.into(),
    };
    let request =
        SetBindingPolicyRequest { request_id: "sandbox-binding-policy".into(), policy: Some(policy) };
    owner.binding().set_binding_policy(request).await.map_err(refused)?;
    Ok(())
}

/// What the operator opens to its cluster, who takes note of what, C is released, and who may use the seats.
pub(super) async fn go_on(
    connection: &Connection,
    credentials: &Credentials,
    today: Date,
) -> anyhow::Result<()> {
    let firm = |id: &str| as_firm(connection, credentials, id);
    let clusters =
        firm("OP")?.clusters().list_clusters(ListClustersRequest::default()).await.map_err(refused)?;
    let cluster =
        clusters.into_inner().clusters.into_iter().next().context("the operator runs no cluster")?;
    for opened in OPENED.iter().filter(|opened| opened.open) {
        opened.tell(connection, credentials, &cluster.id).await?;
    }
    let (bracket, box_body, sleeve) = ("YZ-10022", "CY-BX-0450", "YZ-QS-31880");
    let (a1, a3) = (firm("A1")?, firm("A3")?);
    acknowledge(&a3, &firm("S2")?, bracket).await.context("B")?;
    for supplier in ["S1", "S3"] {
        acknowledge(&a1, &firm(supplier)?, box_body).await.context("A")?;
    }
    Release { label: "3", effectivity: Effectivity::NewOrders, ..Release::of(sleeve) }.tell(&a3).await?;
    for supplier in ["S1", "S3"] {
        acknowledge(&a3, &firm(supplier)?, sleeve).await.context("3")?;
    }
    let c = Release {
        label: "C",
        change_note: "孔位 Ø8.5→Ø9.0",
        effectivity: Effectivity::AtOnce,
        ..Release::of(bracket)
    };
    c.tell(&a3).await.context("C")?;
    seats(connection, credentials, today).await.context("seats")
}

/// The measuring machine's time, which is booked where it is offered.
pub(super) async fn instrument(
    connection: &Connection,
    credentials: &Credentials,
    offers: &Offers,
) -> anyhow::Result<()> {
    let offer = offers.get("A3-CMM").context("the measuring machine is offered")?;
    let request = PublishResourceRequest {
        request_id: "sandbox-resource-YZ-CMM-01".to_owned(),
        resource_number: "YZ-CMM-01".to_owned(),
        content: Some(ResourceContent {
            name: "三坐标测量 机时".to_owned(),
            name_en: "Coordinate measuring machine, hours".to_owned(),
            summary: "周二、周四上午，按时段预占".to_owned(),
            category: ResourceCategory::Instrument.into(),
            capacity_offer_id: offer.id.clone(),
            ..ResourceContent::default()
        }),
        visibility: ResourceVisibility::Partners.into(),
        open: true,
        ..PublishResourceRequest::default()
    };
    as_firm(connection, credentials, "A3")?.resources().publish_resource(request).await.map_err(refused)?;
    Ok(())
}

/// A revision to make and release.
struct Release {
    number: &'static str,
    label: &'static str,
    change_note: &'static str,
    effectivity: Effectivity,
}

impl Release {
    fn of(number: &'static str) -> Self {
        Self { number, label: "", change_note: "", effectivity: Effectivity::NewOrders }
    }

    async fn tell(&self, owner: &Connection) -> anyhow::Result<()> {
        let name = format!("{}-{}", self.number, self.label);
        let request = CreateRevisionRequest {
            request_id: format!("sandbox-draft-{name}"),
            resource_id: id(owner, self.number).await?,
            label: self.label.to_owned(),
            change_note: self.change_note.to_owned(),
            location: format!("https://plm.example.invalid/{}/{}", self.number, self.label),
        };
        let drafted = owner.revisions().create_revision(request).await.map_err(refused)?.into_inner();
        let request = ReleaseRevisionRequest {
            request_id: format!("sandbox-release-{name}"),
            revision_id: drafted.revision_id,
            effectivity: self.effectivity.into(),
            effective_date: None,
        };
        owner.revisions().release_revision(request).await.map_err(refused)?;
        Ok(())
    }
}

/// The owner's resource with this number.
async fn id(owner: &Connection, number: &str) -> anyhow::Result<String> {
    let request = GetResourceRequest { resource_number: number.to_owned(), ..GetResourceRequest::default() };
    Ok(owner.resources().get_resource(request).await.map_err(refused)?.into_inner().id)
}

/// The supplier takes note of what is in force, as soon as its orders let it.
async fn acknowledge(owner: &Connection, supplier: &Connection, number: &str) -> anyhow::Result<()> {
    let request =
        GetResourceRequest { resource_id: id(owner, number).await?, ..GetResourceRequest::default() };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let seen = loop {
        match supplier.resources().get_resource(request.clone()).await {
            Ok(seen) => break seen.into_inner(),
            Err(status)
                if status.code() == tonic::Code::NotFound && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(LOOK).await;
            }
            Err(status) => return Err(refused(status).into()),
        }
    };
    let current = seen.current.context("a released revision")?;
    let request = AcknowledgeRevisionRequest {
        request_id: format!("sandbox-acknowledge-{number}-{}", current.label),
        revision_id: current.revision_id,
    };
    supplier.revisions().acknowledge_revision(request).await.map_err(refused)?;
    Ok(())
}

/// One has a seat to the end of the year; one had it taken back and asks again; one was refused.
async fn seats(connection: &Connection, credentials: &Credentials, today: Date) -> anyhow::Result<()> {
    let a3 = as_firm(connection, credentials, "A3")?;
    let resource_id = id(&a3, "YZ-SW-01").await?;
    let year_end = Date::from_calendar_date(today.year() + 1, time::Month::January, 1)?;
    let year_end = time::OffsetDateTime::new_in_offset(year_end, time::Time::MIDNIGHT, china()?);
    let terms = |purpose: &str, until| EntitlementTerms {
        purpose: purpose.to_owned(),
        valid_until: until,
        ..EntitlementTerms::default()
    };
    let grant = async |supplier: &str, terms| -> anyhow::Result<String> {
        let firm = credentials.firms.get(supplier).context("a firm of the story")?;
        let request = GrantEntitlementRequest {
            request_id: format!("sandbox-seat-{supplier}"),
            firm_id: firm.firm.clone(),
            resource_id: resource_id.clone(),
            terms: Some(terms),
            ..GrantEntitlementRequest::default()
        };
        Ok(a3.entitlements().grant_entitlement(request).await.map_err(refused)?.into_inner().id)
    };
    let ask = async |supplier: &str| -> anyhow::Result<String> {
        let request = RequestEntitlementRequest {
            request_id: format!("sandbox-ask-{supplier}"),
            resource_id: resource_id.clone(),
            terms: Some(terms("模具开发", None)),
            note: String::new(),
        };
        let own = as_firm(connection, credentials, supplier)?;
        Ok(own.entitlements().request_entitlement(request).await.map_err(refused)?.into_inner().id)
    };
    grant("S1", terms("模具开发", Some(chassis::value::timestamp(year_end)))).await?;
    let ended = RevokeEntitlementRequest {
        request_id: "sandbox-seat-ended".into(),
        entitlement_id: grant("S3", terms("试用", None)).await?,
        note: "试用结束".into(),
    };
    a3.entitlements().revoke_entitlement(ended).await.map_err(refused)?;
    ask("S3").await?;
    let no = RefuseEntitlementRequest {
        request_id: "sandbox-seat-refused".into(),
        entitlement_id: ask("S2").await?,
        note: "冲压件不适用".into(),
    };
    a3.entitlements().refuse_entitlement(no).await.map_err(refused)?;
    Ok(())
}
