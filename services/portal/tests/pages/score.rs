//! What a figure of a scorecard is of, page by page, in both languages; over an API that has 51 answered orders.

use axum::{body::Body, http::StatusCode};
use chassis::{
    Reason,
    value::{timestamp, wire_date},
};
use proto::orders::{score_evidence::Thing, scorecard_service_server::ScorecardServiceServer, *};
use time::macros::{date, datetime};
use tonic::{Request, Response, Status};

use crate::{
    World,
    fake::{BUYER, Fake, SALES, refuse, wire},
    hostile::{Hostile, ID},
    request,
};

const PARTNER: &str = "/partners/r1";
/// 2026-11-23 01:00:00 UTC, the clock of these tests.
const NOW: &str = "1795395600";

/// The API's scorecards.
pub fn server(api: &Fake) -> ScorecardServiceServer<Fake> {
    ScorecardServiceServer::new(api.clone())
}

#[tonic::async_trait]
impl scorecard_service_server::ScorecardService for Fake {
    async fn get_scorecard(
        &self,
        request: Request<GetScorecardRequest>,
    ) -> Result<Response<Scorecard>, Status> {
        if request.get_ref().side() != Side::Buyer {
            return Err(refuse(Reason::NOT_FOUND));
        }
        let supplier = SupplierScore {
            orders: 52,
            answered: 51,
            answer_median_seconds: Some(3_600),
            answer_p90_seconds: Some(90_000),
            lines_settled: 1,
            lines_accepted: 1,
            acceptance_rate: wire("1"),
            ..SupplierScore::default()
        };
        let buyer = BuyerScore {
            proposals: 2,
            agreed_by_tolerance: 1,
            declined: 1,
            changes_to_accepted_lines: Some(1),
            changes_inside_frozen_horizon: Some(0),
            ..BuyerScore::default()
        };
        Ok(Response::new(Scorecard { supplier: Some(supplier), buyer: Some(buyer), ..Scorecard::default() }))
    }

    async fn list_score_evidence(
        &self,
        request: Request<ListScoreEvidenceRequest>,
    ) -> Result<Response<ListScoreEvidenceResponse>, Status> {
        let asked = request.into_inner();
        let evidence = match (asked.figure(), asked.page_token.as_str()) {
            (ScoreFigure::Answered, "") => {
                let all = (0..asked.page_size).map(|n| answered(&format!("CY{n:02}"), true));
                let next_page_token = "more".to_owned();
                return Ok(Response::new(ListScoreEvidenceResponse {
                    evidence: all.collect(),
                    next_page_token,
                }));
            }
            (ScoreFigure::Answered, "more") => vec![answered("CY98", true), answered("CY99", false)],
            (ScoreFigure::Acceptance, "") => vec![of(Thing::Line(ScoredLine {
                ordered: wire("16000"),
                accepted: wire("12000"),
                cancelled: wire("4000"),
            }))],
            (ScoreFigure::Decided, "") => {
                let declined = ScoredProposal {
                    state: ProposalState::Declined.into(),
                    decided_at: Some(timestamp(datetime!(2026-11-21 02:30 UTC))),
                    decision_seconds: Some(5_400),
                    ..ScoredProposal::default()
                };
                let tolerated = ScoredProposal {
                    state: ProposalState::Accepted.into(),
                    agreed_by_tolerance: true,
                    ..ScoredProposal::default()
                };
                let tolerated = ScoreEvidence { counted: false, ..of(Thing::Proposal(tolerated)) };
                vec![of(Thing::Proposal(declined)), tolerated]
            }
            (ScoreFigure::ChangesToAcceptedLines, "") => vec![of(Thing::Change(ScoredChange {
                action: "change_requested".into(),
                accepted: wire("16000"),
                inside_frozen_horizon: true,
            }))],
            (_, "") => Vec::new(),
            _ => return Err(refuse(Reason::PAGE_TOKEN_INVALID)),
        };
        Ok(Response::new(ListScoreEvidenceResponse { evidence, next_page_token: String::new() }))
    }
}

/// Evidence about the second schedule line of a line.
fn of(thing: Thing) -> ScoreEvidence {
    ScoreEvidence {
        order_id: "0192f000-0000-7000-8000-000000000007".into(),
        order_number: "CY26110219".into(),
        line_number: "10".into(),
        schedule_line_number: "2".into(),
        unit_code: "H87".into(),
        version: 1,
        at: Some(timestamp(datetime!(2026-11-21 01:00 UTC))),
        counted: true,
        thing: Some(thing),
    }
}

/// An order that was due on the 20th, answered an hour after it was published, or late and not yet.
fn answered(number: &str, counted: bool) -> ScoreEvidence {
    let order = ScoredOrder {
        answered_at: counted.then(|| timestamp(datetime!(2026-11-21 02:00 UTC))),
        answer_seconds: counted.then_some(3_600),
        due_on: Some(wire_date(date!(2026 - 11 - 20))),
        overdue: !counted,
    };
    ScoreEvidence {
        order_number: number.into(),
        line_number: String::new(),
        schedule_line_number: String::new(),
        counted,
        ..of(Thing::Order(order))
    }
}

#[tokio::test]
async fn a_figure_leads_to_the_orders_that_it_counts_page_by_page() {
    let world = World::start().await;
    let first = world.get(&format!("{PARTNER}/score/answered?until={NOW}"), BUYER).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(first.says("51 / 52") && first.says("已有首次答复的数量"), "the figure and what it means");
    assert!(first.says("href=\"/orders/0192f000-0000-7000-8000-000000000007\">CY00</a>"));
    assert!(first.says("1 小时 0 分") && first.says("2026年11月20日") && first.says(">计入<"));
    assert!(first.says("2026年8月25日") && first.says("2026年11月23日"), "and of which days");
    let next = format!("href=\"{PARTNER}/score/answered?until={NOW}&#38;page=more\"");
    assert!(first.says(&next), "the same period goes on");
    let last = world.get(&format!("{PARTNER}/score/answered?until={NOW}&page=more"), BUYER).await;
    assert!(last.says("CY99") && last.says("2026年11月20日，已逾期") && last.says(">不计入<"));
    assert!(!last.says("rel=\"next\"") && last.says(&format!("href=\"{PARTNER}\"")), "and leads back");
}

#[tokio::test]
async fn each_kind_of_evidence_says_what_went_into_the_figure() {
    let world = World::start().await;
    let lines = world.get(&format!("{PARTNER}/score/acceptance"), BUYER).await;
    assert!(lines.says("第 10（计划行 2） 行"));
    assert!(lines.says("16,000 个") && lines.says("12,000 个") && lines.says("4,000 个"));
    let proposals = world.get(&format!("{PARTNER}/score/decided"), BUYER).await;
    assert!(proposals.says("1 小时 30 分") && proposals.says("容差内自动接受") && proposals.says(">不计入<"));
    let changes = world.get(&format!("{PARTNER}/score/changes_to_accepted_lines"), BUYER).await;
    assert!(changes.says("（冻结期内）") && !changes.says("是否计入"), "all of them count");
    let nothing = world.get(&format!("{PARTNER}/score/changes_inside_frozen_horizon"), BUYER).await;
    assert!(nothing.status == StatusCode::OK && nothing.says("没有计入此项的内容"));
    for unknown in ["r1/score/nothing", "r1/score/unspecified", "r9/score/answered"] {
        assert_eq!(world.get(&format!("/partners/{unknown}"), BUYER).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_arrives_on_time_is_shown_once_somebody_knows_it() {
    let (api, world) = Hostile::start(false, None).await;
    let path = format!("/partners/{ID}");
    let known = world.get(&path, SALES).await;
    for figure in ["足额接受率", "准时交货率（要求）", "准时交货率（承诺）"] {
        assert!(known.says(figure), "{figure}: {}", known.html);
    }
    // As the API answers where no receipts are recorded.
    let nothing = Scorecard { supplier: Some(SupplierScore::default()), ..Scorecard::default() };
    api.script().answer("GetScorecard", [Ok(nothing)]);
    let unknown = world.get(&path, SALES).await;
    assert!(unknown.says("足额接受率") && unknown.says("暂无数据") && !unknown.says("准时交货率"));
}

#[tokio::test]
async fn evidence_is_told_in_english() {
    let world = World::start().await;
    for (figure, words) in [
        ("answered", ["First answer", "Counted?", "1 h 0 min"]),
        ("acceptance", ["Ordered", "Cancelled", "Line 10 (schedule line 2)"]),
        ("decided", ["Declined", "Agreed by tolerance", "Not counted"]),
        ("changes_to_accepted_lines", ["What the buyer did", "Accepted before", "inside the frozen horizon"]),
    ] {
        let asked = request("GET", &format!("{PARTNER}/score/{figure}?until={NOW}"), BUYER);
        let asked = asked.header("accept-language", "en-GB").body(Body::empty()).unwrap();
        let page = world.send(asked).await;
        for word in words {
            assert!(page.says(word), "{figure}: {word}");
        }
        assert!(!page.says("计入") && !page.says(" style="), "{figure}");
    }
}
