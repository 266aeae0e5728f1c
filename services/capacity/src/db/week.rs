//! Weeks of groups, and what matching reads for them. All of the supplier's tenant.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::matching::strengthened;

/// A week as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub group_id: Uuid,
    pub monday: Date,
    pub actual: Option<Decimal>,
    pub maximum: Option<Decimal>,
    pub agreed: Option<Decimal>,
    pub delta: Option<Decimal>,
    pub demand: Option<Decimal>,
    pub booked: Decimal,
    pub offered: Decimal,
    /// What groups below it offer, as it sums their demand.
    pub offered_below: Decimal,
    pub overcommitted: bool,
    /// What others lend of it.
    pub borrowed: Decimal,
    /// The demand without what is lent.
    pub wanted: Option<Decimal>,
    /// What of the offered is lent.
    pub lent: Decimal,
    /// Schedule lines whose promises are in none of the figures.
    pub uncounted_lines: i32,
}

impl Row {
    /// A week of which nothing is known yet.
    pub(crate) fn empty(group_id: Uuid, monday: Date) -> Self {
        let none = None;
        let nothing = Decimal::ZERO;
        Row {
            group_id,
            monday,
            actual: none,
            maximum: none,
            agreed: none,
            delta: none,
            demand: none,
            booked: nothing,
            offered: nothing,
            offered_below: nothing,
            overcommitted: false,
            borrowed: nothing,
            wanted: none,
            lent: nothing,
            uncounted_lines: 0,
        }
    }

    /// Actual and maximum as they were stated, where they are known.
    pub(crate) fn stated(&self) -> Option<(Decimal, Decimal)> {
        self.actual.zip(self.maximum)
    }

    /// Actual and maximum with what is borrowed, where they are known.
    pub(crate) fn capacity(&self) -> Option<(Decimal, Decimal)> {
        strengthened(self.stated(), self.borrowed)
    }

    /// As customers may see it: whatever others have of what is offered, demand is what customers want; and what orders of
    /// others are counted in is none of their business.
    pub(crate) fn for_customers(self) -> Self {
        let nothing = Decimal::ZERO;
        Self { demand: self.wanted, lent: nothing, offered_below: nothing, uncounted_lines: 0, ..self }
    }

    /// Whether there is anything to say of it.
    pub(crate) fn is_known(&self) -> bool {
        self.demand.is_some() || self.actual.is_some() || !self.borrowed.is_zero() || self.uncounted_lines > 0
    }
}

/// Groups that sum one of these, at any distance, and these themselves.
pub(crate) async fn with_parents(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"with recursive up (id) as (
               select * from unnest($2::uuid[])
               union
               select l.parent from capacity.linked_group l join up on l.child = up.id
               where l.supplier = $1 and not l.removed)
           select id as "id!" from up order by id"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Who sums whom, from these groups downwards.
pub(crate) async fn links_below(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"with recursive down (parent, child) as (
               select l.parent, l.child from capacity.linked_group l
               where l.supplier = $1 and l.parent = any($2) and not l.removed
               union
               select l.parent, l.child from capacity.linked_group l join down on l.parent = down.child
               where l.supplier = $1 and not l.removed)
           select parent as "parent!", child as "child!" from down"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.parent, row.child)).collect())
}

/// Groups that link one of these materials.
pub(crate) async fn linking(
    tx: &mut TenantTx,
    customers: &[Uuid],
    materials: &[String],
) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"select distinct l.group_id
           from unnest($2::uuid[], $3::text[]) wanted (customer, material)
           join capacity.linked_demand l on l.supplier = $1 and l.customer = wanted.customer
               and l.material_number_customer = wanted.material and not l.removed"#,
        me,
        customers,
        materials
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Whether anything of a group is offered in any week.
pub(crate) async fn offers(tx: &mut TenantTx, group: Uuid) -> Result<bool> {
    let me = tx.firm();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from capacity.capacity_week
               where supplier = $1 and group_id = $2 and offered > 0) as "offers!""#,
        me,
        group
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Every week of groups.
pub(crate) async fn rows(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Vec<Row>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select group_id, monday, actual, maximum, agreed, delta, demand, booked, offered, offered_below,
                  overcommitted, borrowed, wanted, lent, uncounted_lines
           from capacity.capacity_week where supplier = $1 and group_id = any($2) order by group_id, monday"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// How many schedule lines of the weeks from a Monday on are in no figure of groups; those that have none are missing.
pub(crate) async fn uncounted(tx: &mut TenantTx, groups: &[Uuid], from: Date) -> Result<BTreeMap<Uuid, i32>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select group_id, least(sum(uncounted_lines), 2147483647)::int as "lines!"
           from capacity.capacity_week
           where supplier = $1 and group_id = any($2) and monday >= $3 and uncounted_lines > 0
           group by group_id"#,
        me,
        groups,
        from
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.group_id, row.lines)).collect())
}

/// Locks the weeks of groups that are there, in the order of their keys, before anything that comes after weeks.
pub(crate) async fn lock(tx: &mut TenantTx, groups: &[Uuid]) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"select monday from capacity.capacity_week where supplier = $1 and group_id = any($2)
           order by group_id, monday for update"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// What a list of weeks is narrowed to.
pub(crate) struct Which<'a> {
    pub group: Option<Uuid>,
    /// Only groups of these sites; empty: all.
    pub sites: &'a [String],
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub after: Option<(Uuid, Date)>,
    pub limit: i64,
}

/// Weeks of the tenant's groups, by group and Monday.
pub(crate) async fn list(tx: &mut TenantTx, which: &Which<'_>) -> Result<Vec<Row>> {
    let me = tx.firm();
    let (after_group, after_monday) = which.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select group_id, monday, actual, maximum, agreed, delta, demand, booked, offered, offered_below,
                  overcommitted, borrowed, wanted, lent, uncounted_lines
           from capacity.capacity_week
           where supplier = $1 and ($2::uuid is null or group_id = $2) and ($3::date is null or monday >= $3)
               and ($4::date is null or monday <= $4)
               and ($5::uuid is null or (group_id, monday) > ($5, $6::date))
               and (demand is not null or actual is not null or offered > 0 or borrowed > 0
                    or uncounted_lines > 0)
               and ($8::text[] = '{}' or capacity.group_in($8, group_id))
           order by group_id, monday limit $7"#,
        me,
        which.group,
        which.from,
        which.until,
        after_group,
        after_monday,
        which.limit,
        which.sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Writes weeks, in the order of their keys. What is offered is left as it is, and the row says itself whether it still
/// fits.
pub(crate) async fn save(tx: &mut TenantTx, rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let me = tx.firm();
    let groups: Vec<Uuid> = rows.iter().map(|row| row.group_id).collect();
    let mondays: Vec<Date> = rows.iter().map(|row| row.monday).collect();
    let figures =
        |figure: fn(&Row) -> Option<Decimal>| -> Vec<Option<Decimal>> { rows.iter().map(figure).collect() };
    let shortfalls: Vec<i16> =
        rows.iter().map(|row| crate::matching::outcome(row.demand, row.capacity()).shortfall()).collect();
    let booked: Vec<Decimal> = rows.iter().map(|row| row.booked).collect();
    let borrowed: Vec<Decimal> = rows.iter().map(|row| row.borrowed).collect();
    let lent: Vec<Decimal> = rows.iter().map(|row| row.lent).collect();
    let uncounted: Vec<i32> = rows.iter().map(|row| row.uncounted_lines).collect();
    let below: Vec<Decimal> = rows.iter().map(|row| row.offered_below).collect();
    sqlx::query!(
        r#"insert into capacity.capacity_week as w
               (supplier, group_id, monday, actual, maximum, agreed, delta, demand, shortfall, booked, borrowed, wanted, lent,
                uncounted_lines, offered_below)
           select $1, * from unnest($2::uuid[], $3::date[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[],
                                    $8::numeric[], $9::smallint[], $10::numeric[], $11::numeric[], $12::numeric[],
                                    $13::numeric[], $14::int[], $15::numeric[])
           on conflict on constraint capacity_week_pkey do update
           set actual = excluded.actual, maximum = excluded.maximum, agreed = excluded.agreed,
               delta = excluded.delta, demand = excluded.demand, shortfall = excluded.shortfall,
               booked = excluded.booked, borrowed = excluded.borrowed, wanted = excluded.wanted, lent = excluded.lent,
               uncounted_lines = excluded.uncounted_lines, offered_below = excluded.offered_below,
               overcommitted = capacity.overcommits(w.offered, excluded.offered_below, excluded.booked + w.pending,
                                                    excluded.maximum, excluded.borrowed)"#,
        me,
        &groups,
        &mondays,
        &figures(|row| row.actual) as &[Option<Decimal>],
        &figures(|row| row.maximum) as &[Option<Decimal>],
        &figures(|row| row.agreed) as &[Option<Decimal>],
        &figures(|row| row.delta) as &[Option<Decimal>],
        &figures(|row| row.demand) as &[Option<Decimal>],
        &shortfalls,
        &booked,
        &borrowed,
        &figures(|row| row.wanted) as &[Option<Decimal>],
        &lent,
        &uncounted,
        &below
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
