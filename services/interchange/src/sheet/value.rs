//! A cell as what its column holds. What people write is taken where it can mean one thing alone, and refused with a
//! word on what to do where it could mean two.

use rust_decimal::Decimal;
use time::{Date, Month};

use super::{fault::Fault, grid::Cell, write};

/// Integers from here on may have lost digits in a spreadsheet program.
const LOST: i64 = 1_000_000_000_000_000;

/// What a column's cell came to; nothing for an empty one.
pub type Value<T> = Result<Option<T>, Fault>;

/// A number or code of somebody's: text, leading zeros and all; a number of a workbook without what it shows behind the
/// point.
pub fn id(cell: &Cell) -> Value<String> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Text(text) => {
            let text = as_typed(text.trim());
            if text.chars().any(char::is_control) {
                let (zh, en) = (
                    "不能含换行、制表符等控制字符",
                    "must not contain line breaks or other control characters",
                );
                return Err(Fault::new("FORMAT", zh, en));
            }
            no_formula(text)?;
            Ok((!text.is_empty()).then(|| text.to_string()))
        }
        Cell::Number(number) if number.abs() >= Decimal::from(LOST) => Err(Fault::new(
            "DIGITS_LOST",
            "数字超过 15 位,表格软件已丢失末尾数字;请把单元格设为文本后重新填写",
            "has more than 15 digits, of which spreadsheet programs lose the last; format the cell as text and type it again",
        )),
        Cell::Number(number) => Ok(Some(number.to_string())),
        Cell::Day(_) => Err(Fault::new(
            "FORMAT",
            "被表格软件当成了日期;请把单元格设为文本后重新填写",
            "was taken for a date by the spreadsheet program; format the cell as text and type it again",
        )),
        other => Err(unfit(other)),
    }
}

/// Text as people write it.
pub fn text(cell: &Cell) -> Value<String> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Text(text) => {
            let text = text.trim();
            no_formula(text)?;
            Ok((!text.is_empty()).then(|| text.to_string()))
        }
        Cell::Number(number) => Ok(Some(number.to_string())),
        Cell::Day(day) => Ok(Some(day.to_string())),
        Cell::Flag(flag) => Ok(Some(if *flag { "TRUE" } else { "FALSE" }.to_string())),
        other => Err(unfit(other)),
    }
}

/// A decimal with a point, and commas between groups of three digits if any.
pub fn decimal(cell: &Cell) -> Value<Decimal> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Number(number) => Ok(Some(*number)),
        Cell::Text(text) => {
            let text = text.trim();
            let fault = || {
                let zh = "不是数字;请写成 1234.5 或 1,234.5";
                Fault::new("DECIMAL", zh, "is no number; write it as 1234.5 or 1,234.5")
            };
            let plain = without_groups(text).ok_or_else(fault)?;
            chassis::value::parse_decimal(&plain).map(Some).map_err(|_| fault())
        }
        Cell::Day(_) => Err(Fault::new(
            "DECIMAL",
            "是日期不是数字;请改单元格格式",
            "is a date and no number; change the cell's format",
        )),
        other => Err(unfit(other)),
    }
}

/// The same number without commas; nothing where they do not stand between groups of three digits, since
/// `1.234,56` means one thing here and another there.
fn without_groups(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_string());
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.strip_prefix('-').unwrap_or(whole).split(',').collect();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = (1..=3).contains(&groups.first()?.len());
    let grouped = first && groups[1..].iter().all(|group| group.len() == 3);
    (grouped && groups.iter().all(|group| digits(group)) && !fraction.contains(','))
        .then(|| text.replace(',', ""))
}

/// A quantity or price: a decimal of at least 0.
pub fn amount(cell: &Cell) -> Value<Decimal> {
    match decimal(cell)? {
        Some(value) if value.is_sign_negative() && !value.is_zero() => {
            Err(Fault::new("RANGE", "不能小于 0", "must be at least 0"))
        }
        value => Ok(value),
    }
}

/// A tax rate as a fraction: `13%`, `13` and `0.13` are 0.13; 1 and more are percent, since no rate is 100 %.
pub fn rate(cell: &Cell) -> Value<Decimal> {
    let stated = match cell {
        Cell::Text(text) => {
            text.trim().strip_suffix(['%', '\u{ff05}']).map(|number| Cell::text(number.trim()))
        }
        _ => None,
    };
    let percent = stated.is_some();
    let Some(value) = amount(stated.as_ref().unwrap_or(cell))? else { return Ok(None) };
    let fault = || Fault::new("RANGE", "税率应在 0 到 100% 之间", "a tax rate lies between 0 and 100 %");
    if value >= Decimal::ONE_HUNDRED {
        return Err(fault());
    }
    if percent || value >= Decimal::ONE {
        let mut fraction = value;
        fraction.set_scale(value.scale() + 2).map_err(|_| fault())?;
        return Ok(Some(fraction));
    }
    Ok(Some(value))
}

/// A day: of a workbook, or year, month and day in this order, four digits of year; a time of day behind it is not kept.
pub fn day(cell: &Cell) -> Value<Date> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Day(day) => within_reason(*day).map(Some),
        Cell::Text(text) => {
            let text = text.trim();
            let date = text.split([' ', 'T']).next().unwrap_or_default();
            written_day(date).ok_or_else(no_day).and_then(within_reason).map(Some)
        }
        Cell::Number(number) if number.is_integer() && number.to_string().len() == 8 => {
            written_day(&number.to_string()).ok_or_else(no_day).and_then(within_reason).map(Some)
        }
        Cell::Number(_) => Err(Fault::new(
            "DATE",
            "是数字不是日期;请把单元格设为日期格式,或写成 2026-12-28",
            "is a number and no date; format the cell as a date, or write it as 2026-12-28",
        )),
        other => Err(unfit(other)),
    }
}

fn no_day() -> Fault {
    Fault::new("DATE", "不是有效日期;请写成 2026-12-28", "is no date; write it as 2026-12-28")
}

fn within_reason(day: Date) -> Result<Date, Fault> {
    if (1900..=2200).contains(&day.year()) { Ok(day) } else { Err(no_day()) }
}

/// `2026-12-28`, `2026/12/28`, `2026.12.28`, `20261228` or `2026年12月28日`.
fn written_day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else if let Some(chinese) = text.strip_suffix(['日', '号']) {
        let (year, rest) = chinese.split_once('年')?;
        let (month, day) = rest.split_once('月')?;
        vec![year, month, day]
    } else {
        let separator = ['-', '/', '.'].into_iter().find(|separator| text.contains(*separator))?;
        text.split(separator).collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let plain = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (year, month, day) = (number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

/// Yes or no.
pub fn flag(cell: &Cell) -> Value<bool> {
    let text = match cell {
        Cell::Empty => return Ok(None),
        Cell::Flag(flag) => return Ok(Some(*flag)),
        Cell::Text(text) => text.trim().to_lowercase(),
        Cell::Number(number) => number.to_string(),
        Cell::Day(_) => String::new(),
        other => return Err(unfit(other)),
    };
    match text.as_str() {
        "是" | "含税" | "含" | "y" | "yes" | "true" | "1" | "√" | "incl" | "included" => Ok(Some(true)),
        "否" | "不含税" | "未税" | "不含" | "n" | "no" | "false" | "0" | "×" | "excl" | "excluded" => {
            Ok(Some(false))
        }
        _ => Err(Fault::new("FLAG", "请填 是 或 否", "write yes or no")),
    }
}

/// `="000123"`, with which csv files keep leading zeros, is the text within.
fn as_typed(text: &str) -> &str {
    let quoted = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|inner| !inner.contains('"')).unwrap_or(text)
}

/// Text that a spreadsheet program would compute is taken by nobody here.
fn no_formula(text: &str) -> Result<(), Fault> {
    if write::is_formula(text) {
        return Err(Fault::new(
            "FORMULA",
            "像公式,不予接受;请改为普通文字",
            "looks like a formula and is not taken; write plain text",
        ));
    }
    Ok(())
}

fn unfit(cell: &Cell) -> Fault {
    match cell {
        Cell::Formula(_) => Fault::new(
            "FORMULA",
            "是公式;请复制后选择性粘贴为数值",
            "is a formula; copy it and paste it as a value",
        ),
        Cell::Fault(fault) => Fault::new(
            "FAULT",
            format!("单元格是错误值 {fault}"),
            format!("the cell holds the error {fault}"),
        ),
        _ => Fault::new("FORMAT", "内容不适合此列", "does not belong into this column"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell {
        Cell::text(text)
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.parse().unwrap())
    }

    fn reason<T: std::fmt::Debug>(value: Value<T>) -> &'static str {
        value.expect_err("a fault").reason
    }

    #[test]
    fn ids_are_texts() {
        for (given, taken) in
            [(" 000123 ", "000123"), ("=\"000123\"", "000123"), ("1.0", "1.0"), ("-10", "-10")]
        {
            assert_eq!(id(&cell(given)), Ok(Some(taken.to_string())), "{given}");
        }
        assert_eq!(id(&number("4500001234")), Ok(Some("4500001234".into())));
        assert_eq!(reason(id(&number("1234567890123456"))), "DIGITS_LOST");
        assert_eq!(reason(id(&Cell::Day(time::macros::date!(2026 - 03 - 12)))), "FORMAT");
        assert_eq!(reason(id(&cell("a\nb"))), "FORMAT");
        assert_eq!(reason(id(&Cell::Formula(Box::new(number("1"))))), "FORMULA");
        assert_eq!(id(&Cell::Empty), Ok(None));
    }

    #[test]
    fn what_looks_like_a_formula_is_no_text() {
        for bad in [
            "=1+1",
            "@SUM(A1)",
            "+SUM(A1)",
            "=HYPERLINK(\"http://x\")",
            "=cmd|' /C calc'!A0",
            "-2+3+cmd|' /C calc'!A0",
            "=1",
            "+1+1",
            "\t=1",
        ] {
            assert_eq!(reason(text(&cell(bad))), "FORMULA", "{bad}");
        }
        for good in ["-10℃ 密封圈", "+5V 电源(黑)", "A=B", "M8×20", "-", "\"=1\""] {
            assert_eq!(text(&cell(good)), Ok(Some(good.to_string())), "{good}");
        }
    }

    #[test]
    fn numbers_mean_one_thing() {
        for (given, value) in [
            ("1,234.50", "1234.50"),
            ("1234.5", "1234.5"),
            ("12,345,678", "12345678"),
            ("0.1", "0.1"),
            ("007", "7"),
        ] {
            assert_eq!(
                decimal(&cell(given)).map(|d| d.unwrap().to_string()),
                Ok(value.to_string()),
                "{given}"
            );
        }
        for bad in
            ["1.234,56", "1,5", "12,34", "1e3", "NaN", "+1", "¥5", "1 000", "１", "1,234,56", ",123", "1.2.3"]
        {
            assert_eq!(reason(decimal(&cell(bad))), "DECIMAL", "{bad}");
        }
        assert_eq!(reason(amount(&cell("-1"))), "RANGE");
        assert_eq!(reason(decimal(&Cell::Day(time::macros::date!(2026 - 03 - 12)))), "DECIMAL");
    }

    #[test]
    fn a_rate_is_a_fraction_however_it_is_written() {
        for (given, value) in
            [("13%", "0.13"), ("13", "0.13"), ("0.13", "0.13"), ("1", "0.01"), ("0", "0"), ("9.5%", "0.095")]
        {
            assert_eq!(rate(&cell(given)).map(|d| d.unwrap().to_string()), Ok(value.to_string()), "{given}");
        }
        assert_eq!(rate(&number("0.13")).map(|d| d.unwrap().to_string()), Ok("0.13".to_string()));
        for bad in ["130", "-1", "100%"] {
            assert_eq!(reason(rate(&cell(bad))), "RANGE", "{bad}");
        }
    }

    #[test]
    fn days_have_one_order() {
        let expected = time::macros::date!(2026 - 12 - 08);
        for given in [
            "2026-12-08",
            "2026/12/8",
            "20261208",
            "2026年12月8日",
            "2026.12.08",
            "2026-12-08 00:00:00",
            "2026-12-08T10:00",
        ] {
            assert_eq!(day(&cell(given)), Ok(Some(expected)), "{given}");
        }
        assert_eq!(day(&number("20261208")), Ok(Some(expected)));
        for bad in [
            "02/03/04",
            "12/08/2026",
            "2026-02-30",
            "26-12-08",
            "2026-12",
            "Dec 8",
            "0001-01-01",
            "2026-12-8-1",
        ] {
            assert_eq!(reason(day(&cell(bad))), "DATE", "{bad}");
        }
        assert_eq!(reason(day(&number("46364"))), "DATE", "a serial number that is not shown as a day");
    }

    #[test]
    fn yes_and_no_are_said_in_words() {
        assert_eq!(flag(&cell("含税")), Ok(Some(true)));
        assert_eq!(flag(&cell("否")), Ok(Some(false)));
        assert_eq!(flag(&Cell::Flag(true)), Ok(Some(true)));
        assert_eq!(reason(flag(&cell("maybe"))), "FLAG");
    }
}
