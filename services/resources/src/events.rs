//! What happened → its envelope. Each firm gets an event of its own, so that none learns of the others; the two of an
//! entitlement or an acknowledgement share one.

use chassis::{Result, outbox::NewEvent};
use prost::Message;
use proto::resources as wire;
use uuid::Uuid;

use crate::{
    commands::Now,
    convert::{entitlement::name_of, transfer::downloaded_out},
    db::{access::Kind, announcement::What, download::Ended, entitlement, resource::Seen, revision},
};

const SOURCE: &str = "tandem/resources";

fn envelope(
    now: Now<'_>,
    r#type: &'static str,
    subject: (&str, Uuid),
    version: i64,
    audience: Vec<Uuid>,
    data: Vec<u8>,
) -> NewEvent {
    now.event((SOURCE, r#type), subject, version, audience, data)
}

/// What became of a resource, in its present version, or of a revision of it, as one firm sees it.
pub(crate) fn resource(
    now: Now<'_>,
    what: What,
    (id, version): (Uuid, i64),
    resource: wire::Resource,
    revision: Option<wire::Revision>,
    firm: Uuid,
) -> NewEvent {
    let resource = Some(resource);
    let (r#type, data) = match what {
        What::Published => {
            ("tandem.resources.resource.published.v1", wire::ResourcePublished { resource }.encode_to_vec())
        }
        What::Changed => {
            ("tandem.resources.resource.changed.v1", wire::ResourceChanged { resource }.encode_to_vec())
        }
        What::Withdrawn => {
            ("tandem.resources.resource.withdrawn.v1", wire::ResourceWithdrawn { resource }.encode_to_vec())
        }
        What::RevisionReleased => (
            "tandem.resources.revision.released.v1",
            wire::RevisionReleased { resource, revision }.encode_to_vec(),
        ),
        What::RevisionWithdrawn => (
            "tandem.resources.revision.withdrawn.v1",
            wire::RevisionWithdrawn { resource, revision }.encode_to_vec(),
        ),
    };
    // Revisions take no version of the resource.
    let version = match what {
        What::Published | What::Changed | What::Withdrawn => version,
        What::RevisionReleased | What::RevisionWithdrawn => 0,
    };
    envelope(now, r#type, ("resources", id), version, vec![firm], data)
}

/// For the owner and the firm; a cluster's for the owner alone.
pub(crate) fn entitlement(
    now: Now<'_>,
    what: Kind,
    entitlement: wire::Entitlement,
    row: &entitlement::Row,
) -> NewEvent {
    let entitlement = Some(entitlement);
    let (r#type, data) = match what {
        Kind::Granted => (
            "tandem.resources.entitlement.granted.v1",
            wire::EntitlementGranted { entitlement }.encode_to_vec(),
        ),
        Kind::Refused => (
            "tandem.resources.entitlement.refused.v1",
            wire::EntitlementRefused { entitlement }.encode_to_vec(),
        ),
        Kind::Expired => (
            "tandem.resources.entitlement.expired.v1",
            wire::EntitlementExpired { entitlement }.encode_to_vec(),
        ),
        Kind::Revoked => (
            "tandem.resources.entitlement.revoked.v1",
            wire::EntitlementRevoked { entitlement }.encode_to_vec(),
        ),
        Kind::Requested | Kind::Viewed | Kind::Downloaded | Kind::Acknowledged => (
            "tandem.resources.entitlement.requested.v1",
            wire::EntitlementRequested { entitlement }.encode_to_vec(),
        ),
    };
    let audience = [Some(row.owner), row.firm].into_iter().flatten().collect();
    envelope(now, r#type, ("entitlements", row.id), row.version, audience, data)
}

/// For the owner and the firm that has taken note.
pub(crate) fn acknowledged(
    now: Now<'_>,
    resource: &Seen,
    row: &revision::Row,
    acknowledgement: wire::Acknowledgement,
    audience: Vec<Uuid>,
) -> Result<NewEvent> {
    let data = wire::RevisionAcknowledged {
        resource_id: resource.id.to_string(),
        resource_name: name_of(resource)?,
        revision_label: row.label.clone(),
        acknowledgement: Some(acknowledgement),
    };
    let r#type = "tandem.resources.revision.acknowledged.v1";
    Ok(envelope(now, r#type, ("resources", resource.id), 0, audience, data.encode_to_vec()))
}

/// For the owner.
pub(crate) fn viewed(now: Now<'_>, owner: Uuid, resource: Uuid, entry: wire::AccessEntry) -> NewEvent {
    let data = wire::ResourceViewed { entry: Some(entry) }.encode_to_vec();
    envelope(now, "tandem.resources.resource.viewed.v1", ("resources", resource), 0, vec![owner], data)
}

/// For the owner.
pub(crate) fn downloaded(now: Now<'_>, ended: &Ended) -> NewEvent {
    let data = wire::ResourceDownloaded { entry: Some(downloaded_out(ended)) }.encode_to_vec();
    let subject = ("resources", ended.resource_id);
    envelope(now, "tandem.resources.resource.downloaded.v1", subject, 0, vec![ended.owner], data)
}
