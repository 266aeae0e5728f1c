//! The same answer by trying every split: in whole numbers, with a closure of who sums whom, and sharing nothing with what
//! it checks.

use super::*;

const CASES: usize = 10_000;
const SEED: u64 = 20_261_207;
const WEEKS: usize = 4;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }
}

/// A group in whole numbers: factors in tenths, capacity in hundredths.
#[derive(Debug, Default)]
struct Plain {
    inactive: bool,
    /// `Some(None)`: linked without a factor.
    link: Option<Option<i64>>,
    children: Vec<usize>,
    maxima: [Option<i64>; WEEKS],
    taken: [i64; WEEKS],
}

/// Quantity in steps of 1, or of 0.1.
#[derive(Debug)]
struct Case {
    groups: Vec<Plain>,
    tenths: bool,
    steps: i64,
    from: usize,
    until: usize,
}

fn case(dice: &mut Dice) -> Case {
    let count = 1 + dice.below(4) as usize;
    let mut groups = Vec::new();
    for index in 0..count {
        let mut group = Plain { inactive: dice.one_in(8), ..Plain::default() };
        if index > 0 && dice.one_in(2) {
            group.children = (0..index).filter(|_| dice.one_in(2)).collect();
        } else if !dice.one_in(5) {
            let factor = [None, Some(0), Some(5), Some(10), Some(15), Some(30)][dice.below(6) as usize];
            group.link = Some(factor);
        }
        let states_some = !dice.one_in(6);
        for week in 0..WEEKS {
            group.maxima[week] = (states_some && !dice.one_in(6)).then(|| 25 * dice.below(20) as i64);
            group.taken[week] = 50 * dice.below(4) as i64;
        }
        groups.push(group);
    }
    let from = dice.below(WEEKS as u64) as usize;
    let until = dice.below(WEEKS as u64) as usize;
    Case { groups, tenths: dice.one_in(3), steps: 1 + dice.below(4) as i64, from, until }
}

/// Who counts for whom: active, and reached through active ones alone.
fn closure(groups: &[Plain]) -> Vec<Vec<bool>> {
    let count = groups.len();
    let active = |index: usize| !groups[index].inactive;
    let mut reach: Vec<Vec<bool>> = (0..count)
        .map(|a| {
            (0..count)
                .map(|b| active(a) && active(b) && (a == b || groups[a].children.contains(&b)))
                .collect()
        })
        .collect();
    for via in 0..count {
        for a in 0..count {
            for b in 0..count {
                reach[a][b] |= reach[a][via] && reach[via][b];
            }
        }
    }
    reach
}

/// The best of all splits that fit: the least left, the fewest late, the least waiting.
fn best(case: &Case, splits: &[[i64; WEEKS]]) -> [i64; WEEKS] {
    let reach = closure(&case.groups);
    let loads: Vec<i64> = (0..case.groups.len())
        .map(|a| {
            let linked = (0..case.groups.len()).filter(|b| reach[a][*b]).filter_map(|b| case.groups[b].link);
            linked.map(|factor| factor.unwrap_or(10)).sum::<i64>() * if case.tenths { 1 } else { 10 }
        })
        .collect();
    let makes = |index: usize| reach[index][index] && case.groups[index].link.is_some();
    if !(0..case.groups.len()).any(makes) {
        return [0; WEEKS];
    }
    let fits = |split: &[i64; WEEKS]| {
        case.groups.iter().zip(&loads).filter(|(_, load)| **load > 0).all(|(group, load)| {
            let silent = group.link.is_none() && group.maxima.iter().all(Option::is_none);
            silent
                || (0..WEEKS).filter(|week| split[*week] > 0).all(|week| {
                    group.maxima[week]
                        .is_some_and(|maximum| group.taken[week] + load * split[week] <= maximum)
                })
        })
    };
    let badness = |split: &[i64; WEEKS]| {
        let late: i64 = split.iter().skip(case.until + 1).sum();
        let waiting: i64 = split.iter().zip(0..).map(|(quantity, week)| quantity * week).sum();
        (case.steps - split.iter().sum::<i64>(), late, waiting)
    };
    let allowed = splits.iter().filter(|split| split[..case.from].iter().all(|quantity| *quantity == 0));
    allowed.filter(|split| fits(split)).min_by_key(|split| badness(split)).copied().unwrap_or_default()
}

/// Every split of at most so many steps.
fn splits(steps: i64) -> Vec<[i64; WEEKS]> {
    let base = steps + 1;
    let split = |number: i64| {
        let mut rest = number;
        [0; WEEKS].map(|_| {
            let quantity = rest % base;
            rest /= base;
            quantity
        })
    };
    let all = (0..base.pow(WEEKS as u32)).map(split);
    all.filter(|split| split.iter().sum::<i64>() <= steps).collect()
}

/// The same case as the function takes it.
fn posed(case: &Case) -> (Shop, Question) {
    let monday = |week: usize| W50 + Duration::weeks(week as i64);
    let mut shop = Shop::default();
    for (index, plain) in case.groups.iter().enumerate() {
        let group = id(index as u128);
        let mut node = Node { inactive: plain.inactive, ..Node::default() };
        node.children = plain.children.iter().map(|child| id(*child as u128)).collect();
        if let Some(factor) = plain.link {
            // Beside another series, so that the place counts.
            node.series = vec![Series { load_factor: Some(99.into()), ..Series::default() }; 2];
            node.series[1].load_factor = factor.map(|tenths| Decimal::new(tenths, 1));
            shop.asked.insert(group, Linked::at(1));
        }
        for week in 0..WEEKS {
            if let Some(maximum) = plain.maxima[week] {
                node.weeks.insert(monday(week), stated(Decimal::ZERO, Decimal::new(maximum, 2)));
            }
            shop.taken.insert((group, monday(week)), Decimal::new(plain.taken[week], 2));
        }
        shop.groups.insert(group, node);
    }
    let quantity = Decimal::new(case.steps, u32::from(case.tenths));
    (shop, Question { quantity, from: monday(case.from), until: monday(case.until) })
}

#[test]
fn equals_the_best_of_all_splits() {
    println!("seed {SEED}");
    let mut dice = Dice(SEED);
    let splits: Vec<Vec<[i64; WEEKS]>> = (0..=4).map(splits).collect();
    let mut seen = BTreeMap::new();
    for number in 0..CASES {
        let case = case(&mut dice);
        let (shop, question) = posed(&case);
        let promise = promise(&shop, &question);
        let steps = |quantity: Decimal| in_steps(quantity, &case);
        let split = promise.split();
        let best = best(&case, &splits[case.steps as usize]);
        let weeks = (0..WEEKS).map(|week| split.get(&(W50 + Duration::weeks(week as i64))).copied());
        let got: Vec<i64> = weeks.map(|q| steps(q.unwrap_or_default())).collect();
        assert_eq!(got, best, "case {number} of seed {SEED}: {case:?}");
        let late: i64 = best.iter().skip(case.until + 1).sum();
        let left = case.steps - best.iter().sum::<i64>();
        assert_eq!(
            (steps(promise.late), steps(promise.unpromised)),
            (late, left),
            "case {number} of seed {SEED}"
        );
        *seen.entry(format!("{:?}", promise.verdict())).or_insert(0) += 1;
    }
    // Cases of one kind alone would prove little.
    assert!(seen.len() == 5 && seen.values().all(|count| *count > 200), "{seen:?}");
}

fn in_steps(quantity: Decimal, case: &Case) -> i64 {
    let steps = if case.tenths { quantity * Decimal::TEN } else { quantity };
    assert!(steps.fract().is_zero(), "{quantity} is finer than what was asked");
    steps.try_into().unwrap()
}
