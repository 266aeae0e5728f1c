//! Own demands, groups and comments as messages of Catena-X.

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, value};
use proto::capacity::{ExportPayloadsRequest, ExportPayloadsResponse, PayloadKind};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    commands::Context,
    comment::Subject,
    convert::{
        self,
        catena::{self, Header, Object, Wanted},
        read::Wrong,
    },
    db::{comment, demand, group, partner},
    error,
    scope::sites,
};

/// Objects read at a time.
const PAGE: i64 = 500;

/// What is written: the objects, and the ids of those that the schema cannot say.
#[derive(Default)]
struct Written {
    objects: Vec<Box<RawValue>>,
    left_out: Vec<String>,
}

impl Written {
    fn push(&mut self, id: Uuid, payload: Option<Box<RawValue>>) {
        match payload {
            Some(payload) => self.objects.push(payload),
            None => self.left_out.push(id.to_string()),
        }
    }
}

/// A message to one partner.
pub(crate) async fn export(
    context: &Context,
    caller: &Caller,
    request: &ExportPayloadsRequest,
) -> Result<ExportPayloadsResponse> {
    let counterparty = value::id(&request.counterparty_id)?;
    let kind = request.kind();
    if kind == PayloadKind::Unspecified {
        return Err(Error::field("kind", "REQUIRED", "say what is exported"));
    }
    let (demands, groups) = wanted(&request.request_for_update)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let known = match kind {
        PayloadKind::CapacityGroup => partner::customer(&mut tx, counterparty).await?,
        PayloadKind::Comment => match partner::supplier(&mut tx, Some(counterparty), "").await? {
            None => partner::customer(&mut tx, counterparty).await?,
            supplier => supplier,
        },
        _ => partner::supplier(&mut tx, Some(counterparty), "").await?,
    };
    known.ok_or_else(Error::not_found)?;
    let missing = |firm: Uuid| Error::new(Reason::BPN_MISSING).with("firm_id", firm);
    let sender = partner::number_of(&mut tx, caller.firm).await?.ok_or_else(|| missing(caller.firm))?;
    let receiver = partner::number_of(&mut tx, counterparty).await?.ok_or_else(|| missing(counterparty))?;
    let header = Header { sender, receiver };
    let sites = sites(&context.deps, caller);
    let (written, aspect) = match kind {
        PayloadKind::CapacityGroup => (
            of_groups(&mut tx, &header, sites, (counterparty, &groups)).await?,
            "urn:samm:io.catenax.week_based_capacity_group:3.0.1",
        ),
        PayloadKind::Comment => (
            of_comments(&mut tx, &header, sites, counterparty).await?,
            "urn:samm:io.catenax.id_based_comment:1.0.0",
        ),
        _ => (
            of_demands(&mut tx, &header, sites, (counterparty, &demands)).await?,
            "urn:samm:io.catenax.week_based_material_demand:3.0.1",
        ),
    };
    tx.commit().await?;
    let (id, at) = (context.deps.clock.id(), context.deps.now());
    let content = catena::wrap(&header, aspect, id, at, &written.objects).map_err(Error::internal)?;
    Ok(ExportPayloadsResponse {
        content: content.into(),
        objects: written.objects.len() as i32,
        left_out_ids: written.left_out,
    })
}

fn wanted(request_for_update: &[u8]) -> Result<(Wanted, Wanted)> {
    if request_for_update.is_empty() {
        return Ok((Wanted::All, Wanted::All));
    }
    let raw: &RawValue =
        serde_json::from_slice(request_for_update).map_err(|_| Error::new(Reason::JSON_MALFORMED))?;
    let mut wrong = Wrong::default();
    let envelope = catena::envelope(&mut wrong, raw);
    let object = match envelope.objects.as_slice() {
        [(path, raw)] => Object::read(&mut wrong, path, raw),
        _ => {
            wrong.note("request_for_update", "COUNT", "must be one request");
            None
        }
    };
    let wanted = object.map(|object| catena::wanted(&mut wrong, &object));
    match wanted {
        Some(wanted) if wrong.0.is_empty() => Ok(wanted),
        _ => Err(Error::invalid(wrong.0)),
    }
}

async fn of_demands(
    tx: &mut TenantTx,
    header: &Header,
    sites: &[String],
    (supplier, wanted): (Uuid, &Wanted),
) -> Result<Written> {
    let customer = tx.firm();
    let mut written = Written::default();
    let mut after = None;
    loop {
        let which = demand::Which {
            own: Some(customer),
            counterparty: Some(supplier),
            material: "",
            sites,
            after,
            limit: PAGE,
        };
        let page = demand::list(tx, &which).await?;
        let ours = page.iter().filter(|head| head.customer == customer);
        for head in ours.filter(|head| wanted.is(head.id, head.changed_at)) {
            let kept = demand::version(tx, head, head.version).await?;
            let (content, ..) = kept.ok_or_else(|| error::missing(head.id))?;
            let payload = catena::demand::Payload {
                id: head.id,
                customer: header.sender.clone(),
                supplier: header.receiver.clone(),
                changed_at: head.changed_at,
                demand: convert::demand::kept(&content)?,
            };
            written.push(head.id, catena::demand::write(&payload));
        }
        match page.last().filter(|_| page.len() as i64 == PAGE) {
            Some(last) => after = Some((last.customer, last.id)),
            None => return Ok(written),
        }
    }
}

/// All of them, since a request for update knows none.
async fn of_comments(tx: &mut TenantTx, header: &Header, sites: &[String], other: Uuid) -> Result<Written> {
    let mut written = Written::default();
    for subject in [Subject::Demand, Subject::Group] {
        let mut before = None;
        loop {
            let which = comment::Which {
                object_type: subject.as_str(),
                object: None,
                own_to: Some(other),
                sites,
                before,
                limit: PAGE,
            };
            let page = comment::list(tx, &which).await?;
            for head in &page {
                written.push(head.id, catena::comment::write(head, &header.sender, &header.receiver));
            }
            match page.last().filter(|_| page.len() as i64 == PAGE) {
                Some(last) => before = Some((last.posted_at.unwrap_or(last.changed_at), last.id)),
                None => break,
            }
        }
    }
    Ok(written)
}

async fn of_groups(
    tx: &mut TenantTx,
    header: &Header,
    sites: &[String],
    (customer, wanted): (Uuid, &Wanted),
) -> Result<Written> {
    let mut written = Written::default();
    let mut after = None;
    loop {
        let page = group::list(tx, Some(customer), sites, &[], after, PAGE).await?;
        for head in page.iter().filter(|head| wanted.is(head.id, head.changed_at)) {
            let kept = group::version(tx, head, head.version).await?;
            let (content, ..) = kept.ok_or_else(|| error::missing(head.id))?;
            let payload = catena::group::Payload {
                id: head.id,
                customer: header.receiver.clone(),
                supplier: header.sender.clone(),
                changed_at: head.changed_at,
                group: convert::group::kept(Some(customer), &content)?,
            };
            written.push(head.id, catena::group::write(&payload));
        }
        match page.last().filter(|_| page.len() as i64 == PAGE) {
            Some(last) => after = Some(last.id),
            None => return Ok(written),
        }
    }
}
