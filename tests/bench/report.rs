//! Figures as ratios against the machine's limit in the same run, printed and kept in target/bench/results.json.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

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

/// Two sides of interleaved rounds: medians of rates and the ratio.
pub fn against(name: &str, report: &mut Report, ours: &[f64], limit: &[f64], unit: &str) {
    let ratios: Vec<f64> = ours.iter().zip(limit).map(|(ours, limit)| ours / limit).collect();
    let (mine, bare, ratio) = (median(ours), median(limit), median(&ratios));
    let line = format!("{mine:.0} {unit}, bare {bare:.0} {unit}, ratio {ratio:.2}");
    let figure =
        json!({ "ours": ours, "bare": limit, "unit": unit, "ratio_median": ratio, "ratios": ratios });
    report.add(name, &line, figure);
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

/// Processor seconds so far of every Postgres process of the machine that still lives: run it alone.
pub fn postgres_cpu_seconds() -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc")? {
        // A process may end while this looks.
        let stat = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        if stat.contains("(postgres)") {
            sum += cpu_of(&stat);
        }
    }
    Ok(sum)
}

fn cpu_of(stat: &str) -> f64 {
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let ticks =
        |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    // Fields 14 and 15 of proc(5), counted after the command's name; a tick is 10 ms on Linux.
    (ticks(11) + ticks(12)) / 100.0
}
