//! What an operation takes in processor time: in this process, and in Postgres by who asked for it.

use std::{collections::BTreeMap, fmt};

use crate::report::{cpu_seconds, median, postgres_cpu};

/// Processor seconds when something began.
pub struct Meter {
    own: f64,
    postgres: BTreeMap<String, f64>,
}

impl Meter {
    pub fn begin() -> anyhow::Result<Self> {
        Ok(Self { own: cpu_seconds(), postgres: postgres_cpu()? })
    }

    /// What each of so many operations took since then.
    pub fn each(self, operations: usize) -> anyhow::Result<Each> {
        let us = |seconds: f64| seconds * 1e6 / operations as f64;
        let own = us(cpu_seconds() - self.own);
        let of = |(role, seconds): (String, f64)| {
            let before = self.postgres.get(&role).copied().unwrap_or_default();
            (role, us(seconds - before))
        };
        Ok(Each { own, postgres: postgres_cpu()?.into_iter().map(of).collect() })
    }
}

/// Microseconds of an operation in one round.
pub struct Each {
    own: f64,
    postgres: BTreeMap<String, f64>,
}

/// Those of the rounds that count.
#[derive(Default)]
pub struct Spent {
    own: Vec<f64>,
    postgres: BTreeMap<String, Vec<f64>>,
}

impl Spent {
    /// Adds a round.
    pub fn add(&mut self, each: Each) {
        self.own.push(each.own);
        for (role, us) in each.postgres {
            self.postgres.entry(role).or_default().push(us);
        }
    }

    /// The median in this process: client and server.
    pub fn own(&self) -> f64 {
        median(&self.own)
    }

    /// The medians in Postgres, by who asked for it.
    pub fn postgres(&self) -> BTreeMap<&str, f64> {
        self.postgres.iter().map(|(role, us)| (role.as_str(), median(us))).collect()
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares: Vec<String> =
            self.postgres().iter().map(|(role, us)| format!("{role} {us:.0}")).collect();
        write!(f, "µs each: client and server {:.0}, Postgres {}", self.own(), shares.join(", "))
    }
}
