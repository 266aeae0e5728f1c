//! What the operator announces: who reads it without being anybody, and what putting it away does to the others.

use harness::{Access, Firm, World, request_id};
use proto::partners::{
    Announcement, AnnouncementKind, DismissAnnouncementRequest, ListCurrentAnnouncementsRequest,
    OperatedAnnouncement, PublishAnnouncementRequest, Role, UpdateAnnouncementRequest, WhoAmIRequest,
    WithdrawAnnouncementRequest,
};
use time::Duration;

/// A notice that is shown from so many hours on, for two days.
fn notice(world: &World, text: &str, from: i64) -> Announcement {
    let at = |hours| Some(chassis::value::timestamp(world.deps().clock.now() + Duration::hours(hours)));
    Announcement {
        kind: AnnouncementKind::Notice.into(),
        text_zh: text.into(),
        shown_from: at(from),
        shown_until: at(from + 48),
        ..Announcement::default()
    }
}

async fn publish(operator: &Firm, announcement: Announcement) -> Announcement {
    let request = PublishAnnouncementRequest { request_id: request_id(), announcement: Some(announcement) };
    told(operator.operating().publish_announcement(request).await.expect("published").into_inner())
}

fn told(operated: OperatedAnnouncement) -> Announcement {
    operated.announcement.expect("what is announced")
}

/// What somebody is shown after signing in.
async fn shown(reader: &Access) -> Vec<String> {
    let who = reader.sessions().who_am_i(WhoAmIRequest {}).await.expect("somebody").into_inner();
    who.announcements.into_iter().map(|one| one.text_zh).collect()
}

/// What is told to whoever asks, once an answer from before is given no more.
async fn read(anybody: &Access) -> Vec<Announcement> {
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let request = ListCurrentAnnouncementsRequest {};
    anybody
        .sessions()
        .list_current_announcements(request)
        .await
        .expect("open to all")
        .into_inner()
        .announcements
}

#[tokio::test]
async fn anybody_reads_what_is_shown_now_and_nothing_else() {
    let world = World::start().await;
    let operator = world.operator().await;
    let anybody = world.anybody();
    assert!(read(&anybody).await.is_empty());
    let now = publish(operator, notice(&world, "手册已更新", -1)).await;
    publish(operator, notice(&world, "下周维护", 24)).await;
    let back = publish(operator, notice(&world, "误发", -1)).await;
    let withdraw =
        WithdrawAnnouncementRequest { request_id: request_id(), announcement_id: back.id, etag: back.etag };
    operator.operating().withdraw_announcement(withdraw).await.expect("withdrawn");
    assert_eq!(
        read(&anybody).await,
        std::slice::from_ref(&now),
        "neither what is planned nor what was withdrawn"
    );
    let key = world.firm("澄屿家居").await;
    assert_eq!(read(&key).await, std::slice::from_ref(&now), "a credential makes no difference");
    assert_eq!(read(&world.access("tdm_live_unknown")).await, [now], "nor does a wrong one");
    world.finish().await;
}

#[tokio::test]
async fn what_one_puts_away_stays_for_everybody_else() {
    let world = World::start().await;
    let operator = world.operator().await;
    let (buyer, supplier) = world.pair().await;
    let (_, colleague) = buyer.person("王敏", &[Role::Buyer], None).await;
    let one = publish(operator, notice(&world, "手册已更新", -1)).await;
    let others: [&Access; 5] = [&colleague, &buyer, supplier.session(), &supplier, operator.session()];
    let reader = buyer.session();
    let away = DismissAnnouncementRequest {
        request_id: request_id(),
        announcement_id: one.id.clone(),
        etag: one.etag.clone(),
    };
    reader.sessions().dismiss_announcement(away).await.expect("put away");
    assert!(shown(reader).await.is_empty());
    for other in others {
        assert_eq!(shown(other).await, ["手册已更新"]);
    }
    assert_eq!(read(reader).await.len(), 1, "what is told to everybody is told to this reader, too");

    let change = Announcement { etag: one.etag, id: one.id, ..notice(&world, "手册有更正", -1) };
    let change = UpdateAnnouncementRequest { request_id: request_id(), announcement: Some(change) };
    operator.operating().update_announcement(change).await.expect("changed");
    for all in others.into_iter().chain([reader]) {
        assert_eq!(shown(all).await, ["手册有更正"], "what changed is new to everybody");
    }
    world.finish().await;
}
