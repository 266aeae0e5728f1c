//! Linked series, and what accepted orders take of them, in the unit that each counts in. All of the supplier's tenant.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::{
    load::{Units, counted, taker},
    matching::{Series, plus},
};

/// The linked series of groups with what their customers forecast and what orders take, by group and name.
pub(crate) async fn linked(tx: &mut TenantTx, groups: &[Uuid]) -> Result<BTreeMap<(Uuid, Key), Series>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select l.group_id, l.load_factor, l.customer, l.material_number_customer, l.customer_location,
                  l.demand_category, d.unit_code as "demand_unit?", g.unit_code as group_unit,
                  s.mondays as "mondays?: Vec<Date>", s.quantities as "quantities?: Vec<Decimal>"
           from capacity.linked_demand l
           join capacity.capacity_group g on g.supplier = l.supplier and g.id = l.group_id
           left join capacity.material_demand d on d.customer = l.customer and d.supplier = l.supplier
               and d.material_number_customer = l.material_number_customer
           left join capacity.demand_series s on s.customer = d.customer and s.demand_id = d.id and not d.inactive
               and s.customer_location = l.customer_location and s.demand_category = l.demand_category
               and not s.removed
           where l.supplier = $1 and l.group_id = any($2) and not l.removed"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    let booked = booked(tx, groups).await?;
    let mut series: BTreeMap<(Uuid, Key), Series> = BTreeMap::new();
    for row in rows {
        let key = (row.customer, row.material_number_customer, row.customer_location, row.demand_category);
        let one = series.entry((row.group_id, key)).or_default();
        one.load_factor = row.load_factor;
        one.units = Units {
            demand: row.demand_unit.unwrap_or_default(),
            group: row.group_unit.filter(|_| row.load_factor.is_none()).unwrap_or_default(),
        };
        // The same link may be met by series from several expected locations.
        let weeks = row.mondays.into_iter().flatten().zip(row.quantities.into_iter().flatten());
        for (monday, quantity) in weeks {
            let week = one.forecast.entry(monday).or_default();
            *week = plus(*week, quantity);
        }
    }
    let first = first_units(&booked);
    for ((_, (customer, material, ..)), one) in &mut series {
        let first = first.get(&(*customer, material)).map_or("", |(_, unit)| unit);
        one.unit_code = one.units.counting(first).to_owned();
    }
    for line in booked {
        if let Some(one) = whose(&mut series, &line) {
            book(one, line);
        }
    }
    Ok(series)
}

/// What orders take of a series in a week: in its unit, or told where it does not convert.
fn book(series: &mut Series, line: Booked) {
    match counted(line.quantity, &line.unit_code, &series.unit_code) {
        Some(quantity) => {
            let week = series.booked.entry(line.monday).or_default();
            *week = plus(*week, quantity);
        }
        None => {
            let key = (line.customer, line.material, line.location, line.unit_code);
            series.uncounted.entry(line.monday).or_default().insert(key, line.lines);
        }
    }
}

/// The unit of the order of each material that was placed first, with that order.
fn first_units(booked: &[Booked]) -> BTreeMap<(Uuid, &String), (&str, &str)> {
    let mut first: BTreeMap<(Uuid, &String), (&str, &str)> = BTreeMap::new();
    for line in booked.iter().filter(|line| !line.unit_code.is_empty()) {
        let order = (line.first_order.as_str(), line.unit_code.as_str());
        first
            .entry((line.customer, &line.material))
            .and_modify(|known| *known = order.min(*known))
            .or_insert(order);
    }
    first
}

/// The series of its group that takes what is booked.
pub(super) fn whose<'a>(
    series: &'a mut BTreeMap<(Uuid, Key), Series>,
    line: &Booked,
) -> Option<&'a mut Series> {
    let first = (line.group_id, (line.customer, line.material.clone(), String::new(), String::new()));
    let linked = series.range(first..).map(|(key, _)| key).take_while(|(group, (customer, material, ..))| {
        (*group, *customer, material) == (line.group_id, line.customer, &line.material)
    });
    let linked = linked.map(|(_, (_, _, location, category))| (category.as_str(), location.as_str()));
    let (category, location) = taker(linked, &line.location)?;
    let key = (line.customer, line.material.clone(), location.to_owned(), category.to_owned());
    series.get_mut(&(line.group_id, key))
}

/// Customer, material, location and category, as they are stored.
pub(crate) type Key = (Uuid, String, String, String);

/// What accepted orders take of a material that a group links.
pub(super) struct Booked {
    pub group_id: Uuid,
    pub customer: Uuid,
    pub material: String,
    /// Empty where the orders name none.
    pub location: String,
    pub monday: Date,
    /// Of `quantity`, as the orders have it; empty where they state none.
    pub unit_code: String,
    pub quantity: Decimal,
    /// Of how many schedule lines.
    pub lines: i32,
    /// The order that was placed first; ids are ordered by time.
    pub first_order: String,
}

/// What accepted orders take of linked materials, by location, week and unit.
async fn booked(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Vec<Booked>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Booked,
        r#"select l.group_id as "group_id!", b.customer as "customer!", b.material_number_customer as "material!",
                  b.customer_location as "location!", b.monday as "monday!", b.unit_code as "unit_code!",
                  sum(b.quantity) as "quantity!", count(*)::int as "lines!",
                  min(b.order_id::text) as "first_order!"
           from (select distinct group_id, customer, material_number_customer from capacity.linked_demand
                 where supplier = $1 and group_id = any($2) and not removed) l
           join capacity.booked_line b on b.supplier = $1 and b.customer = l.customer
               and b.material_number_customer = l.material_number_customer
           where b.quantity > 0
           group by 1, 2, 3, 4, 5, 6"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
