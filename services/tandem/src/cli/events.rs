//! `tandem events`: the firm's feed on a terminal or in a pipe. **Invariant:** an event that was printed is never left
//! out or printed twice by a reconnect: the next subscription begins after the last cursor that was handled.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, ValueEnum};
use proto::follow::is_passing;
use proto::partners::GetFirmRequest;
use proto::stream::{FeedEvent, SubscribeRequest, SubscribeResponse, subscribe_request::Start};
use serde_json::{Map, Value, json};
use tonic::{Status, Streaming};

use super::{
    Session,
    failure::{Exit, Failure},
    json::{hex_value, time_text},
    output::short,
    subscriptions::acknowledgement,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem events                                   everything that is there, then ends
  tandem events --follow --from latest            what happens from now on
  tandem events --after CURSOR --output json      on from where a program stopped; store the cursor of each line
  tandem events --subscription erp                what the subscription has not acknowledged; acknowledges what it printed
  tandem events --follow --type 'tandem.orders.*' --output json | jq .data";

#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Stay and print what comes; reconnects by itself
    #[arg(long)]
    pub follow: bool,
    /// Begin after the event that this cursor came with
    #[arg(long, value_name = "CURSOR", conflicts_with = "from")]
    pub after: Option<String>,
    /// Begin where this subscription stands, and acknowledge each batch once it is printed; see `tandem subscriptions`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["after", "from"])]
    pub subscription: Option<String>,
    /// Where to begin
    #[arg(long, value_enum, default_value_t = From::Earliest)]
    pub from: From,
    /// Only these event types; a trailing * matches any ending; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    Earliest,
    Latest,
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) async fn run(args: &EventsArgs, session: &Session) -> Result<Exit, Failure> {
    tokio::select! {
        result = follow(args, session) => result,
        // Ending a follower by hand is the usual way to end it.
        _ = tokio::signal::ctrl_c() => Ok(Exit::Ok),
    }
}

async fn follow(args: &EventsArgs, session: &Session) -> Result<Exit, Failure> {
    let mut reader = Reader {
        cursor: args.after.clone(),
        subscription: args.subscription.clone(),
        acknowledged: 0,
        names: HashMap::new(),
        pause: FIRST_PAUSE,
    };
    loop {
        let end = match subscribe(args, session, reader.cursor.clone()).await {
            Ok(stream) => reader.drain(stream, session).await?,
            Err(status) => Some(status),
        };
        match end {
            None if !args.follow => {
                if let Some(cursor) = reader.cursor.filter(|_| !session.out.json()) {
                    session.out.note(&format!("cursor: {cursor}"));
                }
                return Ok(Exit::Ok);
            }
            Some(status) if !args.follow || !is_passing(&status) => return Err(session.refused(&status)),
            end => {
                let why =
                    end.map_or_else(|| "the server ended the stream".to_owned(), |s| s.message().to_owned());
                let pause = reader.pause;
                session
                    .out
                    .note(&format!("note: connection lost ({why}); again in {} ms", pause.as_millis()));
                tokio::time::sleep(pause).await;
                reader.pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn subscribe(
    args: &EventsArgs,
    session: &Session,
    cursor: Option<String>,
) -> Result<Streaming<SubscribeResponse>, Status> {
    let start = match (cursor, &args.subscription, args.from) {
        (Some(cursor), ..) => Start::After(cursor),
        (None, Some(name), _) => Start::Subscription(name.clone()),
        (None, None, From::Earliest) => Start::Earliest(true),
        (None, None, From::Latest) => Start::Latest(true),
    };
    let filter = (!args.types.is_empty())
        .then(|| proto::stream::Filter { types: args.types.clone(), ..Default::default() });
    let request = SubscribeRequest { start: Some(start), filter, until_head: !args.follow };
    Ok(session.connection.stream().subscribe(request).await?.into_inner())
}

/// Where this command stands.
struct Reader {
    cursor: Option<String>,
    /// Whose place moves with this reader.
    subscription: Option<String>,
    /// The place that was acknowledged last, as far as this command knows.
    acknowledged: i64,
    /// Names of firms by id, learnt from the orders that pass.
    names: HashMap<String, String>,
    pause: Duration,
}

impl Reader {
    /// Prints until the stream ends; the status where it did not end well.
    async fn drain(
        &mut self,
        mut stream: Streaming<SubscribeResponse>,
        session: &Session,
    ) -> Result<Option<Status>, Failure> {
        loop {
            let message = match stream.message().await {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(None),
                Err(status) => return Ok(Some(status)),
            };
            self.pause = FIRST_PAUSE;
            for event in &message.events {
                self.print(event, session).await?;
                self.cursor = Some(event.cursor.clone());
            }
            if !message.cursor.is_empty() {
                self.cursor = Some(message.cursor);
            }
            if let Err(status) = self.acknowledge(message.seq, session).await {
                return Ok(Some(status));
            }
        }
    }

    /// What was printed does not come again. A bookmark moves the place past what the filter left out.
    async fn acknowledge(&mut self, seq: i64, session: &Session) -> Result<(), Status> {
        let (Some(name), Some(cursor)) = (&self.subscription, &self.cursor) else { return Ok(()) };
        if seq <= self.acknowledged {
            return Ok(());
        }
        let request = acknowledgement(name, cursor, false);
        session.connection.subscriptions().acknowledge_subscription(request).await?;
        self.acknowledged = seq;
        Ok(())
    }

    async fn print(&mut self, event: &FeedEvent, session: &Session) -> Result<(), Failure> {
        let Some(inner) = &event.event else { return Ok(()) };
        let data = session.contract.payload(&inner.r#type, &inner.data);
        if session.out.json() {
            return session.out.value(&cloud_event(event, data));
        }
        let data = data.unwrap_or_default();
        self.learn(&data);
        let number =
            first(&data, &["/order/content/orderNumber", "/orderNumber", "/relationship/vendorNumber"]);
        let state = first(&data, &["/order/state", "/state", "/relationship/state"]);
        let state = short(short(state, "ORDER_STATE_"), "RELATIONSHIP_STATE_");
        let partner = self.name(&inner.counterparty, session).await;
        let (time, seq, name) = (time_text(inner.time.as_ref()), event.seq, &inner.r#type);
        let line = format!("{time:<27}  {seq:>6}  {name:<44}  {number:<20}  {state:<13}  {partner}");
        session.out.line(line.trim_end())
    }

    /// The firm's name, asked for once where no event has said it; its id where the caller may not ask.
    async fn name(&mut self, firm_id: &str, session: &Session) -> &str {
        if !firm_id.is_empty() && !self.names.contains_key(firm_id) {
            let request = GetFirmRequest { firm_id: firm_id.to_owned() };
            let answer = session.connection.firms().get_firm(request).await;
            let name = answer.map_or_else(|_| firm_id.to_owned(), |firm| firm.into_inner().name);
            self.names.insert(firm_id.to_owned(), name);
        }
        self.names.get(firm_id).map_or("", String::as_str)
    }

    fn learn(&mut self, data: &Value) {
        for (id, name) in [
            ("/order/buyerId", "/order/buyerName"),
            ("/order/supplierId", "/order/supplierName"),
            ("/relationship/buyerId", "/relationship/buyerName"),
            ("/relationship/supplierId", "/relationship/supplierName"),
        ] {
            let (id, name) = (first(data, &[id]), first(data, &[name]));
            if !id.is_empty() && !name.is_empty() {
                self.names.insert(id.to_owned(), name.to_owned());
            }
        }
    }
}

fn first<'a>(data: &'a Value, pointers: &[&str]) -> &'a str {
    pointers.iter().find_map(|pointer| data.pointer(pointer).and_then(Value::as_str)).unwrap_or_default()
}

/// The event as CloudEvents 1.0 JSON (section 3 of its JSON format): our own attributes are extensions in lowercase
/// letters, and a payload of an unknown type travels as `data_base64`.
fn cloud_event(event: &FeedEvent, data: Option<Value>) -> Value {
    let inner = event.event.clone().unwrap_or_default();
    let mut object = Map::new();
    object.insert("specversion".into(), json!("1.0"));
    object.insert("id".into(), json!(inner.id));
    object.insert("source".into(), json!(inner.source));
    object.insert("type".into(), json!(inner.r#type));
    object.insert("subject".into(), json!(inner.subject));
    object.insert("time".into(), json!(time_text(inner.time.as_ref())));
    for (name, value) in [("traceparent", inner.traceparent), ("counterparty", inner.counterparty)] {
        if !value.is_empty() {
            object.insert(name.into(), json!(value));
        }
    }
    object.insert("version".into(), json!(inner.version));
    object.insert("seq".into(), json!(event.seq));
    object.insert("chain".into(), hex_value(&event.chain));
    object.insert("datasha256".into(), hex_value(&inner.data_sha256));
    object.insert("lastofcommand".into(), json!(event.last_of_command));
    object.insert("cursor".into(), json!(event.cursor));
    match data {
        Some(data) => {
            object.insert("datacontenttype".into(), json!("application/json"));
            object.insert("data".into(), data);
        }
        None => {
            object.insert("datacontenttype".into(), json!("application/protobuf"));
            object.insert("data_base64".into(), json!(STANDARD.encode(&inner.data)));
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_cloud_event_with_its_place() {
        let event = FeedEvent {
            event: Some(proto::event::Event {
                id: "e1".into(),
                r#type: "tandem.unknown.v9".into(),
                data: vec![1, 2, 3].into(),
                version: 4,
                ..Default::default()
            }),
            seq: 17,
            cursor: "c17".into(),
            ..Default::default()
        };
        let unknown = cloud_event(&event, None);
        assert_eq!(unknown["specversion"], "1.0");
        assert_eq!(unknown["seq"], 17);
        assert_eq!(unknown["cursor"], "c17");
        assert_eq!(unknown["data_base64"], "AQID");
        assert!(unknown.get("data").is_none());
        let known = cloud_event(&event, Some(json!({ "orderNumber": "X" })));
        assert_eq!(known["data"]["orderNumber"], "X");
        assert!(known.get("data_base64").is_none());
    }
}
