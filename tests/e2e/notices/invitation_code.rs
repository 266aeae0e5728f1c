//! Codes that invitations are accepted with, and what they keep from whoever holds the link alone.

use chassis::rates::MAILED_LINKS_BURST;
use proto::{
    notices::{RequestInvitationCodeRequest, RequestInvitationCodeResponse},
    partners::{
        AcceptInvitationRequest, ClaimInvitationRequest, InspectLinkRequest, InviteSuppliersRequest,
        RedeemSignInLinkResponse, SupplierRow, WhoAmIRequest,
    },
};

use super::{
    sign_in::{mailing, mails},
    *,
};

/// The token of an invitation to somebody at an address; earlier ones of the number end.
async fn invited(buyer: &Firm, number: &str, mail: &str) -> String {
    let row = SupplierRow {
        name: "清禾包装(示例)有限公司".into(),
        vendor_number: number.into(),
        mail: mail.into(),
        ..SupplierRow::default()
    };
    let request = InviteSuppliersRequest {
        request_id: request_id(),
        rows: vec![row],
        renew_links: true,
        ..InviteSuppliersRequest::default()
    };
    let answer = buyer.invitations().invite_suppliers(request).await.expect("invited").into_inner();
    answer.results[0].invitation_path.rsplit('/').next().unwrap().to_string()
}

/// Where a code for it is mailed, as far as that is shown.
async fn code_mail(world: &World, token: &str) -> String {
    let inspect = InspectLinkRequest { token: token.into() };
    world.anybody().sessions().inspect_link(inspect).await.expect("a link").into_inner().code_mail
}

async fn ask(world: &World, token: &str) -> Result<RequestInvitationCodeResponse, Status> {
    let request = RequestInvitationCodeRequest { token: token.into() };
    Ok(world.anybody().notices().request_invitation_code(request).await?.into_inner())
}

async fn accept(world: &World, token: &str, code: &str) -> Result<RedeemSignInLinkResponse, Status> {
    let request = AcceptInvitationRequest {
        token: token.into(),
        member_name: "何姐".into(),
        code: code.into(),
        ..AcceptInvitationRequest::default()
    };
    Ok(world.anybody().sessions().accept_invitation(request).await?.into_inner())
}

/// Has a code mailed, which is that of the so many-th mail.
async fn code(world: &World, server: &MailServer, token: &str, count: usize) -> String {
    ask(world, token).await.expect("asked");
    let text = mails(server, count).await.pop().expect("a mail");
    let (_, code) = text.split_once("验证码：").expect("a code");
    code.chars().take(6).collect()
}

/// A code that is not this one.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1) % 1_000_000)
}

#[tokio::test]
async fn an_invitation_with_an_address_is_accepted_by_whoever_reads_its_mail() {
    let (server, world) = mailing().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    assert_eq!(code_mail(&world, &token).await, "h***@example.invalid");
    bad_fields(accept(&world, &token, "").await, &[("code", "REQUIRED")]);
    bad_fields(accept(&world, &token, "000000").await, &[("code", "ENDED")]);

    let code = code(&world, &server, &token, 1).await;
    let mail = server.mails().remove(0);
    assert!(mail.to[0].contains("<he@example.invalid>"), "{:?}", mail.to);
    assert!(mail.text().contains(&buyer.name) && mail.text().contains("30 分钟内有效"), "{}", mail.text());
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select code from partners.link where code is not null")
        .fetch_all(world.owner_pool().await)
        .await
        .unwrap();
    assert!(kept.len() == 1 && kept[0] != code.as_bytes(), "the code stands nowhere");
    bad_fields(accept(&world, &token, &other(&code)).await, &[("code", "WRONG")]);
    let typed = format!(" {} {}", &code[..3], &code[3..]);
    let session = accept(&world, &token, &typed).await.expect("accepted");
    let own = world.access(&session.session_token);
    let who = own.sessions().who_am_i(WhoAmIRequest {}).await.expect("signed in").into_inner();
    assert_eq!((who.member_name.as_str(), who.firm_id), ("何姐", session.firm_id));
    refused(accept(&world, &token, &code).await, Reason::LINK_USED);
    refused(ask(&world, &token).await, Reason::NOT_FOUND);
    world.finish().await;
}

#[tokio::test]
async fn a_code_is_void_after_five_tries_and_when_another_one_is_mailed() {
    let (server, world) = mailing().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    let first = code(&world, &server, &token, 1).await;
    for _ in 0..5 {
        bad_fields(accept(&world, &token, &other(&first)).await, &[("code", "WRONG")]);
    }
    bad_fields(accept(&world, &token, &first).await, &[("code", "ENDED")]);
    let second = code(&world, &server, &token, 2).await;
    let third = code(&world, &server, &token, 3).await;
    assert!(second != third, "random");
    bad_fields(accept(&world, &token, &second).await, &[("code", "WRONG")]);

    let renewed = invited(&buyer, "V400", "he@example.invalid").await;
    refused(accept(&world, &token, &third).await, Reason::LINK_EXPIRED);
    bad_fields(accept(&world, &renewed, &third).await, &[("code", "ENDED")]);
    world.finish().await;
}

#[tokio::test]
async fn a_code_works_for_half_an_hour() {
    let server = MailServer::start().await;
    let clock = FixedClock::new(monday());
    let options = Options { smtp_url: server.url(), clock: clock.clone(), ..Options::default() };
    let world = World::with(options).await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    let first = code(&world, &server, &token, 1).await;
    clock.advance(time::Duration::minutes(30));
    bad_fields(accept(&world, &token, &first).await, &[("code", "ENDED")]);
    let second = code(&world, &server, &token, 2).await;
    clock.advance(time::Duration::minutes(29));
    accept(&world, &token, &second).await.expect("in time");
    world.finish().await;
}

#[tokio::test]
async fn who_has_a_firm_already_needs_the_code_as_well() {
    let (server, world) = mailing().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    let claim = |code: &str| ClaimInvitationRequest {
        request_id: request_id(),
        token: token.clone(),
        code: code.into(),
    };
    let claimed = async |request: ClaimInvitationRequest| {
        let claimed = supplier.relationships().claim_invitation(request).await?.into_inner();
        Ok::<String, Status>(claimed.relationship.expect("a relationship").supplier_id)
    };
    bad_fields(claimed(claim("")).await, &[("code", "REQUIRED")]);
    let code = code(&world, &server, &token, 1).await;
    bad_fields(claimed(claim(&other(&code))).await, &[("code", "WRONG")]);
    let right = claim(&code);
    for again in [right.clone(), right] {
        assert_eq!(claimed(again).await.expect("claimed"), supplier.id);
    }
    world.finish().await;
}

#[tokio::test]
async fn codes_are_mailed_seldom_and_not_for_ever() {
    let (_server, world) = mailing().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    for _ in 0..MAILED_LINKS_BURST {
        ask(&world, &token).await.expect("asked");
    }
    let same = invited(&buyer, "V401", "He@example.invalid").await;
    for token in [token, same] {
        refused(ask(&world, &token).await, Reason::RATE_LIMITED);
    }
    let gone = invited(&buyer, "V402", "refused@example.invalid").await;
    refused(ask(&world, &gone).await, Reason::UNAVAILABLE);
    let guessed = invited(&buyer, "V403", "li@example.invalid").await;
    sqlx::query("update partners.link set codes = 20").execute(world.owner_pool().await).await.unwrap();
    refused(ask(&world, &guessed).await, Reason::LIMIT_REACHED);
    refused(ask(&world, "nothing").await, Reason::NOT_FOUND);
    world.finish().await;
}

#[tokio::test]
async fn without_an_address_or_without_mail_the_link_is_the_proof() {
    let (_server, world) = mailing().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "").await;
    assert_eq!(code_mail(&world, &token).await, "");
    refused(ask(&world, &token).await, Reason::NOT_FOUND);
    accept(&world, &token, "").await.expect("accepted");
    world.finish().await;

    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let token = invited(&buyer, "V400", "he@example.invalid").await;
    assert_eq!(code_mail(&world, &token).await, "");
    refused(ask(&world, &token).await, Reason::NOTICES_NOT_SET_UP);
    accept(&world, &token, "").await.expect("accepted");
    world.finish().await;
}
