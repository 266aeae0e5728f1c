//! Settings: default.toml, which is the manual, then a file, then the environment, then flags.

use std::{net::SocketAddr, path::Path};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::secret::SigningKeys;

/// The settings with their defaults and what each is for.
pub const DEFAULTS: &str = include_str!("default.toml");

/// All settings of a process.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub database: Database,
    pub keys: Keys,
    pub api: Api,
    pub portal: Portal,
    pub metrics: Metrics,
    pub telemetry: Telemetry,
    pub limits: Limits,
    pub notices: Notices,
    pub resources: Resources,
    pub webhooks: Webhooks,
    pub stream: Stream,
    pub kafka: Kafka,
}

/// Where the database is and who logs in.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub owner_url: String,
    pub app_url: String,
    pub stream_url: String,
    pub app_connections: u32,
    pub stream_connections: u32,
    pub wait_s: u64,
}

/// Keys that sign cursors, page tokens and forms.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub current: String,
    pub previous: String,
}

/// The gRPC listener.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub listen: SocketAddr,
    pub url: String,
    pub tls: Tls,
}

/// The portal's listener.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    pub listen: SocketAddr,
    pub public_url: String,
    pub tls: Tls,
    pub font: String,
    /// `tandem dev --lan`: neighbours reach the sandbox of fictional firms without TLS. No setting: a deployment must not.
    #[serde(skip)]
    pub demonstration: bool,
}

/// The metrics listener.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    pub listen: SocketAddr,
}

/// Logs and traces.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub log: String,
    pub format: LogFormat,
    pub otlp_endpoint: String,
}

/// Bounds of everything that comes from outside.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub requests_per_second: u32,
    pub burst: u32,
    pub anonymous_requests_per_second: u32,
    pub anonymous_burst: u32,
    pub connections: usize,
    pub streams_per_connection: u32,
    pub streams_per_firm: usize,
    pub connection_age_s: u64,
    pub drain_s: u64,
}

/// Messages to people outside the portal.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    pub key: String,
    pub robots: Switch,
    pub smtp_url: String,
    pub mail_from: String,
}

impl Notices {
    /// Whether mail goes out, and whoever may be mailed something can be asked to have read it.
    pub fn sends_mail(&self) -> bool {
        !self.key.is_empty() && !self.smtp_url.is_empty()
    }
}

/// Where files stand.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    pub store: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_key: String,
    pub s3_secret: String,
    pub max_file_bytes: u64,
    pub scanner: Vec<String>,
    pub link_url: String,
}

/// Events to servers of firms' own.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub key: String,
    pub loopback: Switch,
    pub own_hosts: Vec<String>,
}

/// How far back feeds reach.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub keep_days: u32,
}

/// What carries the live part of the log to many gateways, and feeds to firms' own consumers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    pub bootstrap: String,
    pub security: KafkaSecurity,
    pub ca_file: String,
    pub sasl: KafkaSasl,
    pub user: String,
    pub password: String,
    pub topic: String,
    pub partitions: i32,
    pub replication: i32,
    pub exports: Vec<uuid::Uuid>,
}

/// What protects connections to Kafka, in its own words.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum KafkaSecurity {
    /// Nothing: the network alone.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A user and a password, which pass without TLS.
    SaslPlaintext,
    /// A user and a password, over TLS.
    SaslSsl,
}

/// How a user is known to Kafka (RFC 4616, RFC 5802).
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub enum KafkaSasl {
    #[default]
    #[serde(rename = "PLAIN")]
    Plain,
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

/// Who ends TLS.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Nobody: loopback alone.
    None,
    /// A proxy in front.
    Terminated,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// The settings from defaults, an optional file, and the environment.
    ///
    /// # Errors
    /// Names the setting that is unknown or has a wrong value, and where it came from.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.exists() {
                anyhow::bail!("no configuration file at {}", file.display());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let sections = [
            "database",
            "keys",
            "api",
            "portal",
            "metrics",
            "telemetry",
            "limits",
            "notices",
            "resources",
            "webhooks",
            "stream",
            "kafka",
        ];
        let ours = move |key: &figment::value::UncasedStr| {
            sections.iter().any(|section| key.as_str().to_lowercase().starts_with(&format!("{section}__")))
        };
        figment = figment.merge(Env::prefixed("TANDEM_").filter(ours).split("__"));
        if let Some(url) = Env::var("DATABASE_URL") {
            figment = figment.merge(Serialized::default("database.owner_url", url));
        }
        // As they are: read as values, one of digits alone would be a number, and refused in a message that shows it.
        for (name, setting) in
            [("TANDEM_KAFKA__USER", "kafka.user"), ("TANDEM_KAFKA__PASSWORD", "kafka.password")]
        {
            if let Some(text) = Env::var(name) {
                figment = figment.merge(Serialized::default(setting, text));
            }
        }
        figment.extract().map_err(|error| anyhow::anyhow!("configuration: {error}"))
    }

    /// The same settings with secrets and passwords masked, to be shown.
    pub fn redacted(&self) -> Self {
        let mut shown = self.clone();
        for url in [
            &mut shown.database.owner_url,
            &mut shown.database.app_url,
            &mut shown.database.stream_url,
            &mut shown.notices.smtp_url,
        ] {
            *url = mask_password(url);
        }
        for key in [
            &mut shown.keys.current,
            &mut shown.keys.previous,
            &mut shown.notices.key,
            &mut shown.webhooks.key,
            &mut shown.resources.s3_secret,
            &mut shown.kafka.password,
        ] {
            if !key.is_empty() {
                *key = "[redacted]".into();
            }
        }
        shown
    }

    /// Where services of this deployment reach the API.
    pub fn api_url(&self) -> String {
        if self.api.url.is_empty() { format!("http://{}", self.api.listen) } else { self.api.url.clone() }
    }

    /// Where people's browsers reach the API, for links to files.
    pub fn link_url(&self) -> String {
        if self.resources.link_url.is_empty() { self.api_url() } else { self.resources.link_url.clone() }
    }

    /// Where people reach the portal.
    pub fn portal_url(&self) -> String {
        if self.portal.public_url.is_empty() {
            format!("http://{}", self.portal.listen)
        } else {
            self.portal.public_url.trim_end_matches('/').to_string()
        }
    }

    /// Refuses a listener that strangers could reach without TLS.
    pub fn check_listeners(&self) -> anyhow::Result<()> {
        let demonstration = self.portal.demonstration;
        for (name, listen, tls, shown) in [
            ("api", self.api.listen, self.api.tls, false),
            ("portal", self.portal.listen, self.portal.tls, demonstration),
        ] {
            if !listen.ip().is_loopback() && tls != Tls::Terminated && !shown {
                anyhow::bail!(
                    "{name}.listen = {listen} is not loopback and has no tls; put a proxy in front and set \
                     {name}.tls = \"terminated\""
                );
            }
        }
        Ok(())
    }
}

impl Keys {
    /// The signing keys.
    ///
    /// # Errors
    /// Where `current` is missing or a key is not 64 hexadecimal digits.
    pub fn signing(&self) -> anyhow::Result<SigningKeys> {
        let parse = |name: &str, text: &str| -> anyhow::Result<[u8; 32]> {
            let wrong = || {
                anyhow::anyhow!("keys.{name} must be 64 hexadecimal digits; `openssl rand -hex 32` makes one")
            };
            hex::decode(text).map_err(|_| wrong())?.try_into().map_err(|_| wrong())
        };
        let previous = if self.previous.is_empty() { None } else { Some(parse("previous", &self.previous)?) };
        Ok(SigningKeys::new(parse("current", &self.current)?, previous))
    }
}

fn mask_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let Some((login, host)) = rest.rsplit_once('@') else { return url.to_string() };
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:[redacted]@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_is_valid_and_complete() {
        let config = Config::load(None).unwrap();
        assert_eq!(config.api.listen.port(), 50051);
        assert!(config.check_listeners().is_ok());
    }

    #[test]
    fn passwords_do_not_show() {
        let mut config = Config::load(None).unwrap();
        config.database.app_url = "postgres://app:s3cr:e@t@localhost/db".into();
        config.keys.current = "ab".repeat(32);
        config.notices.key = "ab".repeat(32);
        config.webhooks.key = "ab".repeat(32);
        config.resources.s3_secret = "ab".repeat(20);
        config.kafka.password = "ab".repeat(10);
        config.notices.smtp_url = "smtps://mail:s3cr@smtp.example.invalid".into();
        let shown = format!("{:?}", config.redacted());
        assert!(!shown.contains("s3cr") && !shown.contains("abab"), "{shown}");
        assert!(shown.contains("postgres://app:[redacted]@localhost/db"));
    }

    #[test]
    fn strangers_need_tls() {
        let mut config = Config::load(None).unwrap();
        config.portal.listen = "0.0.0.0:8080".parse().unwrap();
        assert!(config.check_listeners().is_err());
        config.portal.tls = Tls::Terminated;
        assert!(config.check_listeners().is_ok());
    }

    #[test]
    fn a_demonstration_opens_the_portal_alone() {
        let mut config = Config::load(None).unwrap();
        assert!(!config.portal.demonstration);
        config.portal.demonstration = true;
        config.portal.listen = "192.168.1.20:8080".parse().unwrap();
        assert!(config.check_listeners().is_ok());
        config.api.listen = "192.168.1.20:50051".parse().unwrap();
        assert!(config.check_listeners().is_err());
    }
}
