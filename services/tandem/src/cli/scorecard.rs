//! `tandem partners scorecard`: how both sides of a relationship did, and what each figure of it is of.

use chassis::value::timestamp;
use clap::{Args, ValueEnum};
use proto::orders::{
    GetScorecardRequest, ListScoreEvidenceRequest, ScoreEvidence, ScoreFigure, Scorecard,
    score_evidence::Thing,
};
use time::Duration;

use super::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, decimal_text, time_text},
    list::SideArg,
    output::{short, table, table_text},
    pages,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem partners scorecard 0193… --side buyer                       how supplier 0193… and the own firm did
  tandem partners scorecard 0193… --side buyer --figure acceptance   which schedule lines that is of
  tandem partners scorecard 0193… --side supplier --days 365 --figure changes --output json | jq -r .orderNumber";

/// The largest page of evidence, as the contract bounds it.
const PAGE: i32 = 100;

#[derive(Debug, Args)]
pub struct ScorecardArgs {
    /// The firm on the other side, by its id
    #[arg(value_name = "FIRM-ID")]
    pub partner: String,
    /// The side that the own firm stands on
    #[arg(long, value_enum)]
    pub side: SideArg,
    /// Of the last so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=731))]
    pub days: i64,
    /// Not the figures but what this one is of, the newest first
    #[arg(long, value_enum)]
    pub figure: Option<FigureArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FigureArg {
    /// Orders, and which of them were answered
    Answered,
    /// How long each first answer took
    AnswerTime,
    /// Answered orders, and which of them were never overdue
    AnsweredOnTime,
    /// Settled schedule lines, and which of them were accepted in full
    Acceptance,
    /// Proposals of the supplier
    Proposals,
    /// Proposals, and which of them the buyer's tolerances agreed to
    AgreedByTolerance,
    /// Proposals, and which of them the buyer's people decided
    Decided,
    /// Proposals that wait for the buyer
    Waiting,
    /// How long each decision took
    DecisionTime,
    /// What the buyer moved of accepted lines
    Changes,
    /// Of these, what lay inside the frozen horizon
    FrozenChanges,
}

pub(super) async fn run(args: &ScorecardArgs, session: &Session) -> Result<Exit, Failure> {
    let until = chassis::clock::system().now();
    let card = GetScorecardRequest {
        side: args.side.proto().into(),
        counterparty_id: args.partner.clone(),
        from: Some(timestamp(until - Duration::days(args.days))),
        until: Some(timestamp(until)),
    };
    match args.figure {
        Some(figure) => evidence(card, figure, session).await,
        None => figures(card, session).await,
    }
}

async fn figures(request: GetScorecardRequest, session: &Session) -> Result<Exit, Failure> {
    let answer = session.connection.scorecards().get_scorecard(request).await;
    let card = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.orders.v1.Scorecard", &card)?)?;
    } else {
        session.out.line(&text(&card))?;
    }
    Ok(Exit::Ok)
}

async fn evidence(card: GetScorecardRequest, figure: FigureArg, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.scorecards();
    let page = async |page_token| {
        let request = ListScoreEvidenceRequest {
            page_size: PAGE,
            page_token,
            side: card.side,
            counterparty_id: card.counterparty_id.clone(),
            from: card.from,
            until: card.until,
            figure: figure.proto().into(),
        };
        let page = client.list_score_evidence(request).await?.into_inner();
        Ok((page.evidence, page.next_page_token))
    };
    let all = pages::all(session, page).await?;
    let header = ["ORDER", "LINE", "COUNTS", "AT", "WHAT", "UNTIL", "SECONDS"];
    pages::say(session, "tandem.orders.v1.ScoreEvidence", &all, &header, row)
}

fn row(one: &ScoreEvidence) -> [String; 7] {
    let line = match one.line_number.as_str() {
        "" => String::new(),
        line => format!("{line}/{}", one.schedule_line_number),
    };
    let (what, until, seconds) = match &one.thing {
        Some(Thing::Order(order)) => {
            let due = match date_text(order.due_on.as_ref()) {
                day if day.is_empty() => "no deadline".to_owned(),
                day if order.overdue => format!("was due {day}, overdue"),
                day => format!("due {day}"),
            };
            (due, time_text(order.answered_at.as_ref()), order.answer_seconds)
        }
        Some(Thing::Line(line)) => {
            let [ordered, accepted, cancelled] =
                [&line.ordered, &line.accepted, &line.cancelled].map(|part| decimal_text(part.as_ref()));
            (format!("{accepted} accepted of {ordered}, {cancelled} cancelled"), String::new(), None)
        }
        Some(Thing::Proposal(proposal)) => {
            let state = short(proposal.state().as_str_name(), "PROPOSAL_STATE_");
            let how = if proposal.agreed_by_tolerance { " by tolerance" } else { "" };
            let decided = time_text(proposal.decided_at.as_ref());
            (format!("{state}{how}"), decided, proposal.decision_seconds)
        }
        Some(Thing::Change(change)) => {
            let frozen = if change.inside_frozen_horizon { ", frozen" } else { "" };
            let accepted = decimal_text(change.accepted.as_ref());
            (format!("{}, {accepted} were accepted{frozen}", change.action), String::new(), None)
        }
        None => (String::new(), String::new(), None),
    };
    let counts = if one.counted { "yes" } else { "no" };
    let seconds = seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
    [one.order_number.clone(), line, counts.to_owned(), time_text(one.at.as_ref()), what, until, seconds]
}

/// The figures under the names that `--figure` takes. What is not known is a dash.
fn text(card: &Scorecard) -> String {
    let supplier = card.supplier.clone().unwrap_or_default();
    let buyer = card.buyer.unwrap_or_default();
    let of = |part: i32, whole: i32| format!("{part} of {whole}");
    let known = |value: Option<i32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let times = |median: Option<i64>, p90: Option<i64>| match median.zip(p90) {
        Some((median, p90)) => format!("{median} s median, {p90} s nine in ten"),
        None => "-".to_owned(),
    };
    let on_time = supplier.answered_on_time.map(|on_time| of(on_time, supplier.answered));
    let values = [
        (FigureArg::Answered, of(supplier.answered, supplier.orders)),
        (FigureArg::AnswerTime, times(supplier.answer_median_seconds, supplier.answer_p90_seconds)),
        (FigureArg::AnsweredOnTime, on_time.unwrap_or_else(|| "-".to_owned())),
        (FigureArg::Acceptance, of(supplier.lines_accepted, supplier.lines_settled)),
        (FigureArg::Proposals, buyer.proposals.to_string()),
        (FigureArg::AgreedByTolerance, of(buyer.agreed_by_tolerance, buyer.proposals)),
        (FigureArg::Decided, of(buyer.accepted + buyer.declined, buyer.proposals)),
        (FigureArg::Waiting, buyer.waiting.to_string()),
        (FigureArg::DecisionTime, times(buyer.decision_median_seconds, buyer.decision_p90_seconds)),
        (FigureArg::Changes, known(buyer.changes_to_accepted_lines)),
        (FigureArg::FrozenChanges, known(buyer.changes_inside_frozen_horizon)),
    ];
    let mut table = table(&["FIGURE", "VALUE"]);
    for (figure, value) in values {
        let name = figure.to_possible_value().map(|name| name.get_name().to_owned());
        table.add_row([name.unwrap_or_default(), value]);
    }
    table_text(&table)
}

impl FigureArg {
    fn proto(self) -> ScoreFigure {
        match self {
            FigureArg::Answered => ScoreFigure::Answered,
            FigureArg::AnswerTime => ScoreFigure::AnswerTime,
            FigureArg::AnsweredOnTime => ScoreFigure::AnsweredOnTime,
            FigureArg::Acceptance => ScoreFigure::Acceptance,
            FigureArg::Proposals => ScoreFigure::Proposals,
            FigureArg::AgreedByTolerance => ScoreFigure::AgreedByTolerance,
            FigureArg::Decided => ScoreFigure::Decided,
            FigureArg::Waiting => ScoreFigure::Waiting,
            FigureArg::DecisionTime => ScoreFigure::DecisionTime,
            FigureArg::Changes => ScoreFigure::ChangesToAcceptedLines,
            FigureArg::FrozenChanges => ScoreFigure::ChangesInsideFrozenHorizon,
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::{BuyerScore, ScoredLine, SupplierScore};

    use super::*;

    #[test]
    fn a_figure_is_named_as_it_is_asked_for() {
        let card = Scorecard {
            supplier: Some(SupplierScore { orders: 3, answered: 2, ..SupplierScore::default() }),
            buyer: Some(BuyerScore::default()),
            ..Scorecard::default()
        };
        let text = text(&card);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["answered", "2", "of", "3"], "{text}");
        assert_eq!(lines[2], ["answer-time", "-"], "what is not known is not zero");
        for line in &lines[1..] {
            assert!(FigureArg::from_str(line[0], false).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn a_row_says_what_went_into_the_figure() {
        let decimal = |value: &str| Some(proto::Decimal { value: value.into() });
        let line = ScoredLine { ordered: decimal("10"), accepted: decimal("7"), cancelled: decimal("3") };
        let one = ScoreEvidence {
            order_number: "CY26110231".into(),
            line_number: "20".into(),
            schedule_line_number: "1".into(),
            counted: true,
            thing: Some(Thing::Line(line)),
            ..ScoreEvidence::default()
        };
        let row = row(&one);
        assert_eq!(row[..3], ["CY26110231", "20/1", "yes"]);
        assert_eq!(row[4], "7 accepted of 10, 3 cancelled");
    }
}
