//! What keeps whoever sends and follows links within bounds: the rate of its firm, and the credential that it began with.

use std::time::{Duration, Instant};

use chassis::Reason;
use harness::{
    Options, World,
    file::{CHUNK, Content},
    http::{Answer, answer},
    refusal::refused,
    request_id,
    resource::drawing,
    until,
};
use http::Method;
use proto::partners::{Member, RevokeApiKeyRequest, Role, UpdateMemberRequest};

use super::opened;

/// The first answer that tells to wait.
async fn hurried(mut ask: impl AsyncFnMut() -> Answer) -> Answer {
    for _ in 0..200 {
        let got = ask().await;
        if got.status == 429 {
            return got;
        }
    }
    panic!("nobody is told to wait");
}

fn says_when(answer: &Answer) {
    let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=2).contains(&seconds), "{answer:?}");
}

#[tokio::test]
async fn links_and_bodies_count_as_whatever_else_a_firm_asks() {
    let slow = |config: &mut chassis::config::Config| {
        (config.limits.requests_per_second, config.limits.burst) = (1, 60)
    };
    let world = World::with(Options { configure: slow, ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let (_, file, _) = opened(buyer.session(), &supplier.id, &Content::pdf(3_000)).await;
    let link = supplier.link_to(&file, 600).await.expect("a link");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let told = hurried(async || answer(client.get(&link)).await).await;
    says_when(&told);
    assert!(told.body.as_str().is_some_and(|words| words.contains("请求过于频繁")), "{told:?}");
    // It is one rate for all ways.
    let calls = (0..10).map(|_| supplier.upload("00000000-0000-7000-8000-000000000000"));
    let answers = futures::future::join_all(calls).await;
    let slowed =
        answers.into_iter().find(|got| harness::refusal::reason(got.as_ref().unwrap_err()) == "RATE_LIMITED");
    refused(slowed.expect("too many"), Reason::RATE_LIMITED);

    let (http, upload) = (world.http(&buyer.key), request_id());
    let told = hurried(async || {
        let put = http.request(Method::PUT, &format!("/files/uploads/{upload}"));
        answer(put.body("x")).await
    })
    .await;
    says_when(&told);
    assert_eq!(told.refusal(), (429, "RATE_LIMITED"));
    world.finish().await;
}

#[tokio::test]
async fn an_upload_ends_with_the_key_that_it_began_with() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let owner = firm.session();
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let content = Content::pdf(4 * CHUNK);
    let mut took = Vec::new();
    // A machine that is busy with something else may be late once.
    for round in 0..3 {
        let (api_key_id, key) = firm.try_key("leaver", &[Role::Buyer], None).await.expect("a key");
        let upload =
            owner.begin_upload(&revision, &format!("{round}.pdf"), &content).await.expect("begun").id;
        let (chunks, out) = tokio::sync::mpsc::channel(4);
        let mut transfers = world.access(&key).transfers();
        let sending = tokio::spawn(async move {
            transfers.upload_chunks(tokio_stream::wrappers::ReceiverStream::new(out)).await
        });
        // Less than is kept at once, and then nothing more comes: the next part would find out, and there is none.
        for chunk in content.chunks(&upload, 0..CHUNK) {
            chunks.send(chunk).await.expect("the stream takes it");
        }
        until("the stream goes on with the upload", Duration::from_secs(60), async || {
            let writer = "select writer is not null from resources.upload where id = $1::uuid";
            let taken = sqlx::query_scalar::<_, bool>(writer).bind(&upload);
            taken.fetch_one(world.owner_pool().await).await.expect("an upload").then_some(())
        })
        .await;
        let revoke = RevokeApiKeyRequest { request_id: request_id(), api_key_id };
        owner.members().revoke_api_key(revoke).await.expect("revoked");
        let since = Instant::now();
        refused(sending.await.expect("a call").map(drop), Reason::UNAUTHENTICATED);
        took.push(since.elapsed());
        assert_eq!(owner.upload(&upload).await.expect("an upload").offset_bytes, 0, "nothing of it was kept");
        drop(chunks);
        if since.elapsed() <= Duration::from_secs(1) {
            break;
        }
    }
    println!("the upload stopped {took:?} after its key was revoked");
    assert!(took.iter().any(|took| *took <= Duration::from_secs(1)), "{took:?}");
    world.finish().await;
}

#[tokio::test]
async fn an_upload_ends_with_the_role_that_allowed_it() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let owner = firm.session();
    let (id, person) = firm.person("王敏", &[Role::Buyer], None).await;
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = owner.drafted(&resource, "B").await;
    let content = Content::pdf(64 * CHUNK);
    let upload = person.begin_upload(&revision, "a.pdf", &content).await.expect("begun").id;
    let (chunks, out) = tokio::sync::mpsc::channel(4);
    let mut transfers = person.transfers();
    let mut sending = tokio::spawn(async move {
        transfers.upload_chunks(tokio_stream::wrappers::ReceiverStream::new(out)).await
    });
    let mut rest = content.chunks(&upload, 0..content.size);
    for chunk in rest.by_ref().take(4) {
        chunks.send(chunk).await.expect("the stream takes it");
    }
    until("something is kept", Duration::from_secs(60), async || {
        (owner.upload(&upload).await.expect("an upload").offset_bytes > 0).then_some(())
    })
    .await;
    let less = Member { roles: vec![Role::Viewer.into()], ..firm.member(&id).await };
    let less = UpdateMemberRequest { request_id: request_id(), member: Some(less) };
    owner.members().update_member(less).await.expect("updated");
    let since = Instant::now();
    // Every part is asked for the right anew, as soon as what was known of the role is too old.
    let ended = loop {
        tokio::select! {
            ended = &mut sending => break ended.expect("a call"),
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                let chunk = rest.next().expect("the upload ends before its content does");
                let _ = chunks.send(chunk).await;
            }
        }
    };
    refused(ended.map(drop), Reason::PERMISSION_DENIED);
    assert!(since.elapsed() <= Duration::from_secs(10), "{:?}", since.elapsed());
    let kept = owner.upload(&upload).await.expect("an upload").offset_bytes;
    assert!(kept < content.size as i64, "{kept} came in all the same");
    // What there is looks like what there is not.
    let absent = uuid::Uuid::max().to_string();
    let (real, none) = (person.upload(&upload).await, person.upload(&absent).await);
    let (real, none) = (real.expect_err("a viewer uploads nothing"), none.expect_err("absent"));
    assert_eq!((real.code(), real.message()), (none.code(), none.message()));
    world.finish().await;
}
