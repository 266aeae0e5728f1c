//! Where a week's demand comes from: which customer's series, and which accepted orders; and who lends hours for it.

use std::collections::{BTreeMap, BTreeSet};

use chassis::unit::{closest, scale};
use futures::{future::try_join_all, try_join};
use proto::{
    access::Permission,
    capacity::{
        CapacityGroup, DemandCategory, GetMaterialDemandRequest, GroupContent, LinkedDemandSeries,
        ListMaterialDemandsRequest, MaterialDemand,
    },
    orders::{ListScheduleLinesRequest, OrderState, ScheduleLineRow, Side},
};
use rust_decimal::Decimal;
use time::{Date, Duration};

use super::{
    lent::{self, Lent},
    read::{self, Partners},
    state::{Figures, State},
};
use crate::{
    failure::Failure,
    format,
    i18n::{Text, key},
    measure::{Measure, percent},
    page::link,
    session::Member,
    typed::iso,
    week::{Span, monday_of},
};

/// Materials that are looked up for one week.
const MATERIALS: usize = 60;
/// Orders are looked for that were wanted this long before or after the week.
const AROUND: Duration = Duration::weeks(13);
/// Pages of a thousand schedule lines.
const PAGES: usize = 5;

/// A customer's number of a material.
type Material = (String, String);

/// A series that the group makes.
pub struct Source {
    pub customer: String,
    pub material: String,
    pub description: String,
    /// Where it goes, and why it is wanted where that is special.
    pub place: String,
    pub forecast: String,
    pub booked: String,
    pub factor: String,
    pub load: String,
    /// Of the week's demand, in whole percent.
    pub share: Option<i64>,
    /// What it is sorted by.
    weight: Decimal,
}

/// A promise of the week.
pub struct Taken {
    pub href: String,
    pub number: String,
    pub customer: String,
    pub item: String,
    pub quantity: String,
    /// Why it is in no figure; empty where it is.
    pub note: String,
    pub day: String,
}

/// A group whose demand is summed.
pub struct Child {
    pub href: String,
    pub name: String,
    pub load: String,
    pub state: State,
}

/// All of it.
pub struct Origin {
    pub sources: Vec<Source>,
    pub orders: Vec<Taken>,
    pub children: Vec<Child>,
    pub lent: Vec<Lent>,
    /// Series that were not looked up.
    pub further: usize,
}

/// Where the demand of a group's week comes from.
pub async fn of(member: &Member, group: &CapacityGroup, monday: Date, from: &str) -> Result<Origin, Failure> {
    let content = group.content.clone().unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let materials: BTreeSet<Material> = content.linked_demand.iter().map(material).collect();
    let further = materials.len().saturating_sub(MATERIALS);
    let looked: Vec<&Material> = materials.iter().take(MATERIALS).collect();
    let demands = try_join_all(looked.iter().map(|one| demand(member, one)));
    let (demands, lines, partners, children, lent) = try_join!(
        demands,
        lines(member, monday, &materials),
        Partners::read(member),
        children(member, &content.linked_group_ids, monday, from),
        lent::of(member, group, monday)
    )?;
    let demands: BTreeMap<&Material, MaterialDemand> =
        looked.into_iter().zip(demands).filter_map(|(one, demand)| Some((one, demand?))).collect();
    let t = member.text();
    let all: Decimal = group
        .matched
        .iter()
        .filter(|week| format::day(week.monday.as_ref()) == Some(monday))
        .filter_map(|week| Figures::of(week).demand)
        .sum();
    let mut seen = BTreeSet::new();
    let mut sources: Vec<Source> = Vec::new();
    for series in &content.linked_demand {
        let one = material(series);
        // An order is counted once in a group, at the first of its material's series.
        let booked = match seen.insert(one.clone()) {
            true => {
                promised(&lines, &one, monday, |unit| counting(demands.get(&one), series, &content, unit))
            }
            false => Decimal::ZERO,
        };
        let found = Found { demand: demands.get(&one), booked, monday };
        sources.extend(source(t, &measure, series, &found, &partners, all));
    }
    sources.sort_by_key(|one| std::cmp::Reverse(one.weight));
    let counts = |line: &ScheduleLineRow| {
        let one = (line.counterparty_id.clone(), line.buyer_item_id.clone());
        let series = content.linked_demand.iter().find(|series| material(series) == one);
        let counting = series.map(|series| counting(demands.get(&one), series, &content, &line.unit_code));
        counting.is_none_or(|counting| counted(Decimal::ONE, &line.unit_code, counting).is_some())
    };
    let orders = lines.iter().flat_map(|line| taken(t, line, monday, counts(line))).collect();
    Ok(Origin { sources, orders, children, lent, further })
}

fn material(link: &LinkedDemandSeries) -> Material {
    (link.customer_id.clone(), link.material_number_customer.clone())
}

/// The demand of a material, `None` where there is none.
async fn demand(member: &Member, (customer, material): &Material) -> Result<Option<MaterialDemand>, Failure> {
    let mut client = member.app().api.demands();
    let request = ListMaterialDemandsRequest {
        counterparty_id: customer.clone(),
        material_number_customer: material.clone(),
        ..ListMaterialDemandsRequest::default()
    };
    let list = client.list_material_demands(member.call(request)).await?.into_inner();
    let Some(found) = list.demands.into_iter().find(|one| one.customer_id == *customer) else {
        return Ok(None);
    };
    let request = GetMaterialDemandRequest { demand_id: found.id, version: 0 };
    Ok(Some(client.get_material_demand(member.call(request)).await?.into_inner()))
}

/// Schedule lines of these materials with a promise in the week.
async fn lines(
    member: &Member,
    monday: Date,
    materials: &BTreeSet<Material>,
) -> Result<Vec<ScheduleLineRow>, Failure> {
    let mut found = Vec::new();
    if !member.may(Permission::OrdersRead) || materials.is_empty() {
        return Ok(found);
    }
    let states =
        [OrderState::Unanswered, OrderState::Proposed, OrderState::Accepted, OrderState::PartAccepted];
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let request = ListScheduleLinesRequest {
            page_size: 1_000,
            page_token,
            side: Side::Supplier as i32,
            states: states.map(|state| state as i32).into(),
            requested_from: Some(chassis::value::wire_date(monday - AROUND)),
            requested_until: Some(chassis::value::wire_date(monday + AROUND)),
            ..ListScheduleLinesRequest::default()
        };
        let list = member.app().api.orders().list_schedule_lines(member.call(request)).await?.into_inner();
        let fits = |row: &ScheduleLineRow| {
            let one = (row.counterparty_id.clone(), row.buyer_item_id.clone());
            materials.contains(&one) && promises(row, monday).next().is_some()
        };
        found.extend(list.rows.into_iter().filter(fits));
        if list.next_page_token.is_empty() {
            break;
        }
        page_token = list.next_page_token;
    }
    Ok(found)
}

/// Day and quantity of what a line promises in a week.
fn promises(row: &ScheduleLineRow, monday: Date) -> impl Iterator<Item = (Date, Decimal)> {
    row.commitments.iter().filter_map(move |promise| {
        let day = format::day(promise.committed_delivery_date.as_ref())?;
        let quantity = format::decimal(promise.quantity.as_ref())?;
        (monday_of(day) == monday && !quantity.is_zero()).then_some((day, quantity))
    })
}

/// What is promised of a material in a week, in the unit that a line's counts in; what does not convert is left out.
fn promised<'a>(
    lines: &'a [ScheduleLineRow],
    (customer, material): &Material,
    monday: Date,
    counting: impl Fn(&'a str) -> &'a str,
) -> Decimal {
    let of = lines.iter().filter(|line| line.counterparty_id == *customer && line.buyer_item_id == *material);
    let quantities = of.flat_map(|line| {
        let counting = counting(&line.unit_code);
        promises(line, monday).filter_map(move |(_, quantity)| counted(quantity, &line.unit_code, counting))
    });
    quantities.fold(Decimal::ZERO, Decimal::saturating_add)
}

/// The unit that an order's line counts in: the demand's; where none is stated, the group's where it is linked without a
/// load factor and measures the same.
fn counting<'a>(
    demand: Option<&'a MaterialDemand>,
    link: &LinkedDemandSeries,
    group: &'a GroupContent,
    unit: &'a str,
) -> &'a str {
    let stated =
        demand.and_then(|demand| demand.content.as_ref()).map_or("", |content| content.unit_code.as_str());
    match stated {
        "" if link.load_factor.is_none() && scale(&group.unit_code).0 == scale(unit).0 => &group.unit_code,
        "" => unit,
        stated => stated,
    }
}

/// A quantity in the unit that it counts in; `None` where the two measure different things.
fn counted(quantity: Decimal, unit: &str, counting: &str) -> Option<Decimal> {
    if unit.is_empty() || counting.is_empty() { Some(quantity) } else { closest(quantity, unit, counting) }
}

/// What was found of a series.
struct Found<'a> {
    demand: Option<&'a MaterialDemand>,
    booked: Decimal,
    monday: Date,
}

impl Found<'_> {
    /// The forecast of a series for the week; a demand that is inactive is as if absent.
    fn forecast(&self, link: &LinkedDemandSeries) -> Option<Decimal> {
        let content = self.demand?.content.as_ref().filter(|content| !content.inactive)?;
        let series = content.series.iter().find(|series| {
            series.customer_location == link.customer_location
                && series.demand_category == link.demand_category
        })?;
        let week = series.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(self.monday))?;
        format::decimal(week.quantity.as_ref())
    }
}

/// A series as it weighs in the week; `None` where nothing of it is wanted.
fn source(
    t: &Text,
    measure: &Measure,
    link: &LinkedDemandSeries,
    found: &Found<'_>,
    partners: &Partners,
    all: Decimal,
) -> Option<Source> {
    let forecast = found.forecast(link);
    if forecast.is_none() && found.booked.is_zero() {
        return None;
    }
    let content = found.demand.and_then(|demand| demand.content.clone()).unwrap_or_default();
    let factor = format::decimal(link.load_factor.as_ref());
    // An order consumes the forecast of its week: the larger of the two is what is wanted.
    let wanted = forecast.unwrap_or_default().max(found.booked);
    let weight = wanted.checked_mul(factor.unwrap_or(Decimal::ONE)).unwrap_or(Decimal::MAX);
    let unit = t.unit(&content.unit_code, "");
    let category = match link.demand_category() {
        DemandCategory::Default | DemandCategory::Unspecified => String::new(),
        other => super::category(t, other),
    };
    let place = [link.customer_location.clone(), category];
    Some(Source {
        customer: partners.name(&link.customer_id).to_string(),
        material: link.material_number_customer.clone(),
        description: content.material_description_customer,
        place: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        forecast: forecast.map_or_else(|| t.say(key::NOT_KNOWN), |quantity| t.quantity(quantity, &unit)),
        booked: if found.booked.is_zero() { "–".into() } else { t.quantity(found.booked, &unit) },
        factor: factor.map_or_else(String::new, |factor| measure.factor(t, factor)),
        load: measure.said(t, weight),
        share: percent(weight, all),
        weight,
    })
}

fn taken(t: &Text, line: &ScheduleLineRow, monday: Date, counts: bool) -> Vec<Taken> {
    let unit = t.unit(&line.unit_code, "");
    let one = |(day, quantity): (Date, Decimal)| Taken {
        href: format!("/orders/{}", line.order_id),
        number: line.order_number.clone(),
        customer: line.counterparty_name.clone(),
        item: if line.item_name.is_empty() { line.buyer_item_id.clone() } else { line.item_name.clone() },
        quantity: t.quantity(quantity, &unit),
        note: if counts { String::new() } else { t.say(key::UNCOUNTED_LINE) },
        day: t.day(day),
    };
    promises(line, monday).map(one).collect()
}

/// The groups that are summed, as they stand in the week.
async fn children(member: &Member, ids: &[String], monday: Date, from: &str) -> Result<Vec<Child>, Failure> {
    let t = member.text();
    let week = iso(Some(monday));
    let span = Span::read(&week, monday);
    let child = |id: &String| {
        let (id, week) = (id.clone(), week.clone());
        async move {
            let group = match read::group(member, &id, 0).await {
                Ok(group) => group,
                // One that is linked and not there yet.
                Err(failure) if failure.is("NOT_FOUND") => return Ok(None),
                Err(failure) => return Err(failure),
            };
            let weeks = read::weeks(member, &id, span).await?;
            let content = group.content.unwrap_or_default();
            let figures = weeks.get(&monday).map(Figures::of);
            let demand = figures.as_ref().and_then(|figures| figures.demand);
            let measure = Measure::of(&content.unit_code);
            Ok(Some(Child {
                href: link(&format!("/capacity/groups/{id}"), &[("week", &week), ("from", from)]),
                name: content.name,
                load: demand.map_or_else(|| t.say(key::NOT_KNOWN), |demand| measure.said(t, demand)),
                state: figures.map_or(State::Unknown, |figures| figures.state),
            }))
        }
    };
    Ok(try_join_all(ids.iter().map(child)).await?.into_iter().flatten().collect())
}
