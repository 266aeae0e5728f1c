//! The firm's feed as server-sent events: `id` is the feed's cursor, so that a browser that was cut off goes on where
//! it was and nothing comes twice.
//!
//! Pages fetch themselves again when something happened; an event says only which order it was about, and in a
//! sentence for people what happened. Of everything else, which may come by the thousand, it says the kinds and ids alone.
//! What the operator announces is on no feed: `told` events say that it is another than a page may show. Of what else is on
//! none, [`crate::untold`] says the kinds. Members who may follow no feed, as whoever runs the platform, hear the rest.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{
    Stream, StreamExt as _, future,
    stream::{self, BoxStream},
};
use prost::Message as _;
use proto::{
    access::Permission,
    event,
    orders::{OrderMessagePosted, OrderNoteWritten, OrderPublished, OrderSupplierChanged},
    partners::WhoAmIRequest,
    stream::{FeedEvent, Filter, SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use serde::{Deserialize, Serialize};
use tonic::{Code, Status};

use crate::{
    App,
    board::{self, FRESH},
    client,
    failure::Failure,
    i18n::{Key, Text, key},
    session::{Member, Visitor},
};

/// How soon a browser tries again.
const RETRY: Duration = Duration::from_secs(2);
/// How often a quiet stream shows that it is alive.
const QUIET: Duration = Duration::from_secs(15);
/// How often it is looked whether a session has ended that no feed ends with.
const LOOK: Duration = Duration::from_secs(30);

/// Where to begin, and whose.
#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    after: String,
    /// The session of the page that opens the stream; empty for whichever signs the request.
    #[serde(default)]
    of: String,
}

/// What a page is told.
#[derive(Serialize)]
struct News<'a> {
    /// Kinds and ids of what changed, as places of pages name what they show.
    what: BTreeSet<&'a str>,
    /// For people; empty where it is not worth interrupting them.
    text: String,
}

/// Tells what happens until the browser leaves, the session ends or the portal shuts down.
pub async fn follow(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(place): Query<Place>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // Looked at first, so that what is announced while the member is looked up counts as a change.
    let mark = board::mark(&app.board.told(&app.api).await);
    let member = visitor.member().await?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let after = if last.is_empty() { place.after } else { last.to_string() };
    let first = [Event::default().retry(RETRY), announced(&board::mark(&member.who.announcements))];
    let untold = app.changes.of(member.who.firm_id.clone()).map(untold);
    let rest = if !place.of.is_empty() && place.of != member.session() {
        // Somebody signed in here anew: the page is of a session that the browser has no more.
        stream::once(future::ready(signed_out())).boxed()
    } else if member.may(Permission::StreamRead) {
        feed(&app, member, after).await?
    } else {
        stream::once(session_end(member)).boxed()
    };
    let rest = beside(rest, stream::select(announcements(app.clone(), mark), untold));
    let events = stream::iter(first).chain(rest).map(Ok::<_, Infallible>);
    let events = events.take_until(app.shutdown.clone().cancelled_owned());
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(QUIET)).into_response();
    // nginx would hold events back to fill a buffer.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What the feed tells after a cursor; from now on where that is empty.
async fn feed(app: &App, member: Member, after: String) -> Result<BoxStream<'static, Event>, Failure> {
    let start = if after.is_empty() { Start::Latest(true) } else { Start::After(after) };
    let filter = Filter { types: types(&member), ..Filter::default() };
    let request = SubscribeRequest { start: Some(start), filter: Some(filter), until_head: false };
    let request = client::streaming(&member.token, request);
    match app.api.stream().subscribe(request).await {
        Ok(answer) => Ok(spoken(answer.into_inner(), member).boxed()),
        Err(status) => match ending(&status) {
            Some(event) => Ok(stream::once(future::ready(event)).boxed()),
            None => Err(status.into()),
        },
    }
}

/// Waits for the end of the session, which a feed tells by itself.
async fn session_end(member: Member) -> Event {
    loop {
        tokio::time::sleep(LOOK).await;
        let request = member.call(WhoAmIRequest {});
        if let Err(status) = member.app().api.sessions().who_am_i(request).await
            && let Some(event) = ending(&status)
        {
            return event;
        }
    }
}

/// Something of a kind that no feed tells of may be another by now.
fn untold(kind: &str) -> Event {
    Event::default().event("changed").data(format!("{{\"what\":[\"{kind}\"],\"text\":\"\"}}"))
}

/// The events of what the member may read; narrowed members hear less of them, as by API.
fn types(member: &Member) -> Vec<String> {
    let others = [
        (Permission::CapacityRead, "capacity"),
        (Permission::ResourcesRead, "resources"),
        (Permission::PartnersRead, "partners"),
    ];
    let others = others.into_iter().filter(|(permission, _)| member.may(*permission)).map(|(_, area)| area);
    ["orders", "stream.webhook"].into_iter().chain(others).map(|area| format!("tandem.{area}.*")).collect()
}

fn spoken(
    answers: impl Stream<Item = Result<SubscribeResponse, Status>> + Send + 'static,
    member: Member,
) -> impl Stream<Item = Event> + Send {
    let text = member.visitor.text.clone();
    let firm = member.who.firm_id;
    answers.flat_map(move |answer| {
        let events = match answer {
            Ok(answer) => told(&answer, &text, &firm),
            Err(status) => ending(&status).into_iter().collect(),
        };
        stream::iter(events)
    })
}

/// Both streams, until the first ends.
fn beside<T: Send>(
    first: impl Stream<Item = T> + Send,
    other: impl Stream<Item = T> + Send,
) -> impl Stream<Item = T> + Send {
    let first = first.map(Some).chain(stream::once(future::ready(None)));
    stream::select(first, other.map(Some))
        .take_while(|one| future::ready(one.is_some()))
        .filter_map(future::ready)
}

/// An event each time that something else is announced than at `mark`.
fn announcements(app: Arc<App>, mark: String) -> impl Stream<Item = Event> + Send {
    stream::unfold((app, mark), |(app, mark)| async move {
        loop {
            tokio::time::sleep(FRESH).await;
            let now = board::mark(&app.board.told(&app.api).await);
            if now != mark {
                // Which of it the member has put away, the page asks.
                return Some((announced(""), (app, now)));
            }
        }
    })
}

/// What a member is shown has this mark; an empty one fits nothing that a page shows.
fn announced(mark: &str) -> Event {
    Event::default().event("told").data(format!("{{\"mark\":\"{mark}\"}}"))
}

fn told(answer: &SubscribeResponse, text: &Text, firm: &str) -> Vec<Event> {
    let mut events: Vec<Event> = answer.events.iter().filter_map(|event| news(event, text, firm)).collect();
    events.extend(changed(answer));
    // A beat of its own moves the browser past what was left out, and shows that the line is not dead.
    events.push(Event::default().event("beat").id(&answer.cursor).data("{}"));
    events
}

/// Once for all that came together, since a page reads itself anew once.
fn changed(answer: &SubscribeResponse) -> Option<Event> {
    let others = answer.events.iter().filter_map(|entry| subject(entry.event.as_ref()?));
    let what: BTreeSet<&str> = others.flatten().collect();
    if what.is_empty() {
        return None;
    }
    let data = serde_json::to_string(&News { what, text: String::new() }).ok()?;
    Some(Event::default().event("changed").id(&answer.cursor).data(data))
}

/// Kind and id of what an event is about, such as `offer` and the offer's id; nothing for an order, which [`news`] tells,
/// and `access` alone where somebody looked at a resource.
fn subject(event: &event::Event) -> Option<[&str; 2]> {
    let mut words = event.r#type.strip_prefix("tandem.")?.split('.');
    if words.next()? == "orders" {
        return None;
    }
    let (_, id) = event.subject.split_once('/')?;
    Some(match (words.next()?, words.next()?) {
        // The log of accesses shows it and nothing else does, so that no other page is read anew.
        ("resource", "viewed" | "downloaded") => ["access"; 2],
        (kind, _) => [kind, id],
    })
}

/// Streams that end for a reason say so; the others just end, and the browser comes back.
fn ending(status: &Status) -> Option<Event> {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => Some(signed_out()),
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => {
            Some(Event::default().event("anew").data("{}"))
        }
        _ => None,
    }
}

/// The session of the page is over.
fn signed_out() -> Event {
    Event::default().event("signed-out").data("{}")
}

fn news(entry: &FeedEvent, text: &Text, firm: &str) -> Option<Event> {
    let event = entry.event.as_ref()?;
    let data = event.data.clone();
    let (order, said) = match event.r#type.as_str() {
        "tandem.orders.order.published.v1" => {
            let order = OrderPublished::decode(data).ok()?.order?;
            let number =
                order.content.as_ref().map(|content| content.order_number.as_str()).unwrap_or_default();
            let said = match order.supplier_id == firm {
                true => text.two(key::NEWS_PUBLISHED, &order.buyer_name, number),
                false => String::new(),
            };
            (order.id, said)
        }
        "tandem.orders.order.supplier_changed.v1" => {
            let order = OrderSupplierChanged::decode(data).ok()?.order?;
            (order.id, String::new())
        }
        "tandem.orders.order.message_posted.v1" => {
            let posted = OrderMessagePosted::decode(data).ok()?;
            let message = posted.message?;
            let said = match message.author_id == firm {
                true => String::new(),
                false => text.one(key::NEWS_MESSAGE, posted.order_number),
            };
            (message.order_id, said)
        }
        "tandem.orders.order.note_written.v1" => {
            (OrderNoteWritten::decode(data).ok()?.message?.order_id, String::new())
        }
        other => {
            let kind = other.strip_prefix("tandem.orders.order.")?.strip_suffix(".v1")?;
            let about = About::decode(data).ok()?;
            (about.order_id, sentence(kind).map_or_else(String::new, |key| text.one(key, about.order_number)))
        }
    };
    let data =
        serde_json::to_string(&News { what: BTreeSet::from(["order", order.as_str()]), text: said }).ok()?;
    Some(Event::default().event("order").id(&entry.cursor).data(data))
}

/// What all other events of an order begin with.
#[derive(Clone, PartialEq, prost::Message)]
struct About {
    #[prost(string, tag = "1")]
    order_id: String,
    #[prost(string, tag = "2")]
    order_number: String,
}

/// What is worth interrupting people for.
fn sentence(kind: &str) -> Option<Key<1>> {
    Some(match kind {
        "responded" => key::NEWS_RESPONDED,
        "proposal_resolved" => key::NEWS_RESOLVED,
        "proposal_withdrawn" => key::NEWS_WITHDRAWN,
        "changed" => key::NEWS_CHANGED,
        "cancelled" | "closed_short" => key::NEWS_CANCELLED,
        "held" => key::NEWS_HELD,
        "released" => key::NEWS_RELEASED,
        "change_requested" => key::NEWS_CHANGE_REQUESTED,
        "change_answered" => key::NEWS_CHANGE_ANSWERED,
        "reminded" => key::NEWS_REMINDED,
        "answer_overdue" => key::NEWS_OVERDUE,
        _ => return None,
    })
}
