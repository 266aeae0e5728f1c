//! 复制给供应商: text, link and QR code of an order, for a personal chat; and the document links that were handed out.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::value::timestamp;
use proto::{
    orders::{
        CreateOrderLinkRequest, ListOrderLinksRequest, Order, OrderContent, OrderLink, OrderState,
        RevokeOrderLinkRequest,
    },
    partners::{ListRelationshipsRequest, RelationshipState},
};
use time::{Duration, OffsetDateTime};

use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::{Loaded, Row, Tag},
    page::{self, Page, Tab},
    pages::{ending, partners::absolute},
    qr,
    session::Member,
};

/// Lines in a message; a chat is no place for more.
const LINES: usize = 10;
/// For how many days a link may work; the first is usual.
const DAYS: [i64; 3] = [7, 14, 30];

/// A document link that was handed out.
struct Made {
    label: String,
    by: String,
    until: String,
    tag: Tag,
    /// The token of the form that ends it; empty where it has ended.
    token: String,
    id: String,
}

/// What to copy.
struct Handout {
    text: String,
    link: String,
    /// The picture of its code, as an address that holds it: the link is known on this page alone.
    qr: Option<String>,
    /// Until when the link works; empty for the address of people with an account.
    expires: String,
    /// What is needed to open it.
    advice: String,
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage {
    page: Page,
    t: Text,
    id: String,
    number: String,
    supplier: String,
    handout: Option<Handout>,
    /// The token of the form that makes a link; empty where the supplier's people sign in.
    make_token: String,
    days: Vec<(i64, String)>,
    links: Vec<Made>,
    notice: String,
}

/// Text, link and code, or the form that makes a link.
pub async fn show(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let loaded = ending::open(&member, &id).await?;
    Ok(page::show(&build(&member, &loaded, None).await?))
}

async fn build(member: &Member, loaded: &Loaded, made: Option<Handout>) -> Result<SharePage, Failure> {
    let t = member.text().clone();
    let (app, order) = (member.app(), &loaded.order);
    let invited = is_invited(member, &order.supplier_id).await?;
    let request = ListOrderLinksRequest { order_id: order.id.clone(), page_size: 100, ..Default::default() };
    let links = app.api.order_links().list_order_links(member.call(request)).await?.into_inner().links;
    let now = app.clock.now();
    let own = |invited: bool| {
        (!invited).then(|| {
            let link = absolute(member, &format!("/orders/{}", order.id));
            handout(&t, loaded, link, String::new(), t.say(key::SHARE_SIGNED_IN))
        })
    };
    let number = order.content.as_ref().map(|content| content.order_number.clone()).unwrap_or_default();
    let title = t.one(key::SHARE_TITLE, &number);
    let mut page = Page::member(member, Tab::Purchases).titled(title);
    page.here = format!("/orders/{}/share", order.id);
    Ok(SharePage {
        page,
        handout: made.or_else(|| own(invited)),
        make_token: match invited {
            true => app.tokens.make(app, Some(&member.token), &purpose(&order.id)),
            false => String::new(),
        },
        days: DAYS.iter().map(|days| (*days, t.one(key::SHARE_DAYS, *days))).collect(),
        links: links.iter().rev().map(|link| row(member, link, now)).collect(),
        notice: String::new(),
        id: order.id.clone(),
        supplier: order.supplier_name.clone(),
        number,
        t,
    })
}

/// Whether the supplier has no people yet. A firm with more than a thousand relationships may have to hear it from the API.
async fn is_invited(member: &Member, supplier: &str) -> Result<bool, Failure> {
    let request = ListRelationshipsRequest { page_size: 1_000, ..ListRelationshipsRequest::default() };
    let list = member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
    let own = list
        .relationships
        .iter()
        .find(|one| one.buyer_id == member.who.firm_id && one.supplier_id == supplier);
    Ok(own.is_none_or(|one| one.state() == RelationshipState::Invited))
}

fn row(member: &Member, link: &OrderLink, now: OffsetDateTime) -> Made {
    let (t, app) = (member.text(), member.app());
    let over = link.expires_at.as_ref().and_then(chassis::value::time).is_some_and(|until| until <= now);
    let (shape, label) = match (link.revoked_at.is_some(), over) {
        (true, _) => ("rejected", key::SHARE_REVOKED),
        (false, true) => ("cancelled", key::SHARE_EXPIRED),
        (false, false) => ("accepted", key::SHARE_WORKS),
    };
    let works = link.revoked_at.is_none() && !over;
    Made {
        label: link.label.clone(),
        by: t.two(key::SHARE_MADE_BY, t.moment(link.created_at.as_ref()), &link.created_by),
        until: t.one(key::LINK_EXPIRES, t.moment(link.expires_at.as_ref())),
        tag: Tag { shape, label: t.say(label) },
        token: match works {
            true => app.tokens.make(app, Some(&member.token), &revoking(&link.id)),
            false => String::new(),
        },
        id: link.id.clone(),
    }
}

fn handout(t: &Text, loaded: &Loaded, link: String, expires: String, advice: String) -> Handout {
    let qr = qr::picture(&link).map(|png| format!("data:image/png;base64,{}", STANDARD.encode(png)));
    Handout { text: message(t, loaded, &link, &expires), qr, link, expires, advice }
}

/// The message for a chat: who orders what until when, and where to answer.
fn message(t: &Text, loaded: &Loaded, link: &str, expires: &str) -> String {
    let order = &loaded.order;
    let content = order.content.clone().unwrap_or_default();
    let mut lines = vec![t.two(key::SHARE_TEXT_HEAD, &order.buyer_name, &content.order_number)];
    lines.extend(loaded.rows.iter().take(LINES).map(|row| said(t, row, &content)));
    if loaded.rows.len() > LINES {
        lines.push(t.one(key::SHARE_TEXT_MORE, loaded.rows.len()));
    }
    if format::decimal(order.net_amount.as_ref()).is_some() {
        let amount = t.money(order.net_amount.as_ref(), &content.currency);
        let amount = match t.tax_basis(content.price_includes_tax) {
            basis if basis.is_empty() => amount,
            basis => t.two(key::WITH_NOTE, basis, amount),
        };
        lines.push(t.one(key::SHARE_TEXT_AMOUNT, amount));
    }
    lines.extend(due(t, order));
    lines.push(t.one(key::SHARE_TEXT_LINK, link));
    if !expires.is_empty() {
        lines.push(t.one(key::LINK_EXPIRES, expires));
    }
    lines.join("\n")
}

fn said(t: &Text, row: &Row, content: &OrderContent) -> String {
    let unit = t.unit(&row.line.unit_code, &row.line.unit_text);
    let (from, until) = row.requested(content);
    let quantity = t.quantity(format::decimal_or_zero(row.schedule.quantity.as_ref()), &unit);
    t.two(key::LINE_OF, row.item_name(), row.number(t))
        + &t.say(key::SHARE_TEXT_COLON)
        + &t.two(key::DELIVERY, t.window(from, until), quantity)
}

fn due(t: &Text, order: &Order) -> Option<String> {
    let day = order.answer_due.as_ref().and_then(|due| format::day(due.date.as_ref()))?;
    let waits = order.state() == OrderState::Unanswered;
    waits.then(|| t.one(key::SHARE_TEXT_DUE, t.day(day)))
}

fn purpose(id: &str) -> String {
    format!("order link {id}")
}

fn revoking(link: &str) -> String {
    format!("revoke link {link}")
}

/// Makes a document link and shows it once.
pub async fn make(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let days = fields.get("days").parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(DAYS[0]);
    // A month is the longest, counted from when the API reads it.
    let until = app.clock.now() + Duration::days(days) - Duration::minutes(1);
    let request = CreateOrderLinkRequest {
        request_id,
        order_id: id.clone(),
        expires_at: Some(timestamp(until)),
        label: fields.get("label").to_string(),
    };
    let made = app.api.order_links().create_order_link(member.call(request)).await.map_err(Failure::from);
    let loaded = ending::open(&member, &id).await?;
    let t = member.text();
    let (status, notice, handed) = match made {
        Ok(made) => match made.into_inner() {
            made if made.path.is_empty() => (StatusCode::OK, t.say(key::HANDOVER_SHOWN), None),
            made => {
                let expires = t.moment(made.link.and_then(|link| link.expires_at).as_ref());
                let link = absolute(&member, &made.path);
                let handed = handout(t, &loaded, link, expires, t.say(key::SHARE_NO_ACCOUNT));
                (StatusCode::OK, String::new(), Some(handed))
            }
        },
        Err(failure) if failure.is("SUPPLIER_HAS_ACCOUNT") || failure.is("TOO_MANY_LINKS") => {
            (StatusCode::CONFLICT, failure.sentence(t), None)
        }
        Err(failure) if !failure.fields.is_empty() => {
            (StatusCode::UNPROCESSABLE_ENTITY, t.say(key::FAULT_REFUSED), None)
        }
        Err(failure) => return Err(failure),
    };
    let shown = SharePage { notice, ..build(&member, &loaded, handed).await? };
    Ok(page::show_as(status, &shown))
}

/// Ends a document link at once.
pub async fn revoke(
    member: Member,
    Path((id, link)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &revoking(&link), fields.get("token"))?;
    let request = RevokeOrderLinkRequest { request_id, link_id: link };
    app.api.order_links().revoke_order_link(member.call(request)).await?;
    Ok(page::go(&format!("/orders/{id}/share")))
}
