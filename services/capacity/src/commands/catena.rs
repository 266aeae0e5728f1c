//! Payloads of Catena-X as uploads: who is meant is found out first, then each object goes the way of every upload.

use std::collections::BTreeMap;

use chassis::{Error, Reason, Result, caller::Caller, idempotency::Key};
use proto::capacity::CapacityReceipt;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Context,
    slice::{self, Command, Effect},
};
use crate::{
    convert::{
        catena::{self, Object},
        comment::{About, NewComment},
        demand::{Addressee, NewDemand},
        group::NewGroup,
        read::Wrong,
    },
    db::partner,
    error,
    ingest::Refused,
};

/// Objects that share a transaction.
const SLICE: usize = 100;

/// A kind of payload that can be taken in.
pub(crate) trait Payload: Sized + Send {
    type Upload: Effect;
    /// Why the other firm is not found.
    const NO_PARTNER: Reason;

    fn read(wrong: &mut Wrong, object: &Object<'_>) -> Self;

    /// Who must be the sender, and who the other firm is; where either may send, the one that this is true of.
    fn numbers(&self, is_me: impl Fn(&str) -> bool) -> (&str, &str);

    /// To the other firm.
    fn upload(self, other: Uuid) -> Self::Upload;
}

impl Payload for catena::demand::Payload {
    type Upload = NewDemand;
    const NO_PARTNER: Reason = Reason::SUPPLIER_UNKNOWN;

    fn read(wrong: &mut Wrong, object: &Object<'_>) -> Self {
        catena::demand::read(wrong, object)
    }

    fn numbers(&self, _: impl Fn(&str) -> bool) -> (&str, &str) {
        (&self.customer, &self.supplier)
    }

    fn upload(self, other: Uuid) -> NewDemand {
        NewDemand {
            id: Some(self.id),
            supplier: Addressee::Firm(other),
            changed_at: Some(self.changed_at),
            expected_version: None,
            demand: self.demand,
        }
    }
}

impl Payload for catena::group::Payload {
    type Upload = NewGroup;
    const NO_PARTNER: Reason = Reason::NOT_FOUND;

    fn read(wrong: &mut Wrong, object: &Object<'_>) -> Self {
        catena::group::read(wrong, object)
    }

    fn numbers(&self, _: impl Fn(&str) -> bool) -> (&str, &str) {
        (&self.supplier, &self.customer)
    }

    fn upload(self, other: Uuid) -> NewGroup {
        NewGroup {
            id: Some(self.id),
            customer: Some(other),
            changed_at: Some(self.changed_at),
            expected_version: None,
            group: catena::group::addressed(self.group, other),
        }
    }
}

impl Payload for catena::comment::Payload {
    type Upload = NewComment;
    const NO_PARTNER: Reason = Reason::NOT_FOUND;

    fn read(wrong: &mut Wrong, object: &Object<'_>) -> Self {
        catena::comment::read(wrong, object)
    }

    fn numbers(&self, is_me: impl Fn(&str) -> bool) -> (&str, &str) {
        match is_me(&self.customer) {
            true => (&self.customer, &self.supplier),
            false => (&self.supplier, &self.customer),
        }
    }

    fn upload(self, other: Uuid) -> NewComment {
        let about = self.comment.about.map(|about| About { other: Some(other), ..about });
        NewComment { about, ..self.comment }
    }
}

/// Takes payloads in; what became of each, in their order.
pub(crate) async fn import<P: Payload>(
    context: &Context,
    caller: &Caller,
    request_id: &str,
    content: &[u8],
) -> Result<Vec<Result<CapacityReceipt>>> {
    let malformed = || Error::new(Reason::JSON_MALFORMED);
    let raw: &RawValue = serde_json::from_slice(content).map_err(|_| malformed())?;
    let mut wrong = Wrong::default();
    let envelope = catena::envelope(&mut wrong, raw);
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let read: Vec<Result<(P, Key)>> = envelope
        .objects
        .iter()
        .enumerate()
        .map(|(index, (path, raw))| one(request_id, index, path, raw))
        .collect();
    let header = envelope.header.as_ref();
    let mut numbers: Vec<String> = header.into_iter().map(|header| header.sender.clone()).collect();
    for (payload, _) in read.iter().flatten() {
        let (sender, other) = payload.numbers(|_| true);
        numbers.extend([sender.to_owned(), other.to_owned()]);
    }
    numbers.sort();
    numbers.dedup();
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let firms = partner::by_number(&mut tx, &numbers).await?;
    tx.commit().await?;
    let firms = Firms { me: caller.firm, by_number: firms };
    if let Some(header) = header
        && !firms.is_me(&header.sender)
    {
        return Err(Error::field("messageHeader.senderBpn", "NOT_SENDER", "is not your own number"));
    }
    let mut answers: Vec<Option<Result<CapacityReceipt>>> = Vec::with_capacity(read.len());
    let (mut places, mut commands) = (Vec::new(), Vec::new());
    for read in read {
        let addressed = read.and_then(|(payload, key)| Ok((firms.upload(payload)?, key)));
        match addressed {
            Ok((what, key)) => {
                places.push(answers.len());
                commands.push(Command { caller: caller.clone(), key: Some(key), what });
                answers.push(None);
            }
            Err(refusal) => answers.push(Some(Err(refusal))),
        }
    }
    let mut done = Vec::with_capacity(commands.len());
    for commands in commands.chunks(SLICE) {
        done.extend(slice::run(context, caller.firm, commands).await);
    }
    for (place, result) in places.into_iter().zip(done) {
        answers[place] = Some(result);
    }
    Ok(answers.into_iter().flatten().collect())
}

/// One object with the key under which it takes effect once.
fn one<P: Payload>(request_id: &str, index: usize, path: &str, raw: &RawValue) -> Result<(P, Key)> {
    let mut wrong = Wrong::default();
    let payload = Object::read(&mut wrong, path, raw).map(|object| P::read(&mut wrong, &object));
    match payload {
        Some(payload) if wrong.0.is_empty() => {
            let sha256 = chassis::secret::sha256(raw.get().as_bytes());
            Ok((payload, Key { request_id: format!("import {request_id} {index}"), sha256 }))
        }
        _ => Err(Error::invalid(wrong.0)),
    }
}

/// Whom numbers mean to the caller.
struct Firms {
    me: Uuid,
    by_number: BTreeMap<String, Vec<Uuid>>,
}

impl Firms {
    fn is_me(&self, number: &str) -> bool {
        self.by_number.get(number).is_some_and(|firms| firms.contains(&self.me))
    }

    /// Who sends is the first rule after the values; whether the other firm is a partner, the upload finds out itself.
    fn upload<P: Payload>(&self, payload: P) -> Result<P::Upload> {
        let (sender, other) = payload.numbers(|number| self.is_me(number));
        if !self.is_me(sender) {
            return Err(error::refused(Refused::NotSender, P::NO_PARTNER));
        }
        let others = self.by_number.get(other).map_or(&[][..], Vec::as_slice);
        match others.iter().filter(|firm| **firm != self.me).collect::<Vec<_>>()[..] {
            [other] => Ok(payload.upload(*other)),
            [] => Err(error::refused(Refused::NotPartner, P::NO_PARTNER)),
            _ => Err(Error::new(Reason::SUPPLIER_AMBIGUOUS)),
        }
    }
}
