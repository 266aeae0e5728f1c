//! What the firms of an order write to each other, and what each writes for itself.

use chassis::Reason;
use harness::{
    Access, Firm, World, events,
    events::Payload,
    order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    orders::{
        GetAttachmentRequest, GetTermsRequest, ListMessagesRequest, ListRemindersRequest, Message,
        MessageAttachment, NewAttachment, PostMessageRequest, PostMessageResponse, RemindSupplierRequest,
        SetTermsRequest, Terms, TermsRule,
    },
    partners::ClaimInvitationRequest,
};
use sha2::{Digest as _, Sha256};
use tonic::Status;

fn post(order_id: &str, body: &str) -> PostMessageRequest {
    PostMessageRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        body: body.into(),
        ..PostMessageRequest::default()
    }
}

fn note(order_id: &str, body: &str) -> PostMessageRequest {
    PostMessageRequest { internal: true, ..post(order_id, body) }
}

fn pdf(bytes: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.extend((content.len()..bytes).map(|i| (i % 251) as u8));
    content
}

fn file(name: &str, content: Vec<u8>) -> NewAttachment {
    NewAttachment { name: name.into(), content: content.into() }
}

async fn send(who: &Access, request: PostMessageRequest) -> Result<PostMessageResponse, Status> {
    Ok(who.thread().post_message(request).await?.into_inner())
}

async fn say(who: &Access, request: PostMessageRequest) -> Message {
    send(who, request).await.expect("posted").message.expect("the message")
}

async fn thread(who: &Access, order_id: &str) -> Vec<Message> {
    let request = ListMessagesRequest { order_id: order_id.into(), ..ListMessagesRequest::default() };
    who.thread().list_messages(request).await.expect("a thread").into_inner().messages
}

/// A file, put together from its parts.
async fn fetch(
    who: &Access,
    order_id: &str,
    id: &str,
) -> Result<(MessageAttachment, Vec<u8>, usize), Status> {
    let request = GetAttachmentRequest { order_id: order_id.into(), attachment_id: id.into() };
    let mut stream = who.thread().get_attachment(request).await?.into_inner();
    let (mut what, mut content, mut parts) = (None, Vec::new(), 0);
    while let Some(part) = stream.message().await? {
        what = what.or(part.attachment);
        content.extend(part.data);
        parts += 1;
    }
    Ok((what.expect("the first part says what it is"), content, parts))
}

async fn published(world: &World) -> (Firm, Firm, String) {
    let (buyer, supplier) = world.pair().await;
    let request = order("4500001").line("10", "X", "10", "1").line("20", "Y", "5", "2").to("V100");
    let id = buyer.publish(request).await.expect("published").order_id;
    (buyer, supplier, id)
}

#[tokio::test]
async fn both_sides_write_and_read_one_thread_with_files() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    let question = say(&buyer, post(&id, "图纸 A 版还是 B 版?")).await;
    let drawing = pdf(700_000);
    let answer = PostMessageRequest {
        line_number: "20".into(),
        attachments: vec![
            file("图纸 B.pdf", drawing.clone()),
            file("x.png", b"\x89PNG\r\n\x1a\n..".to_vec()),
        ],
        ..post(&id, "B 版")
    };
    let reply = send(&supplier, answer.clone()).await.expect("posted");
    let replay = send(&supplier, answer).await.expect("replayed");
    assert!(replay.replayed && replay.message == reply.message);
    let reply = reply.message.unwrap();
    assert_eq!((question.version, reply.version), (2, 3));
    assert_eq!(thread(&buyer, &id).await, [question.clone(), reply.clone()]);
    assert_eq!(thread(&supplier, &id).await, thread(&buyer, &id).await);
    assert_eq!((reply.author_id.as_str(), reply.line_number.as_str()), (&*supplier.id, "20"));

    let (what, content, parts) = fetch(&buyer, &id, &reply.attachments[0].id).await.expect("the drawing");
    assert_eq!(what, reply.attachments[0]);
    assert_eq!((what.media_type.as_str(), what.size_bytes), ("application/pdf", 700_000));
    assert_eq!(what.sha256[..], Sha256::digest(&drawing)[..]);
    assert!(content == drawing && parts == 3, "in parts of 256 KiB: {parts}");
    assert_eq!(reply.attachments[1].media_type, "image/png");

    let pages =
        ListMessagesRequest { order_id: id.clone(), page_size: 1, newest_first: true, ..Default::default() };
    let first = buyer.thread().list_messages(pages.clone()).await.unwrap().into_inner();
    assert_eq!(first.messages, std::slice::from_ref(&reply));
    let next = ListMessagesRequest { page_token: first.next_page_token, ..pages };
    let rest = buyer.thread().list_messages(next).await.unwrap().into_inner();
    assert_eq!((rest.messages, rest.next_page_token), (vec![question], String::new()));
    let line = ListMessagesRequest { order_id: id.clone(), line_number: "20".into(), ..Default::default() };
    assert_eq!(buyer.thread().list_messages(line).await.unwrap().into_inner().messages, [reply]);

    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    let kinds: Vec<_> = events::of_order(&left, &id).into_iter().map(events::short).collect();
    assert_eq!(kinds, ["order.published", "order.message_posted", "order.message_posted"]);
    let Payload::MessagePosted(event) = events::payload(events::event(events::of_order(&right, &id)[2]))
    else {
        panic!("a message")
    };
    assert_eq!((event.version, event.message.unwrap().body.as_str()), (3, "B 版"));
    let actions: Vec<_> =
        buyer.order(&id).await.unwrap().history.into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["published", "message_posted", "message_posted"]);
    world.finish().await;
}

#[tokio::test]
async fn an_internal_note_is_not_there_for_the_other_firm() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    world.settled().await;
    let before = (supplier.order(&id).await.unwrap(), supplier.events().await);
    let secret = PostMessageRequest {
        attachments: vec![file("报价对比.pdf", pdf(100))],
        ..note(&id, "目标价 5.20,勿外传")
    };
    let written = say(&buyer, secret).await;
    assert_eq!((written.version, written.internal), (0, true));
    world.settled().await;
    assert_eq!(
        (supplier.order(&id).await.unwrap(), supplier.events().await),
        before,
        "nothing changed for it"
    );
    assert!(thread(&supplier, &id).await.is_empty());
    let foreign = fetch(&supplier, &id, &written.attachments[0].id).await;
    let none = fetch(&supplier, &id, &request_id()).await;
    let (foreign, none) = (refused(foreign, Reason::NOT_FOUND), refused(none, Reason::NOT_FOUND));
    assert_eq!(harness::refusal::visible(&foreign), harness::refusal::visible(&none));

    // The own firm has it: thread, file, timeline, feed.
    assert_eq!(thread(&buyer, &id).await, std::slice::from_ref(&written));
    assert_eq!(fetch(&buyer, &id, &written.attachments[0].id).await.expect("own").1, pdf(100));
    let feed = buyer.events().await;
    let last = events::of_order(&feed, &id).into_iter().last().unwrap();
    assert_eq!((events::short(last), events::event(last).version), ("order.note_written", 0));
    let history = buyer.order(&id).await.unwrap().history;
    assert_eq!(history.last().unwrap().action, "note_written");

    // Each side has its own, and versions go on without a gap.
    let own = say(&supplier, note(&id, "毛利太低")).await;
    let next = say(&buyer, post(&id, "请确认")).await;
    assert_eq!(next.version, 2);
    assert_eq!(thread(&supplier, &id).await, [own.clone(), next.clone()]);
    assert_eq!(thread(&buyer, &id).await, [written, next]);
    world.settled().await;
    let feed = buyer.events().await;
    let shown = feed
        .iter()
        .any(|entry| events::event(entry).data.windows(12).any(|part| part == "毛利太低".as_bytes()));
    assert!(!shown, "the supplier's note is on no feed of the buyer");
    world.finish().await;
}

#[tokio::test]
async fn a_message_says_every_field_that_is_wrong() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    bad_fields(send(&buyer, post(&id, " ")).await, &[("body", "REQUIRED")]);
    bad_fields(send(&buyer, post(&id, &"x".repeat(4_001))).await, &[("body", "TOO_LONG")]);
    let wrong = PostMessageRequest {
        attachments: vec![
            file("../a.pdf", pdf(20)),
            file("b.png", pdf(20)),
            file("c.exe", b"MZ".to_vec()),
            file("d.pdf", Vec::new()),
            file("e.pdf", pdf(5 * 1024 * 1024 + 1)),
        ],
        ..post(&id, "")
    };
    bad_fields(
        send(&buyer, wrong).await,
        &[
            ("attachments[0].name", "FORMAT"),
            ("attachments[1].content", "CONTENT"),
            ("attachments[2].content", "TYPE"),
            ("attachments[3].content", "SIZE"),
            ("attachments[4].content", "SIZE"),
        ],
    );
    let many = PostMessageRequest {
        attachments: (0..11).map(|_| file("a.pdf", pdf(20))).collect(),
        ..post(&id, "")
    };
    bad_fields(send(&buyer, many).await, &[("attachments", "COUNT")]);
    let line = PostMessageRequest { line_number: "99".into(), ..post(&id, "x") };
    bad_fields(send(&buyer, line).await, &[("line_number", "LINE_UNKNOWN")]);
    let stranger = world.firm("陌生企业(示例)").await;
    refused(send(&stranger, post(&id, "x")).await, Reason::NOT_FOUND);
    refused(send(&stranger, note(&id, "x")).await, Reason::NOT_FOUND);
    let largest =
        PostMessageRequest { attachments: vec![file("a.pdf", pdf(5 * 1024 * 1024))], ..post(&id, "") };
    let posted = say(&supplier, largest).await;
    assert_eq!(fetch(&buyer, &id, &posted.attachments[0].id).await.expect("5 MiB").1.len(), 5 * 1024 * 1024);
    assert_eq!(thread(&buyer, &id).await.len(), 1, "nothing of the rest took effect");
    world.finish().await;
}

#[tokio::test]
async fn what_hangs_on_an_order_follows_it_to_whoever_takes_the_invitation() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("清禾包装(示例)有限公司").await;
    let (relationship, path) = world.invite(&buyer, "清禾包装", "V400").await;
    let placeholder = relationship.supplier_id;
    let terms = |supplier_id: &str, days: i32| SetTermsRequest {
        request_id: request_id(),
        terms: Some(Terms {
            supplier_id: supplier_id.into(),
            answer_within_working_days: Some(days),
            ..Terms::default()
        }),
    };
    buyer.terms().set_terms(terms(&placeholder, 7)).await.expect("terms");
    let request = order("4500001").line("10", "X", "10", "1").to("V400");
    let id = buyer.publish(request).await.expect("published").order_id;
    let said = say(&buyer, post(&id, "请尽快答复")).await;
    say(&buyer, note(&id, "备选:顺模")).await;
    let remind =
        RemindSupplierRequest { request_id: request_id(), order_ids: vec![id.clone()], ..Default::default() };
    buyer.reminders().remind_supplier(remind).await.expect("reminded");
    let due = buyer.order(&id).await.unwrap().answer_due;

    let token = path.rsplit('/').next().unwrap().to_string();
    let claim = ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() };
    supplier.relationships().claim_invitation(claim).await.expect("claimed");
    world.settled().await;
    assert_eq!(thread(&supplier, &id).await, [said], "the message, and not the note");
    let reminders =
        supplier.reminders().list_reminders(ListRemindersRequest::default()).await.unwrap().into_inner();
    assert_eq!((reminders.reminders.len(), reminders.reminders[0].supplier_id.as_str()), (1, &*supplier.id));
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!((seen.answer_due, seen.version), (due, 4));
    let get = GetTermsRequest { buyer_id: buyer.id.clone(), supplier_id: String::new() };
    let agreed = supplier.terms().get_terms(get).await.expect("terms").into_inner();
    assert_eq!((agreed.answer_within_working_days, agreed.answer_within_rule()), (7, TermsRule::Supplier));
    say(&supplier, post(&id, "收到")).await;
    supplier.accept_all(&id).await.expect("answered");
    world.finish().await;
}
