//! Comments are written, replaced and deleted by whoever wrote them.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent};
use proto::capacity::{CapacityReceipt, UploadOutcome};
use uuid::Uuid;

use super::{
    Context, Moment, active,
    slice::{Command, Effect},
};
use crate::{
    comment::Subject,
    convert::comment::{About as Subjected, NewComment},
    db::{
        comment::{self as db, Head},
        partner,
        scope::{About, seen, subject_sites},
    },
    events,
    ingest::{CommentDecision, CommentRefused, CommentUpload, decide_comment},
    scope::sites,
};

impl Effect for NewComment {
    const METHOD: &'static str = "tandem.capacity.v1.CommentService/PostComment";

    fn about(id: Uuid) -> About {
        About::Comment(id)
    }

    async fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
        let moment = Moment::of(context, &command.caller);
        let new = &command.what;
        let standing = match new.id {
            Some(id) => {
                seen(tx, sites(&context.deps, &command.caller), About::Comment(id)).await?;
                db::lock(tx, id).await?
            }
            None => None,
        };
        let deleted = standing.as_ref().filter(|head| head.deleted).map(|head| head.object_id);
        let before = standing.filter(|head| !head.deleted);
        let about = about(tx.firm(), new, before.as_ref())?;
        // Its row is those firms' for good.
        if deleted.is_some_and(|object| object != about.object) {
            let message = "was the id of a comment on something else; take a new one";
            return Err(Error::field("comment_id", "USED", message));
        }
        let sides = match &before {
            // What one said can be taken back whatever became of the two.
            Some(head) if new.delete => Some((head.customer, head.supplier)),
            _ => writable(tx, &about, sites(&context.deps, &command.caller)).await?,
        };
        let changed_at = new.sent.as_ref().and_then(|sent| sent.changed_at);
        let changed_at = changed_at
            .unwrap_or_else(|| before.as_ref().map_or(moment.at, |head| head.changed_at.max(moment.at)));
        let decision = decide_comment(&CommentUpload {
            valid: true,
            by_sender: true,
            to_partner: true,
            object_known: sides.is_some(),
            delete: new.delete,
            changed_at,
            known: before.as_ref().map(|head| head.changed_at),
        });
        let decision = decision.map_err(|refusal| refused(refusal, about.object))?;
        let (customer, supplier) = sides.ok_or_else(Error::not_found)?;
        let author = new.sent.as_ref().map(|sent| sent.author.clone()).filter(|author| !author.is_empty());
        let posted_at = new.sent.as_ref().and_then(|sent| sent.posted_at);
        let deleted = decision == CommentDecision::Delete;
        let kept = |text: String| if deleted { String::new() } else { text };
        let head = Head {
            firm: tx.firm(),
            id: new.id.unwrap_or_else(|| context.deps.clock.id()),
            customer,
            supplier,
            object_type: about.subject.as_str().to_owned(),
            object_id: about.object,
            author: kept(author.unwrap_or_else(|| command.caller.actor_name.clone())),
            text: kept(new.text.clone()),
            kind: new.kind.as_str().to_owned(),
            reference_dates: new.mondays.clone(),
            posted_at: posted_at
                .or_else(|| before.as_ref().and_then(|head| head.posted_at))
                .or(Some(changed_at)),
            changed_at,
            deleted,
        };
        db::save(tx, &head).await?;
        let of = (head.customer, head.supplier);
        let sites = subject_sites(tx, &head.object_type, of, head.object_id).await?;
        Ok((receipt(&head, decision), vec![events::comment::comment(moment.now(), &head, &sites)]))
    }
}

/// What a comment is about: what it says, which is what the one that stands is about.
fn about(me: Uuid, new: &NewComment, before: Option<&Head>) -> Result<Subjected> {
    let standing = before.and_then(|head| {
        let other = if me == head.customer { head.supplier } else { head.customer };
        Some(Subjected {
            subject: Subject::from_name(&head.object_type)?,
            object: head.object_id,
            other: Some(other),
        })
    });
    match (new.about, standing) {
        (Some(about), Some(standing)) => match (about.subject, about.object)
            == (standing.subject, standing.object)
        {
            true => Ok(standing),
            false => {
                Err(Error::field("object_id", "IMMUTABLE", "stands for something else; use a new comment"))
            }
        },
        (Some(about), None) if new.id.is_none() || new.sent.is_some() => Ok(about),
        (None, Some(standing)) => Ok(standing),
        _ => Err(Error::not_found()),
    }
}

/// Customer and supplier of what it is about; `None` where the two do not share it.
async fn sides(tx: &mut TenantTx, about: &Subjected, sites: &[String]) -> Result<Option<(Uuid, Uuid)>> {
    let found = match about.subject {
        Subject::Demand => db::of_demand(tx, about.object, about.other, sites).await?,
        Subject::Group => db::of_group(tx, about.object, about.other, sites).await?,
    };
    match found.as_slice() {
        [] => Ok(None),
        [sides] => Ok(Some(*sides)),
        _ => Err(Error::field(
            "counterparty_id",
            "REQUIRED",
            "several partners have one of this id; say whose",
        )),
    }
}

/// The same where something new may go between the two.
async fn writable(tx: &mut TenantTx, about: &Subjected, narrowed: &[String]) -> Result<Option<(Uuid, Uuid)>> {
    let Some((customer, supplier)) = sides(tx, about, narrowed).await? else { return Ok(None) };
    let partner = match tx.firm() == customer {
        true => partner::supplier(tx, Some(supplier), "").await?,
        false => partner::customer(tx, customer).await?,
    };
    active(&partner.ok_or_else(Error::not_found)?)?;
    Ok(Some((customer, supplier)))
}

fn refused(refused: CommentRefused, object: Uuid) -> Error {
    match refused {
        CommentRefused::Invalid => Error::new(Reason::INVALID_FIELDS),
        CommentRefused::NotSender => Error::new(Reason::PERMISSION_DENIED),
        // CX-0128 answers 403 to what was never exchanged; api/catena.rs knows it by this.
        CommentRefused::ObjectUnknown => Error::not_found().with("object_id", object),
        CommentRefused::NotPartner | CommentRefused::NothingToDelete => Error::not_found(),
        CommentRefused::Older => Error::new(Reason::CHANGED_AT_OLDER),
    }
}

fn receipt(head: &Head, decision: CommentDecision) -> CapacityReceipt {
    let outcome = match decision {
        CommentDecision::Create => UploadOutcome::Created,
        CommentDecision::Replace => UploadOutcome::Replaced,
        CommentDecision::Delete => UploadOutcome::Deleted,
    };
    CapacityReceipt {
        id: head.id.to_string(),
        version: 0,
        outcome: outcome.into(),
        changed_at: Some(chassis::value::timestamp(head.changed_at)),
        replayed: false,
    }
}
