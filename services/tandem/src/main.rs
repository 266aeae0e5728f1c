//! Reads the command line and runs it.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    tandem::cli::run(tandem::cli::Cli::parse()).await
}
