//! Memory of the server's process: of an idle subscriber against a bare tonic stream, of one that never reads, and of
//! everything when nothing happens.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use harness::{World, binary, chaos};
use proto::stream::SubscribeResponse;
use serde_json::json;
use tonic::Streaming;

use crate::{
    process::{Bare, Tandem, open},
    report::{Report, median, resident_kib},
    scale::Scale,
};

/// Streams that share a connection in the multiplexed case.
const SHARED: usize = 100;
/// Firms that follow their feeds; the tokens of connections go round them.
const FIRMS: usize = 20;

/// Idle subscribers, ours and bare: 10,000 that share connections, 5,000 with one each. Each round begins new servers.
pub async fn streams(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let mut tokens = Vec::new();
    for i in 0..scale.of(FIRMS).min(FIRMS) {
        tokens.push(world.firm(&format!("读者{i}(示例)")).await.token().to_owned());
    }
    for (name, count, shared) in [("multiplexed", 10_000, SHARED), ("one_a_connection", 5_000, 1)] {
        let count = scale.of(count);
        let (mut mine, mut limit) = (Vec::new(), Vec::new());
        for _ in 0..scale.rounds() {
            mine.push(ours(&world, &tokens, count, shared).await?);
            limit.push(bare(count, shared).await?);
        }
        let ratios: Vec<f64> = mine.iter().zip(&limit).map(|(ours, bare)| ours / bare).collect();
        let ratio = median(&ratios);
        let line = format!(
            "{:.1} KiB an idle subscriber of {count}, bare tonic {:.1} KiB, ratio {ratio:.2}",
            median(&mine),
            median(&limit)
        );
        let figure = json!({
            "ours_kib": mine, "bare_kib": limit, "ratio": ratio, "ratios": ratios, "streams": count,
        });
        report.add(&format!("idle_stream_{name}"), &line, figure);
    }
    crate::finish(world).await
}

async fn ours(world: &World, tokens: &[String], count: usize, shared: usize) -> anyhow::Result<f64> {
    let server = Tandem::start(world, "streams").await;
    let tokens: Vec<Option<&str>> = tokens.iter().map(|token| Some(token.as_str())).collect();
    let each = per_stream(server.address(), server.pid()?, &tokens, count, shared).await?;
    server.finish().await;
    Ok(each)
}

async fn bare(count: usize, shared: usize) -> anyhow::Result<f64> {
    let server = Bare::start(None)?;
    per_stream(server.address, server.pid(), &[None], count, shared).await
}

/// KiB that one idle stream costs the server.
async fn per_stream(
    server: SocketAddr,
    pid: u32,
    tokens: &[Option<&str>],
    count: usize,
    shared: usize,
) -> anyhow::Result<f64> {
    // One of each firm beforehand, so that what firms cost is not counted as theirs.
    let mut held: Vec<Streaming<SubscribeResponse>> = Vec::with_capacity(count + tokens.len());
    for token in tokens {
        let access = chaos::access(server, *token);
        let first = async || open(&access).await.ok();
        held.push(harness::until("the server answers", Duration::from_secs(30), first).await);
    }
    let before = resident_kib(pid)?;
    let mut access = chaos::access(server, tokens[0]);
    for i in 0..count {
        if i % shared == 0 {
            access = chaos::access(server, tokens[(i / shared) % tokens.len()]);
        }
        held.push(open(&access).await?);
    }
    Ok(resident_kib(pid)?.saturating_sub(before) as f64 / count as f64)
}

/// Everything in one process, with the sandbox inside and nobody there.
pub async fn idle(report: &mut Report) -> anyhow::Result<()> {
    let dir = std::env::temp_dir().join(format!("tandem-bench-{}", std::process::id()));
    let ports = ["--api", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
    let mut process = Command::new(binary::path())
        .arg("dev")
        .arg("--data")
        .arg(&dir)
        .args(ports)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ready = dir.join("sandbox.json");
    harness::until("tandem dev is ready", Duration::from_secs(60), async || ready.exists().then_some(()))
        .await;
    // What start-up left for the allocator settles while nothing happens.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mib = resident_kib(process.id())? as f64 / 1024.0;
    let stopped = Command::new("kill").arg(process.id().to_string()).status();
    process.wait()?;
    stopped?;
    let _ = std::fs::remove_dir_all(&dir);
    report.add("idle", &format!("{mib:.0} MiB resident, Postgres apart"), json!({ "mib": mib }));
    Ok(())
}
