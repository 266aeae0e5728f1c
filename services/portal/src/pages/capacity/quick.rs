//! Quick entry: machines × shifts × hours × days × efficiency fills the weeks of a page.

use rust_decimal::Decimal;

use super::entry::Shifts;
use crate::{
    form::Fields,
    grid::{Line, Row},
    i18n::{Key, Text, key},
    measure::Measure,
    pages::settings::Fault,
    typed,
};

/// What is asked, with what is usual and what it is called; in the order of the product.
const FACTORS: [(&str, &str, Key<0>); 5] = [
    ("machines", "1", key::QUICK_MACHINES),
    ("shifts", "2", key::QUICK_SHIFTS),
    ("hours", "10", key::QUICK_HOURS),
    ("days", "6", key::QUICK_DAYS),
    ("efficiency", "85", key::QUICK_EFFICIENCY),
];

/// A field of the product.
pub struct Factor {
    pub name: &'static str,
    pub label: Key<0>,
    pub value: String,
}

/// The form as it is shown.
pub struct Quick {
    /// Row number and name of the groups that are measured in time.
    pub choices: Vec<(usize, String)>,
    /// The row that is chosen.
    pub row: String,
    pub factors: Vec<Factor>,
    pub fault: String,
}

impl Quick {
    /// With what is usual.
    pub fn new(rows: &[Row], measures: &[Measure]) -> Self {
        let timed = rows.iter().zip(measures).filter(|(_, measure)| measure.hours(Decimal::ONE).is_some());
        let factor = |(name, usual, label): (&'static str, &str, Key<0>)| Factor {
            name,
            label,
            value: usual.to_string(),
        };
        Self {
            choices: timed.map(|(row, _)| (row.at, row.name.clone())).collect(),
            row: String::new(),
            factors: FACTORS.map(factor).into(),
            fault: String::new(),
        }
    }

    /// As it was typed.
    pub fn typed(fields: &Fields) -> Self {
        let factor = |(name, _, label): (&'static str, &str, Key<0>)| Factor {
            name,
            label,
            value: fields.get(name).to_string(),
        };
        Self {
            choices: Vec::new(),
            row: fields.get("quick-row").to_string(),
            factors: FACTORS.map(factor).into(),
            fault: String::new(),
        }
    }

    /// Fills the weeks of the chosen row, with 0 those that are `closed`. Whether it could; where it could not, it says why.
    pub fn fill(&mut self, t: &Text, measures: &[Measure], lines: &mut [Line], closed: &[bool]) -> bool {
        let filled = self.try_fill(measures, lines, closed).is_some();
        if !filled {
            self.fault = t.say(key::QUICK_WRONG);
        }
        filled
    }

    fn try_fill(&self, measures: &[Measure], lines: &mut [Line], closed: &[bool]) -> Option<()> {
        let at: usize = self.row.parse().ok()?;
        let (planned, most) = self.shifts()?.week()?;
        let measure = measures.get(at)?;
        let text = format!("{}/{}", measure.hours(planned)?, measure.hours(most)?);
        for (cell, closed) in lines.get_mut(at)?.cells.iter_mut().zip(closed) {
            *cell = if *closed { "0/0".to_string() } else { text.clone() };
        }
        Some(())
    }

    fn shifts(&self) -> Option<Shifts> {
        let number = |at: usize| typed::quantity(&self.factors.get(at)?.value);
        Some(Shifts {
            machines: number(0)?,
            shifts: number(1)?,
            hours: number(2)?,
            days: number(3)?,
            efficiency: number(4)?,
        })
    }

    /// What is wrong, for the summary.
    pub fn faults(&self) -> Vec<Fault> {
        vec![Fault { href: "#machines".into(), text: self.fault.clone() }]
    }
}
