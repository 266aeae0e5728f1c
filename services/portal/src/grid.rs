//! Tables of weeks that are filled in: a row a group or a series, a column a week, everything in one form.
//!
//! A cell means something only against what stood there when the form was made: what was not touched is never sent, and
//! where somebody else has changed a row meanwhile, what was typed is kept beside what stands there now.

use rust_decimal::Decimal;
use time::Date;

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    pages::settings::Fault,
    typed,
    week::{Span, WEEKS},
};

/// The most rows in one form.
const LARGEST: usize = 100;

/// A row as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    /// The version that the form was made of.
    pub version: i64,
    pub cells: Vec<String>,
}

/// The rows of a posted form.
pub fn read(fields: &Fields) -> Vec<Line> {
    let mut lines = Vec::new();
    while lines.len() < LARGEST {
        let at = lines.len();
        let id = fields.get(&format!("row-{at}"));
        if id.is_empty() {
            break;
        }
        lines.push(Line {
            id: id.to_string(),
            version: fields.get(&format!("version-{at}")).parse().unwrap_or_default(),
            cells: (0..WEEKS).map(|week| fields.get(&cell_name(at, week)).to_string()).collect(),
        });
    }
    lines
}

fn cell_name(at: usize, week: usize) -> String {
    format!("c-{at}-{week}")
}

/// What a posted form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Save,
    /// To fill in a pasted table.
    Paste,
    /// To fill in what machines and shifts make.
    Fill,
    /// To copy a row's first figure to the right.
    Right(usize),
}

impl Wish {
    /// By the button that was pressed.
    pub fn read(fields: &Fields) -> Self {
        match fields.get("do") {
            "paste" => Wish::Paste,
            "fill" => Wish::Fill,
            other => match other.strip_prefix("right-").and_then(|at| at.parse().ok()) {
                Some(at) => Wish::Right(at),
                None => Wish::Save,
            },
        }
    }
}

/// A cell of the form.
pub struct Cell {
    pub name: String,
    /// What it is, for those who hear it.
    pub label: String,
    pub value: String,
    pub fault: String,
    /// What stands there now, where somebody else has changed it; empty for nothing.
    pub now: String,
}

/// A row of the form.
pub struct Row {
    pub at: usize,
    pub id: String,
    pub version: i64,
    pub name: String,
    pub sub: String,
    pub cells: Vec<Cell>,
    /// What is to be said of the whole row; empty for nothing.
    pub notice: String,
    /// Whether it may be changed.
    pub writes: bool,
}

/// Whether a table that is open would show something else by now.
pub struct Newer {
    /// The kind of what it shows.
    pub live: &'static str,
    /// Where that is found out.
    pub path: String,
    pub changed: bool,
}

impl Newer {
    /// Of a table at `action`, which has a query; `seen` tells apart what an open page shows, and is empty where it is read
    /// now.
    pub fn of(live: &'static str, action: &str, rows: &[Row], seen: &str) -> Self {
        let shown = rows.iter().filter(|row| row.writes).map(|row| format!("{} {}", row.id, row.version));
        let shown = shown.collect::<Vec<_>>().join("\n");
        let mark = hex::encode(&chassis::secret::sha256(shown.as_bytes())[..6]);
        let seen = if seen.is_empty() { mark.as_str() } else { seen };
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("seen", seen).finish();
        Self { live, path: format!("{action}&{query}"), changed: seen != mark }
    }
}

/// What a row is.
pub struct Head {
    pub id: String,
    pub version: i64,
    pub name: String,
    pub sub: String,
    pub writes: bool,
}

/// A row as it is shown: what was typed where something was, else what stands. `was` says what a week showed when the
/// form was made, `now` what it would show.
pub fn row(
    t: &Text,
    at: usize,
    head: Head,
    span: Span,
    line: Option<&Line>,
    was: impl Fn(Date) -> String,
    now: impl Fn(Date) -> String,
) -> Row {
    let cell = |(week, monday): (usize, &Date)| {
        let (before, present) = (was(*monday), now(*monday));
        let typed = line.map(|line| &line.cells[week]).filter(|typed| **typed != before);
        Cell {
            name: cell_name(at, week),
            label: t.two(key::SHORT_WHERE, &head.name, t.whole_week(*monday)),
            now: match typed {
                Some(typed) if present != before && present != *typed => match present.as_str() {
                    "" => t.say(key::NOT_KNOWN),
                    _ => present.clone(),
                },
                _ => String::new(),
            },
            value: typed.cloned().unwrap_or(present),
            fault: String::new(),
        }
    };
    let cells: Vec<Cell> = span.mondays().iter().enumerate().map(cell).collect();
    let moved = line.is_some_and(|line| line.version != head.version);
    Row {
        at,
        notice: match moved && cells.iter().any(|cell| !cell.now.is_empty()) {
            true => t.say(key::GRID_MOVED),
            false => String::new(),
        },
        id: head.id,
        version: head.version,
        name: head.name,
        sub: head.sub,
        writes: head.writes,
        cells,
    }
}

/// Says in a cell, and above the table, what is wrong with it.
pub fn blame(t: &Text, rows: &mut [Row], at: usize, week: usize, text: String) -> Option<Fault> {
    let cell = rows.get_mut(at)?.cells.get_mut(week)?;
    cell.fault.clone_from(&text);
    let (href, label) = (format!("#{}", cell.name), cell.label.clone());
    Some(Fault { href, text: t.two(key::GRID_FAULT, text, label) })
}

/// Says of a whole row why it was not saved.
pub fn refuse(t: &Text, row: &mut Row, failure: &Failure) -> Fault {
    row.notice = match failure.is("STALE_ETAG") {
        true => t.say(key::GRID_MOVED),
        false => failure.sentence(t),
    };
    Fault { href: format!("#row-{}", row.at), text: t.two(key::GRID_FAULT, &row.notice, &row.name) }
}

/// A pasted table in words.
pub struct Told {
    /// What was filled in; empty for nothing.
    pub done: String,
    pub faults: Vec<Fault>,
}

/// What is to be said of a pasted table.
pub fn told(t: &Text, pasted: &Pasted) -> Told {
    let mut faults = Vec::new();
    let mut fault = |text: String| faults.push(Fault { href: "#pasted".into(), text });
    if !pasted.unknown.is_empty() {
        fault(t.one(key::PASTE_UNKNOWN, pasted.unknown.join(&t.say(key::LIST_JOIN))));
    }
    if pasted.beyond {
        fault(t.say(key::PASTE_BEYOND));
    }
    if pasted.cells == 0 && pasted.unknown.is_empty() {
        fault(t.say(key::PASTE_NOTHING));
    }
    let done = if pasted.cells > 0 { t.one(key::GRID_PASTED, pasted.cells) } else { String::new() };
    Told { done, faults }
}

/// What became of a pasted table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    pub cells: usize,
    /// Names that no row has.
    pub unknown: Vec<String>,
    /// Whether it has more columns than there are weeks, or more rows.
    pub beyond: bool,
}

/// Fills in a table as a spreadsheet copies it. A row that begins with a name goes to the row of that name, others go one
/// below the other; a first row that is neither is a head.
pub fn paste(text: &str, names: &[String], lines: &mut [Line]) -> Pasted {
    let mut pasted = Pasted::default();
    let tabs = text.contains('\t');
    let mut next = 0;
    for (index, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        let mut cells: Vec<&str> = match tabs {
            true => line.split('\t').map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        let name = cells.first().copied().filter(|first| !first.is_empty() && !is_figure(first));
        let at = match name {
            None => Some(next),
            Some(name) => names.iter().position(|one| is_named(one, name)),
        };
        if index == 0 && (at.is_none() || !cells.iter().any(|cell| is_figure(cell))) {
            continue;
        }
        if name.is_some() || (tabs && cells.len() > WEEKS && cells[0].is_empty()) {
            cells.remove(0);
        }
        match at {
            None => pasted.unknown.extend(name.map(str::to_string)),
            Some(at) if at >= lines.len() => pasted.beyond = true,
            Some(at) => {
                next = at + 1;
                pasted.beyond |= cells.len() > WEEKS;
                for (cell, value) in lines[at].cells.iter_mut().zip(cells) {
                    *cell = value.to_string();
                    pasted.cells += 1;
                }
            }
        }
    }
    pasted
}

/// Whether a row is meant by a name: its own, or the code that it begins with.
fn is_named(row: &str, name: &str) -> bool {
    let same = |part: &str| part.eq_ignore_ascii_case(name);
    same(row) || row.split_whitespace().next().is_some_and(same)
}

fn is_figure(text: &str) -> bool {
    pair(text).is_some()
}

/// A figure, or two with a stroke between them: what is planned and what can be reached.
pub fn pair(text: &str) -> Option<(Decimal, Option<Decimal>)> {
    match text.split_once(['/', '／']) {
        None => Some((typed::quantity(text)?, None)),
        Some((one, other)) => Some((typed::quantity(one)?, Some(typed::quantity(other)?))),
    }
}

/// Copies the first figure of a row to everything that stands to its right.
pub fn copy_right(cells: &mut [String]) {
    let Some(first) = cells.iter().position(|cell| !cell.is_empty()) else { return };
    let value = cells[first].clone();
    for cell in &mut cells[first..] {
        cell.clone_from(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        let empty = |at: usize| Line { id: at.to_string(), version: 1, cells: vec![String::new(); WEEKS] };
        (0..count).map(empty).collect()
    }

    fn filled(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.cells.join(" ").trim_end().to_string()).collect()
    }

    #[test]
    fn a_table_goes_where_its_names_say_or_one_row_below_the_other() {
        let names: Vec<String> = ["S1-G1 小机组", "S1-G2 中机组", "大机组"].map(str::to_string).into();
        for (what, text, expected, unknown) in [
            ("one below the other", "1\t2\n3\t4\r\n", ["1 2", "3 4", ""], vec![]),
            ("by name, in any order, below a head", "组\t48\n大机组\t9\ns1-g2\t8\n", ["", "8", "9"], vec![]),
            ("an unnamed row follows the named one", "S1-G2\t5\n6\n", ["", "5", "6"], vec![]),
            ("with spaces", "10 20\n30 40", ["10 20", "30 40", ""], vec![]),
            ("both figures", "204/240\t204／240", ["204/240 204／240", "", ""], vec![]),
            ("thousands", "1,200\t2", ["1,200 2", "", ""], vec![]),
            ("a name of nobody", "S1-G1\t2\nS9\t1", ["2", "", ""], vec!["S9".to_string()]),
            ("nothing", "\n\n", ["", "", ""], vec![]),
        ] {
            let mut lines = lines(3);
            let pasted = paste(text, &names, &mut lines);
            assert_eq!(filled(&lines), expected, "{what}");
            assert_eq!((pasted.unknown, pasted.beyond), (unknown, false), "{what}");
        }
        let wide = vec!["7"; WEEKS + 1].join("\t");
        let mut one = lines(1);
        assert!(paste(&wide, &names, &mut one).beyond);
        assert!(paste("1\n2", &names, &mut one).beyond, "more rows than there are");
    }

    #[test]
    fn an_empty_cell_of_a_pasted_table_empties_the_cell() {
        let mut one = lines(1);
        one[0].cells = vec!["5".to_string(); WEEKS];
        assert_eq!(paste("1\t\t3", &["a".into()], &mut one).cells, 3);
        assert_eq!(&one[0].cells[..4], ["1", "", "3", "5"]);
    }

    #[test]
    fn the_first_figure_is_copied_to_the_right() {
        let mut cells = ["", "5", "6", ""].map(str::to_string);
        copy_right(&mut cells);
        assert_eq!(cells, ["", "5", "5", "5"]);
        let mut empty = ["".to_string()];
        copy_right(&mut empty);
        assert_eq!(empty, [""]);
    }

    #[test]
    fn a_table_is_newer_where_a_row_of_the_form_has_another_version() {
        let row = |id: &str, version, writes| Row {
            at: 0,
            id: id.into(),
            version,
            name: String::new(),
            sub: String::new(),
            cells: Vec::new(),
            notice: String::new(),
            writes,
        };
        let of = |rows: &[Row], seen: &str| Newer::of("capacity_group", "/edit?from=2027-01-04", rows, seen);
        let first = of(&[row("a", 1, true), row("b", 1, false)], "");
        assert!(!first.changed, "just read");
        let seen = first.path.split_once("&seen=").unwrap().1;
        for (rows, changed) in [
            (vec![row("a", 1, true)], false),
            (vec![row("a", 1, true), row("b", 2, false)], false),
            (vec![row("a", 2, true)], true),
            (vec![row("a", 1, true), row("c", 1, true)], true),
        ] {
            let again = of(&rows, seen);
            assert_eq!((again.changed, &again.path), (changed, &first.path), "it asks on for what it shows");
        }
        assert!(of(&[row("a", 1, true)], "a&b").path.ends_with("&seen=a%26b"));
    }

    #[test]
    fn buttons_say_what_is_wished() {
        for (text, wish) in [
            ("", Wish::Save),
            ("paste", Wish::Paste),
            ("fill", Wish::Fill),
            ("right-2", Wish::Right(2)),
            ("right-x", Wish::Save),
        ] {
            assert_eq!(Wish::read(&Fields::of(&[("do", text)])), wish);
        }
    }
}
