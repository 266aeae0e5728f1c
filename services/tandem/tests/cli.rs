//! The command line as a program: what it prints, how it ends, and how it takes a server that is busy, refuses, or
//! goes away. The server here answers by script.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::Write as _,
    process::{Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{StreamExt as _, stream::BoxStream};
use prost::Message as _;
use proto::{
    orders::{
        GetOrderRequest, ItemRefusal, ItemViolation, ListOrderLinesRequest, ListOrderLinesResponse,
        ListOrdersRequest, ListOrdersResponse, ListScheduleLinesRequest, ListScheduleLinesResponse, Order,
        OrderPublished, OrderReceipt, PublishOrderRequest, PublishOrdersRequest, PublishOrdersResponse,
        PublishOutcome, ResolveProposalRequest, RespondToOrderRequest,
        order_publishing_service_server::{OrderPublishingService, OrderPublishingServiceServer},
        order_service_server::{OrderService, OrderServiceServer},
    },
    stream::{
        FeedEvent, GetHeadRequest, GetHeadResponse, SubscribeRequest, SubscribeResponse,
        stream_service_server::{StreamService, StreamServiceServer},
        subscribe_request::Start,
    },
};
use serde_json::Value;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What the script saw.
#[derive(Clone, Default)]
struct Script {
    publications: Arc<Mutex<Vec<PublishOrderRequest>>>,
    starts: Arc<Mutex<Vec<Start>>>,
    keys: Arc<Mutex<Vec<String>>>,
    busy: Arc<AtomicUsize>,
}

impl Script {
    /// What becomes of an order follows from its number.
    fn publish(&self, request: PublishOrderRequest) -> Result<OrderReceipt, Status> {
        let number = request.content.clone().unwrap_or_default().order_number;
        self.publications.lock().unwrap().push(request);
        let mut details = ErrorDetails::new();
        match number.as_str() {
            "THERE" => {
                let said =
                    [("order_id".to_owned(), "o-1".to_owned()), ("revision".to_owned(), "2".to_owned())];
                details.set_error_info(
                    "ORDER_EXISTS",
                    "tandem",
                    said.into_iter().collect::<std::collections::HashMap<_, _>>(),
                );
                Err(Status::with_error_details(Code::AlreadyExists, "published before", details))
            }
            "WRONG" => {
                details.set_error_info("INVALID_FIELDS", "tandem", std::collections::HashMap::new());
                details.add_bad_request_violation("content.currency", "is no ISO 4217 code");
                details.add_bad_request_violation("content.lines[0].quantity", "is negative");
                Err(Status::with_error_details(Code::InvalidArgument, "some fields are wrong", details))
            }
            "BUSY" if self.busy.fetch_add(1, Ordering::SeqCst) == 0 => Err(Status::unavailable("restarting")),
            "SECRET" => Err(Status::permission_denied("not yours")),
            _ => Ok(OrderReceipt {
                order_id: "o-2".into(),
                revision: 1,
                version: 1,
                state: 1,
                ..Default::default()
            }),
        }
    }
}

#[tonic::async_trait]
impl OrderPublishingService for Script {
    type PublishOrdersStream = BoxStream<'static, Result<PublishOrdersResponse, Status>>;

    /// As one by one, but what is there is unchanged.
    async fn publish_orders(
        &self,
        request: Request<Streaming<PublishOrdersRequest>>,
    ) -> Result<Response<Self::PublishOrdersStream>, Status> {
        let key = request.metadata().get("authorization").map(|v| v.to_str().unwrap().to_owned());
        self.keys.lock().unwrap().extend(key);
        let script = self.clone();
        let answers = request.into_inner().map(move |item| {
            let PublishOrdersRequest { item_id, content, supplier, .. } = item?;
            let unary = PublishOrderRequest { content, supplier, ..Default::default() };
            let mut answer = PublishOrdersResponse { item_id, ..Default::default() };
            match script.publish(unary) {
                Ok(receipt) => answer.receipt = Some(receipt),
                Err(status) if status.code() == Code::AlreadyExists => {
                    let unchanged = PublishOutcome::Unchanged.into();
                    let there = OrderReceipt { revision: 2, outcome: unchanged, ..Default::default() };
                    answer.receipt = Some(there);
                }
                Err(status) => answer.refusal = Some(refusal(&status)),
            }
            Ok(answer)
        });
        Ok(Response::new(answers.boxed()))
    }
}

fn refusal(status: &Status) -> ItemRefusal {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    let violations = violations.into_iter().map(|violation| ItemViolation {
        field: violation.field,
        reason: violation.reason,
        description: violation.description,
    });
    ItemRefusal {
        code: status.code() as i32,
        reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
        message: status.message().into(),
        violations: violations.collect(),
        ..ItemRefusal::default()
    }
}

#[tonic::async_trait]
impl OrderService for Script {
    async fn publish_order(
        &self,
        request: Request<PublishOrderRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        let key = request.metadata().get("authorization").map(|v| v.to_str().unwrap().to_owned());
        self.keys.lock().unwrap().extend(key);
        self.publish(request.into_inner()).map(Response::new)
    }

    async fn get_order(&self, _: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_orders(
        &self,
        _: Request<ListOrdersRequest>,
    ) -> Result<Response<ListOrdersResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_schedule_lines(
        &self,
        _: Request<ListScheduleLinesRequest>,
    ) -> Result<Response<ListScheduleLinesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_order_lines(
        &self,
        _: Request<ListOrderLinesRequest>,
    ) -> Result<Response<ListOrderLinesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn respond_to_order(
        &self,
        _: Request<RespondToOrderRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn resolve_proposal(
        &self,
        _: Request<ResolveProposalRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn event(seq: i64) -> FeedEvent {
    let content = proto::orders::OrderContent { order_number: format!("N-{seq}"), ..Default::default() };
    let order = Order { content: Some(content), state: 1, version: 1, ..Default::default() };
    FeedEvent {
        event: Some(proto::event::Event {
            id: format!("e-{seq}"),
            r#type: "tandem.orders.order.published.v1".into(),
            data: OrderPublished { order: Some(order) }.encode_to_vec().into(),
            version: 1,
            ..Default::default()
        }),
        seq,
        cursor: format!("c-{seq}"),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl StreamService for Script {
    type SubscribeStream = BoxStream<'static, Result<SubscribeResponse, Status>>;

    /// Two events and a cut; then a bookmark, and another cut; then one event, and the end of the credential.
    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let call = {
            let mut starts = self.starts.lock().unwrap();
            starts.extend(request.into_inner().start);
            starts.len()
        };
        let say = |events: Vec<FeedEvent>, cursor: &str| {
            Ok(SubscribeResponse { events, cursor: cursor.to_owned(), ..Default::default() })
        };
        let messages = match call {
            1 => vec![say(vec![event(1), event(2)], "c-2"), Err(Status::unavailable("draining"))],
            2 => vec![say(vec![], "c-7"), Err(Status::unavailable("draining"))],
            _ => vec![say(vec![event(8)], "c-8"), Err(Status::unauthenticated("revoked"))],
        };
        Ok(Response::new(futures::stream::iter(messages).boxed()))
    }

    async fn get_head(&self, _: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

async fn serve(script: Script) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder()
        .add_service(OrderServiceServer::new(script.clone()))
        .add_service(OrderPublishingServiceServer::new(script.clone()))
        .add_service(StreamServiceServer::new(script));
    tokio::spawn(server.serve_with_incoming(incoming));
    format!("http://{address}")
}

/// Runs the program to its end.
async fn tandem(args: &[&str], stdin: &str) -> Output {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let stdin = stdin.to_owned();
    let run = move || {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(args)
            .env_remove("TANDEM_KEY")
            .env_remove("TANDEM_API")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn json_lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn folder(name: &str, orders: &[&str]) -> std::path::PathBuf {
    let dir = std::env::temp_dir().join(format!("tandem-cli-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    for number in orders {
        let content = serde_json::json!({ "orderNumber": number, "priceIncludesTax": false });
        std::fs::write(dir.join(format!("{number}.json")), content.to_string()).unwrap();
    }
    std::fs::write(dir.join("readme.txt"), "no order").unwrap();
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_published_on_past_refusals() {
    let script = Script::default();
    let api = serve(script.clone()).await;
    let dir = folder("refusals", &["BUSY", "GOOD", "THERE", "WRONG"]);
    let args = [
        "orders",
        "publish",
        dir.to_str().unwrap(),
        "--supplier",
        "0042",
        "--api",
        &api,
        "--key",
        "k",
        "--output",
        "json",
    ];
    let run = tandem(&args, "").await;
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    let rows = json_lines(&run.stdout);
    let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["published", "published", "unchanged", "refused"]);
    assert_eq!(rows[2]["revision"], 2);
    assert_eq!(rows[3]["error"]["fields"][1]["field"], "content.lines[0].quantity");
    assert_eq!(rows[3]["error"]["reason"], "INVALID_FIELDS");
    let sent = script.publications.lock().unwrap();
    assert_eq!(sent[0], sent[1], "a busy server gets the same order again");
    assert!(sent.iter().all(|request| request.supplier.as_ref().unwrap().vendor_number == "0042"));
    assert!(script.keys.lock().unwrap().iter().all(|key| key == "Bearer k"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_counts_what_is_already_there() {
    let api = serve(Script::default()).await;
    let order = r#"{ "orderNumber": "THERE" }"#;
    let lenient = tandem(&["orders", "publish", "-", "--api", &api], order).await;
    assert_eq!(lenient.status.code(), Some(0), "{lenient:?}");
    assert!(String::from_utf8_lossy(&lenient.stdout).starts_with("unchanged"), "{lenient:?}");
    let strict = tandem(&["orders", "publish", "-", "--strict", "--api", &api], order).await;
    assert_eq!(strict.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&strict.stdout).contains("ORDER_EXISTS"), "{strict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_stops_the_rest() {
    let script = Script::default();
    let api = serve(script.clone()).await;
    let dir = folder("stop", &["A", "SECRET", "Z"]);
    let run = tandem(&["orders", "publish", dir.to_str().unwrap(), "--api", &api], "").await;
    assert_eq!(run.status.code(), Some(5), "{run:?}");
    assert_eq!(script.publications.lock().unwrap().len(), 2);
    assert!(String::from_utf8_lossy(&run.stderr).contains("1 more files were not tried"), "{run:?}");
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_from_its_cursor() {
    let script = Script::default();
    let api = serve(script.clone()).await;
    let run = tandem(&["events", "--follow", "--api", &api, "--output", "json"], "").await;
    assert_eq!(run.status.code(), Some(5), "it ends when the credential does: {run:?}");
    let events = json_lines(&run.stdout);
    let seqs: Vec<i64> = events.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 8], "nothing twice, nothing left out");
    assert_eq!(events[0]["data"]["order"]["content"]["orderNumber"], "N-1");
    assert_eq!(events[0]["cursor"], "c-1");
    let starts = script.starts.lock().unwrap().clone();
    let after = |cursor: &str| Start::After(cursor.to_owned());
    assert_eq!(starts, [Start::Earliest(true), after("c-2"), after("c-7")], "a bookmark moves the cursor");
    assert!(String::from_utf8_lossy(&run.stderr).contains("connection lost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_are_those_of_help() {
    // Bound and dropped: nobody listens there.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let api = format!("http://{free}");
    let run = tandem(&["whoami", "--api", &api, "--output", "json"], "").await;
    assert_eq!(run.status.code(), Some(4), "{run:?}");
    assert_eq!(json_lines(&run.stderr)[0]["error"]["exit_code"], 4);
    assert_eq!(tandem(&["orders", "respond", "X"], "").await.status.code(), Some(2));
    assert_eq!(tandem(&["whoami", "--api", "not an address"], "").await.status.code(), Some(2));
    let help = tandem(&["--help"], "").await;
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("nobody answers at --api"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_show_without_their_secrets() {
    let file = std::env::temp_dir().join(format!("tandem-cli-{}.toml", std::process::id()));
    let secret = "ab".repeat(32);
    let text = format!(
        "[keys]\ncurrent = \"{secret}\"\n[database]\napp_url = \"postgres://tandem_app:hidden@h/db\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let run = tandem(&["config", "show", "--config", file.to_str().unwrap()], "").await;
    let shown = String::from_utf8_lossy(&run.stdout);
    assert!(shown.contains("tandem_app:[redacted]@h/db") && !shown.contains("hidden"), "{shown}");
    assert!(!shown.contains(&secret), "{shown}");
    std::fs::write(&file, "[api]\nlistn = \"x\"\n").unwrap();
    let wrong = tandem(&["config", "show", "--config", file.to_str().unwrap()], "").await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("listn"), "{wrong:?}");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_password_of_digits_is_a_password() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["config", "show"])
        .env_remove("TANDEM_CONFIG")
        .env("TANDEM_KAFKA__USER", "4711")
        .env("TANDEM_KAFKA__PASSWORD", "08154711")
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(run.status.success(), "{said:?}");
    assert!(said[0].contains("\"4711\""), "{said:?}");
    assert!(!said.concat().contains("0815"), "{said:?}");
}
