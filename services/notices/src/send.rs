//! Makes messages of notices whose time has come, and sends them: each is taken out in one transaction, sent outside of
//! any, and what came of it recorded in another. A process that dies in between sends it again.

use std::{sync::Arc, time::Duration as StdDuration};

use chassis::{
    Result, background,
    dial::DialError,
    secret::{self, Redacted},
};
use futures::StreamExt;
use proto::notices::NoticeKind;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Context,
    channel::{Channel, Medium, off_the_hour},
    db::{
        self,
        delivery::{Job, NewDelivery, Outcome, Recent, Untold},
    },
    message::{self, Message},
    robot::{self, Verdict},
};

/// How often is looked for something to tell.
const EVERY: StdDuration = StdDuration::from_millis(500);
/// Firms of one look, and messages of a firm in one.
const FIRMS: i32 = 100;
const MESSAGES: i64 = 50;
/// Firms that are served at a time: one whose mail server answers slowly holds nobody else up.
const AT_ONCE: usize = 16;
/// How long nobody else sends a message that is being sent; longer than a call may take.
const LEASE: Duration = Duration::seconds(60);
/// The first pause before another attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::seconds(30);
/// The most attempts, which last about an hour.
const ATTEMPTS: i32 = 8;
/// How long a mailed link signs in: as long as mail may take. Others are made while one waits for them.
const LINK_VALID: Duration = Duration::hours(1);
/// Links to sign in that are looked at in one look.
const LINKS: i64 = 100;

/// Sends until shutdown.
pub(crate) async fn run(context: Arc<Context>) {
    if context.vault.is_none() {
        return;
    }
    background::run(&context.deps.shutdown, EVERY, "sending messages", || try_once(&context)).await;
}

/// Serves the firms that are to be told something now; whether more of them may be left.
async fn try_once(context: &Context) -> Result<bool> {
    let title = |locale| message::title(NoticeKind::SignIn, locale, 1, "");
    let (zh, en, kind) = (title("zh"), title("en"), i32::from(NoticeKind::SignIn));
    let mut outside = context.deps.pool.begin_outside().await?;
    let taken = db::sign_in::take(&mut outside, LINKS, context.deps.now(), kind, (&zh, &en)).await?;
    let firms = db::firms_due(&mut outside, context.deps.clock.now(), FIRMS).await?;
    outside.commit().await?;
    let full = taken == LINKS || firms.len() == FIRMS as usize;
    let served = futures::stream::iter(firms)
        .map(|firm| background::or_no(firm, "sending a firm's messages", serve(context, firm)))
        .buffer_unordered(AT_ONCE)
        .any(async |served| served);
    Ok(served.await && full)
}

/// Makes and sends what a firm is to be told now.
async fn serve(context: &Context, firm: Uuid) -> Result<bool> {
    compose(context, firm).await?;
    for (id, channel, medium) in due(context, firm).await? {
        if context.deps.shutdown.is_cancelled() {
            return Ok(true);
        }
        deliver(context, firm, id, channel, &medium).await?;
    }
    Ok(true)
}

async fn due(context: &Context, firm: Uuid) -> Result<Vec<(Uuid, Uuid, String)>> {
    let mut tx = context.deps.pool.begin(firm).await?;
    let due = db::delivery::due(&mut tx, context.deps.clock.now(), MESSAGES).await?;
    tx.commit().await?;
    Ok(due)
}

/// Makes one message of all notices of a channel and kind, where the time of one of them has come.
async fn compose(context: &Context, firm: Uuid) -> Result<()> {
    let now = context.deps.clock.now();
    let mut tx = context.deps.pool.begin(firm).await?;
    if !db::delivery::try_lock_composing(&mut tx).await? {
        return Ok(());
    }
    let untold = db::delivery::untold(&mut tx, now).await?;
    for group in untold.chunk_by(|one, other| (one.channel, one.kind) == (other.channel, other.kind)) {
        let Some(first) = group.first() else { continue };
        let kind = NoticeKind::try_from(first.kind).unwrap_or_default();
        // A channel that was deleted keeps its notices, told by a message that failed.
        let channel = db::channel::get(&mut tx, Some(firm), first.channel).await?;
        write(context, &mut tx, channel.as_ref(), kind, group, now).await?;
        if channel.is_none() {
            db::delivery::give_up(&mut tx, first.channel, now).await?;
        }
    }
    tx.commit().await
}

async fn write(
    context: &Context,
    tx: &mut chassis::db::TenantTx,
    channel: Option<&Channel>,
    kind: NoticeKind,
    group: &[Untold],
    now: OffsetDateTime,
) -> Result<()> {
    let (locale, medium) = channel.map_or(("zh", Medium::Mail), |one| (one.locale.as_str(), one.medium));
    let lines: Vec<String> = group.iter().map(|one| one.line.clone()).collect();
    let events: Vec<Uuid> = group.iter().map(|one| one.event).collect();
    let number = group.first().map(|one| one.number.as_str()).unwrap_or_default();
    let title = message::title(kind, locale, group.len(), number);
    let body = message::body(&lines, locale, medium.body_bytes());
    let link = link(&context.portal, group);
    let paused = channel.and_then(|channel| channel.paused_until).filter(|until| *until > now);
    let new = NewDelivery {
        id: context.deps.clock.id(),
        channel: group.first().map(|one| one.channel).unwrap_or_default(),
        kind,
        title: &title,
        body: &body,
        link: &link,
        due_at: paused.unwrap_or(now),
        events: &events,
    };
    db::delivery::insert(tx, &new, now).await
}

/// The page at the portal that says more: that of the one order, or the first page. It asks to sign in.
fn link(portal: &str, group: &[Untold]) -> String {
    match group {
        [one] if one.subject.starts_with("orders/") => format!("{portal}/{}", one.subject),
        _ => format!("{portal}/"),
    }
}

/// Sends one message, unless its channel has to be left alone; what came of it is recorded.
pub(crate) async fn deliver(
    context: &Context,
    firm: Uuid,
    id: Uuid,
    channel: Uuid,
    medium: &str,
) -> Result<()> {
    let now = context.deps.clock.now();
    let Some(medium) = Medium::parse(medium) else { return Ok(()) };
    let mut tx = context.deps.pool.begin(firm).await?;
    let recent = db::delivery::lock_recent(&mut tx, channel, now).await?;
    let at = allowed(medium, &recent, now, id);
    if at > now {
        db::delivery::postpone(&mut tx, id, at).await?;
        return tx.commit().await;
    }
    let attempt = context.deps.clock.id();
    let job = db::delivery::lease(&mut tx, id, attempt, now, now + LEASE).await?;
    let sealed = db::channel::sealed(&mut tx, channel).await?;
    tx.commit().await?;
    let Some(job) = job else { return Ok(()) };
    let verdict = match (sealed, said(context, firm, &job).await?) {
        (None, _) => Verdict::Refused { failure: "CHANNEL_DELETED".into() },
        (_, None) => Verdict::Refused { failure: "MEMBER_LEFT".into() },
        (Some((address, secret)), Some(message)) => {
            call(context, firm, medium, (job.channel, &message), (&address, &secret)).await
        }
    };
    record(context, firm, &job, verdict).await
}

/// What is said: what the database keeps, or a link that signs in, which is made anew for each attempt and kept nowhere.
/// `None` where nobody is there to sign in.
async fn said(context: &Context, firm: Uuid, job: &Job) -> Result<Option<Message>> {
    if job.kind != i32::from(NoticeKind::SignIn) {
        return Ok(Some(Message::new(&job.title, &job.body, &job.link, &job.locale)));
    }
    let (token, now) = (secret::token(), context.deps.now());
    let sha256 = secret::sha256(token.as_bytes());
    let mut tx = context.deps.pool.begin(firm).await?;
    let whose = db::sign_in::insert_link(&mut tx, job.channel, &sha256, now, now + LINK_VALID).await?;
    tx.commit().await?;
    let link = format!("{}/s/{token}", context.portal);
    Ok(whose.map(|whose| Message::sign_in(&job.title, (&whose.firm, &whose.member), link, &job.locale)))
}

/// When the channel may be called next: now, or when the other side's limits allow it.
fn allowed(medium: Medium, recent: &Recent, now: OffsetDateTime, id: Uuid) -> OffsetDateTime {
    let at = if recent.in_a_minute >= medium.per_minute() {
        recent.oldest.map_or(now, |oldest| oldest + Duration::minutes(1) + Duration::milliseconds(1))
    } else if recent.in_a_second >= medium.per_second() {
        now + Duration::seconds(1)
    } else {
        now
    };
    off_the_hour(medium, at, id)
}

/// Calls the other side.
async fn call(
    context: &Context,
    firm: Uuid,
    medium: Medium,
    (channel, message): (Uuid, &Message),
    sealed: (&[u8], &[u8]),
) -> Verdict {
    let Some((address, secret)) = open(context, firm, channel, sealed) else {
        return Verdict::Refused { failure: "ADDRESS_UNREADABLE".into() };
    };
    let now = context.deps.clock.now();
    let Some(post) = robot::post(medium, &address, secret.as_ref(), message, now) else {
        return match &context.mailer {
            Some(mailer) => mailer.send(&address, message).await,
            None => Verdict::Refused { failure: "MAIL_OFF".into() },
        };
    };
    match context.deps.dialer.post(&post).await {
        Ok(answer) => robot::verdict(medium, &answer),
        Err(DialError::Unreachable(_)) => Verdict::Later { failure: "UNREACHABLE".into(), pause: None },
        Err(DialError::Off) => Verdict::Refused { failure: "ROBOTS_OFF".into() },
        Err(DialError::Refused(_)) => Verdict::Refused { failure: "HOST".into() },
    }
}

type Opened = (Redacted<String>, Option<Redacted<String>>);

/// The address and the secret, where they can be opened.
fn open(context: &Context, firm: Uuid, channel: Uuid, (address, secret): (&[u8], &[u8])) -> Option<Opened> {
    let vault = context.vault.as_ref()?;
    let open = |what: &str, sealed: &[u8]| {
        let opened = vault.open(&place(firm, channel, what), sealed);
        opened.inspect_err(|error| tracing::error!(channel.id = %channel, source = ?error.source, "an address cannot be opened")).ok()
    };
    let address = open("address", address)?;
    let secret = if secret.is_empty() { None } else { Some(open("secret", secret)?) };
    Some((address, secret))
}

/// What a sealed text is bound to.
pub(crate) fn place(firm: Uuid, channel: Uuid, what: &str) -> String {
    format!("{firm}/{channel}/{what}")
}

async fn record(context: &Context, firm: Uuid, job: &Job, verdict: Verdict) -> Result<()> {
    let now = context.deps.clock.now();
    let mut tx = context.deps.pool.begin(firm).await?;
    let word = match &verdict {
        Verdict::Taken => {
            db::delivery::record(&mut tx, job.id, &Outcome::Sent(now)).await?;
            "sent"
        }
        Verdict::Later { failure, pause } if job.attempts < ATTEMPTS => {
            let again = now + pause.unwrap_or_default().max(backoff(job.attempts));
            db::delivery::record(&mut tx, job.id, &Outcome::Waits(again, failure)).await?;
            if let Some(pause) = pause {
                db::channel::pause(&mut tx, job.channel, now + *pause).await?;
            }
            "waits"
        }
        Verdict::Later { failure, .. } | Verdict::Refused { failure } => {
            tracing::info!(firm.id = %firm, channel.id = %job.channel, failure, "a message was given up");
            db::delivery::record(&mut tx, job.id, &Outcome::Failed(failure)).await?;
            "failed"
        }
    };
    metrics::counter!("tandem_notices_total", "medium" => job.medium.clone(), "outcome" => word).increment(1);
    tx.commit().await
}

/// How long to wait after so many attempts.
fn backoff(attempts: i32) -> Duration {
    FIRST_PAUSE * 2_i32.pow(u32::try_from(attempts - 1).unwrap_or_default().min(6))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn limits_of_the_other_side_are_kept() {
        let now = datetime!(2026-11-23 02:10 UTC);
        let id = Uuid::nil();
        let recent = |in_a_second, in_a_minute| Recent {
            in_a_second,
            in_a_minute,
            oldest: Some(now - Duration::seconds(40)),
        };
        assert_eq!(allowed(Medium::Wecom, &recent(9, 19), now, id), now);
        let after = now + Duration::seconds(20) + Duration::milliseconds(1);
        assert_eq!(allowed(Medium::Wecom, &recent(0, 20), now, id), after);
        assert_eq!(allowed(Medium::Dingtalk, &recent(0, 20), now, id), after);
        assert_eq!(allowed(Medium::Feishu, &recent(4, 99), now, id), now);
        assert_eq!(allowed(Medium::Feishu, &recent(5, 5), now, id), now + Duration::seconds(1));
        assert_eq!(allowed(Medium::Feishu, &recent(0, 100), now, id), after);
        let hour = datetime!(2026-11-23 02:00 UTC);
        assert!(allowed(Medium::Feishu, &Recent { oldest: None, ..recent(0, 0) }, hour, id) > hour);
    }

    #[test]
    fn pauses_double_and_end_after_an_hour() {
        assert_eq!(backoff(1), Duration::seconds(30));
        assert_eq!(backoff(2), Duration::seconds(60));
        let all: Duration = (1..ATTEMPTS).map(backoff).sum();
        assert!(all > Duration::minutes(50) && all < Duration::minutes(90), "{all}");
    }

    #[test]
    fn a_link_leads_to_the_order_where_it_is_one() {
        let one = |subject: &str| Untold {
            channel: Uuid::nil(),
            event: Uuid::nil(),
            kind: 1,
            subject: subject.into(),
            number: String::new(),
            line: String::new(),
        };
        assert_eq!(link("https://p", &[one("orders/7")]), "https://p/orders/7");
        assert_eq!(link("https://p", &[one("orders/7"), one("orders/8")]), "https://p/");
        assert_eq!(link("https://p", &[one("firms/7")]), "https://p/");
    }
}
