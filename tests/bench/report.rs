//! Figures as ratios against the machine's limit in the same run, printed and kept in target/bench/results.json.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use serde_json::{Value, json};

use crate::{
    scale::Scale,
    spent::{Meter, Spent},
};

/// What a run measured.
#[derive(Default)]
pub struct Report {
    figures: BTreeMap<String, Value>,
}

impl Report {
    /// Adds a figure and prints it.
    pub fn add(&mut self, name: &str, line: &str, figure: Value) {
        println!("{name}: {line}");
        self.figures.insert(name.to_string(), figure);
    }

    /// Writes what was measured over the results that other runs left.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let before = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let mut all = before.and_then(|value| value.as_object().cloned()).unwrap_or_default();
        for (name, figure) in &self.figures {
            all.insert(name.clone(), figure.clone());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_vec_pretty(&all)?)?;
        println!("results are in {}", path.display());
        Ok(())
    }
}

/// The middle of several rounds.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs both sides in turn, five rounds, and adds medians of rates, the ratio, and what an operation of ours costs in
/// processor time: in this process, and in Postgres by who asked for it.
pub async fn interleaved(
    name: &str,
    report: &mut Report,
    scale: Scale,
    operations: usize,
    unit: &str,
    mut ours: impl AsyncFnMut() -> anyhow::Result<f64>,
    mut bare: impl AsyncFnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<()> {
    let (mut mine, mut limit, mut spent) = (Vec::new(), Vec::new(), Spent::default());
    let mut noise = Noise::new(scale);
    while noise.wants_another(mine.len()) {
        noise.begin()?;
        let meter = Meter::begin()?;
        let rate = ours().await?;
        let each = meter.each(operations)?;
        let bare_rate = bare().await?;
        if noise.too_loud()? {
            continue;
        }
        mine.push(rate);
        limit.push(bare_rate);
        spent.add(each);
    }
    let ratios: Vec<f64> = mine.iter().zip(&limit).map(|(ours, limit)| ours / limit).collect();
    let (rate, bare_rate, ratio) = (median(&mine), median(&limit), median(&ratios));
    let line = format!(
        "{rate:.0} {unit}, bare {bare_rate:.0} {unit}, ratio {ratio:.2}; {spent}; others used {:.2} cores",
        noise.heard()
    );
    let figure = json!({
        "ours": mine, "bare": limit, "unit": unit, "ratio_median": ratio, "ratios": ratios,
        "us_each": spent.own(), "postgres_us_each": spent.postgres(), "others_cores": noise.heard(),
    });
    report.add(name, &line, figure);
    Ok(())
}

/// Cores that other processes may use in a round that counts.
const QUIET: f64 = 0.25;

/// What other processes did to a round, so that loud ones are taken again.
pub struct Noise {
    rounds: usize,
    spare: usize,
    began: Instant,
    others: f64,
    heard: Vec<f64>,
    /// Processes that this one started.
    own: Vec<u32>,
}

impl Noise {
    pub fn new(scale: Scale) -> Self {
        // A machine that is never quiet gives figures all the same, marked as such.
        let spare = if scale == Scale::Smoke { 0 } else { 5 };
        let (rounds, began) = (scale.rounds(), Instant::now());
        Self { rounds, spare, began, others: 0.0, heard: Vec::new(), own: Vec::new() }
    }

    /// A process that belongs to what is measured; to be said before a round begins.
    pub fn own(&mut self, process: u32) {
        self.own.push(process);
    }

    /// Processor seconds so far of what does not belong to the measurement.
    fn others_seconds(&self) -> anyhow::Result<f64> {
        let own: f64 = self.own.iter().map(|process| cpu_seconds_of(*process)).sum();
        Ok(others_cpu_seconds()? - own)
    }

    /// Whether rounds are missing.
    pub fn wants_another(&self, taken: usize) -> bool {
        taken < self.rounds
    }

    /// A round begins.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        (self.began, self.others) = (Instant::now(), self.others_seconds()?);
        Ok(())
    }

    /// A round has ended: whether it is to be taken again.
    pub fn too_loud(&mut self) -> anyhow::Result<bool> {
        let cores = (self.others_seconds()? - self.others).max(0.0) / self.began.elapsed().as_secs_f64();
        if cores > QUIET && self.spare > 0 {
            self.spare -= 1;
            println!("a round is taken again: other processes used {cores:.2} cores");
            return Ok(true);
        }
        self.heard.push(cores);
        Ok(false)
    }

    /// Whether a round counted although others were loud, so that its times judge nothing.
    pub fn loud(&self) -> bool {
        self.heard() > QUIET
    }

    /// The loudest round that counted, in cores.
    pub fn heard(&self) -> f64 {
        self.heard.iter().copied().fold(0.0, f64::max)
    }
}

/// Resident memory of a process in KiB, from /proc.
pub fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|text| text.parse().ok());
    number.ok_or_else(|| anyhow::anyhow!("process {pid} tells no resident memory"))
}

/// Processor seconds of this process so far, user and system.
pub fn cpu_seconds() -> f64 {
    cpu_of(&fs::read_to_string("/proc/self/stat").unwrap_or_default())
}

/// Processor seconds so far of another process; 0 once it is gone.
pub fn cpu_seconds_of(process: u32) -> f64 {
    cpu_of(&fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default())
}

/// Processor seconds so far of every Postgres process of the machine that still lives: run it alone.
pub fn postgres_cpu_seconds() -> anyhow::Result<f64> {
    Ok(postgres_cpu()?.values().sum())
}

/// The same by who asked for it: the services' login, the sequencer's, and Postgres itself.
pub fn postgres_cpu() -> anyhow::Result<BTreeMap<String, f64>> {
    let mut by_role = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let place = entry?.path();
        // A process may end while this looks.
        let stat = fs::read_to_string(place.join("stat")).unwrap_or_default();
        if !stat.contains("(postgres)") {
            continue;
        }
        let title = fs::read_to_string(place.join("cmdline")).unwrap_or_default();
        let role = match title.as_str() {
            title if title.contains(" tandem_app ") => "services",
            title if title.contains(" tandem_stream ") => "sequencer",
            _ => "itself",
        };
        *by_role.entry(role.to_string()).or_default() += cpu_of(&stat);
    }
    Ok(by_role)
}

/// Processor seconds so far of everything on the machine but this process and Postgres.
fn others_cpu_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = first.split_whitespace().skip(1).filter_map(|text| text.parse().ok()).collect();
    // user, nice, system; then irq and softirq, after idle and iowait.
    let busy: f64 = [0, 1, 2, 5, 6].iter().filter_map(|place| ticks.get(*place)).sum();
    Ok(busy / 100.0 - cpu_seconds() - postgres_cpu_seconds()?)
}

fn cpu_of(stat: &str) -> f64 {
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let ticks =
        |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    // Fields 14 and 15 of proc(5), counted after the command's name; a tick is 10 ms on Linux.
    (ticks(11) + ticks(12)) / 100.0
}
