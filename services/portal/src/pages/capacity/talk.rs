//! What customer and supplier say to each other about a demand or a group: read, written and taken back.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{
        Comment, CommentKind, CommentSubject, DeleteCommentRequest, GetCapacityGroupRequest,
        GetMaterialDemandRequest, ListCommentsRequest, PostCommentRequest,
    },
};

use super::read::{self, Partners};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Tab},
    saved,
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
    typed,
    week::monday_of,
};

/// Comments on one page; earlier ones by API.
const MOST: i32 = 200;

/// What is talked about.
struct Topic {
    subject: CommentSubject,
    name: String,
    /// Where one came from.
    back: Way,
}

/// `demand` or `group`, as addresses have it.
pub fn path(subject: CommentSubject, id: &str) -> String {
    let word = if subject == CommentSubject::MaterialDemand { "demand" } else { "group" };
    format!("/capacity/comments/{word}/{id}")
}

/// Comments on one object, or on any of its kind, the newest first; for a file all of them.
pub async fn comments(
    member: &Member,
    subject: CommentSubject,
    object: &str,
) -> Result<Vec<Comment>, Failure> {
    let mut request = ListCommentsRequest {
        subject: subject.into(),
        object_id: object.to_owned(),
        page_size: MOST,
        page_token: String::new(),
    };
    let mut comments = Vec::new();
    loop {
        let mut client = member.app().api.comments();
        let list = client.list_comments(member.call(request.clone())).await?.into_inner();
        comments.extend(list.comments);
        if !saved::reads_on(member, comments.len(), &list.next_page_token) {
            return Ok(comments);
        }
        request.page_token = list.next_page_token;
    }
}

/// A link's words, with how many there are.
pub fn label(t: &Text, count: usize) -> String {
    match count {
        0 => t.say(key::TALK),
        count => t.one(key::TALK_COUNT, i64::try_from(count).unwrap_or(i64::MAX)),
    }
}

/// The link to what is said about an object.
pub async fn way(member: &Member, subject: CommentSubject, id: &str) -> Result<Way, Failure> {
    let count = comments(member, subject, id).await?.len();
    Ok(Way { href: path(subject, id), label: label(member.text(), count) })
}

async fn topic(member: &Member, word: &str, id: &str) -> Result<Topic, Failure> {
    let t = member.text();
    if word == "demand" {
        let request = GetMaterialDemandRequest { demand_id: id.to_owned(), version: 0 };
        let demand = member.app().api.demands().get_material_demand(member.call(request)).await?.into_inner();
        let content = demand.content.unwrap_or_default();
        let name = format!("{} {}", content.material_number_customer, content.material_description_customer);
        let back = Way { href: "/capacity/demand".into(), label: t.say(key::DEMAND_TITLE) };
        return Ok(Topic { subject: CommentSubject::MaterialDemand, name: name.trim().to_owned(), back });
    }
    let request = GetCapacityGroupRequest { group_id: id.to_owned(), version: 0 };
    let own = member.app().api.capacity_groups().get_capacity_group(member.call(request)).await;
    let name = match own.map_err(Failure::from) {
        Ok(group) => group.into_inner().content.unwrap_or_default().name,
        Err(failure) if failure.is("NOT_FOUND") => {
            let shown = read::disclosed(member, "").await?.into_iter().find(|one| one.id == id);
            shown.ok_or_else(Failure::not_found)?.name
        }
        Err(failure) => return Err(failure),
    };
    let back = Way { href: format!("/capacity/groups/{id}"), label: name.clone() };
    Ok(Topic { subject: CommentSubject::CapacityGroup, name, back })
}

/// The comments.
pub async fn show(member: Member, Path((word, id)): Path<(String, String)>) -> Result<Response, Failure> {
    let t = member.text();
    let topic = topic(&member, &word, &id).await?;
    let partners = Partners::read(&member).await?;
    let all = comments(&member, topic.subject, &id).await?;
    let here = path(topic.subject, &id);
    let rows = all.iter().map(|one| row(&member, &partners, &here, one)).collect();
    let columns = [key::TALK_TEXT, key::WEEK_COLUMN, key::TALK_KIND].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let mut listing =
        Listing::new(&member, Tab::Capacity, t.one(key::TALK_ABOUT, &topic.name), Some(topic.back))
            .live("comment")
            .lead(t.say(key::TALK_BODY))
            .part(Part::new(columns, rows, t.say(key::TALK_EMPTY)))
            .saved();
    if member.may(Permission::CapacityReserve) {
        listing = listing.button(format!("{here}/new"), t.say(key::TALK_WRITE));
    }
    Ok(listing.show())
}

fn row(member: &Member, partners: &Partners, here: &str, one: &Comment) -> Row {
    let t = member.text();
    let own = one.author_id == member.who.firm_id;
    let firm = if own { member.who.firm_name.clone() } else { partners.name(&one.author_id).to_string() };
    let by = [one.author.clone(), firm, t.moment(one.posted_at.as_ref())];
    let by: Vec<String> = by.into_iter().filter(|part| !part.is_empty()).collect();
    let weeks = one.mondays.iter().filter_map(|monday| crate::format::day(Some(monday)));
    let weeks: Vec<String> = weeks.map(|monday| t.whole_week(monday)).collect();
    let acts = match own && member.may(Permission::CapacityReserve) {
        true => vec![Act::Go { href: format!("{here}/delete/{}", one.id), label: t.say(key::TALK_DELETE) }],
        false => Vec::new(),
    };
    vec![
        Cell::Name { text: one.text.clone(), href: String::new(), sub: by.join(" · ") },
        Cell::Text(weeks.join(&t.say(key::LIST_JOIN))),
        tag(t, one.kind()),
        Cell::Acts(acts),
    ]
}

fn tag(t: &Text, kind: CommentKind) -> Cell {
    let (shape, label): (&'static str, Key<0>) = match kind {
        CommentKind::Unspecified => return Cell::Text(String::new()),
        CommentKind::Information => ("accepted", key::TALK_INFORMATION),
        CommentKind::Warning => ("proposed", key::TALK_WARNING),
        CommentKind::ActionRequired => ("rejected", key::TALK_ACTION),
    };
    Cell::Tag(Tag { shape, label: t.say(label) })
}

fn writing(member: &Member, topic: &Topic, id: &str) -> Ask {
    let t = member.text();
    let here = path(topic.subject, id);
    let kinds = vec![
        Choice::new("", t.say(key::TALK_PLAIN)),
        Choice::new("information", t.say(key::TALK_INFORMATION)),
        Choice::new("warning", t.say(key::TALK_WARNING)),
        Choice::new("action", t.say(key::TALK_ACTION)),
    ];
    let back = Way { href: here.clone(), label: t.say(key::TALK) };
    Ask::below(member, Tab::Capacity, format!("{here}/new"), t.one(key::TALK_ABOUT, &topic.name), back)
        .lead(t.say(key::TALK_WRITE_BODY))
        .submit(t.say(key::TALK_SEND))
        .ask(Question::new("text", Kind::Area, t.say(key::TALK_TEXT)))
        .ask(Question::of("kind", Kind::Select, t.say(key::TALK_KIND), kinds).optional())
        .ask(
            Question::new("week", Kind::Date, t.say(key::TALK_WEEK))
                .hint(t.say(key::NEED_DAY_HINT))
                .optional()
                .at("mondays"),
        )
}

/// The form.
pub async fn form(member: Member, Path((word, id)): Path<(String, String)>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityReserve) {
        return Err(Failure::denied());
    }
    let topic = topic(&member, &word, &id).await?;
    Ok(writing(&member, &topic, &id).show())
}

/// Says it.
pub async fn send(
    member: Member,
    Path((word, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let topic = topic(&member, &word, &id).await?;
    let here = path(topic.subject, &id);
    let posted = Posted::read(member, &format!("{here}/new"), &fields).await?;
    let member = &posted.member;
    let mut ask = writing(member, &topic, &id).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Ok(day) = typed::date(fields.get("week")) else {
        ask.blame("week", member.text().say(key::NEED_NO_DAY));
        return Ok(ask.wrong());
    };
    let kind = match fields.get("kind") {
        "information" => CommentKind::Information,
        "warning" => CommentKind::Warning,
        "action" => CommentKind::ActionRequired,
        _ => CommentKind::Unspecified,
    };
    let request = PostCommentRequest {
        request_id: posted.request_id.clone(),
        subject: topic.subject.into(),
        object_id: id,
        text: fields.get("text").to_owned(),
        kind: kind.into(),
        mondays: day.map(monday_of).map(chassis::value::wire_date).into_iter().collect(),
        ..PostCommentRequest::default()
    };
    match member.app().api.comments().post_comment(member.call(request)).await {
        Ok(_) => Ok(page::go(&here)),
        Err(status) => ask.refused(status),
    }
}

async fn deleting(member: &Member, topic: &Topic, id: &str, comment: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let here = path(topic.subject, id);
    let all = comments(member, topic.subject, id).await?;
    let one = all.into_iter().find(|one| one.id == comment && one.author_id == member.who.firm_id);
    let one = one.ok_or_else(Failure::not_found)?;
    let back = Way { href: here.clone(), label: t.say(key::TALK) };
    Ok(Ask::below(member, Tab::Capacity, format!("{here}/delete/{comment}"), t.say(key::TALK_DELETE), back)
        .lead(t.say(key::TALK_DELETE_BODY))
        .fact(t.say(key::TALK_TEXT), one.text)
        .submit(t.say(key::TALK_DELETE))
        .taking_away())
}

/// Asks once more.
pub async fn delete_form(
    member: Member,
    Path((word, id, comment)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let topic = topic(&member, &word, &id).await?;
    Ok(deleting(&member, &topic, &id, &comment).await?.show())
}

/// Takes it back.
pub async fn delete(
    member: Member,
    Path((word, id, comment)): Path<(String, String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let topic = topic(&member, &word, &id).await?;
    let here = path(topic.subject, &id);
    let posted = Posted::read(member, &format!("{here}/delete/{comment}"), &fields).await?;
    let member = &posted.member;
    let mut ask = deleting(member, &topic, &id, &comment).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = DeleteCommentRequest { request_id: posted.request_id.clone(), comment_id: comment };
    match member.app().api.comments().delete_comment(member.call(request)).await {
        Ok(_) => Ok(page::go(&here)),
        Err(status) => ask.refused(status),
    }
}
