//! `tandem dev`: everything in one process on a private Postgres, with the sandbox inside. State lives in one
//! directory and survives a restart.

mod lan;

use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    net::IpAddr,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chassis::{
    config::{Config, Switch, Tls},
    migrate::Passwords,
    secret,
};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    cli::{
        Global,
        client::Connection,
        failure::{Exit, Failure},
        output::Output,
        server::stop_signal,
    },
    database,
    node::{self, Listeners, Node},
    postgres, seed,
    settings::{self, ListenArgs, SettingsArgs},
};

pub const EXAMPLES: &str = "\
Examples:
  tandem dev                                     keeps its data in ~/.local/share/tandem (/var/lib/tandem as root)
  tandem dev --data /tmp/tandem --reset          afresh
  tandem dev --tour --locale zh                  then tells, in a minute, what an order does on both sides
  tandem dev --lan                               opens the portal to phones of the same network, and draws a code to scan
  tandem dev --api 127.0.0.1:0 --portal 127.0.0.1:0 --metrics 127.0.0.1:0 --output json
  DATABASE_URL=postgres://postgres@127.0.0.1/tandem tandem dev

Addresses, keys and sign-in links stand in DIR/sandbox.json once everything is ready.";

/// Name of the database inside the private cluster.
const DATABASE: &str = "tandem";

#[derive(Clone, Debug, Default, Args)]
pub struct DevArgs {
    /// Where data, keys and sandbox.json are kept
    #[arg(long, value_name = "DIR", env = "TANDEM_DATA")]
    pub data: Option<PathBuf>,
    /// Start afresh: deletes what the directory holds of an earlier run
    #[arg(long)]
    pub reset: bool,
    /// Publish an order once everything is ready, and tell step by step what each side sees; in about a minute
    #[arg(long)]
    pub tour: bool,
    /// Between two steps of the tour
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "tour")]
    pub tour_pause: u32,
    /// Let phones of the local network open the portal, without TLS and for demonstration alone; the address is that of this
    /// machine, where none is named
    #[arg(long, value_name = "ADDRESS")]
    pub lan: Option<Option<IpAddr>>,
    #[command(flatten)]
    pub settings: SettingsArgs,
    #[command(flatten)]
    pub listen: ListenArgs,
}

/// Secrets of this machine's own deployment, made once.
#[derive(Deserialize, Serialize)]
struct Keys {
    signing: String,
    app_password: String,
    stream_password: String,
}

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(args: &DevArgs, global: &Global, out: Output) -> Result<Exit, Failure> {
    let mut config = settings::load_listening(&args.settings, &args.listen, global)?;
    if let Some(named) = args.lan {
        config.portal.listen.set_ip(lan::address(named)?);
        config.portal.demonstration = true;
    }
    // What migrations found already there is no news to somebody who starts a sandbox.
    config.telemetry.log.push_str(",sqlx::postgres::notice=warn");
    let telemetry = chassis::telemetry::start(&config.telemetry)?;
    let stopped = stop_signal()?;
    tokio::pin!(stopped);
    // Every port before any work: a second `tandem dev` has to say so at once.
    let listeners = Listeners::bind(&config, node::ALL).await?;
    if let (true, Some(portal)) = (config.portal.demonstration, &listeners.portal) {
        // The one address that the portal answers for: browsers of neighbours can be led to any other name of it.
        config.portal.public_url = format!("http://{}", portal.local_addr()?);
        config.portal.tls = Tls::None;
    }
    let dir = args.data.clone().unwrap_or_else(postgres::place::default_data_dir);
    let dir = prepare(&dir, args.reset, &config).await?;
    let keys = keys(&dir)?;

    let cluster = match config.database.owner_url.is_empty() {
        true => Some(
            postgres::start(&dir).await.map_err(|error| Failure::local(Exit::Failed, error.to_string()))?,
        ),
        false => None,
    };
    let running = tokio::select! {
        node = start(&mut config, &dir, &keys, cluster.as_ref(), listeners, out) => node.map(Some),
        () = &mut stopped => Ok(None),
    };
    let ended = match running {
        Ok(Some((node, sandbox))) => {
            let shown = tokio::select! {
                () = show(args, global, &dir, &node, &sandbox, out) => true,
                () = &mut stopped => false,
            };
            if shown {
                stopped.await;
            }
            out.note("stopping …");
            // Who waits for the file waits for a running sandbox.
            let removed = remove(&dir.join("sandbox.json"));
            node.shutdown().await;
            removed.map(|()| Exit::Ok).map_err(Failure::from)
        }
        Ok(None) => Ok(Exit::Ok),
        Err(error) => Err(Failure::from(error)),
    };
    if let Some(cluster) = cluster {
        cluster.stop().await.map_err(|error| Failure::local(Exit::Failed, error.to_string()))?;
    }
    telemetry.finish();
    ended
}

/// The directory; afresh where that was asked for.
async fn prepare(dir: &Path, reset: bool, config: &Config) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let dir = dir.canonicalize()?;
    if reset {
        if !config.database.owner_url.is_empty() {
            bail!(
                "--reset deletes only a private cluster; drop and create the database of DATABASE_URL yourself"
            );
        }
        postgres::reset(&dir).await?;
        for file in ["keys.json", "credentials.json"] {
            remove(&dir.join(file))?;
        }
        match fs::remove_dir_all(dir.join("files")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("the files of an earlier run cannot be removed");
            }
            _ => {}
        }
    }
    Ok(dir)
}

async fn start(
    config: &mut Config,
    dir: &Path,
    keys: &Keys,
    cluster: Option<&postgres::Running>,
    listeners: Listeners,
    out: Output,
) -> anyhow::Result<(Node, seed::Sandbox)> {
    // Listeners and cluster are ours by now, so the file is not that of another sandbox that runs here.
    remove(&dir.join("sandbox.json"))?;
    let passwords = match cluster {
        Some(cluster) => {
            cluster.ensure_database(DATABASE).await?;
            let (access, passwords) = (&cluster.access, cluster.access.passwords());
            config.database.owner_url = access.superuser_url(DATABASE);
            config.database.app_url = access.url_for("tandem_app", &passwords.app, DATABASE);
            config.database.stream_url = access.url_for("tandem_stream", &passwords.stream, DATABASE);
            passwords
        }
        None => given_database(config, keys)?,
    };
    database::migrate(&config.database.owner_url, &passwords).await.context(
        "the database cannot be brought up to date; where another version made it, start afresh with --reset",
    )?;
    tracing::info!(private = cluster.is_some(), "the database is up to date");
    if config.keys.current.is_empty() {
        config.keys.current.clone_from(&keys.signing);
    }
    if config.notices.key.is_empty() {
        config.notices.key = hex::encode(secret::sha256(format!("notices {}", keys.signing).as_bytes()));
    }
    if config.webhooks.key.is_empty() {
        config.webhooks.key = hex::encode(secret::sha256(format!("webhooks {}", keys.signing).as_bytes()));
    }
    // Who tries webhooks out has the receiver on the same machine; where others reach the sandbox, it stays closed to them.
    if config.portal.listen.ip().is_loopback() && config.api.listen.ip().is_loopback() {
        config.webhooks.loopback = Switch::On;
    }
    if config.resources.store.is_empty() {
        config.resources.store = format!("file://{}", dir.join("files").display());
    }
    let node = node::start(config.clone(), node::ALL, listeners).await?;
    let sandbox = match fill(&node, dir).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            node.shutdown().await;
            return Err(error);
        }
    };
    write_private(&dir.join("sandbox.json"), &sandbox)?;
    if out.json() {
        out.value(&serde_json::to_value(&sandbox)?)?;
    } else {
        out.line(&sandbox.text(dir))?;
    }
    Ok((node, sandbox))
}

/// What was asked for beside the sandbox. The sandbox runs on whatever becomes of it.
async fn show(
    args: &DevArgs,
    global: &Global,
    dir: &Path,
    node: &Node,
    sandbox: &seed::Sandbox,
    out: Output,
) {
    let shown = async {
        if args.lan.is_some() {
            invite(sandbox, out)?;
        }
        if args.tour {
            let credentials: seed::Credentials = read(&dir.join("credentials.json"))?.unwrap_or_default();
            let pause = Duration::from_secs(args.tour_pause.into());
            let manner = seed::tour::Manner { out, locale: global.locale, pause };
            Box::pin(seed::tour::tell(node, &credentials, manner)).await?;
        }
        Ok::<(), anyhow::Error>(())
    };
    if let Err(error) = shown.await {
        let failure = Failure::from(error);
        // A reader that went away is no failure worth words.
        if failure.exit != Exit::Ok {
            out.failure(&failure);
        }
    }
}

/// A code for a phone, and who else may come.
fn invite(sandbox: &seed::Sandbox, out: Output) -> anyhow::Result<()> {
    out.note(&format!(
        "warning: everybody on the local network can reach {} without TLS, for demonstration alone; keep nothing real in it",
        sandbox.portal
    ));
    let Some(supplier) = sandbox.suppliers.first().filter(|_| !out.json()) else { return Ok(()) };
    if let Some(code) = lan::draw(&supplier.sign_in, std::io::stdout().is_terminal()) {
        out.line(&format!(
            "\nScan with a phone on the same network, to be {} {}; it works once, and every start makes a new one.\n\n{code}\n\n  {}",
            supplier.name, supplier.person, supplier.sign_in
        ))?;
    }
    Ok(())
}

/// Addresses for the logins of a database that somebody else runs. Where its own address has a password, ours get one
/// too; where it has none, it trusts this machine.
fn given_database(config: &mut Config, keys: &Keys) -> anyhow::Result<Passwords> {
    let owner_url = config.database.owner_url.clone();
    let secured = !database::password(&owner_url).is_empty();
    let logins = [
        (&mut config.database.app_url, "tandem_app", &keys.app_password),
        (&mut config.database.stream_url, "tandem_stream", &keys.stream_password),
    ];
    for (url, login, password) in logins {
        if url.is_empty() {
            *url = database::as_login(&owner_url, login, if secured { password } else { "" })?;
        }
    }
    Ok(database::passwords(config))
}

/// Seeds on the first start, and makes fresh sign-in links on every start.
async fn fill(node: &Node, dir: &Path) -> anyhow::Result<seed::Sandbox> {
    let connection = Connection::open(&format!("http://{}", node.api), None).await?;
    let file = dir.join("credentials.json");
    let mut credentials: seed::Credentials = read(&file)?.unwrap_or_default();
    if !credentials.complete {
        let today = node.deps.clock.now().to_offset(time::macros::offset!(+8)).date();
        let save = |credentials: &seed::Credentials| write_private(&file, credentials);
        seed::run(node, &connection, &mut credentials, today, &save).await?;
        tracing::info!(firms = credentials.firms.len(), "the sandbox is filled");
    }
    seed::sandbox(node, &connection, &credentials).await
}

fn keys(dir: &Path) -> anyhow::Result<Keys> {
    let file = dir.join("keys.json");
    if let Some(keys) = read(&file)? {
        return Ok(keys);
    }
    let keys = Keys {
        signing: hex::encode(secret::random::<32>()),
        app_password: hex::encode(secret::random::<16>()),
        stream_password: hex::encode(secret::random::<16>()),
    };
    write_private(&file, &keys)?;
    Ok(keys)
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<Option<T>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(
            serde_json::from_slice(&bytes)
                .with_context(|| format!("{} cannot be read; start afresh with --reset", file.display()))?,
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(file: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let draft = file.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut options = fs::File::options();
        let mut opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        opened.set_permissions(fs::Permissions::from_mode(0o600))?;
        opened.write_all(&serde_json::to_vec_pretty(value).map_err(std::io::Error::other)?)?;
        opened.write_all(b"\n")?;
        opened.sync_all()?;
        fs::rename(&draft, file)
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}
