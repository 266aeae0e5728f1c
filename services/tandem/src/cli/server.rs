//! The commands that run or keep the server: serve, migrate, doctor, config.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use super::{
    Global,
    failure::{Exit, Failure},
    output::Output,
};
use crate::{
    database, doctor,
    node::{self, Listeners, ServiceName},
    postgres,
    settings::{self, ListenArgs, SettingsArgs},
};

pub const SERVE_EXAMPLES: &str = "\
Examples:
  tandem serve partners orders interchange notices capacity resources stream portal --config /etc/tandem.toml
  TANDEM_DATABASE__APP_URL=postgres://… tandem serve orders --api 127.0.0.1:50061
  tandem serve stream --kafka kafka-1:9092,kafka-2:9092 --config /etc/tandem.toml";

pub const MIGRATE_EXAMPLES: &str = "\
Example:
  DATABASE_URL=postgres://postgres@127.0.0.1/tandem tandem migrate --config /etc/tandem.toml

Several may start at once: they take turns. Passwords that stand in database.app_url and database.stream_url are given
to the logins tandem_app and tandem_stream.";

pub const DOCTOR_EXAMPLES: &str = "\
Examples:
  tandem doctor                              looks at the private cluster of `tandem dev`
  tandem doctor --config /etc/tandem.toml    looks at the database that the settings name

Changes nothing. Exit code 1 where something keeps Tandem from running.";

pub const CONFIG_EXAMPLES: &str = "\
Examples:
  tandem config show                         what would be used, secrets masked
  tandem config defaults > /etc/tandem.toml  every setting with its explanation";

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// What this process runs
    #[arg(required = true, value_enum, value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    #[command(flatten)]
    pub settings: SettingsArgs,
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Takes new events over Apache Kafka, which answers here; Postgres stays the record
    #[arg(long, value_name = "HOST:PORT,…")]
    pub kafka: Option<String>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The data directory of `tandem dev`
    #[arg(long, value_name = "DIR", env = "TANDEM_DATA")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub settings: SettingsArgs,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// The settings in effect, secrets masked
    #[command(after_help = CONFIG_EXAMPLES)]
    Show(SettingsArgs),
    /// Every setting with its default and what it is for
    #[command(after_help = CONFIG_EXAMPLES)]
    Defaults,
}

pub(super) async fn serve(args: &ServeArgs, global: &Global) -> Result<Exit, Failure> {
    let mut config = settings::load_listening(&args.settings, &args.listen, global)?;
    if let Some(bootstrap) = &args.kafka {
        config.kafka.bootstrap.clone_from(bootstrap);
    }
    let mut roles = args.services.clone();
    roles.sort_unstable();
    roles.dedup();
    let telemetry = chassis::telemetry::start(&config.telemetry)?;
    let stopped = stop_signal()?;
    tokio::pin!(stopped);
    let listeners = Listeners::bind(&config, &roles).await?;
    let wait = Duration::from_secs(config.database.wait_s);
    let app_url = config.database.app_url.clone();
    // A setting that is missing is told by the start.
    if !app_url.is_empty() {
        tokio::select! {
            answered = database::wait::until_it_answers("database.app_url", &app_url, wait) => answered?,
            () = &mut stopped => return Ok(Exit::Ok),
        }
    }
    let node = node::start(config, &roles, listeners).await?;
    tracing::info!(api = %node.api, metrics = %node.metrics, services = ?roles, "ready");
    stopped.await;
    tracing::info!("draining");
    node.shutdown().await;
    telemetry.finish();
    Ok(Exit::Ok)
}

pub(super) async fn migrate(args: &SettingsArgs, out: Output) -> Result<Exit, Failure> {
    let mut config = settings::load(args)?;
    if config.database.owner_url.is_empty() {
        return Err(Failure::local(Exit::Usage, "no database to migrate")
            .advise("set DATABASE_URL or database.owner_url to a login that may create roles"));
    }
    // What migrations find already there is no news.
    config.telemetry.log.push_str(",sqlx::postgres::notice=warn");
    let telemetry = chassis::telemetry::start(&config.telemetry)?;
    let (url, wait) = (&config.database.owner_url, Duration::from_secs(config.database.wait_s));
    database::wait::until_it_answers("database.owner_url", url, wait).await?;
    database::migrate(url, &database::passwords(&config)).await?;
    telemetry.finish();
    out.note("the database is up to date");
    Ok(Exit::Ok)
}

pub(super) async fn doctor(args: &DoctorArgs, out: Output) -> Result<Exit, Failure> {
    let config = settings::load(&args.settings)?;
    let dir = args.data.clone().unwrap_or_else(postgres::place::default_data_dir);
    let checks = doctor::run(&config, &dir, &chassis::clock::system()).await;
    let broken = checks.iter().any(|check| check.status == doctor::Status::Fail);
    for check in checks {
        if out.json() {
            let value = serde_json::to_value(&check).map_err(anyhow::Error::from)?;
            out.value(&value)?;
            continue;
        }
        let mark = match check.status {
            doctor::Status::Ok => "ok  ",
            doctor::Status::Warn => "warn",
            doctor::Status::Fail => "FAIL",
        };
        out.line(&format!("{mark}  {:<12}  {}", check.name, check.message))?;
        if !check.hint.is_empty() {
            out.line(&format!("{:20}what to do: {}", "", check.hint))?;
        }
    }
    Ok(if broken { Exit::Failed } else { Exit::Ok })
}

pub(super) fn config(command: &ConfigCommand, out: Output) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Defaults => out.bytes(chassis::config::DEFAULTS.as_bytes())?,
        ConfigCommand::Show(args) => {
            let shown = settings::load(args)?.redacted();
            let broken = |error: &dyn std::fmt::Display| Failure::local(Exit::Failed, error.to_string());
            if out.json() {
                out.value(&serde_json::to_value(&shown).map_err(|error| broken(&error))?)?;
            } else {
                out.bytes(toml::to_string(&shown).map_err(|error| broken(&error))?.as_bytes())?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// Resolves on Ctrl-C or SIGTERM; listens from the moment of the call.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
