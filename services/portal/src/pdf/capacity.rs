//! The capacity sheet: what is wanted of each group and what it can make, week by week.

use proto::capacity::{GroupSummary, MatchedWeek};
use rust_decimal::Decimal;

use crate::{
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    pages::{capacity::state::Figures, order::Fact},
    pdf::document::{Block, Document, Side, Table},
    week::Span,
};

/// A figure of a week with its label; `None` where it is not known.
type Column = (Key<0>, fn(&Figures) -> Option<Decimal>);

/// The figures of a week, in their order.
const COLUMNS: [Column; 6] = [
    (key::DEMAND, |week| week.demand),
    (key::ACTUAL, |week| week.actual),
    (key::MAXIMUM, |week| week.maximum),
    (key::AGREED, |week| week.agreed),
    (key::BOOKED, |week| Some(week.booked)),
    (key::OFFERED, |week| Some(week.offered)),
];

/// The document of a firm's groups: the weeks of a page, of which those that are known stand in it.
pub fn document(
    t: &Text,
    firm: &str,
    span: Span,
    groups: &[GroupSummary],
    weeks: &[MatchedWeek],
    made: &prost_types::Timestamp,
) -> Document {
    let fact = |label: Key<0>, value: String| Fact { label: t.say(label), value };
    let [first, ..] = span.mondays();
    let mut blocks = vec![
        Block::Pairs(vec![
            fact(key::PDF_FIRM, firm.to_string()),
            fact(key::PDF_WEEKS, t.two(key::DATE_SPAN, t.whole_week(first), t.whole_week(span.last()))),
            fact(key::PDF_MADE, t.moment(Some(made))),
        ]),
        Block::Note(t.say(key::PDF_NO_OBLIGATION)),
    ];
    for group in groups {
        let unit = Measure::of(&group.unit_code).unit(t);
        blocks.push(Block::Heading(match unit.as_str() {
            "" => group.name.clone(),
            unit => t.two(key::WITH_NOTE, unit, &group.name),
        }));
        blocks.push(Block::Table(table(t, group, weeks)));
    }
    Document {
        title: t.say(key::PDF_CAPACITY),
        over: t.say(key::BRAND),
        code: None,
        blocks,
        foot: t.say(key::PDF_NO_OBLIGATION),
        language: t.lang.html(),
    }
}

fn table(t: &Text, group: &GroupSummary, weeks: &[MatchedWeek]) -> Table {
    let first = [key::PDF_WEEKS, key::STATE].map(|label| (t.say(label), Side::Left));
    let figures = COLUMNS.map(|(label, _)| (t.say(label), Side::Right));
    let mut table = Table::new(first.into_iter().chain(figures));
    let measure = Measure::of(&group.unit_code);
    let own = weeks.iter().filter(|week| week.group_id == group.id);
    table.rows = own.map(|week| cells(t, &measure, week)).collect();
    table
}

fn cells(t: &Text, measure: &Measure, week: &MatchedWeek) -> Vec<String> {
    let figures = Figures::of(week);
    // What is not known is a dash, and no zero.
    let figure =
        |value: Option<Decimal>| value.map_or_else(|| "–".to_string(), |value| measure.figure(value));
    let monday = format::day(week.monday.as_ref());
    let first = [
        monday.map(|monday| format!("{}\n{}", t.week(monday), t.day(monday))).unwrap_or_default(),
        figures.state.label(t),
    ];
    first.into_iter().chain(COLUMNS.map(|(_, of)| figure(of(&figures)))).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_sheet_binds_nobody_and_knows_no_zero_for_what_is_unknown() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let group = |id: &str| GroupSummary {
            id: id.into(),
            name: "小机组".into(),
            unit_code: "SEC".into(),
            ..GroupSummary::default()
        };
        let week = MatchedWeek {
            group_id: "1".into(),
            monday: Some(chassis::value::wire_date(date!(2026 - 11 - 23))),
            demand: Some(proto::Decimal { value: "900000".into() }),
            ..MatchedWeek::default()
        };
        let span = Span::read("", date!(2026 - 11 - 28));
        let made = chassis::value::timestamp(datetime!(2026-11-28 01:00 UTC));
        let document =
            document(&t, "顺模塑料制品（示例）厂", span, &[group("1"), group("2")], &[week], &made);
        let said = |block: &Block| matches!(block, Block::Note(text) if text.contains("不构成交付义务"));
        assert!(document.blocks.iter().any(said) && document.foot.contains("不构成交付义务"));
        let tables = document.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        let tables: Vec<&Table> = tables.collect();
        let [first, second] = &tables[..] else { panic!("two tables") };
        assert!(second.rows.is_empty());
        let [row] = &first.rows[..] else { panic!("one row") };
        assert_eq!(row.len(), first.columns.len());
        assert!(row[0].contains("2026年11月23日"));
        assert_eq!((row[2].as_str(), row[3].as_str(), row[6].as_str()), ("250", "–", "0"));
    }
}
