//! Blocks as pages of A4: what stands where. Points of 1/72 inch from the top left corner, as the writer has them.

use crate::pdf::{
    column::{self, Want},
    document::{Block, Column, Document, Side, Table},
    wrap::{self, Widths},
};

/// A4, in whole points.
const PAGE: (f32, f32) = (595.0, 842.0);
const LEFT: f32 = 48.0;
const RIGHT: f32 = PAGE.0 - LEFT;
const WIDTH: f32 = RIGHT - LEFT;
const TOP: f32 = 48.0;
const BOTTOM: f32 = PAGE.1 - 64.0;
/// Where the foot of a page begins.
const FOOT: f32 = PAGE.1 - 48.0;

const TITLE: f32 = 18.0;
const HEADING: f32 = 11.0;
const BODY: f32 = 9.0;
const SMALL: f32 = 8.0;
/// From line to line, of the size.
const LEADING: f32 = 1.45;
/// Where characters stand in their line, of the size: as high as an ideograph reaches above the line that letters stand on.
const ASCENT: f32 = 0.88;

/// Between blocks, between columns, and above and below the cells of a table.
const GAP: f32 = 12.0;
const GUTTER: f32 = 10.0;
const PADDING: f32 = 3.0;
const HAIR: f32 = 0.5;
/// The code, with its empty edge.
const CODE: f32 = 76.0;
/// What sums of heights may differ by, in lines.
const SLACK: f32 = 0.01;

/// A page.
#[derive(Default)]
pub struct Page {
    /// Its texts.
    pub texts: Vec<Words>,
    /// Lines between rows.
    pub rules: Vec<Bar>,
    /// The dark modules of the code.
    pub code: Vec<Bar>,
}

/// A text on one line.
pub struct Words {
    /// Where it begins.
    pub x: f32,
    /// The line that its letters stand on.
    pub y: f32,
    /// The size of the font.
    pub size: f32,
    /// Whether it is less important.
    pub pale: bool,
    /// What it says; never empty.
    pub text: String,
}

/// A filled rectangle.
pub struct Bar {
    /// Its left edge.
    pub x: f32,
    /// Its upper edge.
    pub y: f32,
    /// To the right.
    pub width: f32,
    /// Downwards.
    pub height: f32,
}

/// The pages of a document. `numbered` says a page's number and how many there are.
pub fn pages(document: &Document, width: Widths<'_>, numbered: &dyn Fn(usize, usize) -> String) -> Vec<Page> {
    let mut flow = Flow { width, done: Vec::new(), page: Page::default(), y: TOP };
    flow.title(document);
    let parts: Vec<Part> = document.blocks.iter().map(|block| part(block, width)).collect();
    for (at, part) in parts.iter().enumerate() {
        let next = parts.get(at + 1).filter(|_| part.leads).map_or(0.0, |next| GAP + next.least());
        if flow.y > TOP && flow.room() < part.least() + next {
            flow.turn(None);
        }
        flow.part(part);
    }
    flow.done.push(flow.page);
    let mut pages = flow.done;
    let count = pages.len();
    for (at, page) in pages.iter_mut().enumerate() {
        let number = numbered(at + 1, count);
        let room = (WIDTH - GUTTER) / SMALL - wrap::length(&number, width);
        let foot = wrap::lines(&document.foot, room, width).into_iter().next().unwrap_or_default();
        let end = RIGHT - wrap::length(&number, width) * SMALL;
        for (x, text) in [(LEFT, foot), (end, number)] {
            page.put(Words { x, y: FOOT + ASCENT * SMALL, size: SMALL, pale: true, text });
        }
    }
    pages
}

impl Page {
    fn put(&mut self, words: Words) {
        if !words.text.is_empty() {
            self.texts.push(words);
        }
    }
}

/// What a block becomes: rows, and the head that each page of them begins with.
struct Part {
    head: Option<Row>,
    rows: Vec<Row>,
    /// Never stands alone at the end of a page.
    leads: bool,
}

/// Cells side by side.
struct Row {
    cells: Vec<Cell>,
    size: f32,
    padding: f32,
    /// A line below it.
    ruled: bool,
}

struct Cell {
    x: f32,
    room: f32,
    side: Side,
    pale: bool,
    lines: Vec<String>,
}

impl Part {
    /// What has to have room where it begins.
    fn least(&self) -> f32 {
        let head = self.head.as_ref().map_or(0.0, Row::height);
        let first = self.rows.first().map_or(0.0, Row::height);
        // A row that no page holds is broken where the page ends.
        (head + first).min((BOTTOM - TOP) / 2.0)
    }
}

impl Row {
    fn lines(&self) -> usize {
        self.cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0)
    }

    fn height(&self) -> f32 {
        self.lines() as f32 * self.size * LEADING + 2.0 * self.padding
    }

    /// How many of its lines have room.
    fn fits(&self, room: f32) -> usize {
        // A negative number becomes 0.
        ((room - 2.0 * self.padding) / (self.size * LEADING) + SLACK).floor() as usize
    }
}

fn part(block: &Block, width: Widths<'_>) -> Part {
    let alone = |text: &str, size: f32, pale: bool| {
        let lines = wrap::lines(text, WIDTH / size, width);
        let cell = Cell { x: LEFT, room: WIDTH, side: Side::Left, pale, lines };
        Row { cells: vec![cell], size, padding: 0.0, ruled: false }
    };
    match block {
        Block::Heading(text) => Part { head: None, rows: vec![alone(text, HEADING, false)], leads: true },
        Block::Note(text) => Part { head: None, rows: vec![alone(text, BODY, true)], leads: false },
        Block::Pairs(pairs) => {
            let labels = pairs.iter().map(|pair| wrap::length(&pair.label, width) * BODY);
            let label = labels.fold(0.0, f32::max).min(WIDTH / 3.0);
            let rooms = [label, WIDTH - label - GUTTER];
            let row = |cells: [&str; 2]| {
                let cells = cells.into_iter().zip(rooms).zip([true, false]);
                row(cells.map(|((text, room), pale)| (text, room, Side::Left, pale)), 1.0, width)
            };
            let rows = pairs.iter().map(|pair| row([&pair.label, &pair.value])).collect();
            Part { head: None, rows, leads: false }
        }
        Block::Table(table) => ruled(table, width),
    }
}

fn ruled(table: &Table, width: Widths<'_>) -> Part {
    let rooms =
        column::widths(&wants(table, width), WIDTH - GUTTER * (table.columns.len().max(1) - 1) as f32);
    let line = |texts: Vec<&str>, pale: bool| {
        let cells = texts.into_iter().zip(&rooms).zip(&table.columns);
        let cells = cells.map(|((text, room), column)| (text, *room, column.side, pale));
        Row { ruled: true, ..row(cells, PADDING, width) }
    };
    Part {
        head: Some(line(table.columns.iter().map(|column| column.head.as_str()).collect(), true)),
        rows: table.rows.iter().map(|row| line(row.iter().map(String::as_str).collect(), false)).collect(),
        leads: false,
    }
}

/// What each column of a table asks for.
fn wants(table: &Table, width: Widths<'_>) -> Vec<Want> {
    let columns = table.columns.iter().enumerate();
    let want = |(at, column): (usize, &Column)| {
        let cells = table.rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
        let mut want = Want { least: 0.0, whole: 0.0, grows: column.side == Side::Left };
        for text in cells.chain([column.head.as_str()]) {
            let whole = text.split('\n').map(|line| wrap::length(line, width)).fold(0.0, f32::max);
            want.whole = want.whole.max(whole * BODY);
            want.least = want.least.max(wrap::longest_part(text, width) * BODY);
        }
        want
    };
    columns.map(want).collect()
}

/// Cells from the left edge on, each with its room.
fn row<'a>(cells: impl Iterator<Item = (&'a str, f32, Side, bool)>, padding: f32, width: Widths<'_>) -> Row {
    let mut x = LEFT;
    let cells = cells.map(|(text, room, side, pale)| {
        let cell = Cell { x, room, side, pale, lines: wrap::lines(text, room / BODY, width) };
        x += room + GUTTER;
        cell
    });
    Row { cells: cells.collect(), size: BODY, padding, ruled: false }
}

/// Pages as they fill.
struct Flow<'a> {
    width: Widths<'a>,
    done: Vec<Page>,
    page: Page,
    /// Down to where the page is full.
    y: f32,
}

impl Flow<'_> {
    fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// A new page, under the head of what goes on.
    fn turn(&mut self, head: Option<&Row>) {
        self.done.push(std::mem::take(&mut self.page));
        self.y = TOP;
        if let Some(head) = head {
            self.draw(head, 0, head.lines());
        }
    }

    fn title(&mut self, document: &Document) {
        let width = self.width;
        let room = WIDTH - if document.code.is_some() { CODE + GUTTER } else { 0.0 };
        for (text, size, pale) in [(&document.over, SMALL, true), (&document.title, TITLE, false)] {
            if text.is_empty() {
                continue;
            }
            let lines = wrap::lines(text, room / size, width);
            let cells = vec![Cell { x: LEFT, room, side: Side::Left, pale, lines }];
            self.rows(&Row { cells, size, padding: 0.0, ruled: false }, None);
        }
        if let Some(code) = &document.code {
            let module = CODE / code.size as f32;
            let bars = code.runs.iter().map(|run| Bar {
                x: RIGHT - CODE + run.x as f32 * module,
                y: TOP + run.y as f32 * module,
                width: run.length as f32 * module,
                height: module,
            });
            self.page.code.extend(bars);
            self.y = self.y.max(TOP + CODE);
        }
        self.y += GAP;
    }

    fn part(&mut self, part: &Part) {
        if let Some(head) = &part.head {
            self.draw(head, 0, head.lines());
        }
        for row in &part.rows {
            self.rows(row, part.head.as_ref());
        }
        self.y += if part.leads { GAP / 3.0 } else { GAP };
    }

    /// A row on this page, or on the next where it has room there alone; over several where no page holds it.
    fn rows(&mut self, row: &Row, head: Option<&Row>) {
        let page = row.fits(BOTTOM - TOP - head.map_or(0.0, Row::height));
        let (mut from, mut fresh) = (0, false);
        while from < row.lines() {
            let (rest, fits) = (row.lines() - from, row.fits(self.room()));
            let take = match rest {
                rest if rest <= fits => rest,
                _ if fresh => fits.max(1),
                rest if rest <= page => 0,
                _ => fits,
            };
            fresh = take == 0;
            if fresh {
                self.turn(head);
            } else {
                self.draw(row, from, take);
                from += take;
            }
        }
    }

    /// Some lines of a row, where the page has room.
    fn draw(&mut self, row: &Row, from: usize, lines: usize) {
        let step = row.size * LEADING;
        let first = self.y + row.padding + (step - row.size) / 2.0 + ASCENT * row.size;
        for cell in &row.cells {
            for (at, text) in cell.lines.iter().skip(from).take(lines).enumerate() {
                let x = match cell.side {
                    Side::Left => cell.x,
                    Side::Right => cell.x + cell.room - wrap::length(text, self.width) * row.size,
                };
                let (y, text) = (first + at as f32 * step, text.clone());
                self.page.put(Words { x, y, size: row.size, pale: cell.pale, text });
            }
        }
        self.y += lines as f32 * step + 2.0 * row.padding;
        if row.ruled {
            self.page.rules.push(Bar { x: LEFT, y: self.y - HAIR, width: WIDTH, height: HAIR });
        }
    }
}
