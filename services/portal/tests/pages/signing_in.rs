//! The way in for whoever has no session: what the pages say, and a link that is asked for by mail.

use axum::http::StatusCode;
use chassis::{Error, Reason};
use proto::{
    notices::{
        Channel, GetMailStateResponse, ListChannelsResponse, Medium, RequestInvitationCodeRequest,
        RequestSignInLinkResponse,
    },
    partners::{
        AcceptInvitationRequest, ClaimInvitationRequest, InspectLinkResponse, LinkKind, ListMembersResponse,
        Member, RedeemSignInLinkResponse,
    },
};
use tonic::Code;

use crate::{
    Page, World,
    attacks::{body, minted},
    fake::{BUYER, SALES},
    hostile::Hostile,
};

/// An API that sends mail, or not.
async fn mailing(sends_mail: bool) -> (Hostile, World) {
    let (api, world) = Hostile::start(false, None).await;
    // A look serves for a while.
    api.script().answer("GetMailState", (0..9).map(|_| Ok(GetMailStateResponse { sends_mail })));
    (api, world)
}

/// How often somebody was asked to send a link since the last time.
fn asked(api: &Hostile) -> usize {
    api.calls().iter().filter(|call| call.rpc == "RequestSignInLink").count()
}

const FORM: &str = "action=\"/sign-in\"";

#[tokio::test]
async fn without_a_session_there_is_the_way_to_sign_in_and_no_cookie_left() {
    let world = World::start().await;
    let page = world.get("/inbox", "tdm_session_gone").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.says("登录已失效") && page.header("set-cookie").contains("Max-Age=0"));
    let live = world.get("/live", "").await;
    assert_eq!(live.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("/", "").await.header("location"), "/sign-in");
    let token = world.get("/inbox", SALES).await.field("/sign-out", "token");
    let page = world.post("/sign-out", SALES, &[("token", &token)]).await;
    assert!(page.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_link_is_asked_for_by_mail_where_mail_goes_out() {
    let (api, world) = mailing(true).await;
    let page = world.get("/sign-in", "").await;
    assert!(page.says("type=\"email\"") && !page.says("在“成员”页面即可生成"), "{}", page.html);
    let token = page.field(FORM, "token");
    let ask = async |address: &str| -> Page {
        world.post("/sign-in", "", &[("token", &token), ("mail", address)]).await
    };
    api.calls();
    let page = ask("lin@example.invalid").await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/sign-in?done=sent"));
    assert_eq!(asked(&api), 1);
    let page = world.get("/sign-in?done=sent", "").await;
    assert!(page.says("如果这个邮箱属于某位成员") && page.says(FORM), "{}", page.html);
    for path in ["/inbox", "/sign-in"] {
        let ended = world.get(path, "tdm_session_gone").await;
        assert!(ended.says(FORM), "who was signed out is shown it, too: {path}");
    }
    let refused = world.post("/sign-in", "", &[("token", "0.0"), ("mail", "lin@example.invalid")]).await;
    assert_eq!((refused.status, asked(&api)), (StatusCode::FORBIDDEN, 0), "by a form of ours alone");

    let refusals = [Err(Code::InvalidArgument), Err(Code::ResourceExhausted)];
    api.script().answer::<RequestSignInLinkResponse>("RequestSignInLink", refusals);
    let wrong = ask("lin").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.says("请填写完整的邮箱地址") && wrong.says("aria-invalid=\"true\""), "{}", wrong.html);
    assert!(wrong.says("value=\"lin\""), "what was typed can be mended: {}", wrong.html);
    let often = ask("lin@example.invalid").await;
    assert_eq!(often.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(often.says("请稍等片刻再试") && often.says("value=\"lin@example.invalid\""), "{}", often.html);
    assert!(often.says(FORM) && !often.says("aria-invalid"), "the address is not to blame: {}", often.html);
}

#[tokio::test]
async fn without_mail_the_pages_say_whom_to_ask() {
    let (_, world) = mailing(false).await;
    let page = world.get("/sign-in", "").await;
    assert!(!page.says(FORM) && page.says("在“成员”页面即可生成"), "{}", page.html);
    // An API of before knows nothing of mail.
    let world = World::start().await;
    for path in ["/sign-in", "/s/old"] {
        let page = world.get(path, "").await;
        assert!(!page.says(FORM) && page.says("管理员"), "{path}: {}", page.html);
    }
}

#[tokio::test]
async fn a_dead_link_offers_a_new_one_to_members_alone() {
    let (api, world) = mailing(true).await;
    api.script().refused = Some(("InspectLink", Code::NotFound));
    let page = world.get("/s/old", "").await;
    assert!(page.says(FORM), "{}", page.html);
    let page = world.get("/i/old", "").await;
    assert!(!page.says(FORM) && page.says("采购方"), "an invitation is the inviter's: {}", page.html);
}

/// An API whose invitations ask for a code, or not.
async fn inviting(code_mail: &str) -> (Hostile, World) {
    let (api, world) = Hostile::start(false, None).await;
    let link = InspectLinkResponse {
        kind: LinkKind::Invitation.into(),
        invited_by: "澄屿".into(),
        code_mail: code_mail.into(),
        ..InspectLinkResponse::default()
    };
    api.script().answer("InspectLink", vec![Ok(link); 9]);
    (api, world)
}

#[tokio::test]
async fn an_invitation_asks_for_the_code_that_it_has_mailed() {
    const JOIN: &str = "action=\"/i/x\"";
    let (api, world) = inviting("h***@example.invalid").await;
    let page = world.get("/i/x", "").await;
    assert!(page.says("发送到采购方为您登记的邮箱 h***@example.invalid"), "{}", page.html);
    assert!(page.says("inputmode=\"numeric\" autocomplete=\"one-time-code\""), "{}", page.html);
    assert_eq!(page.html.matches("<input id=").count(), 4, "of six fields at most: {}", page.html);
    let token = page.field(JOIN, "token");
    let post = async |more: &[(&str, &str)]| {
        let fields = [more, &[("token", &*token), ("name", "何姐"), ("firm", "清禾")]].concat();
        world.post("/i/x", "", &fields).await
    };
    let page = post(&[("send", "code")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("验证码已发送到 h***@example.invalid") && page.says("value=\"何姐\""), "{}", page.html);
    assert_eq!(api.asked::<RequestInvitationCodeRequest>("RequestInvitationCode").token, "x");
    for (reason, said) in [
        (Reason::RATE_LIMITED, "请稍后再试"),
        (Reason::LIMIT_REACHED, "请向采购方索取新链接"),
        (Reason::UNAVAILABLE, "验证码未能发出"),
    ] {
        api.script().refuse("RequestInvitationCode", Error::new(reason));
        let page = post(&[("send", "code")]).await;
        assert!(page.says(said) && page.says("id=\"code-fault\"") && page.says("清禾"), "{}", page.html);
        assert!(!page.says("验证码已发送"), "{}", page.html);
    }
    for (reason, said) in
        [("REQUIRED", "请填写验证码"), ("WRONG", "不是最近一次发送的验证码"), ("ENDED", "验证码已失效")]
    {
        api.script().refuse("AcceptInvitation", Error::field("code", reason, ""));
        let page = post(&[("code", "042917")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.says(said) && page.says("href=\"#code\"") && page.says("value=\"042917\""),
            "{}",
            page.html
        );
    }
    assert_eq!(api.asked::<AcceptInvitationRequest>("AcceptInvitation").code, "042917");
}

#[tokio::test]
async fn who_has_a_firm_types_the_code_in_a_form_of_its_own() {
    const CLAIM: &str = "action=\"/i/x/claim\"";
    let (api, world) = inviting("h***@example.invalid").await;
    let page = world.get("/i/x", SALES).await;
    assert!(page.says("id=\"claim-code\"") && page.says("id=\"code\""), "{}", page.html);
    let token = page.field(CLAIM, "token");
    let page = world.post("/i/x/claim", SALES, &[("token", &token), ("send", "code")]).await;
    assert!(page.says("验证码已发送到 h***@example.invalid"), "{}", page.html);
    assert_eq!(api.asked::<RequestInvitationCodeRequest>("RequestInvitationCode").token, "x");
    api.script().refuse("ClaimInvitation", Error::field("code", "WRONG", ""));
    let page = world.post("/i/x/claim", SALES, &[("token", &token), ("code", "042917")]).await;
    assert!(page.says("href=\"#claim-code\"") && page.says("id=\"claim-code-fault\""), "{}", page.html);
    assert_eq!(api.asked::<ClaimInvitationRequest>("ClaimInvitation").code, "042917");
}

#[tokio::test]
async fn without_a_code_the_link_of_an_invitation_is_enough() {
    let (_, world) = inviting("").await;
    for session in ["", SALES] {
        let page = world.get("/i/x", session).await;
        assert!(!page.says("one-time-code") && !page.says("name=\"send\""), "{}", page.html);
    }
}

#[tokio::test]
async fn it_is_said_whose_address_signs_in() {
    let (api, world) = Hostile::start(false, None).await;
    let own = Channel {
        id: "own".into(),
        member_id: "lin".into(),
        medium: Medium::Mail.into(),
        signs_in: true,
        ..Channel::default()
    };
    let firm = Channel { id: "firm".into(), medium: Medium::Wecom.into(), ..Channel::default() };
    let channels = ListChannelsResponse { channels: vec![own, firm], ..Default::default() };
    let lin = Member { id: "lin".into(), name: "林小燕".into(), ..Member::default() };
    let members = ListMembersResponse { members: vec![lin], ..Default::default() };
    api.script().answer("ListChannels", vec![Ok(channels); 4]);
    api.script().answer("ListMembers", vec![Ok(members); 4]);
    for (path, said) in [
        ("/channels", ["<dd>林小燕</dd>", "<dd>整个企业</dd>"]),
        ("/channels/own", ["归谁", "<dd>林小燕</dd>"]),
        ("/channels/firm", ["归谁", "<dd>整个企业</dd>"]),
        ("/channels/export?format=csv", ["归谁|", "|林小燕|"]),
    ] {
        let page = world.get(path, SALES).await;
        assert!(said.iter().all(|said| page.says(said)), "{path}: {}", page.html);
    }
}

#[tokio::test]
async fn where_mail_goes_out_no_answer_tells_who_is_a_member_either() {
    let (api, world) = mailing(true).await;
    api.script().refused = Some(("InspectLink", Code::NotFound));
    let told = async |path: &str| {
        let page = world.get(path, "").await;
        let main = body(&page).to_string();
        // Each form has a token of its own.
        let main = if page.says(FORM) { main.replace(&page.field(FORM, "token"), "") } else { main };
        (page.status, main)
    };
    for (none, others) in
        [("/s/nonsense", ["/s/another", "/s/invite"]), ("/i/nonsense", ["/i/another", "/i/invite"])]
    {
        let said = told(none).await;
        assert_eq!(said.0, StatusCode::NOT_FOUND, "D29: {none}");
        for other in others {
            assert_eq!(told(other).await, said, "D29: {other}");
        }
    }
    let page = world.get("/sign-in", "").await;
    assert!(!body(&page).contains("type=\"text\""), "D29: of an address and of nothing else");
    let token = page.field(FORM, "token");
    let answered = async |address: &str| {
        let page = world.post("/sign-in", "", &[("token", &token), ("mail", address)]).await;
        (page.status, page.header("location").to_string(), page.html)
    };
    let known = answered("lin@example.invalid").await;
    assert_eq!(answered("nobody@example.invalid").await, known, "D29: whosever the address is");
}

#[tokio::test]
async fn where_another_session_begins_the_one_of_before_ends() {
    let (api, world) = Hostile::start(false, None).await;
    let session = RedeemSignInLinkResponse { session_token: SALES.into(), ..Default::default() };
    api.script().answer("RedeemSignInLink", (0..3).map(|_| Ok(session.clone())));
    let token = minted("", "sign-in x");
    let enter = async |before: &str| -> usize {
        let page = world.post("/s/x", before, &[("token", &token)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        assert!(page.header("set-cookie").starts_with(&format!("tandem_dev={SALES};")));
        api.calls().iter().filter(|call| call.rpc == "EndSession" && call.token == before).count()
    };
    assert_eq!(enter("").await, 0, "there was none");
    assert_eq!(enter(BUYER).await, 1);
    api.script().refuse("EndSession", Error::new(Reason::UNAVAILABLE));
    assert_eq!(enter(BUYER).await, 1, "where it cannot be ended, one is signed in all the same");
}
