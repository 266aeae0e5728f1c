//! `tandem call`: any method of the contract, by its name, with JSON in and out. What has no command of its own is
//! reached by it.

use clap::Args;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value as Field};
use serde_json::Value;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use super::{
    Session,
    failure::{Exit, Failure},
    json::render,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem call                                            every method
  tandem call orders.v1.TermsService/GetTerms '{\"supplierId\": \"0193…\"}'
  tandem call orders.v1.ToleranceService/SetToleranceRule @rule.json
  export-orders | tandem call orders.v1.OrderPublishingService/PublishOrders -

The request is protobuf JSON: as an argument, from a file (@FILE), or from stdin (-), one object a message. A request id
that is left out is made up. Every answer is one line of JSON.";

#[derive(Debug, Args)]
pub struct CallArgs {
    /// Such as orders.v1.OrderService/GetOrder; without it, all are listed
    #[arg(value_name = "SERVICE/METHOD")]
    pub method: Option<String>,
    /// The request
    #[arg(value_name = "JSON", default_value = "{}", hide_default_value = true)]
    pub request: String,
}

pub(super) async fn run(args: &CallArgs, session: &Session) -> Result<Exit, Failure> {
    let Some(named) = &args.method else { return list(session) };
    let full = if named.starts_with("tandem.") { named.clone() } else { format!("tandem.{named}") };
    let method = session.contract.methods().into_iter().find(|method| path(method)[1..] == *full);
    let unknown = || {
        Failure::local(Exit::Usage, format!("there is no method {named}"))
            .advise("list them with `tandem call`")
    };
    let method = method.ok_or_else(unknown)?;
    let messages = messages(&args.request, &method)?;
    if !method.is_client_streaming() && messages.len() != 1 {
        let message = format!("{named} takes one request, not {}", messages.len());
        return Err(Failure::local(Exit::Usage, message));
    }
    let refused = |status: Status| session.refused(&status);
    let mut client = Grpc::new(session.connection.keyed()).max_decoding_message_size(128 << 20);
    client
        .ready()
        .await
        .map_err(|error| Failure::unreachable(session.connection.api(), &error.to_string()))?;
    let place =
        path(&method).parse().map_err(|error| Failure::local(Exit::Usage, format!("{named}: {error}")))?;
    // One message is a stream of one, on the wire.
    let sent = Request::new(futures::stream::iter(messages));
    let mut answers =
        client.streaming(sent, place, Dynamic(method.output())).await.map_err(refused)?.into_inner();
    while let Some(answer) = answers.message().await.map_err(refused)? {
        session.out.value(&render(&answer)?)?;
    }
    Ok(Exit::Ok)
}

fn list(session: &Session) -> Result<Exit, Failure> {
    for method in session.contract.methods() {
        let path = path(&method);
        let name = path.trim_start_matches("/tandem.");
        match session.out.json() {
            true => session
                .out
                .value(&serde_json::json!({ "method": name, "request": method.input().full_name() }))?,
            false => session.out.line(name)?,
        }
    }
    Ok(Exit::Ok)
}

/// `/tandem.orders.v1.OrderService/GetOrder`.
fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// The messages that were given, each with a request id.
fn messages(given: &str, method: &MethodDescriptor) -> Result<Vec<DynamicMessage>, Failure> {
    let text = match given.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Failure::local(Exit::Failed, format!("cannot read {file}: {error}")))?,
        None if given == "-" => std::io::read_to_string(std::io::stdin())?,
        None => given.to_owned(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.map(|value| message(value.map_err(|error| unfit(method, &error))?, method)).collect()
}

fn message(value: Value, method: &MethodDescriptor) -> Result<DynamicMessage, Failure> {
    let mut message =
        DynamicMessage::deserialize(method.input(), value).map_err(|error| unfit(method, &error))?;
    let field = method.input().get_field_by_name("request_id");
    if let Some(field) = field.filter(|field| field.kind() == Kind::String && !message.has_field(field)) {
        message.set_field(&field, Field::String(chassis::clock::system().id().to_string()));
    }
    Ok(message)
}

fn unfit(method: &MethodDescriptor, error: &dyn std::fmt::Display) -> Failure {
    let name = method.input().full_name().to_owned();
    Failure::local(Exit::Failed, format!("no protobuf JSON of {name}: {error}"))
}

/// Messages that are known at run time alone; holds what answers are.
struct Dynamic(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Plain;
    type Decoder = Dynamic;

    fn encoder(&mut self) -> Plain {
        Plain
    }

    fn decoder(&mut self) -> Dynamic {
        Dynamic(self.0.clone())
    }
}

struct Plain;

impl Encoder for Plain {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| chassis::Error::new(chassis::Reason::INTERNAL).message(error.to_string()).into())
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), buffer);
        decoded
            .map(Some)
            .map_err(|error| chassis::Error::new(chassis::Reason::INTERNAL).message(error.to_string()).into())
    }
}
