//! Who may set up what, and what nobody may.

use chassis::{
    Reason,
    config::{Config, Switch},
};
use harness::{
    cli,
    refusal::{fields, refused},
};
use proto::{
    partners::{Role, Scope},
    stream::{DeleteWebhookRequest, ListWebhooksRequest, RotateWebhookSecretRequest, TestWebhookRequest},
};

use super::*;

/// Addresses that are refused without asking anybody for a name.
const REFUSED: &[&str] = &[
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://localhost/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://[::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://user@1.2.3.4/",
    "https://1.2.3.4/#@10.0.0.1",
    "https://1.2.3.4\\@10.0.0.1/",
    "https://1.2.3.4/\r\nhost: internal",
    "https://1.2.3.4/\tx",
    "https://1.2.3.4:22/",
    "https://1.2.3.4:5432/",
    "https://1.2.3.4:9092/",
    "http://1.2.3.4/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "https://１２７.0.0.1/",
    "https://portal.tandem.example/",
];

#[tokio::test]
async fn an_address_that_leads_into_a_network_of_ours_is_refused_when_it_is_saved() {
    let closed = |config: &mut Config| {
        config.webhooks.loopback = Switch::Off;
        config.portal.public_url = "https://portal.tandem.example".into();
    };
    let world = World::with(Options { configure: closed, ..Options::default() }).await;
    let firm = world.firm("收件企业(示例)").await;
    for url in REFUSED {
        let status = refused(try_make(&firm, to(url, WebhookMode::Ordered)).await, Reason::INVALID_FIELDS);
        let found = fields(&status);
        assert!(found.len() == 1 && found[0].0 == "webhook.url", "{url}: {found:?}");
    }
    // Nothing is ever sent there.
    let public = Webhook { disabled: true, ..to("https://1.2.3.4/hook", WebhookMode::Ordered) };
    let (webhook, _) = make(&firm, public).await;
    let changed = Webhook { url: "https://10.0.0.1/".into(), ..webhook.clone() };
    refused(update(&firm, changed).await, Reason::INVALID_FIELDS);
    // And again when it is sent: a row that was written past the service leads nowhere.
    let turned = "update event.webhook set url = 'https://10.0.0.1/' where firm = $1";
    sqlx::query(turned).bind(firm.uuid()).execute(world.owner_pool().await).await.expect("the owner may");
    let request = TestWebhookRequest { request_id: request_id(), webhook_id: webhook.id };
    let tried = firm.webhooks().test_webhook(request).await.expect("tried").into_inner();
    assert_eq!((tried.failure.as_str(), tried.status), ("ADDRESS_NOT_PUBLIC", 0));
    world.finish().await;
}

#[tokio::test]
async fn where_webhooks_are_not_set_up_nobody_makes_one() {
    let without = |config: &mut Config| config.webhooks.key = String::new();
    let world = World::with(Options { configure: without, ..Options::default() }).await;
    let firm = world.firm("收件企业(示例)").await;
    let asked = to("http://127.0.0.1:9/", WebhookMode::Ordered);
    refused(try_make(&firm, asked).await, Reason::WEBHOOKS_NOT_SET_UP);
    world.finish().await;
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stands_nowhere() {
    let world = World::start().await;
    let firm = world.firm("收件企业(示例)").await;
    let request = CreateWebhookRequest {
        request_id: request_id(),
        webhook: Some(to("http://127.0.0.1:9/hook", WebhookMode::Ordered)),
    };
    let made = firm.webhooks().create_webhook(request.clone()).await.expect("a webhook").into_inner();
    let again = firm.webhooks().create_webhook(request).await.expect("replayed").into_inner();
    let webhook = made.webhook.expect("shown");
    assert!(made.secret.starts_with("whsec_") && again.secret.is_empty());
    assert_eq!(again.webhook.as_ref(), Some(&webhook));
    let secret = made.secret.trim_start_matches("whsec_");
    let stored: Vec<String> = sqlx::query_scalar(
        "select t from (select s::text t from event.webhook_secret s union all select i::text from event.idempotency i
                        union all select encode(receipt, 'escape') from event.idempotency) rows",
    )
    .fetch_all(world.owner_pool().await)
    .await
    .expect("the owner reads everything");
    assert!(stored.len() > 2 && !stored.iter().any(|row| row.contains(secret)));
    let rotate = |overlap_s| RotateWebhookSecretRequest {
        request_id: request_id(),
        webhook_id: webhook.id.clone(),
        overlap_s,
    };
    for _ in 0..4 {
        firm.webhooks().rotate_webhook_secret(rotate(None)).await.expect("rotated");
    }
    refused(firm.webhooks().rotate_webhook_secret(rotate(None)).await.map(drop), Reason::LIMIT_REACHED);
    let fresh = firm.webhooks().rotate_webhook_secret(rotate(Some(0))).await.expect("those of before end");
    assert_eq!(fresh.into_inner().webhook.expect("shown").secrets.len(), 1);
    let sealed: i64 = sqlx::query_scalar("select count(*) from event.webhook_secret where sealed <> ''")
        .fetch_one(world.owner_pool().await)
        .await
        .expect("the owner reads everything");
    assert_eq!(sealed, 1, "what has ended is forgotten");
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_is_its_firms_own_and_sees_no_more_than_who_set_it_up() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    buyer.site("W1").await;
    let url = "http://127.0.0.1:9/hook";
    let off = |webhook: Webhook| Webhook { disabled: true, ..webhook };
    let (whole, _) = make(&buyer, off(to(url, WebhookMode::Ordered))).await;
    let scope = Scope { sites: vec!["W1".into()], purchasing_groups: Vec::new() };
    let narrow = buyer.key_with(&[Role::Admin], Some(scope.clone())).await;
    let mut narrowed = narrow.webhooks();
    let create = |webhook| CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    let made = narrowed.create_webhook(create(off(to(url, WebhookMode::Ordered)))).await.expect("its own");
    assert_eq!(made.into_inner().webhook.expect("shown").scope, Some(scope), "as narrow as its maker");
    let wide = Scope { sites: vec!["W1".into(), "W2".into()], purchasing_groups: Vec::new() };
    let wide = Webhook { scope: Some(wide), ..off(to(url, WebhookMode::Ordered)) };
    refused(narrowed.create_webhook(create(wide)).await.map(drop), Reason::PERMISSION_DENIED);
    // Nor does it turn a wider one to an address of its own.
    let turned = Webhook { url: "http://127.0.0.1:10/".into(), ..whole.clone() };
    let turn = UpdateWebhookRequest { request_id: request_id(), webhook: Some(turned) };
    refused(narrowed.update_webhook(turn).await.map(drop), Reason::PERMISSION_DENIED);
    let delete = DeleteWebhookRequest { request_id: request_id(), webhook_id: whole.id.clone() };
    refused(narrowed.delete_webhook(delete.clone()).await.map(drop), Reason::PERMISSION_DENIED);
    // Another firm sees nothing of it.
    let listed = supplier.webhooks().list_webhooks(ListWebhooksRequest::default()).await.expect("none");
    assert!(listed.into_inner().webhooks.is_empty() && deliveries(&supplier, "").await.is_empty());
    let request = GetWebhookRequest { webhook_id: whole.id.clone() };
    refused(supplier.webhooks().get_webhook(request.clone()).await.map(drop), Reason::NOT_FOUND);

    buyer.webhooks().delete_webhook(delete).await.expect("taken away");
    refused(buyer.webhooks().get_webhook(request).await.map(drop), Reason::NOT_FOUND);
    for _ in 0..19 {
        make(&buyer, off(to(url, WebhookMode::Parallel))).await;
    }
    refused(try_make(&buyer, off(to(url, WebhookMode::Ordered))).await, Reason::LIMIT_REACHED);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_managed_by_commands() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    let run = async |arguments: &[&str]| {
        let whole: Vec<&str> = ["webhook"].iter().chain(arguments).copied().collect();
        cli::run(&world, &supplier.key, &whole).await
    };
    let made = run(&["create", "ERP", &receiver.url(), "--type", "tandem.orders.*"]).await.done().json();
    let (id, secret) = (made[0]["webhook"]["id"].as_str().expect("an id"), made[0]["secret"].as_str());
    assert!(secret.is_some_and(|secret| secret.starts_with("whsec_")), "{made:?}");
    assert_eq!(run(&["test", id]).await.done().json()[0]["outcome"], "WEBHOOK_OUTCOME_ACCEPTED");
    publish(&buyer, [1, 2]).await;
    world.settled().await;
    let shown = caught_up(&supplier, id).await;
    let listed = run(&["list"]).await.done().json();
    assert_eq!(
        (&listed[0]["url"], &listed[0]["filter"]["types"][0]),
        (&receiver.url().into(), &"tandem.orders.*".into())
    );
    let seq = shown.seq.to_string();
    assert_eq!(run(&["replay", id, "--seq", &seq]).await.done().json()[0]["seq"], seq);
    run(&["replay", id, "--earliest"]).await.done();
    caught_up(&supplier, id).await;
    assert!(receiver.accepted().ends_with(&[shown.seq - 1, shown.seq]), "{:?}", receiver.accepted());
    let rotated = run(&["rotate", id, "--overlap", "60"]).await.done().json();
    assert_eq!(rotated[0]["webhook"]["secrets"].as_array().map(Vec::len), Some(2));
    let updated = run(&["update", id, "--name", "WMS", "--disable", "--everything"]).await.done().json();
    assert_eq!((&updated[0]["name"], &updated[0]["disabled"]), (&"WMS".into(), &true.into()));
    assert!(updated[0]["filter"].get("types").is_none());
    let deliveries = run(&["deliveries", id]).await.done().json();
    assert_eq!(deliveries.last().expect("the test")["kind"], "WEBHOOK_DELIVERY_KIND_TEST");
    run(&["delete", id]).await.done();
    let gone = run(&["show", id]).await;
    assert!(gone.code == Some(3) && gone.err.contains("NOT_FOUND"), "{gone:?}");
    world.finish().await;
}
