//! Payloads of Catena-X, as CX-0128 has them: taken in from a file or as pasted text, with what became of each object, and
//! written for a partner.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::Query,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::secret::sha256;
use proto::{
    access::Permission,
    capacity::{
        ExportPayloadsRequest, ExportPayloadsResponse, ImportCapacityGroupsRequest, ImportCommentsRequest,
        ImportMaterialDemandsRequest, PayloadKind, PayloadResult, UploadOutcome, UploadRefusal,
    },
};
use serde::Deserialize;

use super::{Place, places, read::Partners};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    download::{self, Saves},
    failure::Failure,
    format,
    i18n::{Key, Lang, Text, key},
    order::Tag,
    page::{self, Tab, link},
    rows,
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
    typed,
    upload::{PASTED, Upload},
};

const PATH: &str = "/capacity/payloads";
const PREVIEW: &str = "/capacity/payloads/preview";
const FILE: &str = "/capacity/payloads/file";
const IMPORT: &str = "/capacity/payloads/import";
const ANSWER: &str = "/capacity/payloads/answer";
/// The longest request for update that an address carries on, in bytes.
const CARRIED: usize = 4 * 1024;
/// Objects that the page tells of, those that were refused first.
const TOLD: usize = 500;

/// A kind of payload: its word in addresses, who may take it in, and what it is called.
struct Payload {
    kind: PayloadKind,
    word: &'static str,
    writes: Permission,
    label: Key<0>,
}

const PAYLOADS: &[Payload] = &[
    Payload {
        kind: PayloadKind::MaterialDemand,
        word: "demands",
        writes: Permission::DemandWrite,
        label: key::PAYLOADS_DEMANDS,
    },
    Payload {
        kind: PayloadKind::CapacityGroup,
        word: "groups",
        writes: Permission::CapacityWrite,
        label: key::PAYLOADS_GROUPS,
    },
    Payload {
        kind: PayloadKind::Comment,
        word: "comments",
        writes: Permission::CapacityReserve,
        label: key::PAYLOADS_COMMENTS,
    },
];

/// Which sides a partner stands on; it may stand on both.
#[derive(Clone, Copy, Default)]
struct Sides {
    buys: bool,
    supplies: bool,
}

impl Payload {
    /// Whether it is written for a partner on these sides.
    fn is_for(&self, sides: Sides) -> bool {
        match self.kind {
            PayloadKind::MaterialDemand => sides.supplies,
            PayloadKind::CapacityGroup => sides.buys,
            PayloadKind::Comment => true,
            PayloadKind::Unspecified => false,
        }
    }
}

/// Whom a message may be for, by name and id.
fn receivers<'a>(partners: &'a Partners, own: &str) -> BTreeMap<(&'a str, &'a str), Sides> {
    let mut all: BTreeMap<(&str, &str), Sides> = BTreeMap::new();
    for (id, name) in partners.customers(own) {
        all.entry((name, id)).or_default().buys = true;
    }
    for (id, name) in partners.suppliers(own) {
        all.entry((name, id)).or_default().supplies = true;
    }
    all
}

/// What is written for whom.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    kind: String,
    /// The partner's id.
    #[serde(default)]
    partner: String,
    /// The partner's request for update, as base64; empty for everything.
    #[serde(default)]
    update: String,
}

impl Asked {
    fn payload(&self) -> Result<&'static Payload, Failure> {
        of(&self.kind).ok_or_else(Failure::not_found)
    }

    fn at(&self, path: &str) -> String {
        let Asked { kind, partner, update } = self;
        link(path, &[("kind", kind.as_str()), ("partner", partner.as_str()), ("update", update.as_str())])
    }
}

fn of(word: &str) -> Option<&'static Payload> {
    PAYLOADS.iter().find(|payload| payload.word == word)
}

fn back(t: &Text) -> Way {
    Way { href: PATH.into(), label: t.say(key::PAYLOADS) }
}

fn imports(member: &Member) -> bool {
    PAYLOADS.iter().any(|payload| member.may(payload.writes))
}

/// What can be written for each partner, and the way to take something in.
pub async fn show(member: Member) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let partners = Partners::read(&member).await?;
    let rows = receivers(&partners, &member.who.firm_id).into_iter().map(|((name, id), sides)| {
        let act = |payload: &Payload| {
            let asked =
                Asked { kind: payload.word.to_string(), partner: id.to_string(), update: String::new() };
            Act::Go { href: asked.at(PREVIEW), label: t.say(payload.label) }
        };
        let acts = PAYLOADS.iter().filter(|payload| payload.is_for(sides)).map(act).collect();
        vec![Cell::name(name.to_string()), Cell::Acts(acts)]
    });
    let columns = vec![t.say(key::PARTNER), String::new()];
    let part = Part::new(columns, rows.collect(), t.say(key::PAYLOADS_NOBODY));
    let listing = Listing::new(&member, Tab::Capacity, t.say(key::PAYLOADS), None)
        .places(places(&member, Place::Payloads))
        .lead(t.say(key::PAYLOADS_BODY))
        .part(part.titled(t.say(key::PAYLOADS_EXPORT)));
    let listing = match imports(&member) {
        true => listing.button(IMPORT, t.say(key::PAYLOADS_IMPORT)),
        false => listing,
    };
    Ok(listing.button(ANSWER, t.say(key::PAYLOADS_ANSWER)).show())
}

async fn written(member: &Member, asked: &Asked) -> Result<ExportPayloadsResponse, Failure> {
    let request = ExportPayloadsRequest {
        kind: asked.payload()?.kind.into(),
        counterparty_id: asked.partner.clone(),
        request_for_update: URL_SAFE_NO_PAD.decode(&asked.update).map_err(|_| Failure::not_found())?.into(),
    };
    Ok(member.app().api.catena().export_payloads(member.call_patiently(request)).await?.into_inner())
}

/// How much there is to save, and what the schema cannot say.
pub async fn preview(member: Member, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let t = member.text();
    let payload = asked.payload()?;
    let partners = Partners::read(&member).await?;
    let listing = Listing::new(&member, Tab::Capacity, t.say(payload.label), Some(back(t)))
        .fact(t.say(key::PARTNER), partners.name(&asked.partner).to_string());
    let answer = match written(&member, &asked).await {
        Ok(answer) => answer,
        Err(failure) if failure.is("BPN_MISSING") => {
            let nameless = failure.facts.get("firm_id").map(String::as_str).unwrap_or_default();
            let own = nameless == member.who.firm_id;
            let firm = if own { member.firm_name() } else { partners.name(nameless) };
            return Ok(listing.lead(t.one(key::PAYLOADS_NO_NUMBER, firm)).show());
        }
        Err(failure) => return Err(failure),
    };
    let mut listing = listing.lead(t.one(key::PAYLOADS_OBJECTS, answer.objects));
    if answer.objects > 0 {
        listing = listing.button(asked.at(FILE), t.say(key::PAYLOADS_SAVE));
    }
    if !answer.left_out_ids.is_empty() {
        let rows = answer.left_out_ids.iter().map(|id| vec![Cell::name(id.clone())]);
        let part = Part::new(vec![t.say(key::PAYLOADS_OBJECT)], rows.collect(), String::new());
        listing = listing.part(part.titled(t.say(key::PAYLOADS_LEFT_OUT)));
    }
    Ok(listing.show())
}

/// The message as a file.
pub async fn save(member: Member, _: Saves, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let answer = written(&member, &asked).await?;
    let today = format::today(member.app().clock.now());
    let name = format!("{}-{}.json", asked.payload()?.word, typed::iso(Some(today)));
    Ok(download::file(&name, "application/json", Body::from(answer.content)))
}

/// Asks which of these kinds it is, and for the JSON.
fn ask_payload(t: &Text, ask: Ask, kinds: impl Iterator<Item = &'static Payload>) -> Ask {
    let kinds = kinds.map(|payload| Choice::new(payload.word, t.say(payload.label))).collect();
    ask.ask(Question::of("kind", Kind::Radios, t.say(key::PAYLOADS_KIND), kinds))
        .ask(Question::new("file", Kind::File, t.say(key::LIST_FILE)).accept(".json,.txt"))
        .ask(Question::new(PASTED, Kind::Area, t.say(key::PAYLOADS_PASTED)).optional())
}

/// The JSON that was chosen or pasted; `None` where there is none or too much of it, which the page then says.
fn content<'a>(t: &Text, ask: &mut Ask, upload: &'a Upload, most: usize) -> Option<&'a [u8]> {
    let (field, content) = rows::chosen(upload);
    let cut = upload.files.first().is_some_and(|file| file.cut);
    let fault = match content.is_empty() {
        _ if cut || content.len() > most => key::PAYLOADS_LARGE,
        true => key::PAYLOADS_NOTHING,
        false => return Some(content),
    };
    ask.blame(field, t.say(fault));
    None
}

fn answering(member: &Member, partners: &Partners) -> Result<Ask, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let receivers = receivers(partners, &member.who.firm_id).into_keys();
    let partners = receivers.map(|(name, id)| Choice::new(id, name.to_string())).collect();
    let ask = Ask::below(member, Tab::Capacity, ANSWER.into(), t.say(key::PAYLOADS_ANSWER), back(t))
        .lead(t.say(key::PAYLOADS_ANSWER_BODY))
        .submit(t.say(key::PAYLOADS_ANSWER_DO))
        .ask(Question::of("partner", Kind::Select, t.say(key::PARTNER), partners));
    Ok(ask_payload(t, ask, PAYLOADS.iter()))
}

/// The form for what a partner asks to be updated.
pub async fn answer_form(member: Member) -> Result<Response, Failure> {
    let partners = Partners::read(&member).await?;
    Ok(answering(&member, &partners)?.show())
}

/// Leads to the message that has what the partner asks for, and no more.
pub async fn answer(member: Member, upload: Upload) -> Result<Response, Failure> {
    let posted = Posted::read(member, ANSWER, &upload.fields).await?;
    let member = &posted.member;
    let partners = Partners::read(member).await?;
    let mut ask = answering(member, &partners)?.fill(&upload.fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(content) = content(member.text(), &mut ask, &upload, CARRIED) else { return Ok(ask.wrong()) };
    let [kind, partner] = ["kind", "partner"].map(|name| upload.fields.get(name).to_string());
    let receivers = receivers(&partners, &member.who.firm_id);
    let sides = receivers.into_iter().find(|((_, id), _)| *id == partner).map(|(_, sides)| sides);
    if sides.zip(of(&kind)).is_some_and(|(sides, payload)| !payload.is_for(sides)) {
        ask.blame("kind", member.text().say(key::PAYLOADS_NOT_FOR));
        return Ok(ask.wrong());
    }
    let asked = Asked { kind, partner, update: URL_SAFE_NO_PAD.encode(content) };
    match written(member, &asked).await {
        Ok(_) => Ok(page::go(&asked.at(PREVIEW))),
        Err(failure) => refused(member.text(), ask, failure),
    }
}

/// The form with what is wrong with the message as a whole.
fn refused(t: &Text, mut ask: Ask, failure: Failure) -> Result<Response, Failure> {
    if failure.mends() {
        for (path, reason) in failure.fields.iter().take(TOLD) {
            ask.complain(t.two(key::PAYLOADS_FIELD, path, reason));
        }
    }
    ask.refused(failure)
}

fn asking(member: &Member) -> Ask {
    let t = member.text();
    let ask = Ask::below(member, Tab::Capacity, IMPORT.into(), t.say(key::PAYLOADS_IMPORT), back(t))
        .lead(t.say(key::PAYLOADS_IMPORT_BODY))
        .submit(t.say(key::PAYLOADS_DO));
    ask_payload(t, ask, PAYLOADS.iter().filter(|payload| member.may(payload.writes)))
}

/// The form.
pub async fn form(member: Member) -> Result<Response, Failure> {
    if imports(&member) { Ok(asking(&member).show()) } else { Err(Failure::denied()) }
}

/// Takes a payload in; an object that is refused undoes no other.
pub async fn import(member: Member, upload: Upload) -> Result<Response, Failure> {
    let posted = Posted::read(member, IMPORT, &upload.fields).await?;
    let member = &posted.member;
    let t = member.text();
    let mut ask = asking(member).fill(&upload.fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(content) = content(t, &mut ask, &upload, usize::MAX) else { return Ok(ask.wrong()) };
    let payload = of(upload.fields.get("kind")).ok_or_else(Failure::not_found)?;
    let content = Bytes::copy_from_slice(content);
    match send(&posted, payload.kind, content).await {
        Ok(results) => Ok(told(member, payload, &results)),
        Err(failure) => refused(t, ask, failure),
    }
}

async fn send(posted: &Posted, kind: PayloadKind, content: Bytes) -> Result<Vec<PayloadResult>, Failure> {
    let member = &posted.member;
    // The same payload is the same request; another one, from a page that was gone back to, is another.
    let request_id = format!("{}-{}", posted.request_id, hex::encode(&sha256(&content)[..16]));
    let mut client = member.app().api.catena();
    Ok(match kind {
        PayloadKind::Comment => {
            let request = member.call_patiently(ImportCommentsRequest { request_id, content });
            client.import_comments(request).await?.into_inner().results
        }
        PayloadKind::CapacityGroup => {
            let request = member.call_patiently(ImportCapacityGroupsRequest { request_id, content });
            client.import_capacity_groups(request).await?.into_inner().results
        }
        PayloadKind::MaterialDemand | PayloadKind::Unspecified => {
            let request = member.call_patiently(ImportMaterialDemandsRequest { request_id, content });
            client.import_material_demands(request).await?.into_inner().results
        }
    })
}

/// What became of each object, in the order of the payload, those that were refused first.
fn told(member: &Member, payload: &Payload, results: &[PayloadResult]) -> Response {
    let t = member.text();
    let (refused, taken): (Vec<_>, Vec<_>) =
        results.iter().enumerate().partition(|(_, result)| result.refusal.is_some());
    let counted = t.two(key::PAYLOADS_COUNT, refused.len(), taken.len());
    let further = results.len().saturating_sub(TOLD);
    let rows = refused.into_iter().chain(taken).take(TOLD).map(|(at, result)| became(t, at + 1, result));
    let columns = [key::PAYLOADS_OBJECT, key::STATE, key::PAYLOADS_SAID].map(|label| t.say(label));
    let part = Part::new(columns.into(), rows.collect(), t.say(key::PAYLOADS_EMPTY));
    let note = if further == 0 { String::new() } else { t.one(key::PAYLOADS_FURTHER, further) };
    Listing::new(member, Tab::Capacity, t.say(payload.label), Some(back(t)))
        .done(counted)
        .part(part.note(note))
        .button(IMPORT, t.say(key::PAYLOADS_MORE))
        .show()
}

fn became(t: &Text, number: usize, result: &PayloadResult) -> Row {
    let (shape, label, said) = match (&result.refusal, &result.receipt) {
        (Some(refusal), _) => ("rejected", key::PAYLOADS_REFUSED, why(t, refusal)),
        (None, Some(receipt)) => {
            let label = match receipt.outcome() {
                UploadOutcome::Created => key::PAYLOADS_CREATED,
                UploadOutcome::Deleted => key::PAYLOADS_DELETED,
                UploadOutcome::Replaced | UploadOutcome::Unspecified => key::PAYLOADS_REPLACED,
            };
            ("accepted", label, receipt.id.clone())
        }
        (None, None) => ("unanswered", key::UNSTATED, String::new()),
    };
    let tag = Tag { shape, label: t.say(label) };
    vec![Cell::name(number.to_string()), Cell::Tag(tag), Cell::Text(said)]
}

/// Why an object was refused, and each bad field of it.
fn why(t: &Text, refusal: &UploadRefusal) -> String {
    let message = if t.lang == Lang::Zh { &refusal.message_zh } else { &refusal.message };
    let fields = refusal.violations.iter();
    let fields = fields.map(|one| t.two(key::PAYLOADS_FIELD, &one.field, &one.description));
    std::iter::once(message.clone()).chain(fields).collect::<Vec<_>>().join(&t.say(key::HOLD_JOIN))
}
