//! Logs, metrics and traces of a process. Log ids only: never payloads, tokens or phone numbers.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    clock,
    config::{self, LogFormat},
};

/// Bounds of what is measured in seconds, so that it adds up over processes: from a statement to a deadline.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// What has to live as long as the process.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Sets up logging, and export of traces where an endpoint is configured. Once a process; a second call changes
/// nothing, so that several worlds may run in one test process.
pub fn start(config: &config::Telemetry) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| anyhow::anyhow!("telemetry.log = {:?}: {error}", config.log))?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = match config.format {
        LogFormat::Text => lines.with_target(true).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let (traces, export) = match config.otlp_endpoint.as_str() {
        "" => (None, None),
        endpoint => {
            let exporter =
                opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
            let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
            let tracer = provider.tracer("tandem");
            (Some(provider), Some(tracing_opentelemetry::layer().with_tracer(tracer)))
        }
    };
    let _ = tracing_subscriber::registry().with(filter).with(lines).with(export).try_init();
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Sends what is still buffered.
    pub fn finish(self) {
        if let Some(Err(error)) = self.traces.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "traces were not all exported");
        }
    }
}

/// The process's metrics in Prometheus text. Installs the recorder on the first call.
pub fn metrics() -> Option<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    // `metrics` has one recorder a process by design; worlds in one test process share it.
    HANDLE.get_or_init(install).clone()
}

fn install() -> Option<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS).ok()?;
    let handle = builder.install_recorder().ok()?;
    metrics::gauge!("tandem_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let started = clock::system().now().unix_timestamp();
    metrics::gauge!("tandem_start_time_seconds").set(started as f64);
    Some(handle)
}
