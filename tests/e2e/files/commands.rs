//! Files by the command line, up and down, both cut off and gone on with.

use harness::{
    World, chaos, cli,
    file::{CHUNK, Content},
    resource::drawing,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_up_and_down_by_commands() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let folder = chaos::folder("files-commands").await;
    let content = Content::pdf(6 * CHUNK + 99);
    let path = folder.join("支架 C.pdf");
    let bytes = content.bytes(0..content.size);
    std::fs::write(&path, &bytes).expect("a file");
    let mut request = drawing("支架图纸");
    request.resource_number = "YZ-10022".into();
    let resource = owner.publish_resource(request).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let file = path.to_str().expect("a path");

    // A draft first, then the same again: what is there already does not go twice.
    let revise = ["resources", "revise", "YZ-10022", "C", "--file", file];
    let draft = cli::run(&world, buyer.token(), &[&revise[..], &["--draft"]].concat()).await.done().json();
    let again = cli::run(&world, buyer.token(), &revise).await.done().json();
    assert_eq!(again[0]["revisionId"], draft[0]["revisionId"]);
    assert_eq!(again[0]["state"], "REVISION_STATE_RELEASED");

    // Down, of which a part lies there already.
    let to = folder.join("down");
    std::fs::create_dir_all(&to).expect("a folder");
    let hash = content.sha256();
    let begun: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(to.join(format!("支架 C.pdf.{begun}.part")), &bytes[..2 * CHUNK + 5]).expect("a part");
    let to = to.to_str().expect("a path");
    let get = ["resources", "get", &resource, "--to", to];
    let got = cli::run(&world, supplier.token(), &get).await.done().json();
    assert_eq!(got[0]["name"], "支架 C.pdf");
    assert!(std::fs::read(format!("{to}/支架 C.pdf")).expect("the file") == bytes);
    assert_eq!(std::fs::read_dir(to).expect("the folder").count(), 1, "no part is left");
    // Once more: it is there. Something else of that name is left alone.
    cli::run(&world, supplier.token(), &get).await.done();
    std::fs::write(format!("{to}/支架 C.pdf"), "mine").expect("a file");
    assert_eq!(cli::run(&world, supplier.token(), &get).await.code, Some(1));
    assert_eq!(std::fs::read(format!("{to}/支架 C.pdf")).expect("the file"), b"mine");
    chaos::remove(&folder).await;
    world.finish().await;
}
