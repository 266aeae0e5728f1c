//! An empty table of orders, and a second sheet that says what belongs under each heading.

use proto::interchange::SheetField;

use super::{
    Language,
    fields::{ALL, Field},
    table::{Column, Kind, Table, Value},
};

/// The table to fill in, and its explanation.
pub fn tables(language: Language) -> Vec<Table> {
    let columns = ALL.iter().filter(|known| known.in_template).map(|known| {
        let column = Column::new(known.heading(language), kind(known.field), 14);
        match known.field {
            Field::PriceIncludesTax => column.choices(language.pick(["是", "否"], ["yes", "no"])),
            _ => column,
        }
    });
    let orders = Table {
        name: language.pick("订单", "Orders").into(),
        columns: columns.collect(),
        ..Table::default()
    };
    vec![orders, explanation(language)]
}

fn explanation(language: Language) -> Table {
    let headings = language.pick(
        ["表头", "英文表头", "字段名(映射用)", "必填", "说明", "也识别"],
        [
            "Heading",
            "Chinese heading",
            "Field, for mappings",
            "Required",
            "What belongs there",
            "Also recognised",
        ],
    );
    let widths = [18, 22, 24, 8, 50, 80];
    let columns =
        headings.into_iter().zip(widths).map(|(heading, width)| Column::new(heading, Kind::Text, width));
    let rows = ALL.iter().map(|known| {
        let (own, other) = language.pick((known.zh, known.en), (known.en, known.zh));
        let required = if known.required { language.pick("是", "yes") } else { "" };
        let synonyms = known.synonyms.join(language.pick("、", ", "));
        let texts = [own, other, known.name, required, known.hint(language), synonyms.as_str()];
        texts.into_iter().map(Value::from).collect()
    });
    Table {
        name: language.pick("说明", "Help").into(),
        columns: columns.collect(),
        rows: rows.collect(),
        protected: false,
    }
}

fn kind(field: Field) -> Kind {
    match field {
        Field::Quantity | Field::UnitPrice | Field::BaseQuantity => Kind::Number,
        Field::IssueDate | Field::RequestedDate => Kind::Day,
        _ => Kind::Text,
    }
}

/// What is known of every field, for people who write mappings.
pub fn fields(language: Language) -> Vec<SheetField> {
    let field = |known: &super::fields::Known| SheetField {
        name: known.name.into(),
        zh: known.zh.into(),
        en: known.en.into(),
        required: known.required,
        hint: known.hint(language).into(),
        synonyms: known.synonyms.iter().map(|synonym| (*synonym).into()).collect(),
    };
    ALL.iter().map(field).collect()
}
