//! Texts that would do something elsewhere are texts here: stored as they came, found by exactly what they are.

use bytes::Bytes;
use chassis::Reason;
use harness::{World, answer, events, order, refusal::refused};
use prost::Message as _;
use proto::{
    orders::{ListOrdersRequest, Note, RejectReason, Side},
    partners::{CreateMemberRequest, InviteSupplierRequest, Role, WhoAmIRequest},
};
use tonic::metadata::MetadataMap;

/// Nothing of these may be read as anything but text.
const TEXTS: &[&str] = &[
    "' OR 1=1 --",
    "x'; drop table orders.purchase_order; --",
    "-- comment",
    "$$ select 1 $$ $1 $2",
    "back\\slash \\' \\x00 E'\\047'",
    "100% _ like %%",
    "{a,b}",
    "[1,2,\"3\"]",
    "{\"a\": {\"$ne\": null}} ->> '{}' @> ?|",
    "{{7*7}} {% raw %} ${7*7} <%= 7*7 %>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://example.invalid\")",
    "../../etc/passwd",
    "tandem.feed.0192; __consumer_offsets",
    "%n%s%p %1$s",
    "\u{1b}[31mred\u{1b}[0m",
    "line one\r\nSet-Cookie: a=b\r\n\r\nbody",
    "\u{bf27}縗' or 1=1",
    "😀 𠮷野家 e\u{301} a\u{200b}b \u{202e}gnp.exe\u{202c}",
    "ＳＥＬＥＣＴ ʼ ’",
];

#[tokio::test]
async fn every_text_comes_back_as_it_was_sent() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for (n, text) in TEXTS.iter().enumerate() {
        let mut request = order(&format!("45{n:02}")).line("10", "X", "10", "1").to("V100");
        let content = request.content.as_mut().unwrap();
        content.notes.push(Note { text: (*text).into(), language: "zh".into() });
        content.accounting_cost = (*text).into();
        let item = content.lines[0].item.as_mut().unwrap();
        item.name = (*text).into();
        content.lines[0].unit_text = (*text).into();
        let receipt =
            buyer.publish(request.clone()).await.unwrap_or_else(|status| panic!("{text:?}: {status:?}"));
        let mut reject = answer(&receipt.order_id).reject("10", "", RejectReason::Other).done();
        reject.note = (*text).into();
        supplier.respond(reject).await.expect("answered");

        let seen = supplier.order(&receipt.order_id).await.unwrap();
        let (kept, sent) = (seen.content.unwrap(), request.content.unwrap());
        assert_eq!((&kept.notes, &kept.accounting_cost), (&sent.notes, &sent.accounting_cost));
        assert_eq!(
            (&kept.lines[0].item, &kept.lines[0].unit_text),
            (&sent.lines[0].item, &sent.lines[0].unit_text)
        );
        assert_eq!(seen.history[1].note, *text);
    }
    world.settled().await;
    let feed = buyer.events().await;
    events::check_feed(&buyer.id, &feed);
    assert_eq!(events::of_orders(&feed).len(), 2 * TEXTS.len());
    world.finish().await;
}

#[tokio::test]
async fn a_number_is_found_by_what_it_is_and_by_nothing_like_it() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    buyer.publish(order("innocent").line("10", "X", "1", "1").to("V100")).await.unwrap();
    let plain = TEXTS.iter().filter(|text| !text.chars().any(char::is_control));
    let mut published = Vec::new();
    for text in plain {
        let request = order(text).group(text).line(text, text, "1", "1").to("V100");
        published.push((text, buyer.publish(request).await.expect("published").order_id));
    }
    for (text, id) in &published {
        for by_group in [false, true] {
            let mut request = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
            let field = if by_group { &mut request.purchasing_group } else { &mut request.order_number };
            *field = (**text).into();
            let found = buyer.orders().list_orders(request).await.unwrap().into_inner().orders;
            assert_eq!(found.iter().map(|each| &each.id).collect::<Vec<_>>(), [id], "{text:?}");
        }
    }
    for pattern in ["%", "_", "inno%", "innocent' or '1'='1", "INNOCENT"] {
        let request = ListOrdersRequest {
            side: Side::Buyer.into(),
            order_number: pattern.into(),
            ..ListOrdersRequest::default()
        };
        assert!(
            buyer.orders().list_orders(request).await.unwrap().into_inner().orders.is_empty(),
            "{pattern}"
        );
    }
    for text in TEXTS.iter().filter(|text| text.chars().any(char::is_control)) {
        refused(
            buyer.publish(order(text).line("10", "X", "1", "1").to("V100")).await,
            Reason::INVALID_FIELDS,
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn names_are_kept_or_refused_and_address_nobody() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let hidden = |c: char| c.is_control() || ['\u{200b}', '\u{202e}', '\u{202c}'].contains(&c);
    for (n, text) in TEXTS.iter().enumerate() {
        let member = CreateMemberRequest {
            request_id: harness::request_id(),
            name: (*text).into(),
            roles: vec![Role::Viewer.into()],
            ..CreateMemberRequest::default()
        };
        let invite = InviteSupplierRequest {
            request_id: harness::request_id(),
            name: (*text).into(),
            vendor_number: format!("N{n}"),
            ..InviteSupplierRequest::default()
        };
        let member = buyer.session().members().create_member(member).await;
        let invited = buyer.relationships().invite_supplier(invite).await;
        if text.chars().any(hidden) {
            refused(member, Reason::INVALID_FIELDS);
            refused(invited, Reason::INVALID_FIELDS);
        } else {
            assert_eq!(member.expect("kept").into_inner().name, *text);
            assert_eq!(invited.expect("kept").into_inner().relationship.unwrap().supplier_name, *text);
        }
    }
    // A name that only looks like the supplier's means somebody else.
    let lookalike = supplier.name.replace('料', "⽄");
    let request = order("1").line("10", "X", "1", "1").to_invited("V998", &lookalike);
    assert_ne!(buyer.publish(request).await.expect("invited").supplier_id, supplier.id);
    world.finish().await;
}

#[tokio::test]
async fn headers_that_are_too_much_change_nothing() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let path = "/tandem.partners.v1.SessionService/WhoAmI";
    for (name, value) in [
        ("baggage", "k=v,".repeat(2_000)),
        ("traceparent", "00-zz".into()),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ("x-request-id", "x".repeat(5_000)),
        ("x-request-id", "a b".into()),
        ("x-forwarded-for", "127.0.0.1".into()),
        ("tandem-firm", buyer.id.clone()),
    ] {
        let mut headers = MetadataMap::new();
        headers.insert(name, value.parse().unwrap());
        let request = Bytes::from(WhoAmIRequest {}.encode_to_vec());
        let answer = buyer.call_with(path, request.clone(), headers.clone()).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
        refused(world.anybody().call_with(path, request, headers).await, Reason::UNAUTHENTICATED);
    }
    world.finish().await;
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_and_change_nothing() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let path = "/tandem.orders.v1.OrderService/PublishOrder";
    let good = order("1").line("10", "X", "1", "1").to("V100").encode_to_vec();
    let mut broken: Vec<Vec<u8>> =
        vec![vec![0xff; 40], vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], good[..good.len() - 3].to_vec()];
    // Text that is no UTF-8, as a GB18030 pair that would swallow a quote.
    broken.push(vec![0x0a, 0x03, b'a', 0xbf, 0x27]);
    // Messages within messages without end.
    broken.push((0..400).fold(Vec::new(), |inner, _| {
        let mut outer = vec![0x12];
        prost::encode_length_delimiter(inner.len(), &mut outer).unwrap();
        outer.extend(inner);
        outer
    }));
    for bytes in broken {
        let status = buyer.call_with(path, bytes.into(), MetadataMap::new()).await.expect_err("no message");
        let expected = [tonic::Code::InvalidArgument, tonic::Code::Internal, tonic::Code::OutOfRange];
        assert!(expected.contains(&status.code()), "{status:?}");
        assert!(!status.message().contains("panick"), "{status:?}");
    }
    buyer.call_with(path, good.into(), MetadataMap::new()).await.expect("the same bytes, whole");
    world.finish().await;
}

#[tokio::test]
async fn what_the_firms_write_around_an_order_is_text_too() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let request = order("4500001").line("10", "X", "10", "1").to("V100");
    let id = buyer.publish(request).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    for (n, text) in TEXTS.iter().enumerate() {
        for internal in [false, true] {
            let post = proto::orders::PostMessageRequest {
                request_id: harness::request_id(),
                order_id: id.clone(),
                internal,
                body: (*text).into(),
                ..Default::default()
            };
            supplier
                .thread()
                .post_message(post)
                .await
                .unwrap_or_else(|status| panic!("{text:?}: {status:?}"));
        }
        let stage = if n % 2 == 0 { "PROGRESS_STAGE_SCHEDULED" } else { "PROGRESS_STAGE_IN_PRODUCTION" };
        let said = proto::orders::SetProgressRequest {
            request_id: harness::request_id(),
            order_id: id.clone(),
            stage: proto::orders::ProgressStage::from_str_name(stage).unwrap().into(),
            note: (*text).into(),
            ..Default::default()
        };
        supplier.progress().set_progress(said).await.expect("said");
        let seen = buyer.order(&id).await.unwrap();
        assert_eq!(seen.schedule[0].progress.as_ref().map(|said| said.note.as_str()), Some(*text));
    }
    let list =
        proto::orders::ListMessagesRequest { order_id: id.clone(), page_size: 1_000, ..Default::default() };
    let (left, right) =
        (buyer.thread().list_messages(list.clone()).await, supplier.thread().list_messages(list).await);
    let bodies = |answer: Result<tonic::Response<proto::orders::ListMessagesResponse>, tonic::Status>| {
        let messages = answer.expect("a thread").into_inner().messages;
        messages.into_iter().map(|message| message.body).collect::<Vec<_>>()
    };
    assert_eq!(bodies(left), TEXTS);
    assert_eq!(bodies(right).len(), TEXTS.len() * 2);
    world.finish().await;
}
