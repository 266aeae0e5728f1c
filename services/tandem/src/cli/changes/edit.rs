//! What `tandem orders change` makes of its options: the header as it stands, and the lines that differ.

use proto::orders::{ChangeOrderRequest, DeliveryWindow, Order, OrderContent, OrderLine, ScheduleLine};
use serde_json::{Value, json};

use super::{ChangeArgs, numbers, pair};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
};

/// The change without its order and request id.
pub(super) fn request(
    args: &ChangeArgs,
    order: &Order,
    session: &Session,
) -> Result<ChangeOrderRequest, Failure> {
    let standing = order.content.clone().unwrap_or_default();
    if let Some(file) = &args.file {
        let text = std::fs::read(file)
            .map_err(|error| Failure::local(Exit::Failed, format!("{}: {error}", file.display())))?;
        return from_json(&text, standing, session);
    }
    let mut lines: Vec<OrderLine> = Vec::new();
    for text in &args.quantity {
        let (name, value) = pair(text)?;
        let (line, place) = schedule(&mut lines, &standing, name)?;
        line.schedule_lines[place].quantity = Some(proto::Decimal { value: value.to_owned() });
        // The sum follows.
        line.quantity = None;
    }
    for text in &args.date {
        let (name, value) = pair(text)?;
        let day = day(value)?;
        let (line, place) = schedule(&mut lines, &standing, name)?;
        let window = DeliveryWindow { from: Some(day), until: Some(day), ..DeliveryWindow::default() };
        line.schedule_lines[place].requested_delivery = Some(window);
    }
    for text in &args.price {
        let (name, value) = pair(text)?;
        let line = line(&mut lines, &standing, name)?;
        line.price.get_or_insert_default().amount = Some(proto::Decimal { value: value.to_owned() });
    }
    if lines.is_empty() {
        let message = "nothing is changed; name a --quantity, --date or --price, or a --file";
        return Err(Failure::local(Exit::Usage, message));
    }
    let content = OrderContent { lines, ..standing };
    let base_revision = order.revision;
    Ok(ChangeOrderRequest { content: Some(content), base_revision, ..ChangeOrderRequest::default() })
}

/// ChangeOrderRequest, its content, or lines alone, under the header that stands.
fn from_json(text: &[u8], standing: OrderContent, session: &Session) -> Result<ChangeOrderRequest, Failure> {
    let unfit = |error: &dyn std::fmt::Display| {
        let message = format!("no protobuf JSON of ChangeOrderRequest, OrderContent or lines: {error}");
        Failure::local(Exit::Failed, message).advise("see `tandem orders change --help`")
    };
    let mut value: Value = serde_json::from_slice(text).map_err(|error| unfit(&error))?;
    if value.get("content").is_some() {
        let read = session.contract.from_json("tandem.orders.v1.ChangeOrderRequest", value);
        return read.map_err(|error| unfit(&error));
    }
    if value.is_array() {
        value = json!({ "lines": value });
    }
    let lines_alone = value.as_object().is_some_and(|object| object.keys().all(|key| key == "lines"));
    let content: OrderContent =
        session.contract.from_json("tandem.orders.v1.OrderContent", value).map_err(|error| unfit(&error))?;
    let content = if lines_alone { OrderContent { lines: content.lines, ..standing } } else { content };
    Ok(ChangeOrderRequest { content: Some(content), ..ChangeOrderRequest::default() })
}

/// A line that is changed, as it stands before its first change.
fn line<'a>(
    lines: &'a mut Vec<OrderLine>,
    standing: &OrderContent,
    number: &str,
) -> Result<&'a mut OrderLine, Failure> {
    let place = match lines.iter().position(|line| line.line_number == number) {
        Some(place) => place,
        None => {
            let found = standing.lines.iter().find(|line| line.line_number == number);
            let unknown = || Failure::local(Exit::Usage, format!("the order has no line {number}"));
            lines.push(found.ok_or_else(unknown)?.clone());
            lines.len() - 1
        }
    };
    Ok(&mut lines[place])
}

/// A schedule line that is changed, with its line: `10` is the only one of its line, `10/2` the one of this number.
fn schedule<'a>(
    lines: &'a mut Vec<OrderLine>,
    standing: &OrderContent,
    name: &str,
) -> Result<(&'a mut OrderLine, usize), Failure> {
    let (number, schedule_number) = numbers(name);
    let line = line(lines, standing, &number)?;
    if line.schedule_lines.is_empty() {
        line.schedule_lines.push(ScheduleLine { quantity: line.quantity.clone(), ..ScheduleLine::default() });
    }
    let fits = |planned: &ScheduleLine| {
        schedule_number.is_empty() || planned.schedule_line_number == schedule_number
    };
    let mut fitting = line.schedule_lines.iter().enumerate().filter(|(_, planned)| fits(planned));
    match (fitting.next(), fitting.next()) {
        (Some((place, _)), None) => Ok((line, place)),
        (None, _) => Err(Failure::local(Exit::Usage, format!("the order has no schedule line {name}"))),
        _ => {
            let message = format!("line {number} has several schedule lines");
            Err(Failure::local(Exit::Usage, message).advise(format!("name one, such as {number}/1")))
        }
    }
}

fn day(text: &str) -> Result<proto::Date, Failure> {
    let parts: Vec<i32> = text.split('-').map_while(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [year, month, day] => Ok(proto::Date { year: *year, month: *month, day: *day }),
        _ => Err(Failure::local(Exit::Usage, format!("{text} is no day; write it as 2026-12-28"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> OrderContent {
        let quantity = |value: &str| Some(proto::Decimal { value: value.into() });
        let planned = |number: &str| ScheduleLine {
            schedule_line_number: number.into(),
            quantity: quantity("5"),
            ..ScheduleLine::default()
        };
        let line = |number: &str, schedule_lines| OrderLine {
            line_number: number.into(),
            quantity: quantity("10"),
            schedule_lines,
            ..OrderLine::default()
        };
        let lines = vec![line("10", vec![planned("1")]), line("20", vec![planned("1"), planned("2")])];
        OrderContent { lines, ..OrderContent::default() }
    }

    #[test]
    fn a_schedule_line_is_named_alone_or_by_its_number() {
        for (name, found) in [
            ("10", Ok(0)),
            ("20/2", Ok(1)),
            ("20", Err(Exit::Usage)),
            ("30", Err(Exit::Usage)),
            ("20/3", Err(Exit::Usage)),
        ] {
            let mut lines = Vec::new();
            let got = schedule(&mut lines, &standing(), name).map(|(_, place)| place);
            assert_eq!(got.map_err(|failure| failure.exit), found, "{name}");
        }
    }

    #[test]
    fn a_line_is_taken_from_what_stands_once() {
        let mut lines = Vec::new();
        for name in ["20/1", "20/2", "10"] {
            schedule(&mut lines, &standing(), name).unwrap();
        }
        assert_eq!(lines.len(), 2);
        assert!(day("2026-12").is_err() && day("2026-12-28").unwrap().day == 28);
    }
}
