//! What a supplier does beside answering one order, and what both sides write to each other.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use proto::orders::*;

use crate::{
    ORDER, PROPOSED, Page, World,
    fake::{ANCHOR, BUYER, SALES},
    request,
};

const BOUNDARY: &str = "7d1f0a";
const ACCEPTED: &str = "/orders/0192f000-0000-7000-8000-000000000007";

/// A form with files, as browsers send it.
async fn upload(
    world: &World,
    path: &str,
    token: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Page {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    for (name, content) in files {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let mut request =
        request("POST", path, token).header("origin", "http://portal.test").body(Body::from(body)).unwrap();
    *request.method_mut() = Method::POST;
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    world.send(request).await
}

#[tokio::test]
async fn a_change_that_is_frozen_is_shown_first_and_answered() {
    let world = World::start().await;
    world.api.change(&ACCEPTED[8..], |order| {
        let change = FieldChange {
            field: "quantity".into(),
            old: "16000".into(),
            new: "12000".into(),
            material: true,
        };
        let line = LineChange {
            line_number: "10".into(),
            schedule_line_number: "1".into(),
            kind: ChangeKind::Changed as i32,
            changes: vec![change],
            ..Default::default()
        };
        order.pending_changes.push(PendingChange {
            id: "c1".into(),
            kind: PendingKind::Change as i32,
            difference: Some(OrderDifference { lines: vec![line], ..Default::default() }),
            note: "需求下降".into(),
            actor_name: "王敏".into(),
            ..Default::default()
        });
    });
    let inbox = world.get("/inbox", SALES).await;
    assert!(inbox.says("采购方请求变更，等您同意") && inbox.says("CY26110219"));
    let page = world.get(ACCEPTED, SALES).await;
    assert!(page.says("<del>16,000 个</del>") && page.says("<ins>12,000 个</ins>") && page.says("需求下降"));
    assert!(!page.says("hx-select=\"#order\""), "what is typed is not read over");
    assert!(!world.get(ACCEPTED, BUYER).await.says("同意变更"), "the buyer waits");
    let token = page.field("/consent\"", "token");
    let path = format!("{ACCEPTED}/consent");
    let fields = [("token", token.as_str()), ("change", "c1"), ("decision", "decline")];
    let again = world.post(&path, SALES, &fields).await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.says("不同意时请填写原因"));
    let fields = [fields[0], fields[1], fields[2], ("note", "已投料")];
    assert_eq!(world.post(&path, SALES, &fields).await.status, StatusCode::SEE_OTHER);
    let [consent] = &world.api.calls().consents[..] else { panic!("one answer") };
    assert_eq!((consent.accept, consent.note.as_str(), consent.change_id.as_str()), (false, "已投料", "c1"));
}

#[tokio::test]
async fn progress_is_one_tap_and_a_proposal_is_taken_back() {
    let world = World::start().await;
    let page = world.get(ACCEPTED, SALES).await;
    let token = page.field("id=\"progress\"", "token");
    let line = format!("{}-10", &ACCEPTED[8..]);
    let tap = format!("{line}:3");
    assert!(page.says(&format!("value=\"{tap}\" aria-pressed=\"false\"")));
    let answer =
        world.post(&format!("{ACCEPTED}/progress"), SALES, &[("token", &token), ("stage", &tap)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(world.api.calls().stages[0].lines[0].stage(), ProgressStage::InProduction);
    assert!(!world.get(ACCEPTED, BUYER).await.says("id=\"progress\""), "the buyer only looks");

    let page = world.get(PROPOSED, SALES).await;
    let (token, proposal) = (page.field("/withdraw\"", "token"), page.field("/withdraw\"", "proposal"));
    let fields = [("token", token.as_str()), ("proposal", &proposal)];
    let answer = world.post(&format!("{PROPOSED}/withdraw"), SALES, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(world.api.calls().withdrawn[0].proposal_ids, [proposal]);
}

#[tokio::test]
async fn a_message_keeps_what_was_typed_and_says_who_sees_it() {
    let world = World::start().await;
    let page = world.get(ORDER, SALES).await;
    let token = page.field("id=\"write\"", "token");
    let path = format!("{ORDER}/messages");
    let fields = [("token", token.as_str()), ("body", "第 <b>1</b> 批"), ("readers", "own"), ("line", "10")];
    let again = upload(&world, &path, SALES, &fields, &[("图纸.exe", b"MZ")]).await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.says("图纸.exe：只能上传"));
    assert!(
        again.says("第 &#60;b&#62;1&#60;/b&#62; 批") && again.says("value=\"own\" checked"),
        "it is kept"
    );
    let large = vec![0; 6 * 1024 * 1024];
    let again = upload(&world, &path, SALES, &fields, &[("大.pdf", &large)]).await;
    assert!(again.says("大.pdf：文件太大"));
    let empty = upload(&world, &path, SALES, &[fields[0]], &[("", b"")]).await;
    assert!(empty.says("请写点内容"), "a file field where nothing was chosen is none");
    assert!(world.api.calls().messages.is_empty());

    let sent = upload(&world, &path, SALES, &fields, &[("C:\\图\\图纸.pdf", b"%PDF-")]).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, &*format!("{ORDER}#thread")));
    let same = upload(&world, &path, SALES, &fields, &[("图纸.pdf", b"%PDF-")]).await;
    assert_eq!(same.status, StatusCode::SEE_OTHER);
    let messages = world.api.calls().messages.clone();
    assert_eq!(messages[0].request_id, messages[1].request_id, "the same twice is once");
    assert_eq!((messages[0].internal, messages[0].attachments[0].name.as_str()), (true, "图纸.pdf"));
    let page = world.get(ORDER, SALES).await;
    assert!(page.says("只有本企业能看到") && page.says("图纸.pdf"));
    let other = [fields[0], ("body", "另一条")];
    upload(&world, &path, SALES, &other, &[]).await;
    let messages = world.api.calls().messages.clone();
    assert_ne!(messages[2].request_id, messages[0].request_id, "another text is another message");
    assert!(!messages[2].internal);
}

#[tokio::test]
async fn a_file_is_saved_and_never_shown() {
    let world = World::start().await;
    let file = world.get(&format!("{ORDER}/files/f1"), BUYER).await;
    assert_eq!(file.html, "%PDF-<b>\n.");
    assert!(file.header("content-disposition").starts_with("attachment; filename="));
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(file.header("content-type"), "application/pdf");
}

#[tokio::test]
async fn deadlines_and_reminders_stand_in_words() {
    let world = World::start().await;
    world.api.change(&ORDER[8..], |order| {
        order.answer_due = Some(AnswerDue {
            date: Some(chassis::value::wire_date(time::macros::date!(2026 - 11 - 20))),
            overdue: true,
            ..Default::default()
        });
    });
    world.api.calls().reminders.push(Reminder {
        order_id: ORDER[8..].into(),
        buyer_id: ANCHOR.into(),
        supplier_id: crate::fake::SUPPLIER.into(),
        actor_name: "王敏".into(),
        message: "请今天答复".into(),
        ..Default::default()
    });
    for path in ["/inbox", ORDER] {
        let page = world.get(path, SALES).await;
        assert!(page.says("已逾期 3 天") && page.says("请今天答复"), "{path}");
    }
    assert!(!world.get(ORDER, BUYER).await.says("请今天答复"), "it is the supplier who is reminded");
}
