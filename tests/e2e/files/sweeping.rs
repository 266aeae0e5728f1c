//! Contents of which no file is made any more go from the store; and never one that an upload counts on at this moment.

use std::time::Duration;

use chassis::clock::FixedClock;
use harness::{Access, Options, World, file::Content, request_id, resource::drawing, until};
use proto::resources::RemoveFileRequest;

use super::stored;

async fn remove(owner: &Access, file: &str) {
    let request = RemoveFileRequest { request_id: request_id(), file_id: file.into() };
    owner.transfers().remove_file(request).await.expect("removed");
}

#[tokio::test]
async fn what_no_file_is_made_of_goes_and_nothing_else() {
    let clock = FixedClock::new(chassis::clock::system().now());
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let owner: &Access = &firm;
    let resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let (b, c) = (owner.drafted(&resource, "B").await, owner.drafted(&resource, "C").await);
    let (content, other) = (Content::pdf(5_000), Content::pdf(6_000));
    let first = owner.put_file(&b, "a.pdf", &content).await.expect("a file").id;
    let second = owner.put_file(&c, "a.pdf", &content).await.expect("the same content").id;
    let gone = owner.put_file(&b, "b.pdf", &other).await.expect("another").id;
    let wait = || clock.advance(time::Duration::hours(25));
    let left = async |count: usize| {
        until("what nobody uses goes", Duration::from_secs(60), async || {
            (stored(world.files()).len() == count).then_some(())
        })
        .await;
    };

    // One of two files of it: it stays. The other content went meanwhile, so the loop has looked.
    wait();
    remove(owner, &first).await;
    remove(owner, &gone).await;
    left(1).await;
    assert!(owner.fetch(&second, 0, 0).await.expect("it stands") == content.bytes(0..content.size));
    // Uploads of the same while it goes: whatever became a file stands.
    let mut last = second;
    for round in 0..8 {
        wait();
        let name = format!("{round}.pdf");
        let (_, put) = tokio::join!(remove(owner, &last), owner.put_file(&b, &name, &content));
        last = put.expect("a file").id;
        assert!(owner.fetch(&last, 0, 0).await.expect("it stands") == content.bytes(0..content.size));
    }
    wait();
    assert!(owner.fetch(&last, 0, 0).await.expect("it stands") == content.bytes(0..content.size));
    remove(owner, &last).await;
    left(0).await;
    let anew = owner.put_file(&b, "anew.pdf", &content).await.expect("a file").id;
    assert!(owner.fetch(&anew, 0, 0).await.expect("it stands") == content.bytes(0..content.size));
    world.finish().await;
}
