//! Hundreds of suppliers invited in one request, each row with its own result.

use chassis::Reason;
use encoding_rs::GB18030;
use harness::{
    Firm, World, chaos, cli, order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::partners::{
    AcceptInvitationRequest, InviteSuppliersRequest, InviteSuppliersResponse, ListRelationshipsRequest,
    ListSupplierContactsRequest, SupplierRow, SupplierRowOutcome as Outcome,
};
use tonic::Status;

fn row(name: &str, vendor_number: &str) -> SupplierRow {
    SupplierRow {
        name: name.into(),
        vendor_number: vendor_number.into(),
        contact_name: "何姐".into(),
        phone: "100-0000-0001".into(),
        mail: "he@example.invalid".into(),
        ..SupplierRow::default()
    }
}

fn request(rows: Vec<SupplierRow>) -> InviteSuppliersRequest {
    InviteSuppliersRequest { request_id: request_id(), rows, ..Default::default() }
}

async fn invite(buyer: &Firm, request: InviteSuppliersRequest) -> Result<InviteSuppliersResponse, Status> {
    Ok(buyer.invitations().invite_suppliers(request).await?.into_inner())
}

fn outcomes(answer: &InviteSuppliersResponse) -> Vec<Outcome> {
    answer.results.iter().map(|result| result.outcome()).collect()
}

async fn suppliers(buyer: &Firm) -> usize {
    let request = ListRelationshipsRequest { page_size: 1_000, ..Default::default() };
    buyer.relationships().list_relationships(request).await.unwrap().into_inner().relationships.len()
}

#[tokio::test]
async fn each_row_has_its_own_result() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    world.invite(&buyer, "早先邀请", "V300").await;
    let bad = SupplierRow { mail: "nobody".into(), language: "fr".into(), ..row("", "V900") };
    let rows = vec![
        row("清禾包装", "007"),
        row("顺模", "V100"),
        row("早先邀请", "V300"),
        row("清禾包装二厂", "007"),
        bad,
        row("恒铆五金", "V400"),
    ];
    let first = request(rows.clone());
    let answer = invite(&buyer, first.clone()).await.expect("answered");
    let expected = [
        Outcome::Invited,
        Outcome::AlreadyPartner,
        Outcome::Pending,
        Outcome::DuplicateInFile,
        Outcome::Refused,
        Outcome::Invited,
    ];
    assert_eq!(outcomes(&answer), expected);
    let links: Vec<bool> = answer.results.iter().map(|result| !result.invitation_path.is_empty()).collect();
    assert_eq!(links, [true, false, false, false, false, true]);
    assert_eq!(answer.results[3].same_as_row, 0);
    let faults: Vec<(&str, &str)> =
        answer.results[4].faults.iter().map(|fault| (&*fault.field, &*fault.reason)).collect();
    assert_eq!(faults, [("name", "REQUIRED"), ("language", "LOCALE"), ("mail", "FORMAT")]);
    assert_eq!(suppliers(&buyer).await, 4, "V100, V300, 007, V400");

    let replay = invite(&buyer, first).await.expect("replayed");
    assert_eq!(outcomes(&replay), expected);
    assert!(replay.results.iter().all(|result| result.invitation_path.is_empty()), "links are shown once");
    let again = invite(&buyer, request(rows.clone())).await.expect("the same file again");
    assert_eq!(outcomes(&again)[0], Outcome::Pending);
    assert_eq!(suppliers(&buyer).await, 4, "nobody is invited twice");

    let renewed = InviteSuppliersRequest { renew_links: true, ..request(rows) };
    let renewed = invite(&buyer, renewed).await.expect("renewed");
    assert!(renewed.results[0].invitation_path.starts_with("/i/"));
    let accept = |path: &str| AcceptInvitationRequest {
        token: path.rsplit('/').next().unwrap().into(),
        member_name: "何姐".into(),
        ..Default::default()
    };
    let sessions = || world.anybody().sessions();
    refused(
        sessions().accept_invitation(accept(&answer.results[0].invitation_path)).await,
        Reason::LINK_EXPIRED,
    );
    sessions().accept_invitation(accept(&renewed.results[0].invitation_path)).await.expect("accepted");
    let after = invite(&buyer, request(vec![row("清禾包装", "007")])).await.unwrap();
    assert_eq!(outcomes(&after), [Outcome::AlreadyPartner]);
    buyer.publish(order("A1").line("10", "X", "1", "1").to("007")).await.expect("an order finds it");
    world.finish().await;
}

#[tokio::test]
async fn five_hundred_are_invited_at_once() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let rows: Vec<SupplierRow> =
        (0..500).map(|n| row(&format!("供应商{n:03}(示例)"), &format!("{n:010}"))).collect();
    let answer = invite(&buyer, request(rows.clone())).await.expect("invited");
    assert!(outcomes(&answer).iter().all(|outcome| *outcome == Outcome::Invited));
    let mut links: Vec<&str> = answer.results.iter().map(|result| &*result.invitation_path).collect();
    links.sort_unstable();
    links.dedup();
    assert_eq!(links.len(), 500, "each with a link of its own");
    world.settled().await;
    assert_eq!(buyer.events().await.len(), 500, "each with its event");
    let mut more = rows;
    more.push(row("多一家", "X"));
    bad_fields(invite(&buyer, request(more)).await, &[("rows", "COUNT")]);
    bad_fields(invite(&buyer, request(Vec::new())).await, &[("rows", "COUNT")]);
    world.finish().await;
}

#[tokio::test]
async fn checking_writes_nothing_and_contacts_are_the_buyers_alone() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let check = InviteSuppliersRequest {
        validate_only: true,
        ..request(vec![row("清禾", "V1"), row("顺模", "V100")])
    };
    let answer = invite(&buyer, check.clone()).await.expect("checked");
    assert_eq!(outcomes(&answer), [Outcome::Invited, Outcome::AlreadyPartner]);
    assert_eq!(answer.results[0].relationship_id, "");
    assert_eq!(suppliers(&buyer).await, 1);
    let done = InviteSuppliersRequest { validate_only: false, request_id: request_id(), ..check };
    let answer = invite(&buyer, done).await.expect("invited");
    let contacts = async |firm: &Firm| {
        let listed = firm.invitations().list_supplier_contacts(ListSupplierContactsRequest::default()).await;
        listed.expect("listed").into_inner().contacts
    };
    let own = contacts(&buyer).await;
    assert_eq!(own.len(), 2);
    assert!(own.iter().any(|contact| contact.relationship_id == answer.results[0].relationship_id
        && contact.phone == "100-0000-0001"
        && contact.language == "zh"));
    assert!(contacts(&supplier).await.is_empty(), "not even for the supplier itself");
    world.settled().await;
    for firm in [&buyer, &supplier] {
        let told = format!("{:?}", firm.events().await);
        assert!(!told.contains("0000-0001") && !told.contains("he@example"), "no contact is in an event");
    }
    world.finish().await;
}

const LIST: &str = "供应商名称,供应商编码,统一社会信用代码,联系人,手机,邮箱\n\
    清禾包装(示例)有限公司,0000410882,91990000MA0000074U,何姐,100-0000-0001,he@example.invalid\n\
    顺模塑料制品(示例)厂,V100,,,,\n\
    没有邮箱的,V900,,,,nobody\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spreadsheets_list_is_sent_from_the_command_line_and_comes_back_with_links() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let folder = chaos::folder("invite").await;
    let (list, result, again) =
        (folder.join("供应商.csv"), folder.join("供应商-result.csv"), folder.join("again.csv"));
    std::fs::write(&list, GB18030.encode(LIST).0).unwrap();
    let list = list.to_str().unwrap();
    let invite = ["partners", "invite", "--csv", list, "--portal", "https://portal.example.invalid/"];
    let checked = cli::run(&world, &buyer.key, &["partners", "invite", "--csv", list, "--check"]).await;
    assert_eq!((checked.code, suppliers(&buyer).await), (Some(3), 1), "{checked:?}");

    let first = cli::run(&world, &buyer.key, &invite).await;
    assert_eq!(first.code, Some(3), "one row was refused: {first:?}");
    let told = &first.json()[0];
    assert_eq!((&told["rows"], &told["counts"]["invited"]), (&3.into(), &1.into()));
    assert!(!first.out.contains("/i/"), "links are in the file alone");
    let rows = lines(&result);
    let link = rows[1].rsplit(',').nth(1).unwrap();
    assert!(rows[1].starts_with("清禾包装(示例)有限公司,0000410882,"), "{}", rows[1]);
    assert!(link.starts_with("https://portal.example.invalid/i/"), "{link}");
    assert!(rows[2].ends_with("ALREADY_PARTNER,,") && rows[3].contains("REFUSED,,mail must be"), "{rows:?}");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&result).unwrap().permissions().mode() & 0o777, 0o600);

    let over = cli::run(&world, &buyer.key, &invite).await;
    assert_eq!(over.code, Some(2), "a file with links is not written over: {over:?}");
    let renew: Vec<&str> =
        invite.iter().copied().chain(["--out", again.to_str().unwrap(), "--renew-links"]).collect();
    cli::run(&world, &buyer.key, &renew).await;
    let renewed = lines(&again);
    let other = renewed[1].rsplit(',').nth(1).unwrap();
    assert!(other.contains("/i/") && other != link, "{other}");
    assert_eq!(suppliers(&buyer).await, 2, "nobody is invited twice");
    let listed = cli::run(&world, &buyer.key, &["partners", "list"]).await.done();
    assert!(listed.out.contains("0000410882"), "{}", listed.out);
    world.finish().await;
}

/// The lines of a result, of which the first begins with the mark of UTF-8.
fn lines(path: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("the result");
    assert!(text.starts_with('\u{feff}'));
    text.lines().map(str::to_string).collect()
}
