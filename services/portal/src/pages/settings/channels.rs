//! Where the firm is told of what happens: mail, and group robots of 企业微信, 钉钉 and 飞书. An address is a secret: it is
//! typed once and shown masked from then on.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use proto::{
    notices::{
        Channel, CreateChannelRequest, DeleteChannelRequest, Delivery, DeliveryState, ListChannelsRequest,
        ListDeliveriesRequest, Medium, NoticeKind, SendTestNoticeRequest, UpdateChannelRequest,
    },
    partners::{ListMembersRequest, Member as Person},
};
use serde::Deserialize;

use super::{Fault, Tick};
use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    saved,
    session::Member,
    sheet::Table,
};

/// What was just done, and which page of what was sent.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

struct Row {
    id: String,
    name: String,
    /// Whose it is.
    owner: String,
    medium: String,
    address: String,
    tells: String,
    quiet: String,
    paused: String,
    token: String,
}

struct Sent {
    title: String,
    channel: String,
    at: String,
    tag: Tag,
    failure: String,
}

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    page: Page,
    t: Text,
    rows: Vec<Row>,
    sent: Vec<Sent>,
    files: Vec<Way>,
    faults: Vec<Fault>,
    done: String,
}

#[derive(Template)]
#[template(path = "channel.html")]
struct ChannelPage {
    page: Page,
    t: Text,
    title: String,
    action: String,
    token: String,
    etag: String,
    /// Empty where the channel exists: medium and address stay.
    media: Vec<Tick>,
    /// Whose it may be.
    people: Vec<Tick>,
    masked: String,
    /// Whose it is; shown where the channel exists.
    owner: String,
    name: String,
    kinds: Vec<Tick>,
    english: bool,
    digest: Vec<Tick>,
    quiet_from: String,
    quiet_until: String,
    faults: Vec<Fault>,
    done: String,
}

const MEDIA: [(Medium, Key<0>); 4] = [
    (Medium::Wecom, key::MEDIUM_WECOM),
    (Medium::Dingtalk, key::MEDIUM_DINGTALK),
    (Medium::Feishu, key::MEDIUM_FEISHU),
    (Medium::Mail, key::MEDIUM_MAIL),
];

const KINDS: [(NoticeKind, Key<0>); 10] = [
    (NoticeKind::OrderPublished, key::NOTICE_PUBLISHED),
    (NoticeKind::OrderChanged, key::NOTICE_CHANGED),
    (NoticeKind::OrderCancelled, key::NOTICE_CANCELLED),
    (NoticeKind::OrderResponded, key::NOTICE_RESPONDED),
    (NoticeKind::ProposalResolved, key::NOTICE_RESOLVED),
    (NoticeKind::OrderReminded, key::NOTICE_REMINDED),
    (NoticeKind::OrderOther, key::NOTICE_OTHER),
    (NoticeKind::RelationshipChanged, key::NOTICE_RELATIONSHIP),
    (NoticeKind::FirmChanged, key::NOTICE_FIRM),
    (NoticeKind::WebhookDisabled, key::NOTICE_WEBHOOK),
];

/// Pauses that people choose from, in seconds.
const DIGESTS: [(i32, Key<0>); 4] =
    [(0, key::DIGEST_NONE), (60, key::DIGEST_MINUTE), (3_600, key::DIGEST_HOUR), (86_400, key::DIGEST_DAY)];

/// The channels, and what was sent through them.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    if member.visitor.saving {
        return hand_over(&member, place.page).await;
    }
    let done = match place.done.as_str() {
        "made" => t.say(key::DONE_CHANNEL),
        "saved" => t.say(key::DONE_SAVED),
        "deleted" => t.say(key::DONE_CHANNEL_DELETED),
        "tested" => t.say(key::DONE_TESTED),
        _ => String::new(),
    };
    Ok(page::show(&list(&member, Vec::new(), done).await?))
}

/// The channels, and a page of all that was sent, for a file.
async fn hand_over(member: &Member, page_token: String) -> Result<Response, Failure> {
    let t = member.text();
    let channels = channels(member).await?;
    let request =
        ListDeliveriesRequest { page_size: member.rows(20), page_token, ..ListDeliveriesRequest::default() };
    let list = member.app().api.notices().list_deliveries(member.call(request)).await?.into_inner();
    let people = owners(member, &channels).await?;
    let rows = channels.iter().map(|one| {
        let row = row(member, one, &people);
        vec![row.name, row.owner, row.medium, row.address, row.tells, row.quiet, row.paused]
    });
    let headings = [
        key::CHANNEL_NAME,
        key::CHANNEL_MEMBER,
        key::MEDIUM,
        key::ADDRESS,
        key::NOTICE_KINDS,
        key::QUIET,
        key::STATE,
    ];
    let table = Table::new(t, &headings, rows.collect(), String::new());
    let rows = list.deliveries.iter().map(|one| {
        let sent = sent(t, one, &channels);
        vec![sent.title, sent.channel, sent.at, sent.tag.label, sent.failure]
    });
    let headings = [key::DELIVERY_TITLE, key::CHANNEL_NAME, key::DELIVERY_AT, key::STATE, key::SAVE_FAILURE];
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link("/channels", &[("page", token)]),
    };
    let sent = Table::new(t, &headings, rows.collect(), next);
    let name = t.say(key::CHANNELS);
    let both = vec![table.titled(name.clone()), sent.titled(t.say(key::DELIVERIES))];
    Ok(saved::tables(name, both))
}

async fn list(member: &Member, faults: Vec<Fault>, done: String) -> Result<ChannelsPage, Failure> {
    let t = member.text().clone();
    let channels = channels(member).await?;
    let people = owners(member, &channels).await?;
    let request = ListDeliveriesRequest { page_size: 20, ..ListDeliveriesRequest::default() };
    let deliveries =
        member.app().api.notices().list_deliveries(member.call(request)).await?.into_inner().deliveries;
    Ok(ChannelsPage {
        page: Page::member(member, Tab::Settings).titled(t.say(key::CHANNELS)),
        sent: deliveries.iter().map(|one| sent(&t, one, &channels)).collect(),
        rows: channels.iter().map(|one| row(member, one, &people)).collect(),
        files: saved::ways(&t, "/channels"),
        faults,
        done,
        t,
    })
}

async fn channels(member: &Member) -> Result<Vec<Channel>, Failure> {
    let mut request = ListChannelsRequest { page_size: 200, page_token: String::new() };
    let mut channels = Vec::new();
    loop {
        let mut client = member.app().api.notices();
        let list = client.list_channels(member.call(request.clone())).await?.into_inner();
        channels.extend(list.channels);
        if !saved::reads_on(member, channels.len(), &list.next_page_token) {
            return Ok(channels);
        }
        request.page_token = list.next_page_token;
    }
}

/// The firm's people, those who are disabled, too.
async fn people(member: &Member) -> Result<Vec<Person>, Failure> {
    let request = ListMembersRequest { page_size: 1_000, ..ListMembersRequest::default() };
    Ok(member.app().api.members().list_members(member.call(request)).await?.into_inner().members)
}

/// As [`people`]; nobody where all channels are the firm's.
async fn owners(member: &Member, channels: &[Channel]) -> Result<Vec<Person>, Failure> {
    match channels.iter().all(|one| one.member_id.is_empty()) {
        true => Ok(Vec::new()),
        false => people(member).await,
    }
}

/// Whose a channel is, by name.
fn whose(t: &Text, people: &[Person], member_id: &str) -> String {
    match people.iter().find(|one| one.id == member_id) {
        Some(owner) => owner.name.clone(),
        None if member_id.is_empty() => t.say(key::CHANNEL_OF_FIRM),
        None => t.say(key::UNSTATED),
    }
}

/// What people call a kind of channel; empty for one that this portal does not know.
pub fn medium_name(t: &Text, medium: Medium) -> String {
    MEDIA.iter().find(|(one, _)| *one == medium).map(|(_, name)| t.say(name)).unwrap_or_default()
}

fn row(member: &Member, one: &Channel, people: &[Person]) -> Row {
    let t = member.text();
    let app = member.app();
    let kinds: Vec<String> = KINDS
        .iter()
        .filter(|(kind, _)| one.kinds.contains(&(*kind as i32)))
        .map(|(_, name)| t.say(name))
        .collect();
    Row {
        id: one.id.clone(),
        name: one.name.clone(),
        owner: whose(t, people, &one.member_id),
        medium: medium_name(t, one.medium()),
        address: match one.signs_in {
            true => t.one(key::CHANNEL_SIGNS_IN, &one.masked_address),
            false => one.masked_address.clone(),
        },
        tells: if kinds.is_empty() { t.say(key::NOTICE_ALL) } else { kinds.join(&t.say(key::LIST_JOIN)) },
        quiet: match one.quiet_from.is_empty() {
            true => t.say(key::QUIET_NEVER),
            false => t.two(key::QUIET_SPAN, &one.quiet_from, &one.quiet_until),
        },
        paused: one
            .paused_until
            .as_ref()
            .map(|at| t.one(key::PAUSED, t.moment(Some(at))))
            .unwrap_or_default(),
        token: app.tokens.make(app, Some(&member.token), &purpose(&one.id)),
    }
}

fn sent(t: &Text, one: &Delivery, channels: &[Channel]) -> Sent {
    let (shape, label, at) = match one.state() {
        DeliveryState::Sent => ("accepted", key::DELIVERY_SENT, one.sent_at.as_ref()),
        DeliveryState::Failed => ("rejected", key::DELIVERY_FAILED, one.created_at.as_ref()),
        DeliveryState::Waiting | DeliveryState::Unspecified => {
            ("unanswered", key::DELIVERY_WAITING, one.due_at.as_ref())
        }
    };
    let channel = channels.iter().find(|channel| channel.id == one.channel_id);
    Sent {
        title: one.title.clone(),
        channel: channel.map(|channel| channel.name.clone()).unwrap_or_default(),
        at: t.moment(at),
        tag: Tag { shape, label: t.say(label) },
        failure: one.failure.clone(),
    }
}

fn purpose(id: &str) -> String {
    format!("channel {id}")
}

/// The form of a new channel.
pub async fn form(member: Member) -> Result<Response, Failure> {
    let new = Channel { digest_s: Some(60), locale: member.text().lang.code().into(), ..Channel::default() };
    Ok(page::show(&begun(&member, &new, Vec::new()).await?))
}

/// The form of a new channel, as far as it was filled in.
async fn begun(member: &Member, channel: &Channel, faults: Vec<Fault>) -> Result<ChannelPage, Failure> {
    let people = people(member).await?.into_iter().filter(|one| !one.disabled).map(|one| Tick {
        on: channel.member_id == one.id,
        value: one.id,
        label: one.name,
    });
    Ok(ChannelPage { people: people.collect(), ..filled(member, channel, faults) })
}

/// The form of a channel that there is.
pub async fn edit(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let channel = channels(&member).await?.into_iter().find(|one| one.id == id);
    let channel = channel.ok_or_else(Failure::not_found)?;
    Ok(page::show(&owned(&member, &channel, &channel.member_id, Vec::new()).await?))
}

/// The form of a channel that there is, with whose it is.
async fn owned(
    member: &Member,
    channel: &Channel,
    member_id: &str,
    faults: Vec<Fault>,
) -> Result<ChannelPage, Failure> {
    let owner = whose(member.text(), &people(member).await?, member_id);
    Ok(ChannelPage { owner, ..filled(member, channel, faults) })
}

fn filled(member: &Member, channel: &Channel, faults: Vec<Fault>) -> ChannelPage {
    let t = member.text().clone();
    let app = member.app();
    let new = channel.id.is_empty();
    let title = t.say(if new { key::CHANNEL_NEW } else { key::CHANNEL_EDIT });
    let media = MEDIA.iter().map(|(medium, name)| Tick {
        value: (*medium as i32).to_string(),
        label: t.say(name),
        on: channel.medium() == *medium,
    });
    ChannelPage {
        page: Page::member(member, Tab::Settings).titled(title.clone()),
        action: if new { "/channels/new".into() } else { format!("/channels/{}", channel.id) },
        token: app.tokens.make(app, Some(&member.token), &purpose(&channel.id)),
        etag: channel.etag.clone(),
        media: if new { media.collect() } else { Vec::new() },
        people: Vec::new(),
        masked: channel.masked_address.clone(),
        owner: String::new(),
        name: channel.name.clone(),
        kinds: KINDS
            .iter()
            .map(|(kind, name)| Tick {
                value: (*kind as i32).to_string(),
                label: t.say(name),
                on: channel.kinds.is_empty() || channel.kinds.contains(&(*kind as i32)),
            })
            .collect(),
        english: channel.locale == "en",
        digest: DIGESTS
            .iter()
            .map(|(seconds, name)| Tick {
                value: seconds.to_string(),
                label: t.say(name),
                on: channel.digest_s.unwrap_or(60) == *seconds,
            })
            .collect(),
        quiet_from: channel.quiet_from.clone(),
        quiet_until: channel.quiet_until.clone(),
        title,
        faults,
        done: String::new(),
        t,
    }
}

/// What was typed; a channel that tells everything names no kinds, so that it tells new ones too.
fn typed(fields: &Fields, id: &str) -> Channel {
    let kinds: Vec<i32> = fields.all("kind").filter_map(|kind| kind.parse().ok()).collect();
    let medium: i32 = fields.get("medium").parse().unwrap_or_default();
    let member_id = fields.get("member").to_string();
    Channel {
        id: id.to_string(),
        medium,
        signs_in: medium == Medium::Mail as i32 && !member_id.is_empty(),
        member_id,
        name: fields.get("name").to_string(),
        kinds: if kinds.len() == KINDS.len() { Vec::new() } else { kinds },
        locale: fields.get("locale").to_string(),
        digest_s: fields.get("digest").parse().ok(),
        quiet_from: fields.get("quiet_from").to_string(),
        quiet_until: fields.get("quiet_until").to_string(),
        masked_address: fields.get("masked").to_string(),
        etag: fields.get("etag").to_string(),
        ..Channel::default()
    }
}

const LABELS: [(&str, &str, Key<0>); 8] = [
    ("channel.medium", "medium-2", key::MEDIUM),
    ("channel.member", "member", key::CHANNEL_MEMBER),
    ("channel.name", "name", key::CHANNEL_NAME),
    ("channel.kinds", "kind-1", key::NOTICE_KINDS),
    ("channel.digest", "digest", key::DIGEST),
    ("channel.quiet", "quiet_from", key::QUIET),
    ("address", "address", key::ADDRESS),
    ("secret", "secret", key::SIGNING_SECRET),
];

/// Sets up a channel. The address does not come back with the form where something is wrong: no page shows it.
pub async fn make(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(""), fields.get("token"))?;
    let channel = typed(&fields, "");
    let mut faults = none_ticked(member.text(), &fields);
    if faults.is_empty() {
        let request = CreateChannelRequest {
            request_id,
            channel: Some(channel.clone()),
            address: fields.get("address").to_string(),
            secret: fields.get("secret").to_string(),
        };
        match app.api.notices().create_channel(member.call(request)).await.map_err(Failure::from) {
            Ok(_) => return Ok(page::go("/channels?done=made")),
            Err(failure) => faults = Fault::of(&failure, member.text(), &LABELS),
        }
    }
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &begun(&member, &channel, faults).await?))
}

fn none_ticked(t: &Text, fields: &Fields) -> Vec<Fault> {
    match fields.get("kind").is_empty() {
        true => vec![Fault::new("kind-1", t.one(key::FAULT_FIELD, t.say(key::NOTICE_KINDS)))],
        false => Vec::new(),
    }
}

/// Changes what a channel tells, and when.
pub async fn save(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let known = channels(&member).await?.into_iter().find(|one| one.id == id);
    // Whom it is narrowed to is set elsewhere, and stays.
    let known = known.ok_or_else(Failure::not_found)?;
    let channel = Channel { scope: known.scope, masked_address: known.masked_address, ..typed(&fields, &id) };
    let mut faults = none_ticked(member.text(), &fields);
    if faults.is_empty() {
        let request = UpdateChannelRequest { request_id, channel: Some(channel.clone()) };
        match app.api.notices().update_channel(member.call(request)).await.map_err(Failure::from) {
            Ok(_) => return Ok(page::go("/channels?done=saved")),
            Err(failure) => faults = Fault::of(&failure, member.text(), &LABELS),
        }
    }
    let shown = owned(&member, &channel, &known.member_id, faults).await?;
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

/// Sends a test message, and says how that went.
pub async fn test(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = SendTestNoticeRequest { request_id, channel_id: id };
    let sent = app.api.notices().send_test_notice(member.call(request)).await?.into_inner();
    if sent.state() == DeliveryState::Sent {
        return Ok(page::go("/channels?done=tested"));
    }
    let fault = Fault::new("form", member.text().one(key::FAULT_TESTED, sent.failure));
    Ok(page::show(&list(&member, vec![fault], String::new()).await?))
}

/// Takes a channel away.
pub async fn delete(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = DeleteChannelRequest { request_id, channel_id: id };
    app.api.notices().delete_channel(member.call(request)).await?;
    Ok(page::go("/channels?done=deleted"))
}
