//! The connector to Tryton against a real Tryton: purchases go out once, promises come back, whatever is cut.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use harness::{World, answer, chaos, cluster, decide, request_id};
use proto::orders::{ListOrdersRequest, OrderState, RejectReason, Side};
use proto::partners::Role;
use serde_json::Value;
use tokio::process::{Child, Command};

const PASSWORD: &str = "not-a-secret";
/// The parties of the Tryton that is set up.
const SUPPLIER: &str = "V10027";
const UNKNOWN: &str = "V20000";

/// A Tryton with a database of its own.
struct Erp {
    folder: PathBuf,
    port: u16,
    server: Child,
}

/// A program of the Tryton that `tests/run --long` installed.
fn program(name: &str) -> PathBuf {
    cluster::target().join("tryton/bin").join(name)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

impl Erp {
    async fn start() -> Self {
        let folder = chaos::folder("tryton-test").await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        let settings = format!(
            "[database]\nuri = sqlite://\npath = {}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\nauthentications = password\n",
            folder.display()
        );
        fs::write(folder.join("trytond.conf"), settings).expect("settings");
        fs::write(folder.join("password"), PASSWORD).expect("a password");
        let template = cluster::target().join("tryton").join(format!("{:08x}.sqlite", setup()));
        let database = folder.join("erp.sqlite");
        let empty = fs::copy(&template, &database).is_err();
        if empty {
            fs::write(&database, "").expect("an empty database");
            for arguments in
                [&["--all", "--email", "a@example.org"][..], &["-u", "purchase", "--activate-dependencies"]]
            {
                let mut admin = Command::new(program("trytond-admin"));
                admin.args(["-d", "erp", "-c"]).arg(folder.join("trytond.conf")).args(arguments);
                ran(admin.env("TRYTONPASSFILE", folder.join("password"))).await;
            }
        }
        let log = fs::File::create(folder.join("trytond.log")).expect("a log");
        let mut server = Command::new(program("trytond"));
        server.args(["-d", "erp", "-c"]).arg(folder.join("trytond.conf"));
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let erp = Self { server: server.spawn().expect("trytond starts"), folder, port };
        harness::until("trytond answers", Duration::from_secs(60), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        if empty {
            erp.act(&["fill", PASSWORD]).await;
            // By SQLite itself, since part of the database is in its log; renamed, so that half a copy is no template.
            let draft = erp.folder.join("template");
            let copy =
                "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('vacuum into ?', sys.argv[2:])";
            ran(Command::new(program("python")).args(["-c", copy]).arg(&database).arg(&draft)).await;
            fs::rename(&draft, &template).expect("a template");
        }
        erp
    }

    /// What a person does in Tryton.
    async fn act(&self, arguments: &[&str]) -> Value {
        let mut act = Command::new(program("python"));
        act.arg(repository().join("tests/python/tryton.py"));
        act.arg(format!("http://admin:{PASSWORD}@127.0.0.1:{}/erp/", self.port)).args(arguments);
        let output = ran(&mut act).await;
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// A confirmed purchase from a supplier: its number and lines.
    async fn buy(&self, supplier: &str, quantities: &[&str]) -> (String, Vec<String>) {
        let bought = self.act(&[&["buy", supplier], quantities].concat()).await;
        let lines = bought["lines"].as_array().expect("lines").iter().map(Value::to_string).collect();
        (bought["number"].as_str().expect("a number").to_string(), lines)
    }

    /// Delivery date and note of a line.
    async fn line(&self, id: &str) -> (String, String) {
        let seen = self.act(&["look", id]).await;
        let text = |key: &str| seen[0][key].as_str().unwrap_or_default().to_string();
        (text("day"), text("note"))
    }

    /// Runs the connector once against an API: exit status, output, complaints.
    async fn connect(&self, api: &str, key: &str) -> (i32, String, String) {
        let settings = format!(
            "state_file = \"{0}/state.json\"\n[tryton]\nurl = \"http://127.0.0.1:{1}\"\ndatabase = \"erp\"\nuser = \
             \"tandem\"\npassword_file = \"{0}/password\"\n[tandem]\nurl = \"http://{api}\"\nkey_file = \"{0}/key\"\n",
            self.folder.display(),
            self.port
        );
        fs::write(self.folder.join("connector.toml"), settings).expect("settings");
        fs::write(self.folder.join("key"), key).expect("a key");
        // The machine's own Python, since the connector needs nothing else.
        let mut connector = Command::new("python3");
        connector.arg(repository().join("deploy/connectors/tryton/connector.py"));
        let output = connector.arg(self.folder.join("connector.toml")).output().await.expect("python3 runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    async fn finish(mut self) {
        self.server.kill().await.expect("it can be ended");
        chaos::remove(&self.folder).await;
    }
}

/// Changes when another Tryton is installed, or it is set up in another way.
fn setup() -> u32 {
    let mut sum = flate2::Crc::new();
    for file in [".config/tryton.txt", "tests/python/tryton.py"] {
        sum.update(&fs::read(repository().join(file)).expect("it is there"));
    }
    sum.sum()
}

/// A program that must not fail.
async fn ran(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

async fn orders(firm: &harness::Firm) -> Vec<proto::orders::OrderSummary> {
    let request = ListOrdersRequest { side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    firm.orders().list_orders(request).await.expect("a list").into_inner().orders
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute, and a Tryton that tests/run --long installs"]
async fn purchases_go_out_once_and_promises_come_back() {
    if !program("trytond").exists() {
        let message = format!("no Tryton at {}; tests/run --long installs it", program("trytond").display());
        assert!(std::env::var_os("CI").is_none(), "{message}");
        println!("skipped: {message}");
        return;
    }
    let world = World::start().await;
    let (buyer, supplier) =
        (world.firm("澄屿家居用品(示例)有限公司").await, world.firm("顺模塑料制品(示例)厂").await);
    world.partner(&buyer, &supplier, SUPPLIER).await;
    let (erp, api) = (Erp::start().await, world.node().api.to_string());
    let key = buyer.key_with(&[Role::Buyer], None).await;
    let key = key.token();

    // Confirmed here, published there; again and again, and even without a memory, once.
    let (number, lines) = erp.buy(SUPPLIER, &["8000", "1200"]).await;
    let (asked, _) = erp.line(&lines[1]).await;
    let (status, told, complaints) = erp.connect(&api, key).await;
    assert_eq!((status, told.lines().count()), (0, 1), "{told}{complaints}");
    for lost in [false, true] {
        if lost {
            fs::remove_file(erp.folder.join("state.json")).expect("the memory");
        }
        let (status, _, complaints) = erp.connect(&api, key).await;
        assert_eq!(status, 0, "{complaints}");
    }
    let [found] = orders(&supplier).await.try_into().expect("one order");
    assert_eq!(
        (found.order_number.as_str(), found.source_system.as_str(), found.version),
        (&*number, "tryton", 1)
    );
    let order = supplier.order(&found.id).await.expect("it is there");
    let content = order.content.expect("a document");
    assert_eq!((content.price_includes_tax, content.currency.as_str()), (Some(false), "CNY"));
    let line = &content.lines[0];
    let item = line.item.as_ref().expect("an item");
    assert_eq!((item.buyer_item_id.as_str(), line.unit_code.as_str()), ("CY-BX-0450", "H87"));
    assert_eq!(harness::number(line.quantity.as_ref()), 8000.into());
    assert_eq!(line.price.as_ref().unwrap().amount.as_ref().unwrap().value, "6.8500");

    // The supplier proposes another day for the first line, and the buyer agrees.
    let proposed =
        answer(&found.id).propose(&lines[0], "", &[("5000", "2027-01-11"), ("3000", "2027-01-25")]);
    let receipt = supplier.respond(proposed.accept(&lines[1], "").done()).await.expect("answered");
    let (status, _, complaints) = erp.connect(&api, key).await;
    assert_eq!(status, 0, "{complaints}");
    assert_eq!(
        erp.line(&lines[0]).await,
        (asked.clone(), "Tandem: 8000 proposed".into()),
        "nothing is promised yet"
    );
    let proposal = receipt.lines.iter().find(|line| !line.proposal_id.is_empty()).expect("a proposal");
    buyer
        .orders()
        .resolve_proposal(decide(&found.id, &[(&proposal.proposal_id, true)]))
        .await
        .expect("agreed");
    world.settled().await;
    for _ in 0..2 {
        let (status, _, complaints) = erp.connect(&api, key).await;
        assert_eq!(status, 0, "{complaints}");
    }
    let note = "Tandem: promised 5000 on 2027-01-11, promised 3000 on 2027-01-25";
    assert_eq!(erp.line(&lines[0]).await, ("2027-01-25".into(), note.into()));
    let (day, note) = erp.line(&lines[1]).await;
    assert_eq!((&day, note), (&asked, format!("Tandem: promised 1200 on {asked}")));

    // Cut off: nothing is lost, and what cannot go out does not hold up the rest.
    let memory = fs::read(erp.folder.join("state.json")).expect("the memory");
    let (stuck, _) = erp.buy(UNKNOWN, &["10"]).await;
    let (_, more) = erp.buy(SUPPLIER, &["40"]).await;
    let (status, _, complaints) = erp.connect("127.0.0.1:1", key).await;
    assert!(status == 2 && complaints.contains("the next run goes on from here"), "{status} {complaints}");
    assert_eq!(fs::read(erp.folder.join("state.json")).expect("the memory"), memory);
    let (status, told, complaints) = erp.connect(&api, key).await;
    assert_eq!((status, told.lines().count()), (1, 1), "{told}{complaints}");
    assert!(complaints.contains(&format!("purchase {stuck}: SUPPLIER_UNKNOWN")), "{complaints}");
    let second = orders(&supplier).await.into_iter().find(|order| order.id != found.id).expect("the second");
    let rejected = answer(&second.id).reject(&more[0], "", RejectReason::NoCapacity).done();
    supplier
        .respond(proto::orders::RespondToOrderRequest { request_id: request_id(), ..rejected })
        .await
        .expect("no");
    let other = world.firm("南汀喷涂(示例)厂").await;
    world.partner(&buyer, &other, UNKNOWN).await;
    world.settled().await;
    let (status, _, complaints) = erp.connect(&api, key).await;
    assert_eq!(status, 0, "{complaints}");
    assert_eq!(erp.line(&more[0]).await.1, "Tandem: 40 rejected");
    assert_eq!(orders(&other).await[0].state(), OrderState::Unanswered);
    erp.finish().await;
    world.finish().await;
}
