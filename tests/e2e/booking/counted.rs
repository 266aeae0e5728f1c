//! What a promise takes of groups, as SQL counts it when it is given, is what matching counts once it is heard: both are asked
//! the same of groups, links and units of chance.

use std::collections::{BTreeMap, BTreeSet};

use ::capacity::load::{Units, counted, taker};
use chassis::unit::scales;
use harness::World;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

const ROUNDS: usize = 30;
const GROUPS: usize = 6;
const PROMISES: usize = 6;
/// Some that convert into one another, some that do not, and none.
const UNITS: [&str; 8] = ["", "H87", "DZN", "KGM", "TNE", "LBR", "SEC", "HUR"];
const MATERIALS: [&str; 2] = ["M", "N"];
const LOCATIONS: [&str; 2] = ["CY01", "CY02"];
const CATEGORIES: [&str; 2] = ["0001", "A1S1"];

/// Material, category and location.
type Series = (&'static str, &'static str, &'static str);

/// A supplier with groups, all of whose links are of one customer.
struct Shop {
    supplier: Uuid,
    customer: Uuid,
    groups: Vec<Group>,
    /// Units of what is demanded, by material.
    demands: BTreeMap<&'static str, &'static str>,
}

struct Group {
    id: Uuid,
    unit: &'static str,
    inactive: bool,
    /// Load factors, and whether the link was removed.
    links: BTreeMap<Series, (Option<Decimal>, bool)>,
    /// Groups that sum this one, and whether they do no more.
    parents: BTreeMap<usize, bool>,
}

struct Promise {
    order: Uuid,
    material: &'static str,
    /// Empty: the order names none.
    location: &'static str,
    unit: &'static str,
    quantity: Decimal,
}

#[tokio::test]
async fn what_is_promised_takes_what_matching_counts() {
    let world = World::start().await;
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut tx = world.owner_pool().await.begin().await.unwrap();
    let mut compared = 0;
    for _ in 0..ROUNDS {
        let shop = Shop::of_chance(&mut random);
        shop.save(&mut tx).await;
        let promises: Vec<Promise> = (0..PROMISES).map(|_| Promise::of_chance(&mut random)).collect();
        let (expected, found) = (shop.matched(&promises), shop.taken(&mut tx, &promises).await);
        let places = |taken: &BTreeMap<(usize, Uuid), Decimal>| taken.keys().copied().collect::<Vec<_>>();
        assert_eq!(places(&found), places(&expected));
        for (place, hours) in &expected {
            // SQL cuts what it divides elsewhere than programs do.
            let most = Decimal::new(1, 9) * (Decimal::ONE + hours);
            assert!((found[place] - hours).abs() < most, "{place:?}: {} instead of {hours}", found[place]);
        }
        compared += expected.len();
    }
    tx.rollback().await.unwrap();
    assert!(compared > ROUNDS, "nothing was taken: the test tests nothing");
    world.finish().await;
}

fn id(random: &mut StdRng) -> Uuid {
    Uuid::from_u128(random.random())
}

impl Shop {
    fn of_chance(random: &mut StdRng) -> Self {
        let groups = (0..GROUPS).map(|at| Group::of_chance(at, random)).collect();
        let unit = |material| (material, *UNITS.choose(random).unwrap());
        let demands = MATERIALS.into_iter().map(unit).collect();
        Self { supplier: id(random), customer: id(random), groups, demands }
    }

    /// What matching counts of promises, by the place of each, from 1, and by group.
    fn matched(&self, promises: &[Promise]) -> BTreeMap<(usize, Uuid), Decimal> {
        let mut taken: BTreeMap<(usize, Uuid), Decimal> = BTreeMap::new();
        for (index, promise) in promises.iter().enumerate() {
            for (at, group) in self.groups.iter().enumerate().filter(|(_, group)| !group.inactive) {
                let hours = self.hours(group, promise);
                for reached in self.reached(at) {
                    *taken.entry((index + 1, self.groups[reached].id)).or_default() += hours;
                }
            }
        }
        taken.retain(|_, hours| !hours.is_zero());
        taken
    }

    fn hours(&self, group: &Group, promise: &Promise) -> Decimal {
        let linked = group
            .links
            .iter()
            .filter(|((material, ..), (_, removed))| *material == promise.material && !*removed);
        let names = linked.map(|((_, category, location), _)| (*category, *location));
        let Some((category, location)) = taker(names, promise.location) else { return Decimal::ZERO };
        let (factor, _) = group.links[&(promise.material, category, location)];
        let units = Units {
            demand: self.demands[promise.material].to_owned(),
            group: if factor.is_none() { group.unit.to_owned() } else { String::new() },
        };
        let quantity = counted(promise.quantity, promise.unit, units.counting(promise.unit));
        quantity.unwrap_or_default() * factor.unwrap_or(Decimal::ONE)
    }

    /// A group and those that sum it, through whichever.
    fn reached(&self, at: usize) -> BTreeSet<usize> {
        let (mut reached, mut open) = (BTreeSet::from([at]), vec![at]);
        while let Some(child) = open.pop() {
            for (parent, removed) in &self.groups[child].parents {
                if !*removed && !self.groups[*parent].inactive && reached.insert(*parent) {
                    open.push(*parent);
                }
            }
        }
        reached
    }

    async fn save(&self, connection: &mut PgConnection) {
        for group in &self.groups {
            sqlx::query(
                "insert into capacity.capacity_group
                     (supplier, id, name, unit_code, version, inactive, changed_at, received_at)
                 values ($1, $2, 'G', nullif($3, ''), 1, $4, now(), now())",
            )
            .bind(self.supplier)
            .bind(group.id)
            .bind(group.unit)
            .bind(group.inactive)
            .execute(&mut *connection)
            .await
            .unwrap();
        }
        for group in &self.groups {
            self.save_links(group, connection).await;
        }
        for (material, unit) in &self.demands {
            sqlx::query(
                "insert into capacity.material_demand (customer, id, supplier, material_number_customer, version,
                     inactive, changed_at, received_at, unit_code)
                 values ($1, gen_random_uuid(), $2, $3, 1, false, now(), now(), nullif($4, ''))",
            )
            .bind(self.customer)
            .bind(self.supplier)
            .bind(*material)
            .bind(*unit)
            .execute(&mut *connection)
            .await
            .unwrap();
        }
    }

    async fn save_links(&self, group: &Group, connection: &mut PgConnection) {
        for ((material, category, location), (factor, removed)) in &group.links {
            sqlx::query(
                "insert into capacity.linked_demand (supplier, group_id, customer, material_number_customer,
                     customer_location, demand_category, load_factor, removed)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(self.supplier)
            .bind(group.id)
            .bind(self.customer)
            .bind(*material)
            .bind(*location)
            .bind(*category)
            .bind(*factor)
            .bind(*removed)
            .execute(&mut *connection)
            .await
            .unwrap();
        }
        for (parent, removed) in &group.parents {
            sqlx::query(
                "insert into capacity.linked_group (supplier, parent, child, removed) values ($1, $2, $3, $4)",
            )
            .bind(self.supplier)
            .bind(self.groups[*parent].id)
            .bind(group.id)
            .bind(*removed)
            .execute(&mut *connection)
            .await
            .unwrap();
        }
    }

    /// What SQL counts of them, as [`Shop::matched`] has it.
    async fn taken(
        &self,
        connection: &mut PgConnection,
        promises: &[Promise],
    ) -> BTreeMap<(usize, Uuid), Decimal> {
        let texts = |text: fn(&Promise) -> &'static str| -> Vec<String> {
            promises.iter().map(|promise| text(promise).to_owned()).collect()
        };
        let rows: Vec<(i32, Uuid, Decimal)> = sqlx::query_as(
            "select place, group_id, hours
             from capacity.taken_of_groups($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(self.supplier)
        .bind(promises.iter().map(|promise| promise.order).collect::<Vec<_>>())
        .bind(vec![self.customer; promises.len()])
        .bind(texts(|promise| promise.material))
        .bind(texts(|promise| promise.location))
        .bind(texts(|promise| promise.unit))
        .bind(promises.iter().map(|promise| promise.quantity).collect::<Vec<_>>())
        .bind(scales().map(|(code, ..)| code.to_owned()).collect::<Vec<_>>())
        .bind(scales().map(|(_, base, _)| base.to_owned()).collect::<Vec<_>>())
        .bind(scales().map(|(.., factor)| factor).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        rows.into_iter().map(|(place, group, hours)| ((place as usize, group), hours)).collect()
    }
}

impl Group {
    /// What sums it comes later, so that nothing sums itself.
    fn of_chance(at: usize, random: &mut StdRng) -> Self {
        let mut links = BTreeMap::new();
        for _ in 0..random.random_range(0..5) {
            let series = (
                *MATERIALS.choose(random).unwrap(),
                *CATEGORIES.choose(random).unwrap(),
                *LOCATIONS.choose(random).unwrap(),
            );
            let factor = random.random_bool(0.6).then(|| Decimal::new(random.random_range(1..900), 1));
            links.insert(series, (factor, random.random_bool(0.1)));
        }
        let mut parents = BTreeMap::new();
        for parent in at + 1..GROUPS {
            if random.random_bool(0.4) {
                parents.insert(parent, random.random_bool(0.1));
            }
        }
        Self {
            id: id(random),
            unit: *UNITS.choose(random).unwrap(),
            inactive: random.random_bool(0.1),
            links,
            parents,
        }
    }
}

impl Promise {
    fn of_chance(random: &mut StdRng) -> Self {
        let location = if random.random_bool(0.3) { "" } else { *LOCATIONS.choose(random).unwrap() };
        Self {
            order: id(random),
            material: *MATERIALS.choose(random).unwrap(),
            location,
            unit: *UNITS.choose(random).unwrap(),
            quantity: Decimal::new(random.random_range(1..90_000), 1),
        }
    }
}
