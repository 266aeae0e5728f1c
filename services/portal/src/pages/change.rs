//! 接受但有变更: one number and one day a schedule line; the rest is computed.

mod line;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::Response,
};
use proto::orders::{RespondToOrderRequest, ResponsePreview};

use crate::{
    answer::{self, Entry, Fault, Place as Field, Reading, Wrong},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::{self, Loaded},
    page::{self, Page, Tab, link},
    pages::{
        change::line::{LineForm, line},
        preview, promise,
        respond::{self, Place},
        sign_in,
    },
    session::Member,
    typed::iso,
};

/// More lines than this are folded, each under what is asked of it.
const UNFOLDED: usize = 5;

/// An entry of the error summary.
struct Summary {
    href: String,
    text: String,
}

#[derive(Template)]
#[template(path = "change.html")]
struct ChangePage {
    page: Page,
    t: Text,
    id: String,
    /// The order's page.
    back: String,
    number: String,
    partner: String,
    action: String,
    token: String,
    revision: i32,
    lines: Vec<LineForm>,
    folds: bool,
    reasons: Vec<(i32, String)>,
    note: String,
    today: String,
    faults: Vec<Summary>,
    /// What has changed while the form was open; empty for nothing.
    changed: String,
    /// What the answer would do, in a sentence; empty where it was not asked for.
    preview: String,
    /// Which hours are offered to others; empty for none.
    offered: String,
    /// Whether it was ticked that they are promised all the same.
    despite: bool,
    next: String,
}

/// The form, filled with what is asked.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    match respond::open(&member, &id, &place.from).await? {
        Some(loaded) => {
            let begun = match place.split.is_empty() {
                true => Vec::new(),
                false => promise::entries(&member, &loaded).await,
            };
            Ok(filled(&member, loaded, &place, &begun, ""))
        }
        None => Ok(respond::changed(&member, &id)),
    }
}

/// The form as it was typed, or filled with what is asked.
pub fn filled(member: &Member, loaded: Loaded, place: &Place, typed: &[Entry], note: &str) -> Response {
    page::show(&form(member, loaded, place, typed, &[], note))
}

fn form(
    member: &Member,
    loaded: Loaded,
    place: &Place,
    typed: &[Entry],
    faults: &[Fault],
    note: &str,
) -> ChangePage {
    let t = member.text().clone();
    let app = member.app();
    let order = loaded.order;
    let content = order.content.unwrap_or_default();
    let waiting = loaded.rows.iter().filter(|row| !row.unanswered().is_zero());
    let lines: Vec<LineForm> =
        waiting.enumerate().map(|(at, row)| line(&t, at, row, &content, typed, faults)).collect();
    let named = |line: &LineForm| {
        let at = line.at;
        let entry = |(place, text): &(Field, String)| Summary {
            href: format!("#{}-{at}", place.name()),
            text: key_text(&t, &line.number, text),
        };
        line.faults.iter().map(entry).collect::<Vec<_>>()
    };
    let action = link(&format!("{}/change", member.order_path(&order.id)), &[("from", &place.from)]);
    ChangePage {
        page: Page::member(member, Tab::Inbox)
            .titled(t.one(key::CHANGE_TITLE, &content.order_number))
            .about(&order.id)
            .with_form("change", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &respond::purpose(&order.id)),
        faults: lines.iter().flat_map(named).collect(),
        changed: String::new(),
        preview: String::new(),
        offered: String::new(),
        despite: false,
        next: match loaded.next.as_str() {
            "" => String::new(),
            token => link(&format!("{}/change", member.order_path(&order.id)), &[("from", token)]),
        },
        reasons: order::reasons(&t),
        today: iso(Some(format::today(app.clock.now()))),
        note: note.to_string(),
        number: content.order_number,
        partner: order.buyer_name,
        revision: order.revision,
        back: member.order_path(&order.id),
        id: order.id,
        action,
        folds: lines.len() > UNFOLDED,
        lines,
        t,
    }
}

/// The form with all that was typed and ticked.
fn once_more(
    member: &Member,
    loaded: Loaded,
    place: &Place,
    fields: &Fields,
    faults: &[Fault],
) -> ChangePage {
    let despite = respond::despite_offers(fields);
    ChangePage { despite, ..form(member, loaded, place, &answer::read(fields), faults, fields.get("note")) }
}

fn key_text(t: &Text, number: &str, text: &str) -> String {
    t.two(key::FAULT_OF_LINE, number, text)
}

/// Sends the answer, or shows what has to be mended with everything that was typed.
pub async fn send(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
    fields: Fields,
) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &respond::purpose(&id), fields.get("token"))?;
    let typed = answer::read(&fields);
    let note = fields.get("note");
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let Some(loaded) = respond::open(&member, &id, &place.from).await? else {
            return Ok(respond::changed(&member, &id));
        };
        let mut response = page::show(&once_more(&member, loaded, &place, &fields, &[]));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let reading = match answer::interpret(&typed, format::today(app.clock.now())) {
        Ok(reading) => reading,
        Err(faults) => return again(&member, &id, &place, &fields, &faults).await,
    };
    if reading.responses.is_empty() {
        return again(&member, &id, &place, &fields, &[]).await;
    }
    let tries = !fields.get("preview").is_empty();
    let request = RespondToOrderRequest {
        request_id,
        order_id: id.clone(),
        revision: fields.get("revision").parse().map_err(|_| Failure::form_expired())?,
        lines: reading.responses.clone(),
        note: notes(member.text(), note, &reading),
        despite_offers: respond::despite_offers(&fields),
        ..Default::default()
    };
    let sent = match tries {
        true => preview::ask(&member, request).await.map(Some),
        false => respond::send(&member, request).await.map(|_| None),
    };
    if let Err(failure) = &sent
        && let Some(offered) = respond::offered(member.text(), failure)
    {
        return promising(&member, &id, &place, &fields, offered).await;
    }
    match sent {
        Ok(None) => Ok(respond::answered(&member, &id)),
        Ok(Some(would)) => tried(&member, &id, &place, &fields, &would).await,
        Err(failure) if respond::outdated(&failure) => again(&member, &id, &place, &fields, &[]).await,
        Err(failure) if !failure.fields.is_empty() => {
            let faults = refused(&failure, &reading);
            if faults.is_empty() { Err(failure) } else { again(&member, &id, &place, &fields, &faults).await }
        }
        Err(failure) => Err(failure),
    }
}

/// The form once more, with the hours that are offered to others.
async fn promising(
    member: &Member,
    id: &str,
    place: &Place,
    fields: &Fields,
    offered: String,
) -> Result<Response, Failure> {
    let Some(loaded) = respond::open(member, id, &place.from).await? else {
        return Ok(respond::changed(member, id));
    };
    let mut shown = once_more(member, loaded, place, fields, &[]);
    shown.offered = offered;
    Ok(page::show_as(StatusCode::CONFLICT, &shown))
}

/// The form once more, with what the answer would do.
async fn tried(
    member: &Member,
    id: &str,
    place: &Place,
    fields: &Fields,
    would: &ResponsePreview,
) -> Result<Response, Failure> {
    let Some(loaded) = respond::open(member, id, &place.from).await? else {
        return Ok(respond::changed(member, id));
    };
    Ok(previewed(member, loaded, place, fields, would))
}

/// The form with what the answer would do.
pub fn previewed(
    member: &Member,
    loaded: Loaded,
    place: &Place,
    fields: &Fields,
    would: &ResponsePreview,
) -> Response {
    let currency = loaded.order.content.as_ref().map(|content| content.currency.clone()).unwrap_or_default();
    let mut shown = once_more(member, loaded, place, fields, &[]);
    for line in &mut shown.lines {
        let told = would.lines.iter().find(|told| told.schedule_line_id == line.entry.id);
        line.outcome = told.map(|told| preview::outcome(&shown.t, told, &line.unit, &currency));
    }
    shown.preview = preview::sentence(&shown.t, would);
    page::show(&shown)
}

/// The form once more: with faults, with what has changed, or because nothing was answered.
async fn again(
    member: &Member,
    id: &str,
    place: &Place,
    fields: &Fields,
    faults: &[Fault],
) -> Result<Response, Failure> {
    let Some(loaded) = respond::open(member, id, &place.from).await? else {
        return Ok(respond::changed(member, id));
    };
    Ok(mended(member, loaded, place, fields, faults))
}

/// The form with what has to be mended: faults, what has changed, or that nothing was answered.
pub fn mended(member: &Member, loaded: Loaded, place: &Place, fields: &Fields, faults: &[Fault]) -> Response {
    let typed = answer::read(fields);
    let revision = loaded.order.revision;
    let mut shown = once_more(member, loaded, place, fields, faults);
    let t = shown.t.clone();
    let gone = typed.iter().any(|entry| shown.lines.iter().all(|line| line.entry.id != entry.id));
    if fields.get("revision") != revision.to_string() {
        shown.changed = t.two(key::CHANGED_REVISION, fields.get("revision"), revision);
    } else if gone || shown.lines.iter().any(|line| !line.differences.is_empty()) {
        shown.changed = t.say(key::CHANGED_ANSWERED);
    } else if shown.faults.is_empty() {
        let first = if shown.folds { "#line-0" } else { "#q-0" };
        shown.faults.push(Summary { href: first.into(), text: t.say(key::FAULT_NOTHING) });
    }
    let status = match shown.changed.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::CONFLICT,
    };
    page::show_as(status, &shown)
}

/// The fields that the API refuses, as fields of the form: `lines[2].accept.quantity` is a number of entry 2.
fn refused(failure: &Failure, reading: &Reading) -> Vec<Fault> {
    let faults = failure.fields.iter().filter_map(|(path, _)| {
        let (index, rest) = path.strip_prefix("lines[")?.split_once(']')?;
        let entry = *reading.entries.get(index.parse::<usize>().ok()?)?;
        let place = match rest {
            _ if rest.contains("deliveries[1]") => Field::SecondDate,
            _ if rest.contains("deliveries[2]") => Field::ThirdDate,
            _ if rest.contains("price") => Field::Price,
            _ if rest.contains("substitute") => Field::Substitute,
            _ if rest.contains("date") => Field::Date,
            _ if rest.contains("reason") => Field::Reason,
            _ if rest.contains("note") => Field::Note,
            _ => Field::Quantity,
        };
        Some(Fault { entry, place, wrong: Wrong::Refused })
    });
    faults.collect()
}

/// One note for the buyer: the answer's own, then those of lines.
fn notes(t: &Text, note: &str, reading: &Reading) -> String {
    let lines = reading.notes.iter().map(|(number, note)| t.two(key::NOTE_OF_LINE, note, number));
    let all: Vec<String> =
        Some(note.to_string()).into_iter().filter(|note| !note.is_empty()).chain(lines).collect();
    all.join("\n")
}
