//! What a table of weeks states beyond what stood in it when it went out.

use std::collections::{BTreeMap, HashSet};

use axum::http::StatusCode;
use futures::future::try_join_all;
use proto::{
    capacity::{CapacityWeek, GroupContent},
    interchange::{RowError, TableRow},
};
use time::{Date, Weekday};

use super::super::{
    edit::{fault, label},
    entry::{self, Change, FIGURES, Figure, Wrong},
    read::{self, AT_ONCE},
};
use crate::{
    failure::Failure,
    i18n::{Key, Text, key},
    measure::Measure,
    rows::Unreadable,
    session::Member,
    typed,
};

/// The most groups of one table.
const GROUPS: usize = 1_000;

/// A group, and the version of it that a row was made of.
type Version = (String, i64);

/// What is stated of one group.
pub struct Statement {
    pub group_id: String,
    pub version: i64,
    pub weeks: Vec<CapacityWeek>,
    pub removed: Vec<proto::Date>,
    /// The first row that states something of it.
    pub row: i32,
}

/// What a table states, and what is wrong with it.
pub struct Stated {
    pub statements: Vec<Statement>,
    pub errors: Vec<RowError>,
    /// Rows below the headings, and how many of them state something.
    pub rows: usize,
    pub changed: usize,
}

/// A row as it came in.
struct Line {
    row: i32,
    version: Version,
    monday: Date,
    /// In the order of the figures; `None` where the table has no such column.
    cells: [Option<String>; 3],
}

impl Stated {
    /// Compares a table with what stood in it when it went out.
    ///
    /// # Errors
    /// The inner one says what is wrong with the whole table.
    pub async fn read(member: &Member, table: &[TableRow]) -> Result<Result<Self, Unreadable>, Failure> {
        let t = member.text();
        let Some((head, rows)) = table.split_first().filter(|(_, rows)| !rows.is_empty()) else {
            return Ok(Err(Unreadable::Empty));
        };
        let place = |label| place(t, head, label).ok_or_else(|| Unreadable::Missing(t.say(label)));
        let (monday, id) = match (place(key::EXPORT_MONDAY), place(key::CAPACITY_SHEETS_KEY)) {
            (Ok(monday), Ok(id)) => (monday, id),
            (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
        };
        let figures = figures(t, head);
        let mut stated = Self { statements: Vec::new(), errors: Vec::new(), rows: rows.len(), changed: 0 };
        let mut lines = Vec::new();
        for row in rows {
            match line(t, row, (monday, id), figures) {
                Ok(line) => lines.push(line),
                Err(error) => stated.errors.push(error),
            }
        }
        let versions: HashSet<&Version> = lines.iter().map(|line| &line.version).collect();
        if versions.len() > GROUPS {
            return Ok(Err(Unreadable::TooMany(GROUPS)));
        }
        let versions: Vec<&Version> = versions.into_iter().collect();
        let mut groups = BTreeMap::new();
        for some in versions.chunks(AT_ONCE) {
            let found = try_join_all(some.iter().map(|version| group(member, version))).await?;
            groups.extend(some.iter().map(|version| (*version).clone()).zip(found));
        }
        stated.compare(t, &lines, &groups);
        stated.errors.sort_by_key(|error| error.row);
        Ok(Ok(stated))
    }

    fn compare(&mut self, t: &Text, lines: &[Line], groups: &BTreeMap<Version, Option<GroupContent>>) {
        let mut seen = HashSet::new();
        let mut statements: BTreeMap<&Version, Statement> = BTreeMap::new();
        for line in lines {
            let Some(Some(group)) = groups.get(&line.version) else {
                let message = t.say(key::CAPACITY_SHEETS_KEY_WRONG);
                self.errors.push(wrong(t, line.row, key::CAPACITY_SHEETS_KEY, message));
                continue;
            };
            if !seen.insert((&line.version.0, line.monday)) {
                let message = t.say(key::CAPACITY_SHEETS_TWICE);
                self.errors.push(wrong(t, line.row, key::EXPORT_MONDAY, message));
                continue;
            }
            let measure = Measure::of(&group.unit_code);
            let change = match change(&measure, line.monday, entry::week(group, line.monday), &line.cells) {
                Ok(Some(change)) => change,
                Ok(None) => continue,
                Err((figure, why)) => {
                    let (column, message) = (label(t, figure), fault(t, why, &measure));
                    self.errors.push(RowError { row: line.row, column, message, ..RowError::default() });
                    continue;
                }
            };
            self.changed += 1;
            let statement = statements.entry(&line.version).or_insert_with(|| Statement {
                group_id: line.version.0.clone(),
                version: line.version.1,
                weeks: Vec::new(),
                removed: Vec::new(),
                row: line.row,
            });
            match change {
                Change::Set(week) => statement.weeks.push(week),
                Change::Remove => statement.removed.push(chassis::value::wire_date(line.monday)),
            }
        }
        self.statements = statements.into_values().collect();
    }
}

/// The group as it was; `None` where the own firm has none of that id in that version.
async fn group(member: &Member, (id, version): &Version) -> Result<Option<GroupContent>, Failure> {
    match read::group(member, id, *version).await {
        Ok(group) => Ok(group.content),
        Err(failure) if failure.is("NOT_FOUND") || failure.status() == StatusCode::BAD_REQUEST => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Where a column stands, whichever language its heading is in.
pub fn place(t: &Text, head: &TableRow, label: Key<0>) -> Option<usize> {
    let mut other = t.clone();
    other.lang = t.lang.other();
    let words = [t.say(label), other.say(label)];
    head.cells.iter().position(|heading| words.iter().any(|word| word.eq_ignore_ascii_case(heading.trim())))
}

/// Where the figures stand that are stated.
pub fn figures(t: &Text, head: &TableRow) -> [Option<usize>; 3] {
    [key::ACTUAL, key::MAXIMUM, key::AGREED].map(|label| place(t, head, label))
}

fn wrong(t: &Text, row: i32, column: Key<0>, message: String) -> RowError {
    RowError { row, column: t.say(column), message, ..RowError::default() }
}

fn line(
    t: &Text,
    row: &TableRow,
    (monday, id): (usize, usize),
    figures: [Option<usize>; 3],
) -> Result<Line, RowError> {
    let cell = |at: usize| row.cells.get(at).map_or("", |cell| cell.trim());
    let version = cell(id).split_once('/').and_then(|(id, version)| {
        let version = version.parse().ok().filter(|version: &i64| *version > 0)?;
        Some((id.to_string(), version))
    });
    let Some(version) = version else {
        let message = t.say(key::CAPACITY_SHEETS_KEY_WRONG);
        return Err(wrong(t, row.row, key::CAPACITY_SHEETS_KEY, message));
    };
    let day = typed::date(cell(monday)).ok().flatten();
    let Some(monday) = day.filter(|day| day.weekday() == Weekday::Monday) else {
        return Err(wrong(t, row.row, key::EXPORT_MONDAY, t.say(key::CAPACITY_SHEETS_MONDAY)));
    };
    let cells = figures.map(|at| at.map(|at| cell(at).to_string()));
    Ok(Line { row: row.row, version, monday, cells })
}

/// What a row makes of a week: each cell that differs from what stood there, one after the other.
fn change(
    measure: &Measure,
    monday: Date,
    was: Option<&CapacityWeek>,
    cells: &[Option<String>; 3],
) -> Result<Option<Change>, (Figure, Wrong)> {
    let (mut week, mut changed) = (was.cloned(), None);
    for (figure, cell) in FIGURES.into_iter().zip(cells) {
        let Some(cell) = cell else { continue };
        if *cell == entry::shown(figure, measure, was) {
            continue;
        }
        match entry::change(figure, measure, monday, week.as_ref(), cell).map_err(|why| (figure, why))? {
            None => {}
            // Whoever knows nothing of a week any more states nothing else of it.
            Some(Change::Remove) => return Ok(Some(Change::Remove)),
            Some(Change::Set(set)) => {
                week = Some(set.clone());
                changed = Some(Change::Set(set));
            }
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::{
        entry::tests::{MONDAY, stated},
        *,
    };

    #[test]
    fn a_row_states_the_cells_that_differ_and_no_others() {
        let hours = Measure::of("HUR");
        let was = stated("204", "240", "150");
        let set = |actual, maximum, agreed| Ok(Some(Change::Set(stated(actual, maximum, agreed))));
        for (cells, expected) in [
            (["204", "240", "150"], Ok(None)),
            (["204.0", "240", "150"], Ok(None)),
            (["210", "240", "150"], set("210", "240", "150")),
            (["260", "300", "150"], set("260", "300", "150")),
            (["100", "120", "90"], set("100", "120", "90")),
            (["204", "240", ""], set("204", "240", "")),
            (["", "240", "150"], Ok(Some(Change::Remove))),
            (["many", "240", "150"], Err((Figure::Actual, Wrong::NoFigure))),
        ] {
            let typed = cells.map(|cell| Some(cell.to_string()));
            assert_eq!(change(&hours, MONDAY, Some(&was), &typed), expected, "{cells:?}");
        }
        let typed = |cells: [&str; 3]| cells.map(|cell| Some(cell.to_string()));
        let begun = change(&hours, MONDAY, None, &typed(["204", "240", "150"]));
        let new = CapacityWeek { delta_production: None, ..stated("204", "240", "150") };
        assert_eq!(begun, Ok(Some(Change::Set(new))));
        assert_eq!(change(&hours, MONDAY, None, &typed(["", "", ""])), Ok(None));
        assert_eq!(change(&hours, MONDAY, Some(&was), &[None, None, None]), Ok(None), "no such columns");
    }
}
