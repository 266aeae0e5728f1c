//! What customer and supplier say about a demand or a group: both read it, nobody else, and its author takes it back.

use chassis::Reason;
use harness::{
    Access, Firm, World,
    capacity::{demand, for_customer, group, link, linking},
    cli, date,
    events::{Payload, event, payload},
    refusal::refused,
    request_id,
};
use proto::capacity::{
    Comment, CommentKind, CommentSubject as Subject, DeleteCommentRequest, DisclosureLevel,
    ListCommentsRequest, PostCommentRequest, UploadOutcome,
};
use tonic::Status;

use super::golden;

const W53: &str = "2026-12-28";

fn about(subject: Subject, object: &str, text: &str) -> PostCommentRequest {
    PostCommentRequest {
        request_id: request_id(),
        subject: subject.into(),
        object_id: object.into(),
        text: text.into(),
        kind: CommentKind::Warning.into(),
        mondays: vec![date(W53)],
        ..PostCommentRequest::default()
    }
}

async fn say(firm: &Access, request: PostCommentRequest) -> Result<String, Status> {
    Ok(firm.comments().post_comment(request).await?.into_inner().id)
}

async fn read(firm: &Access, subject: Subject, object: &str) -> Vec<Comment> {
    let request =
        ListCommentsRequest { subject: subject.into(), object_id: object.into(), ..Default::default() };
    firm.comments().list_comments(request).await.expect("a list").into_inner().comments
}

/// Whether each event of comments tells of one that is gone. None tells what was said, which a feed would keep for ever.
async fn told(firm: &Firm) -> Vec<bool> {
    let events = firm.events().await;
    let said = events.iter().filter_map(|entry| match payload(event(entry)) {
        Payload::Said(one) => {
            assert_eq!((one.text.as_str(), one.author.as_str()), ("", ""));
            Some(one.deleted)
        }
        _ => None,
    });
    said.collect()
}

/// The customer writes, reads and takes back from its command line.
async fn by_commands(world: &World, buyer: &Firm, wanted: &str) {
    let run = async |arguments: &[&str]| {
        let arguments = [&["capacity", "comment"], arguments].concat();
        cli::run(world, &buyer.key, &arguments).await.done().json()
    };
    let said = run(&["post", "--demand", wanted, "--text", "再等等", "--kind", "action-required"]).await;
    let listed = run(&["list", "--demand", wanted]).await;
    assert_eq!((&listed[0]["text"], listed.len()), (&"再等等".into(), 2));
    run(&["delete", said[0]["id"].as_str().unwrap()]).await;
    assert_eq!(run(&["list", "--demand", wanted]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_read_what_its_author_alone_changes() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let wanted = buyer.state_demand(demand("X", &[(W53, "100")])).await.unwrap().id;
    let shown = for_customer(group("G", &[(W53, "10", "20")]), &buyer.id);
    let made = supplier.state_group(linking(shown, vec![link("", "X", "2")])).await.unwrap().id;
    let own = supplier.state_group(group("自用", &[(W53, "1", "1")])).await.unwrap().id;

    let first = say(&buyer, about(Subject::MaterialDemand, &wanted, "展会用\n第二行")).await.unwrap();
    say(&supplier, about(Subject::MaterialDemand, &wanted, "收到")).await.unwrap();
    let texts: Vec<String> =
        read(&supplier, Subject::MaterialDemand, &wanted).await.into_iter().map(|one| one.text).collect();
    assert_eq!(texts, ["收到", "展会用\n第二行"], "the newest first");
    let on_group = say(&supplier, about(Subject::CapacityGroup, &made, "模具在修")).await.unwrap();
    let seen = read(&buyer, Subject::CapacityGroup, &made).await.remove(0);
    assert_eq!((&seen.id, seen.kind(), seen.mondays.len()), (&on_group, CommentKind::Warning, 1));
    assert_eq!((&seen.author_id, &seen.customer_id), (&supplier.id, &buyer.id));

    refused(say(&stranger, about(Subject::MaterialDemand, &wanted, "?")).await, Reason::NOT_FOUND);
    assert!(read(&stranger, Subject::MaterialDemand, "").await.is_empty());
    refused(say(&supplier, about(Subject::CapacityGroup, &own, "自言自语")).await, Reason::NOT_FOUND);
    refused(say(&buyer, about(Subject::CapacityGroup, &made, " ")).await, Reason::INVALID_FIELDS);
    let long = "字".repeat(5_001);
    refused(say(&buyer, about(Subject::CapacityGroup, &made, &long)).await, Reason::INVALID_FIELDS);

    // Whoever wrote it changes it, and it stays about what it is about.
    let change = |id: &str, object: &str| PostCommentRequest {
        comment_id: id.into(),
        ..about(Subject::MaterialDemand, object, "改了")
    };
    refused(say(&supplier, change(&first, &wanted)).await, Reason::NOT_FOUND);
    assert_eq!(say(&buyer, change(&first, &wanted)).await.unwrap(), first);
    let elsewhere =
        PostCommentRequest { comment_id: first.clone(), ..about(Subject::CapacityGroup, &made, "改") };
    refused(say(&buyer, elsewhere).await, Reason::INVALID_FIELDS);
    let delete = |id: &str| DeleteCommentRequest { request_id: request_id(), comment_id: id.into() };
    refused(supplier.comments().delete_comment(delete(&first)).await, Reason::NOT_FOUND);
    let request = delete(&first);
    let gone = buyer.comments().delete_comment(request.clone()).await.unwrap().into_inner();
    assert_eq!(gone.outcome(), UploadOutcome::Deleted);
    assert!(buyer.comments().delete_comment(request).await.unwrap().into_inner().replayed);
    refused(buyer.comments().delete_comment(delete(&first)).await, Reason::NOT_FOUND);
    assert_eq!(read(&supplier, Subject::MaterialDemand, &wanted).await.len(), 1);

    // A group that is hidden is talked about no more, or its customer would learn of it.
    supplier.disclose(&buyer.id, DisclosureLevel::Hidden).await.unwrap();
    refused(say(&supplier, about(Subject::CapacityGroup, &made, "看得到吗")).await, Reason::NOT_FOUND);

    by_commands(&world, &buyer, &wanted).await;
    world.settled().await;
    let expected = ["展会用\n第二行", "收到", "模具在修", "改了", "", "再等等", ""];
    let expected: Vec<_> = expected.iter().map(|text| text.is_empty()).collect();
    assert_eq!(told(&buyer).await, expected);
    assert_eq!(told(&supplier).await, expected);
    assert!(told(&stranger).await.is_empty());
    world.finish().await;
}
