//! 用表格新建订单: an empty table to fill in, and the new orders of one that was filled in, shown before they are published.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Query},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::{secret::sha256, value};
use proto::{
    access::Permission,
    interchange::{GetTemplateRequest, SheetFile},
    orders::{OrderContent, OrderLine},
};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    outcome::{self, Became, Outcome, Said},
    publishing::{self, Fate, MOST, Taken, Tried},
    unreadable,
};
use crate::{
    App,
    download::{self, Saves},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::Tag,
    page::{self, Page, Tab},
    pages::capacity::read::Partners,
    session::Member,
    sheet::Kind,
    upload::{self, Upload},
};

const PATH: &str = "/purchases/sheets/new";
/// Orders that are told before they are published.
const TOLD: usize = 100;

/// The pages of new orders in a table.
pub fn routes() -> Router<Arc<App>> {
    let files = DefaultBodyLimit::max(upload::LARGEST_BYTES);
    Router::new()
        .route("/purchases/sheets/new", get(show).post(check).layer(files))
        .route("/purchases/sheets/new/export", get(template))
        .route("/purchases/sheets/new/send", post(send).layer(files))
}

/// Whether a member's roles allow to publish the orders of a table.
pub fn may(member: &Member) -> bool {
    [Permission::OrdersPublish, Permission::DocumentsImport].into_iter().all(|one| member.may(one))
}

/// What a file would publish, and the file itself, so that any portal of a deployment takes it.
struct Preview {
    title: String,
    token: String,
    name: String,
    content: String,
    orders: Vec<New>,
    /// How many further orders it has; empty for none.
    more: String,
}

/// An order that would be published.
struct New {
    number: String,
    partner: String,
    lines: usize,
    amount: String,
}

#[derive(Template)]
#[template(path = "order_sheets.html")]
struct OrdersPage {
    page: Page,
    t: Text,
    token: String,
    fault: String,
    preview: Option<Preview>,
    outcome: Option<Outcome>,
}

/// What to do, in three steps.
async fn show(member: Member) -> Result<Response, Failure> {
    if !may(&member) {
        return Err(Failure::denied());
    }
    Ok(page::show(&form(&member)))
}

fn form(member: &Member) -> OrdersPage {
    let t = member.text().clone();
    let app = member.app();
    OrdersPage {
        page: Page::member(member, Tab::Purchases).titled(t.say(key::NEW_ORDERS_TITLE)),
        token: app.tokens.make(app, Some(&member.token), PATH),
        fault: String::new(),
        preview: None,
        outcome: None,
        t,
    }
}

/// The empty table.
async fn template(member: Member, _: Saves, Query(kind): Query<Kind>) -> Result<Response, Failure> {
    let request = GetTemplateRequest {
        format: kind.format() as i32,
        encoding: kind.encoding() as i32,
        language: member.text().lang.code().to_string(),
    };
    let table = member.app().api.sheets().get_template(member.call(request)).await?.into_inner();
    Ok(download::file(&table.file_name, &table.media_type, Body::from(table.content)))
}

/// Says what a file would publish.
async fn check(member: Member, upload: Upload) -> Result<Response, Failure> {
    let app = member.app();
    app.tokens.check(Some(&member.token), PATH, upload.fields.get("token"))?;
    let Some(file) = upload.files.into_iter().next() else {
        return Ok(faulty(&member, member.text().say(key::SHEETS_NO_FILE)));
    };
    if file.cut {
        return Ok(faulty(&member, large(member.text())));
    }
    answered(&member, file.content, file.name, true).await
}

/// Publishes what was shown.
async fn send(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let content = URL_SAFE_NO_PAD.decode(fields.get("content")).map_err(|_| Failure::form_expired())?;
    let name = fields.get("name");
    app.tokens.check(Some(&member.token), &purpose(&content, name), fields.get("token"))?;
    answered(&member, content, name.to_string(), false).await
}

/// Binds the token to the file that was shown.
fn purpose(content: &[u8], name: &str) -> String {
    format!("new orders {} {name}", hex::encode(sha256(content)))
}

fn large(t: &Text) -> String {
    t.one(key::NEW_ORDERS_LARGE, MOST)
}

fn faulty(member: &Member, fault: String) -> Response {
    page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &OrdersPage { fault, ..form(member) })
}

/// What a file publishes, or would publish.
async fn answered(
    member: &Member,
    content: Vec<u8>,
    name: String,
    validate_only: bool,
) -> Result<Response, Failure> {
    let t = member.text();
    let file = SheetFile { content: content.into(), name, ..SheetFile::default() };
    let taken = match publishing::take(member, &file, validate_only).await {
        Ok(Some(taken)) => taken,
        Ok(None) => return Ok(faulty(member, large(t))),
        Err(failure) => return wrong(t, &failure).map(|fault| faulty(member, fault)).ok_or(failure),
    };
    let partners = Partners::read(member).await?;
    let mut shown = form(member);
    if validate_only {
        shown.preview = preview(member, &partners, &taken, &file);
    }
    // What would be published is told by the preview; what is not, and why, is told beside it.
    let beside = |one: &Tried| !matches!(one.fate, Fate::Published { .. });
    if shown.preview.is_none() || !taken.errors.is_empty() || taken.tried.iter().any(beside) {
        shown.outcome = Some(told(member, &partners, taken, validate_only));
    }
    Ok(page::show(&shown))
}

/// What is wrong with a file that is no table of orders.
fn wrong(t: &Text, failure: &Failure) -> Option<String> {
    let headings = |(path, reason): &(String, String)| {
        path.starts_with("mapping") || ["HEADINGS", "REPEATED"].contains(&reason.as_str())
    };
    match () {
        () if failure.is("SHEET_TOO_LARGE") => Some(large(t)),
        () if failure.fields.iter().any(headings) => Some(t.say(key::NEW_ORDERS_HEADINGS)),
        () => unreadable(failure).map(|why| t.say(why)),
    }
}

/// What would be published; `None` where nothing would.
fn preview(member: &Member, partners: &Partners, taken: &Taken, file: &SheetFile) -> Option<Preview> {
    let t = member.text();
    let app = member.app();
    let new = || taken.tried.iter().filter(|one| matches!(one.fate, Fate::Published { .. }));
    let count = new().count();
    let shown = |one: &Tried| {
        let content = one.order.content.clone().unwrap_or_default();
        New {
            partner: partner(partners, one),
            lines: content.lines.len(),
            amount: amount(t, &content),
            number: content.order_number,
        }
    };
    (count > 0).then(|| Preview {
        title: t.one(key::NEW_ORDERS_CHECK, count),
        token: app.tokens.make(app, Some(&member.token), &purpose(&file.content, &file.name)),
        name: file.name.clone(),
        content: URL_SAFE_NO_PAD.encode(&file.content),
        orders: new().take(TOLD).map(shown).collect(),
        more: match count.saturating_sub(TOLD) {
            0 => String::new(),
            more => t.one(key::CHANGES_MORE, more),
        },
    })
}

/// The supplier by its name, or as the file has it where nobody is found by that.
fn partner(partners: &Partners, one: &Tried) -> String {
    match (&one.fate, &one.order.supplier) {
        (Fate::Published { supplier_id, .. }, _) => partners.name(supplier_id).to_string(),
        (_, Some(address)) if address.vendor_number.is_empty() => address.uscc.clone(),
        (_, Some(address)) => address.vendor_number.clone(),
        (_, None) => String::new(),
    }
}

/// What an order comes to at its own prices, with what it says about tax.
fn amount(t: &Text, content: &OrderContent) -> String {
    let total = content.lines.iter().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(line_amount(one)?));
    let Some(total) = total else { return t.say(key::UNSTATED) };
    let amount = t.money(Some(&value::wire_decimal(total)), &content.currency);
    match t.tax_basis(content.price_includes_tax) {
        basis if basis.is_empty() => amount,
        basis => t.two(key::WITH_NOTE, basis, amount),
    }
}

/// Quantity × price, rounded to two decimals as on the line of a document; `None` where either is unstated.
fn line_amount(line: &OrderLine) -> Option<Decimal> {
    let price = line.price.as_ref()?;
    let each = format::decimal(price.amount.as_ref())?;
    let base = format::decimal(price.base_quantity.as_ref()).unwrap_or(Decimal::ONE);
    // In a table each delivery of a line is a row, and the line has no quantity of its own.
    let quantity = line
        .schedule_lines
        .iter()
        .try_fold(Decimal::ZERO, |sum, part| sum.checked_add(format::decimal(part.quantity.as_ref())?))?;
    let amount = quantity.checked_mul(each)?.checked_div(base)?;
    Some(amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

fn told(member: &Member, partners: &Partners, taken: Taken, validate_only: bool) -> Outcome {
    let t = member.text();
    let became = taken.tried.iter().filter_map(|one| {
        let (order_id, shape, label) = match &one.fate {
            Fate::Published { .. } if validate_only => return None,
            Fate::Published { order_id, .. } => (order_id.as_str(), "accepted", key::NEW_ORDERS_SENT),
            Fate::There { order_id } => (order_id.as_str(), "part", key::NEW_ORDERS_EXISTS),
            Fate::Refused(_) => ("", "rejected", key::BULK_REFUSED),
        };
        Some(Became {
            href: if order_id.is_empty() { String::new() } else { format!("/orders/{order_id}") },
            number: one
                .order
                .content
                .as_ref()
                .map(|content| content.order_number.clone())
                .unwrap_or_default(),
            partner: partner(partners, one),
            tag: Tag { shape, label: t.say(label) },
        })
    });
    let count = |fits: fn(&Fate) -> bool| taken.tried.iter().filter(|one| fits(&one.fate)).count();
    let sent = match validate_only {
        true => 0,
        false => count(|fate| matches!(fate, Fate::Published { .. })),
    };
    let there = count(|fate| matches!(fate, Fate::There { .. }));
    let said = Said {
        title: match (sent, taken.errors.len(), there) {
            (0, 0, 0) => t.say(key::NEW_ORDERS_NONE),
            (0, 0, there) => t.one(key::NEW_ORDERS_THERE, there),
            (0, wrong, _) => t.one(key::CHANGES_WRONG, wrong),
            (sent, ..) => t.one(key::NEW_ORDERS_DONE, sent),
        },
        rows: t.two(key::NEW_ORDERS_ROWS, taken.tried.len(), taken.row_count),
        partner: t.say(key::SUPPLIER),
        became: became.collect(),
        errors: taken.errors,
        marked: taken.marked.content,
        marked_name: taken.marked.file_name,
    };
    outcome::told(member, said)
}

#[cfg(test)]
mod tests {
    use proto::orders::{Price, ScheduleLine};

    use super::*;

    #[test]
    fn a_line_comes_to_its_quantity_at_its_price() {
        let wire = |text: &str| (!text.is_empty()).then(|| proto::Decimal { value: text.into() });
        for (quantities, price, base, amount) in [
            (&["3"][..], "6.85", "", Some("20.55")),
            (&["200", "300"], "12", "1000", Some("6.00")),
            (&["1"], "0.125", "", Some("0.13")),
            (&["1"], "5", "0", None),
            (&["1"], "", "", None),
            (&["1", ""], "5", "", None),
        ] {
            let part = |text: &&str| ScheduleLine { quantity: wire(text), ..ScheduleLine::default() };
            let price = Price { amount: wire(price), base_quantity: wire(base), ..Price::default() };
            let line = OrderLine {
                price: Some(price),
                schedule_lines: quantities.iter().map(part).collect(),
                ..OrderLine::default()
            };
            let wanted: Option<Decimal> = amount.map(|amount| amount.parse().unwrap());
            assert_eq!(line_amount(&line), wanted, "{quantities:?} × {amount:?}");
        }
        assert_eq!(line_amount(&OrderLine::default()), None);
    }
}
