//! One function a command: idempotency and effect in one transaction. Nothing calls another server inside of one.

use std::net::IpAddr;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    code,
    command::{Begun, Single},
    db::TenantTx,
    idempotency::Key,
    secret, value,
    vault::Vault,
};
use prost::Message;
use proto::notices as wire;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Context,
    channel::{Address, Channel, MAX_CHANNELS, Medium, parse_address},
    convert::{self, NewChannel},
    db::{
        self,
        channel::Sealed,
        delivery::{NewDelivery, Which},
    },
    message,
    robot::Verdict,
    send,
};

/// How long the code of an invitation works.
const CODE_VALID: Duration = Duration::minutes(30);
/// Codes of one invitation: with the tries of each, whoever guesses has a chance of one in ten thousand.
const MAX_CODES: i32 = 20;

/// A command of a caller.
pub(crate) struct Command<'a> {
    pub context: &'a Context,
    pub caller: &'a Caller,
    /// `tandem.notices.v1.NoticeService/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

impl<'a> Command<'a> {
    async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        self.single().begin().await
    }

    async fn finish<R: Message>(&self, tx: TenantTx, receipt: &R) -> Result<()> {
        self.single().finish(tx, receipt, Vec::new()).await
    }

    fn own(&self) -> Option<Uuid> {
        self.single().own()
    }

    fn now(&self) -> OffsetDateTime {
        self.context.deps.now()
    }

    fn single(&self) -> Single<'a> {
        let Self { context, caller, method, ref key } = *self;
        Single { deps: &context.deps, caller, method, key: key.clone() }
    }
}

/// Sets up a channel and begins to follow the firm's feed.
pub(crate) async fn create_channel(command: &Command<'_>, new: NewChannel) -> Result<wire::Channel> {
    let vault = command.context.vault.as_ref().ok_or_else(|| Error::new(Reason::NOTICES_NOT_SET_UP))?;
    if new.channel.medium == Medium::Mail && command.context.mailer.is_none() {
        return Err(no_mail());
    }
    let (firm, id) = (command.caller.firm, command.context.deps.clock.id());
    let channel = Channel { id, created_at: command.now(), ..new.channel };
    let address = vault.seal(&send::place(firm, id, "address"), new.address.key.reveal())?;
    let secret = match &new.secret {
        Some(secret) => vault.seal(&send::place(firm, id, "secret"), secret.reveal())?,
        None => Vec::new(),
    };
    let fingerprint = fingerprint(vault, channel.medium, &new.address);
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if db::channel::lock(&mut tx).await? >= MAX_CHANNELS {
        return Err(Error::new(Reason::LIMIT_REACHED).with("limit", MAX_CHANNELS));
    }
    let mut most = None;
    if let Some(member) = channel.member {
        let grants = db::channel::member_grants(&mut tx, member)
            .await?
            .ok_or_else(|| Error::field("channel.member_id", "UNKNOWN", "is no member of the firm"))?;
        // Whoever reads the mail can act as the member, now and when it may do more than now.
        if channel.signs_in && member != command.caller.actor {
            command.caller.may_grant(&grants.roles, &grants.sites, &grants.purchasing_groups)?;
            most = Some(command.caller.grantable());
        }
    }
    // Read before the channel is there: what comes after this place is told.
    let head = chassis::feed::head(&mut tx).await?;
    let sealed = Sealed { address: &address, secret: &secret, fingerprint: &fingerprint };
    db::channel::insert(&mut tx, &channel, &sealed, most.as_ref()).await?;
    db::channel::follow_from(&mut tx, head.seq).await?;
    let receipt = convert::channel(&channel);
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

fn no_mail() -> Error {
    Error::new(Reason::NOTICES_NOT_SET_UP)
        .message("no mail goes out here; whoever runs the platform sets notices.smtp_url")
}

/// What tells the same address again.
fn fingerprint(vault: &Vault, medium: Medium, address: &Address) -> [u8; 32] {
    vault.fingerprint(&format!("{} {}", medium.as_str(), address.key.reveal().to_lowercase()))
}

async fn load(command: &Command<'_>, tx: &mut TenantTx, id: Uuid) -> Result<Channel> {
    db::channel::get(tx, command.own(), id).await?.ok_or_else(Error::not_found)
}

/// Changes what a channel tells, and when.
pub(crate) async fn update_channel(
    command: &Command<'_>,
    change: Channel,
    id: Uuid,
    etag: &str,
) -> Result<wire::Channel> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = load(command, &mut tx, id).await?;
    if before.version.to_string() != etag {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    let changed = Channel {
        id,
        member: before.member,
        medium: before.medium,
        masked: before.masked,
        paused_until: before.paused_until,
        signs_in: before.signs_in,
        version: before.version,
        created_at: before.created_at,
        ..change
    };
    if !db::channel::update(&mut tx, &changed).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    let receipt = convert::channel(&load(command, &mut tx, id).await?);
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

/// Takes a channel away, and the links to sign in that it mailed.
pub(crate) async fn delete_channel(command: &Command<'_>, id: Uuid) -> Result<wire::DeleteChannelResponse> {
    let at = command.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let channel = load(command, &mut tx, id).await?;
    if !db::channel::delete(&mut tx, id, at).await? {
        return Err(Error::not_found());
    }
    if let Some(member) = channel.member.filter(|_| channel.signs_in) {
        // What stands in a mailbox that is no longer the member's.
        db::sign_in::end_links(&mut tx, member, at).await?;
    }
    let receipt = wire::DeleteChannelResponse {};
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

/// Sends a test message and answers how that went.
pub(crate) async fn send_test_notice(command: &Command<'_>, id: Uuid) -> Result<wire::Delivery> {
    let (firm, at, delivery) = (command.caller.firm, command.now(), command.context.deps.clock.id());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let channel = load(command, &mut tx, id).await?;
    let title = message::title(wire::NoticeKind::Test, &channel.locale, 1, "");
    let body = match channel.locale.as_str() {
        "en" => "This channel works.\n",
        _ => "该通知渠道可以使用。\n",
    };
    let new = NewDelivery {
        id: delivery,
        channel: id,
        kind: wire::NoticeKind::Test,
        title: &title,
        body,
        link: &format!("{}/", command.context.portal),
        due_at: at,
        events: &[],
    };
    db::delivery::insert(&mut tx, &new, at).await?;
    let receipt = listed(&mut tx, delivery).await?;
    command.finish(tx, &receipt).await?;
    // The loop would do it too; whoever tests wants to know now.
    send::deliver(command.context, firm, delivery, id, channel.medium.as_str()).await?;
    let mut tx = command.context.deps.pool.begin(firm).await?;
    let after = listed(&mut tx, delivery).await?;
    tx.commit().await?;
    Ok(after)
}

/// Writes down that somebody without a session asks for a link to sign in by a mail address. What is done here is the same
/// whoever's it is, and so are the answer and its time; the loop that sends looks whose it is.
pub(crate) async fn request_sign_in_link(
    context: &Context,
    from: Option<IpAddr>,
    address: &Address,
) -> Result<()> {
    let vault = context.vault.as_ref().ok_or_else(|| Error::new(Reason::NOTICES_NOT_SET_UP))?;
    if context.mailer.is_none() {
        return Err(no_mail());
    }
    let fingerprint = fingerprint(vault, Medium::Mail, address);
    context.deps.rates.take_of_mailed_links(from, fingerprint)?;
    let mut tx = context.deps.pool.begin_outside().await?;
    db::sign_in::ask(&mut tx, context.deps.clock.id(), &fingerprint, context.deps.now()).await?;
    tx.commit().await
}

/// Mails the code of an invitation to the address that the inviter gave. At once, since whoever asked waits for it, and asks
/// again where it was not taken: the code stands in no row from which it could be sent later.
pub(crate) async fn request_invitation_code(
    context: &Context,
    from: Option<IpAddr>,
    token: &str,
) -> Result<wire::RequestInvitationCodeResponse> {
    let (deps, at) = (&context.deps, context.deps.now());
    let sha256 = secret::sha256(token.as_bytes());
    let mut tx = deps.pool.begin_outside().await?;
    let contact = db::invitation::contact(&mut tx, &sha256, at).await?.ok_or_else(Error::not_found)?;
    let vault = context.vault.as_ref().ok_or_else(|| Error::new(Reason::NOTICES_NOT_SET_UP))?;
    let mailer = context.mailer.as_ref().ok_or_else(no_mail)?;
    let address = parse_address(Medium::Mail, &contact.mail).ok_or_else(not_taken)?;
    deps.rates.take_of_mailed_links(from, fingerprint(vault, Medium::Mail, &address))?;
    let code = code::new();
    let kept = code::keep(&deps.keys, &sha256, code.reveal());
    let expires_at = at + CODE_VALID;
    if !db::invitation::keep_code(&mut tx, &sha256, &kept, expires_at, MAX_CODES).await? {
        return Err(Error::new(Reason::LIMIT_REACHED)
            .message("no more codes are mailed for this invitation; ask the inviter for a new link")
            .with("limit", MAX_CODES));
    }
    tx.commit().await?;
    let said = message::Message::code(&contact.invited_by, code.reveal(), &contact.locale);
    let verdict = mailer.send(&address.key, &said).await;
    let taken = verdict == Verdict::Taken;
    let outcome = if taken { "sent" } else { "failed" };
    metrics::counter!("tandem_notices_total", "medium" => Medium::Mail.as_str(), "outcome" => outcome)
        .increment(1);
    if !taken {
        tracing::info!(?verdict, "a code was not taken");
        return Err(not_taken());
    }
    Ok(wire::RequestInvitationCodeResponse { expires_at: Some(value::timestamp(expires_at)) })
}

fn not_taken() -> Error {
    Error::new(Reason::UNAVAILABLE)
        .message("the mail was not taken; try again later, or ask the inviter whether the address is right")
}

async fn listed(tx: &mut TenantTx, id: Uuid) -> Result<wire::Delivery> {
    let which = Which { id: Some(id), limit: 1, ..Which::default() };
    let delivery = db::delivery::list(tx, &which).await?.pop().ok_or_else(Error::not_found)?;
    Ok(convert::delivery(&delivery))
}
