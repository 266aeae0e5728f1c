//! From the command line to settings: flags over environment over file over the compiled-in defaults.

use std::{net::SocketAddr, path::PathBuf};

use chassis::config::Config;
use clap::Args;

use crate::cli::{
    Global,
    failure::{Exit, Failure},
};

/// Flags of every command that reads the settings.
#[derive(Clone, Debug, Default, Args)]
pub struct SettingsArgs {
    /// A TOML file over the defaults; `tandem config show` prints all settings
    #[arg(long, value_name = "FILE", env = "TANDEM_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Flags of the commands that listen.
#[derive(Clone, Debug, Default, Args)]
pub struct ListenArgs {
    /// Where the portal listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub portal: Option<String>,
    /// Where metrics are read; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<String>,
}

/// The settings of a command that does not listen.
pub fn load(args: &SettingsArgs) -> Result<Config, Failure> {
    Config::load(args.config.as_deref()).map_err(|error| Failure::local(Exit::Usage, format!("{error:#}")))
}

/// The settings of a command that listens.
pub fn load_listening(args: &SettingsArgs, listen: &ListenArgs, global: &Global) -> Result<Config, Failure> {
    let mut config = load(args)?;
    if let Some(address) = &global.api {
        config.api.listen = socket("--api", address)?;
    }
    if let Some(address) = &listen.portal {
        config.portal.listen = socket("--portal", address)?;
    }
    if let Some(address) = &listen.metrics {
        config.metrics.listen = socket("--metrics", address)?;
    }
    config.check_listeners().map_err(|error| Failure::local(Exit::Usage, error.to_string()))?;
    Ok(config)
}

/// An address to listen at: `127.0.0.1:8080`, with or without `http://`, or a port alone.
fn socket(flag: &str, text: &str) -> Result<SocketAddr, Failure> {
    let bare =
        text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/').replace("localhost", "127.0.0.1");
    let bare = if bare.parse::<u16>().is_ok() { format!("127.0.0.1:{bare}") } else { bare };
    bare.parse().map_err(|_| {
        Failure::local(Exit::Usage, format!("{flag} {text} is no address to listen at"))
            .advise("write it as 127.0.0.1:8080; port 0 takes a free one")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_as_people_do() {
        for text in ["127.0.0.1:8080", "http://127.0.0.1:8080/", "8080", "localhost:8080"] {
            assert_eq!(socket("--portal", text).unwrap(), "127.0.0.1:8080".parse().unwrap(), "{text}");
        }
        assert_eq!(socket("--portal", "portal.example").unwrap_err().exit, Exit::Usage);
    }
}
