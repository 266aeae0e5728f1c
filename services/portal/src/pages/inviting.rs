//! Inviting suppliers: one, or a list of hundreds with a result for each and their links to hand over.

use askama::Template;
use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::secret::sha256;
use proto::{
    access::Permission,
    partners::{
        InviteSuppliersRequest, InviteSuppliersResponse, RowFault, SupplierRow, SupplierRowOutcome,
        SupplierRowResult,
    },
};

use std::sync::Arc;

use crate::{
    App,
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    download::{self, Saves},
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab},
    pages::{firm::people, partners::absolute},
    rows::{self, Column},
    session::Member,
    upload::Upload,
};

const ONE: &str = "/partners/invite";
const MANY: &str = "/partners/invite/list";
/// The most at once, as the contract bounds them.
const MOST: usize = 500;

const COLUMNS: [Column; 7] = [
    ("name", &["名称", "name", "企业名称", "供应商名称", "供应商"]),
    ("vendor_number", &["供应商编码", "vendor_number", "vendor number", "供应商代码", "供应商编号"]),
    ("uscc", &["统一社会信用代码", "uscc", "信用代码"]),
    ("contact_name", &["联系人", "contact_name", "contact"]),
    ("phone", &["手机", "phone", "mobile", "电话", "联系电话", "手机号"]),
    ("mail", &["邮箱", "mail", "email", "e-mail", "邮件", "电子邮箱"]),
    ("language", &["语言", "language"]),
];

/// What the saved list says beside, which means nothing where it comes back.
const TOLD: [Column; 3] = [
    ("state", &["状态", "state"]),
    ("link", &["邀请链接", "invitation link"]),
    ("faults", &["问题", "faults"]),
];

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/partners/invite", get(one).post(invite))
        .route("/partners/invite/list", get(list).post(invite_list))
        .route("/partners/invite/links", post(save))
}

fn back(t: &Text) -> Way {
    Way { href: "/partners".into(), label: t.say(key::NAV_PARTNERS) }
}

fn form(member: &Member) -> Ask {
    let t = member.text();
    let number = Question::new("vendor_number", Kind::Code, t.say(key::VENDOR_NUMBER));
    let uscc = Question::new("uscc", Kind::Code, t.say(key::USCC)).hint(t.say(key::INVITATION_USCC_HINT));
    let contact =
        Question::new("contact_name", Kind::Text, t.say(key::CONTACT)).hint(t.say(key::CONTACT_HINT));
    let language = Question::of("language", Kind::Radios, t.say(key::LANGUAGE), people::languages(t));
    Ask::new(member, ONE.into(), t.say(key::INVITE_ONE), back(t))
        .lead(t.say(key::INVITE_ONE_BODY))
        .submit(t.say(key::INVITE_ONE))
        .ask(Question::new("name", Kind::Text, t.say(key::SUPPLIER_NAME)))
        .ask(number.hint(t.say(key::VENDOR_NUMBER_HINT)))
        .ask(uscc.optional().wrong(t.say(key::INVITATION_USCC_WRONG)))
        .ask(contact.optional())
        .ask(Question::new("phone", Kind::Code, t.say(key::PHONE)).optional().wrong(t.say(key::PHONE_WRONG)))
        .ask(Question::new("mail", Kind::Code, t.say(key::MAIL)).optional().wrong(t.say(key::MAIL_WRONG)))
        .ask(language.with("zh"))
}

/// The form of one invitation.
pub async fn one(member: Member) -> Result<Response, Failure> {
    match member.may(Permission::PartnersWrite) {
        true => Ok(form(&member).show()),
        false => Err(Failure::denied()),
    }
}

/// Invites one supplier.
pub async fn invite(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, ONE, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let get = |name: &str| fields.get(name).to_string();
    let row = SupplierRow {
        name: get("name"),
        vendor_number: get("vendor_number"),
        uscc: get("uscc").to_uppercase(),
        contact_name: get("contact_name"),
        phone: get("phone"),
        mail: get("mail"),
        language: get("language"),
    };
    let answer = match send(&posted, vec![row.clone()], false).await {
        Ok(answer) => answer,
        Err(failure) => return ask.refused(failure),
    };
    let t = member.text();
    match answer.results.first() {
        Some(result) if result.outcome() == SupplierRowOutcome::Refused => {
            for fault in &result.faults {
                ask.blame(&fault.field, t.one(key::ASK_WRONG, t.say(column(&fault.field))));
            }
            Ok(ask.wrong())
        }
        Some(result) if result.outcome() == SupplierRowOutcome::AlreadyPartner => {
            ask.blame("vendor_number", t.say(key::INVITE_TAKEN));
            Ok(ask.wrong())
        }
        _ => Ok(became(member, &[row], answer)),
    }
}

async fn send(
    posted: &Posted,
    rows: Vec<SupplierRow>,
    renew_links: bool,
) -> Result<InviteSuppliersResponse, Failure> {
    let request_id = posted.request_id.clone();
    let request = InviteSuppliersRequest { request_id, rows, renew_links, validate_only: false };
    let member = &posted.member;
    Ok(member.app().api.invitations().invite_suppliers(member.call_patiently(request)).await?.into_inner())
}

fn list_form(member: &Member) -> Ask {
    let t = member.text();
    let renew =
        vec![Choice { hint: t.say(key::INVITE_RENEW_HINT), ..Choice::new("yes", t.say(key::INVITE_RENEW)) }];
    Ask::new(member, MANY.into(), t.say(key::INVITE_LIST), back(t))
        .lead(t.one(key::INVITE_LIST_BODY, MOST))
        .submit(t.say(key::INVITE_LIST_DO))
        .ask(Question::new("file", Kind::File, t.say(key::LIST_FILE)).hint(t.say(key::LIST_FILE_HINT)))
        .ask(
            Question::new("text", Kind::Area, t.say(key::LIST_PASTED))
                .hint(t.say(key::INVITE_COLUMNS))
                .optional(),
        )
        .ask(Question::of("renew", Kind::Boxes, t.say(key::INVITE_AGAIN), renew).optional())
}

/// The form of a list.
pub async fn list(member: Member) -> Result<Response, Failure> {
    match member.may(Permission::PartnersWrite) {
        true => Ok(list_form(&member).show()),
        false => Err(Failure::denied()),
    }
}

/// Invites a whole list; a refused row undoes no other.
pub async fn invite_list(member: Member, upload: Upload) -> Result<Response, Failure> {
    let posted = Posted::read(member, MANY, &upload.fields).await?;
    let member = &posted.member;
    let mut ask = list_form(member).fill(&upload.fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let (field, bytes) = rows::chosen(&upload);
    let columns = [COLUMNS.as_slice(), TOLD.as_slice()].concat();
    let rows = match rows::read(bytes, &columns, &["name", "vendor_number"], MOST) {
        Ok(rows) => rows.into_iter().filter_map(supplier).collect::<Vec<_>>(),
        Err(why) => {
            ask.blame(field, why.sentence(member.text()));
            return Ok(ask.wrong());
        }
    };
    match send(&posted, rows.clone(), upload.fields.get("renew") == "yes").await {
        Ok(answer) => Ok(became(member, &rows, answer)),
        Err(failure) => ask.refused(failure),
    }
}

fn supplier(mut row: Vec<String>) -> Option<SupplierRow> {
    row.truncate(COLUMNS.len());
    let [name, vendor_number, uscc, contact_name, phone, mail, language] =
        <[String; 7]>::try_from(row).ok()?;
    let language = match language.to_lowercase().as_str() {
        "中文" => "zh".into(),
        "英文" | "english" => "en".into(),
        other => other.into(),
    };
    Some(SupplierRow { name, vendor_number, uscc, contact_name, phone, mail, language })
}

/// How a column of the list is called.
fn column(name: &str) -> Key<0> {
    match name {
        "vendor_number" => key::VENDOR_NUMBER,
        "uscc" => key::USCC,
        "contact_name" => key::CONTACT,
        "phone" => key::PHONE,
        "mail" => key::MAIL,
        "language" => key::LANGUAGE,
        _ => key::SUPPLIER_NAME,
    }
}

/// What became of a row.
struct Became {
    name: String,
    number: String,
    contact: String,
    tag: Tag,
    /// Shown once; empty for none.
    link: String,
    faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "invited.html")]
struct InvitedPage {
    page: Page,
    t: Text,
    title: String,
    lead: String,
    good: bool,
    rows: Vec<Became>,
    /// All links with their suppliers, to be copied in one go.
    links: String,
    expires: String,
    /// The list with its links, signed, to be saved; empty for none.
    file: String,
    token: String,
}

fn became(member: &Member, rows: &[SupplierRow], answer: InviteSuppliersResponse) -> Response {
    let t = member.text().clone();
    let app = member.app();
    let told: Vec<Became> =
        rows.iter().zip(&answer.results).map(|(row, result)| told(member, row, result)).collect();
    let count = |outcome| answer.results.iter().filter(|one| one.outcome() == outcome).count();
    let refused = count(SupplierRowOutcome::Refused) + count(SupplierRowOutcome::DuplicateInFile);
    let linked: Vec<&Became> = told.iter().filter(|one| !one.link.is_empty()).collect();
    let links: Vec<String> = linked.iter().map(|one| format!("{}\t{}", one.name, one.link)).collect();
    let file = rows::write(&headings(&t), rows.iter().zip(&told).map(|(row, one)| line(row, one)));
    let title = t.one(key::INVITED_TITLE, count(SupplierRowOutcome::Invited));
    let mut page = Page::member(member, Tab::Partners).titled(title.clone());
    page.here = MANY.to_string();
    page::show(&InvitedPage {
        page,
        title,
        lead: match (refused, linked.is_empty()) {
            (0, false) => t.say(key::INVITED_BODY),
            (0, true) => t.say(key::INVITED_NO_LINKS),
            (refused, _) => t.one(key::INVITED_REFUSED, refused),
        },
        good: refused == 0,
        token: app.tokens.make(app, Some(&member.token), &saving(file.as_bytes())),
        rows: told,
        links: links.join("\n"),
        expires: t.moment(answer.expires_at.as_ref()),
        file: URL_SAFE_NO_PAD.encode(&file),
        t,
    })
}

fn told(member: &Member, row: &SupplierRow, result: &SupplierRowResult) -> Became {
    let t = member.text();
    let (shape, label) = match result.outcome() {
        SupplierRowOutcome::Invited => ("accepted", key::INVITED),
        SupplierRowOutcome::Pending => ("unanswered", key::PARTNER_INVITED),
        SupplierRowOutcome::AlreadyPartner => ("part", key::INVITED_PARTNER),
        SupplierRowOutcome::DuplicateInFile => ("rejected", key::INVITED_TWICE),
        SupplierRowOutcome::Refused | SupplierRowOutcome::Unspecified => ("rejected", key::INVITED_WRONG),
    };
    let mut faults: Vec<String> = result.faults.iter().map(|fault| fault_of(t, fault)).collect();
    if result.outcome() == SupplierRowOutcome::DuplicateInFile {
        faults.push(t.one(key::INVITED_SAME_AS, result.same_as_row + 1));
    }
    let contact: Vec<&str> = [&row.contact_name, &row.phone, &row.mail]
        .into_iter()
        .map(String::as_str)
        .filter(|s| !s.is_empty())
        .collect();
    Became {
        name: row.name.clone(),
        number: row.vendor_number.clone(),
        contact: contact.join(" · "),
        tag: Tag { shape, label: t.say(label) },
        link: absolute(member, &result.invitation_path),
        faults,
    }
}

fn fault_of(t: &Text, fault: &RowFault) -> String {
    let said = if fault.reason == "REQUIRED" { key::ASK_REQUIRED } else { key::ASK_WRONG };
    t.one(said, t.say(column(&fault.field)))
}

/// The same columns as are read, so that the file can be mended and sent again.
fn headings(t: &Text) -> Vec<String> {
    let english = t.lang == crate::i18n::Lang::En;
    let own = COLUMNS.iter().map(|(_, words)| words[usize::from(english)].to_string());
    own.chain([key::STATE, key::HANDOVER_INVITATION, key::INVITED_FAULTS].map(|label| t.say(label))).collect()
}

fn line(row: &SupplierRow, one: &Became) -> Vec<String> {
    let cells = [
        &row.name,
        &row.vendor_number,
        &row.uscc,
        &row.contact_name,
        &row.phone,
        &row.mail,
        &row.language,
        &one.tag.label,
        &one.link,
        &one.faults.join("; "),
    ];
    cells.map(Clone::clone).into()
}

/// Binds the token to the file, so that nothing but what was made here is handed out.
fn saving(file: &[u8]) -> String {
    format!("links {}", hex::encode(sha256(file)))
}

/// The list with its links as a file. The page carries it, so that nothing is kept here.
pub async fn save(member: Member, _: Saves, fields: Fields) -> Result<Response, Failure> {
    let file = URL_SAFE_NO_PAD.decode(fields.get("file")).map_err(|_| Failure::form_expired())?;
    let app = member.app();
    app.tokens.check(Some(&member.token), &saving(&file), fields.get("token"))?;
    Ok(download::file("invitations.csv", "text/csv; charset=utf-8", Body::from(file)))
}
