//! What a supplier does beside answering one order, and what both sides write to each other.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use proto::orders::*;

use crate::{
    ORDER, PROPOSED, Page, World,
    fake::{ANCHOR, BUYER, SALES, wire},
    request,
};

const BOUNDARY: &str = "7d1f0a";
const ACCEPTED: &str = "/orders/0192f000-0000-7000-8000-000000000007";

/// A form with files, as browsers send it.
pub async fn upload(
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
async fn hours_that_are_offered_are_promised_by_those_who_tick_it() {
    let world = World::start().await;
    world.api.calls().hours_offered = true;
    let path = format!("{ORDER}/accept");
    let action = format!("action=\"{path}\"");
    let form = world.get(&path, SALES).await;
    assert!(!form.says("name=\"despite\""), "nobody is asked before it is known");
    let (token, revision) = (form.field(&action, "token"), form.field(&action, "revision"));
    let asked = world.post(&path, SALES, &[("token", &token), ("revision", &revision)]).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(
        asked.says("大机组 · 2026年第 53 周（2026年12月28日起）") && asked.says("1.5 小时"),
        "{}",
        asked.html
    );
    assert!(asked.says("name=\"despite\" value=\"yes\">"), "{}", asked.html);
    let token = asked.field(&action, "token");
    let fields = [("token", token.as_str()), ("revision", revision.as_str()), ("despite", "yes")];
    assert_eq!(world.post(&path, SALES, &fields).await.status, StatusCode::SEE_OTHER);
    let sent: Vec<bool> =
        world.api.state.lock().unwrap().responses.iter().map(|sent| sent.despite_offers).collect();
    assert_eq!(sent, [true]);
}

#[tokio::test]
async fn that_offered_hours_are_promised_stays_ticked() {
    let world = World::start().await;
    let path = format!("{ORDER}/change");
    let form = world.get(&path, SALES).await;
    let hidden = |name: &str| form.field("id=\"change\"", name);
    let [token, line, was, per] = ["token", "line-0", "was-0", "per-0"].map(hidden);
    let typed =
        [("token", token.as_str()), ("line-0", &line), ("was-0", &was), ("per-0", &per), ("q-0", "20000")];
    let send = async |revision: &str, more: &[(&str, &str)]| {
        world.post(&path, SALES, &[&typed[..], &[("revision", revision)], more].concat()).await
    };
    let ticked = "name=\"despite\" value=\"yes\" checked";
    // Tried out, in another language, and of an order that has changed meanwhile.
    for (revision, button) in [("1", ("preview", "1")), ("1", ("lang", "en")), ("9", ("note", ""))] {
        let shown = send(revision, &[("despite", "yes"), button]).await;
        assert!(shown.says(ticked), "{button:?}: {}", shown.html);
    }
    let asked = send("1", &[("preview", "1")]).await;
    assert!(!asked.says("name=\"despite\""), "who ticked nothing is not asked: {}", asked.html);
    let fields = [("token", token.as_str()), ("revision", "9"), ("despite", "yes")];
    let shown = world.post(&format!("{ORDER}/accept"), SALES, &fields).await;
    assert!(shown.status == StatusCode::CONFLICT && shown.says(ticked), "{}", shown.html);
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
    let (token, proposal) =
        (page.field("/proposals/withdraw\"", "token"), page.field("/proposals/withdraw\"", "proposal"));
    let fields = [("token", token.as_str()), ("proposal", &proposal)];
    let answer = world.post(&format!("{PROPOSED}/proposals/withdraw"), SALES, &fields).await;
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

#[tokio::test]
async fn an_answer_is_tried_out_before_it_is_given() {
    let world = World::start().await;
    let line = |id: &str, tolerance, waits| LinePreview {
        schedule_line_id: format!("{}-{id}", &ORDER[8..]),
        tolerance,
        waits_for_buyer: waits,
        ..Default::default()
    };
    let late = ToleranceCheck {
        dimension: ToleranceDimension::Late as i32,
        actual: wire("2"),
        limit: wire("3"),
        within: true,
        source: ToleranceSource::Relationship as i32,
        ..Default::default()
    };
    let within = ToleranceOutcome { accepted: true, checks: vec![late], ..Default::default() };
    world.api.calls().preview.lines = vec![line("10", Some(within), false), line("20", None, true)];
    let page = world.get(&format!("{ORDER}/change"), SALES).await;
    let hidden = |name: &str| page.field("id=\"change\"", name);
    let (token, line_0, line_1) = (hidden("token"), hidden("line-0"), hidden("line-1"));
    let (was_0, was_1, per_0) = (hidden("was-0"), hidden("was-1"), hidden("per-0"));
    let fields = [
        ("token", token.as_str()),
        ("revision", "1"),
        ("line-0", &line_0),
        ("was-0", &was_0),
        ("per-0", &per_0),
        ("q-0", "20000"),
        ("price-0", "7.05"),
        ("line-1", &line_1),
        ("was-1", &was_1),
        ("q-1", "20000"),
        ("preview", "1"),
    ];
    let path = format!("{ORDER}/change");
    let tried = world.post(&path, SALES, &fields).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.says("1 行立即生效，1 行须由采购方确认。 尚未提交。"));
    assert!(tried.says("晚 2 天，在容差 3 天以内（采购方对贵司的约定）") && tried.says("value=\"7.05\""));
    let asked = world.api.calls().previews[0].clone();
    assert!(world.api.state.lock().unwrap().responses.is_empty(), "nothing is given");
    let sent = world.post(&path, SALES, &fields[..fields.len() - 1]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let given = world.api.state.lock().unwrap().responses[0].clone();
    assert_eq!(given.lines, asked.lines, "what is tried out is what is given");
    let Some(line_response::Answer::Propose(propose)) = &given.lines[0].answer else { panic!("a proposal") };
    assert_eq!(propose.price.as_ref().unwrap().amount, wire("7.05"));
}

#[tokio::test]
async fn many_orders_are_answered_and_what_failed_stays_selected() {
    let world = World::start().await;
    let inbox = world.get("/inbox?select=all", SALES).await;
    assert_eq!(inbox.html.matches("form=\"bulk\"").count(), 5, "those that wait");
    assert_eq!(inbox.html.matches(" checked></label>").count(), 5);
    assert!(!world.get("/inbox?show=proposed", SALES).await.says("form=\"bulk\""));
    let id = |n: u32| format!("0192f000-0000-7000-8000-{n:012}.1");
    let picks: Vec<String> = [1, 2, 3, 5].map(id).to_vec();
    let orders: Vec<(&str, &str)> = picks.iter().map(|pick| ("order", pick.as_str())).collect();
    let review = world.post("/inbox/bulk", SALES, &orders).await;
    assert!(review.says("答复 3 张订单") && review.says("有 1 张已不需要答复"));
    let token = review.field("/inbox/bulk/send\"", "token");
    let number = "number-0192f000-0000-7000-8000-000000000002";
    let mut fields = vec![("token", token.as_str()), ("answer", "refuse"), (number, "CY26110232")];
    fields.extend(&orders[..3]);
    let unsaid = world.post("/inbox/bulk/send", SALES, &fields).await;
    assert!(unsaid.status == StatusCode::UNPROCESSABLE_ENTITY && unsaid.says("请选择原因"));
    fields[1] = ("answer", "accept");
    let done = world.post("/inbox/bulk/send", SALES, &fields).await;
    assert!(done.says("已答复 2 张订单") && done.says("有 1 张没有成功"));
    assert!(done.says("订单有新修订") && done.says("CY26110232"));
    assert_eq!(done.html.matches(" checked></label>").count(), 1, "the failed one");
    world.post("/inbox/bulk/send", SALES, &fields).await;
    let bulk = world.api.calls().bulk.clone();
    assert!(bulk[0].responses.iter().all(|one| one.accept_all && one.revision == 1));
    assert_eq!(bulk[0], bulk[1], "sent twice, the same requests");
    world.api.calls().hours_offered = true;
    let beside = world.post("/inbox/bulk/send", SALES, &fields).await;
    assert!(beside.says("请打开该订单"), "nothing here says it all the same: {}", beside.html);
    let ids: std::collections::HashSet<_> = bulk[0].responses.iter().map(|one| &one.request_id).collect();
    assert_eq!(ids.len(), 3, "each of its own");
}

#[tokio::test]
async fn a_table_goes_out_and_comes_back() {
    let world = World::start().await;
    let file = world.get("/inbox/sheets/export?format=csv&encoding=gb18030&order=o1", SALES).await;
    assert_eq!(file.html, "2/2/o1");
    assert!(file.header("content-disposition").contains("filename*=UTF-8''%E5%BE%85%E7%AD%94%E5%A4%8D.csv"));
    let page = world.get("/inbox/sheets", SALES).await;
    let token = page.field("id=\"sheet\"", "token");
    let fields = [("token", token.as_str())];
    let send = async |files: &[(&str, &[u8])]| upload(&world, "/inbox/sheets", SALES, &fields, files).await;
    assert!(send(&[]).await.says("请选择文件"));
    let unreadable = send(&[("a.xlsx", b"unreadable")]).await;
    assert_eq!(unreadable.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(send(&[("a.xlsx", b"unchanged")]).await.says("没有需要提交的变更"));
    let beside = send(&[("a.xlsx", b"offered")]).await;
    assert!(beside.says("请打开该订单") && !beside.says("请填写数字"), "{}", beside.html);
    let wrong = send(&[("a.xlsx", b"wrong")]).await;
    assert!(wrong.says("请填写数字") && wrong.says("答复数量"));
    let mark = "/inbox/sheets/marked\"";
    let (token, name, content) =
        (wrong.field(mark, "token"), wrong.field(mark, "name"), wrong.field(mark, "content"));
    let fields = [("token", token.as_str()), ("name", &name), ("content", &content)];
    let marked = world.post("/inbox/sheets/marked", SALES, &fields).await;
    assert_eq!((marked.status, marked.html.as_str()), (StatusCode::OK, "PK-marked"));
    let forged = [fields[0], fields[1], ("content", "UEs")];
    assert_eq!(world.post("/inbox/sheets/marked", SALES, &forged).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_buyers_list_goes_out_as_it_is_filtered_and_its_changes_are_shown_before_they_are_sent() {
    let world = World::start().await;
    let list = "state=accepted&group=P01&q=A%201";
    let page = world.get(&format!("/purchases/sheets?{list}"), BUYER).await;
    assert!(page.says("/purchases/export?state=accepted") && page.says("q=A+1"), "{}", page.html);
    let file = world.get(&format!("/purchases/export?{list}&format=csv"), BUYER).await;
    assert_eq!(file.html, format!("2/Buyer/[{}]/P01/A 1", OrderState::Accepted as i32));
    let token = page.field("id=\"sheet\"", "token");
    let fields = [("token", token.as_str())];
    let send = async |content: &[u8]| {
        upload(&world, "/purchases/sheets", BUYER, &fields, &[("a.xlsx", content)]).await
    };
    assert!(send(b"unchanged").await.says("没有需要提交的变更"));
    let shown = send(b"changed").await;
    assert!(shown.says("将变更 1 张订单") && shown.says("<ins>1,200.50</ins>"), "{}", shown.html);
    let form = "id=\"send\"";
    let (token, name, content) =
        (shown.field(form, "token"), shown.field(form, "name"), shown.field(form, "content"));
    let fields = [("token", token.as_str()), ("name", &name), ("content", &content)];
    for _ in 0..2 {
        let done = world.post("/purchases/sheets/send", BUYER, &fields).await;
        assert!(done.says("已变更 1 张订单"), "{}", done.html);
    }
    let forged = [fields[0], fields[1], ("content", "UEs")];
    assert_eq!(world.post("/purchases/sheets/send", BUYER, &forged).await.status, StatusCode::FORBIDDEN);
    let changes = world.api.calls().changes.clone();
    let [unchanged, checked, sent, again] = changes.as_slice() else { panic!("four: {changes:?}") };
    assert!(unchanged.validate_only && checked.validate_only && !sent.validate_only);
    assert_eq!((sent.file.as_ref(), sent), (checked.file.as_ref(), again), "the file that was shown, once");
}

#[tokio::test]
async fn announcements_stand_on_top_until_they_are_put_away() {
    let world = World::start().await;
    assert!(!world.get("/inbox", SALES).await.says("class=\"told\""), "nothing, nothing shown");
    let told = |id: &str, zh: &str, en: &str| proto::partners::Announcement {
        id: id.into(),
        text_zh: zh.into(),
        text_en: en.into(),
        etag: "1".into(),
        ..Default::default()
    };
    let maintenance = proto::partners::Announcement {
        begins_at: Some(prost_types::Timestamp { seconds: 1_796_000_400, nanos: 0 }),
        ends_at: Some(prost_types::Timestamp { seconds: 1_796_007_600, nanos: 0 }),
        ..told("a1", "系统维护 <a href=x>", "Maintenance")
    };
    world.api.state.lock().unwrap().announcements = vec![maintenance, told("a2", "", "Only in English")];
    let page = world.get("/inbox?show=all", SALES).await;
    assert!(
        page.says("系统维护 &#60;a href=x&#62;") && page.says("09:00") && page.says("11:00"),
        "text, in China's time"
    );
    assert!(
        page.says("另有 1 条公告") && page.says("lang=\"en-GB\">Only in English"),
        "folded, and its language said"
    );
    let field = |name| page.field("\"/announcements/dismiss\"", name);
    let (token, id, etag, next) = (field("token"), field("id"), field("etag"), field("next"));
    assert_eq!((id.as_str(), next.as_str()), ("a1", "/inbox?show=all"));
    let fields = [("token", &*token), ("id", &*id), ("etag", &*etag), ("next", &*next)];
    let away = world.post("/announcements/dismiss", SALES, &fields).await;
    assert_eq!(away.header("location"), "/inbox?show=all");
    let page = world.get("/inbox", SALES).await;
    assert!(!page.says("系统维护") && page.says("Only in English"));
    // A page that is open reads its part anew, for itself.
    let part = world.get("/announcements?next=/inbox?show=all", SALES).await;
    assert!(part.says("Only in English") && !part.says("<main"), "{}", part.html);
    assert_eq!(part.field("\"/announcements/dismiss\"", "next"), "/inbox?show=all");
    let elsewhere = world.get("/announcements?next=https://evil.example", SALES).await;
    assert_eq!(elsewhere.field("\"/announcements/dismiss\"", "next"), "/");
    assert_eq!(world.get("/announcements", "").await.status, StatusCode::UNAUTHORIZED);
    // Whoever signs in reads it, too, and has nothing to put away with.
    for path in ["/sign-in", "/s/good", "/inbox"] {
        let page = world.get(path, "").await;
        assert!(page.says("Only in English") && !page.says("/announcements/dismiss"), "{path}");
    }
    assert!(!world.get("/i/invite", "").await.says("Only in English"), "an invitation is about the inviter");
}
