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
    let get = ["resources", "get", &resource, "--out", to];
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

/// What became of each file of a folder, as `<file> <outcome> <state>`, and how the command ended.
async fn outcomes(world: &World, key: &str, arguments: &[&str]) -> (Vec<String>, Option<i32>) {
    let ran = cli::run(world, key, arguments).await;
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = ran.json();
    let said = lines.iter().map(|line| {
        format!("{} {} {}", text(line, "file"), text(line, "outcome"), text(line, "state"))
            .trim_end()
            .to_owned()
    });
    (said.collect(), ran.code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_a_plm_is_published_by_its_names() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let folder = chaos::folder("files-folder").await;
    let pdf = |size: usize| Content::pdf(size).bytes(0..size);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("a file");
    write("YZ-10022_C.pdf", &pdf(3_000));
    write("YZ-10022_B.pdf", &pdf(2_000));
    write("YZ-10022_B.step", b"ISO-10303-21;\nHEADER;");
    write("YZ-10023_A.pdf", b"<html>");
    write("YZ-10023_A.step", b"ISO-10303-21;");
    write("index.xml", b"<index/>");
    write(".hidden_A.pdf", b"x");
    let path = folder.to_str().expect("a path").to_owned();
    let publish = ["resources", "publish", "--folder", &path, "--visibility", "partners"];
    let key = buyer.token();

    // Tried first, which does nothing.
    let (tried, code) = outcomes(&world, key, &[&publish[..], &["--dry-run"]].concat()).await;
    let would = ["YZ-10022_B.pdf", "YZ-10022_B.step", "YZ-10022_C.pdf", "YZ-10023_A.pdf", "YZ-10023_A.step"];
    let mut expected = vec!["index.xml failed".to_owned()];
    expected.extend(would.iter().map(|name| format!("{name} would-upload")));
    assert_eq!((tried, code), (expected, Some(1)));
    let none = cli::run(&world, key, &["resources", "get", "--own"]).await.done().json();
    assert!(none.is_empty(), "{none:?}");

    // What is faulty stops nothing else, and a revision that lacks a file is not released.
    let (done, code) = outcomes(&world, key, &publish).await;
    assert_eq!(
        done,
        [
            "index.xml failed",
            "YZ-10022_B.pdf uploaded released",
            "YZ-10022_B.step uploaded released",
            "YZ-10022_C.pdf uploaded released",
            "YZ-10023_A.pdf failed draft",
            "YZ-10023_A.step uploaded draft",
        ]
    );
    assert_eq!(code, Some(3));
    let found =
        cli::run(&world, supplier.token(), &["resources", "get", "--text", "YZ-10022"]).await.done().json();
    assert_eq!(found[0]["current"]["label"], "C", "{found:?}");

    // Mended, the same again: what is there does not go twice, and what was released stays as it was.
    write("YZ-10023_A.pdf", &pdf(1_500));
    write("YZ-10022_C.pdf", &pdf(3_001));
    std::fs::remove_file(folder.join("index.xml")).expect("a file");
    let (again, code) = outcomes(&world, key, &publish).await;
    assert_eq!(
        again,
        [
            "YZ-10022_B.pdf there superseded",
            "YZ-10022_B.step there superseded",
            "YZ-10022_C.pdf failed released",
            "YZ-10023_A.pdf uploaded released",
            "YZ-10023_A.step there released",
        ]
    );
    assert_eq!(code, Some(3));
    std::fs::remove_file(folder.join("YZ-10022_C.pdf")).expect("a file");
    assert_eq!(outcomes(&world, key, &publish).await.1, Some(0));
    chaos::remove(&folder).await;
    world.finish().await;
}
