//! What the operator announces: `tandem admin announce` and its neighbours, and `tandem announcements` for everybody.

use clap::{Args, ValueEnum};
use prost_types::Timestamp;
use proto::partners::{
    Announcement, AnnouncementKind, DismissAnnouncementRequest, ListAnnouncementsRequest,
    OperatedAnnouncement, PublishAnnouncementRequest, UpdateAnnouncementRequest, WhoAmIRequest,
    WithdrawAnnouncementRequest,
};

use super::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    operate::request_id,
    output::short,
    pages,
};

pub const EXAMPLES: &str = "\
Example:
  tandem announcements
  tandem announcements --dismiss 0193…";

pub const ANNOUNCE_EXAMPLES: &str = "\
Example:
  tandem admin announce --zh 新版手册已发布 --en 'There is a new manual.' --until 2026-12-31T00:00:00+08:00
  tandem admin announce --kind maintenance --zh 系统升级,期间无法登录 \\
    --begins 2026-12-05T22:00:00+08:00 --ends 2026-12-06T02:00:00+08:00
  tandem admin announce --change 0193… --etag 1 --zh 升级改期 --until 2026-12-31T00:00:00+08:00";

pub const LIST_EXAMPLES: &str = "\
Example:
  tandem admin announcements";

pub const WITHDRAW_EXAMPLES: &str = "\
Example:
  tandem admin withdraw-announcement 0193… --etag 1";

#[derive(Debug, Args)]
pub struct CurrentArgs {
    /// Put this one away, as it is shown now
    #[arg(long, value_name = "ID")]
    pub dismiss: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    Notice,
    Maintenance,
}

#[derive(Debug, Args)]
pub struct AnnounceArgs {
    /// What it is
    #[arg(long, value_enum, default_value_t = KindArg::Notice)]
    pub kind: KindArg,
    /// What it says in Chinese, at most 500 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub zh: String,
    /// What it says in English, at most 500 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub en: String,
    /// When maintenance is planned to begin, such as 2026-12-05T22:00:00+08:00
    #[arg(long, value_name = "TIME")]
    pub begins: Option<Timestamp>,
    /// When maintenance is planned to end
    #[arg(long, value_name = "TIME")]
    pub ends: Option<Timestamp>,
    /// From when on it is shown; else from now on
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Until when it is shown; maintenance else until it ends
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// Change this one as a whole instead; whoever put it away sees it again
    #[arg(long, value_name = "ID", requires = "etag")]
    pub change: Option<String>,
    /// The etag that the one to change was listed with
    #[arg(long, value_name = "ETAG", requires = "change")]
    pub etag: Option<String>,
}

#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// Which one
    #[arg(value_name = "ID")]
    pub id: String,
    /// The etag that it was listed with
    #[arg(long, value_name = "ETAG")]
    pub etag: String,
}

pub(super) async fn current(args: &CurrentArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.sessions();
    let who = client.who_am_i(WhoAmIRequest {}).await.map_err(|status| session.refused(&status))?;
    let mut all = who.into_inner().announcements;
    if let Some(id) = &args.dismiss {
        // One that is not shown is refused by the service, in its own words.
        let etag = all.iter().find(|one| one.id == *id).map_or_else(|| "0".into(), |one| one.etag.clone());
        let request = DismissAnnouncementRequest {
            request_id: format!("dismiss-{}", chassis::clock::system().id()),
            announcement_id: id.clone(),
            etag,
        };
        client.dismiss_announcement(request).await.map_err(|status| session.refused(&status))?;
        all.retain(|one| one.id != *id);
    }
    let header = ["KIND", "BEGINS", "ENDS", "TEXT", "ID"];
    pages::say(session, "tandem.partners.v1.Announcement", &all, &header, |one| {
        [
            kind(one),
            time_text(one.begins_at.as_ref()),
            time_text(one.ends_at.as_ref()),
            text(one),
            one.id.clone(),
        ]
    })
}

fn kind(one: &Announcement) -> String {
    short(one.kind().as_str_name(), "ANNOUNCEMENT_KIND_").to_string()
}

/// Both texts: whoever reads a terminal may read either.
fn text(one: &Announcement) -> String {
    let texts = [one.text_zh.as_str(), one.text_en.as_str()];
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" / ")
}

pub(super) async fn announce(args: &AnnounceArgs, session: &Session) -> Result<Exit, Failure> {
    let kind = match args.kind {
        KindArg::Notice => AnnouncementKind::Notice,
        KindArg::Maintenance => AnnouncementKind::Maintenance,
    };
    let told = Announcement {
        id: args.change.clone().unwrap_or_default(),
        kind: kind.into(),
        text_zh: args.zh.clone(),
        text_en: args.en.clone(),
        begins_at: args.begins,
        ends_at: args.ends,
        shown_from: args.from,
        shown_until: args.until,
        etag: args.etag.clone().unwrap_or_default(),
    };
    let (request_id, announcement) = (request_id(), Some(told));
    let mut client = session.connection.operating();
    let done = if args.change.is_some() {
        client.update_announcement(UpdateAnnouncementRequest { request_id, announcement }).await
    } else {
        client.publish_announcement(PublishAnnouncementRequest { request_id, announcement }).await
    };
    show(&[done.map_err(|status| session.refused(&status))?.into_inner()], session)
}

pub(super) async fn withdraw(args: &WithdrawArgs, session: &Session) -> Result<Exit, Failure> {
    let request = WithdrawAnnouncementRequest {
        request_id: request_id(),
        announcement_id: args.id.clone(),
        etag: args.etag.clone(),
    };
    let done = session.connection.operating().withdraw_announcement(request).await;
    show(&[done.map_err(|status| session.refused(&status))?.into_inner()], session)
}

pub(super) async fn list(session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.operating();
    let page = async |page_token| {
        let request = ListAnnouncementsRequest { page_size: pages::SIZE, page_token };
        let page = client.list_announcements(request).await?.into_inner();
        Ok((page.announcements, page.next_page_token))
    };
    show(&pages::all(session, page).await?, session)
}

fn show(all: &[OperatedAnnouncement], session: &Session) -> Result<Exit, Failure> {
    let header = ["KIND", "SHOWN FROM", "UNTIL", "WITHDRAWN", "TEXT", "ETAG", "ID"];
    pages::say(session, "tandem.partners.v1.OperatedAnnouncement", all, &header, |one| {
        let told = one.announcement.clone().unwrap_or_default();
        [
            kind(&told),
            time_text(told.shown_from.as_ref()),
            time_text(told.shown_until.as_ref()),
            time_text(one.withdrawn_at.as_ref()),
            text(&told),
            told.etag,
            told.id,
        ]
    })
}
