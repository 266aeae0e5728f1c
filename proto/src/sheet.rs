//! Where in a table an order stands: whoever publishes the orders that `ReadOrders` read says by it which rows were refused.

use crate::interchange::SheetOrder;

impl SheetOrder {
    /// The rows that it came from, line by line.
    pub fn rows(&self) -> impl Iterator<Item = i32> {
        self.lines.iter().flat_map(|line| line.rows.iter().copied())
    }

    /// The row that a field of a refused request came from, such as `content.lines[2].schedule_lines[1].quantity`. `None`
    /// for what is said of the order as a whole.
    pub fn row_of(&self, field: &str) -> Option<i32> {
        let index = |name: &str| {
            let (_, rest) = field.split_once(name)?;
            rest.split_once(']')?.0.parse::<usize>().ok()
        };
        let rows = &self.lines.get(index("content.lines[")?)?.rows;
        rows.get(index("schedule_lines[").unwrap_or(0)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interchange::SheetLine;

    #[test]
    fn a_refused_field_is_found_in_its_row() {
        let order = SheetOrder {
            lines: vec![SheetLine { rows: vec![2] }, SheetLine { rows: vec![3, 7] }],
            ..SheetOrder::default()
        };
        for (field, row) in [
            ("content.lines[0].quantity", Some(2)),
            ("content.lines[1].schedule_lines[1].quantity", Some(7)),
            ("content.lines[1].schedule_lines", Some(3)),
            ("content.currency", None),
            ("content.lines[9].quantity", None),
        ] {
            assert_eq!(order.row_of(field), row, "{field}");
        }
        assert_eq!(order.rows().collect::<Vec<_>>(), [2, 3, 7]);
    }
}
