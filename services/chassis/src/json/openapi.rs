//! The description of the API for programs: OpenAPI 3.1, made from the descriptors and nothing else.

use proto::access::Permission;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::{
    contract::{Contract, Rpc},
    failure,
    inflow::TEXT,
    schema::{self, Comments, reference},
};
use crate::Reason;

const ABOUT: &str = "\
Every method of Tandem's gRPC contract as `POST` of one JSON object, over HTTP/1.1 or HTTP/2. The mapping is \
protobuf's own (ProtoJSON): names in lowerCamelCase, 64-bit numbers as text, bytes in base64, empty fields left out. \
A field that is not known is refused by its name.

Send `authorization: Bearer` with an API key, and `content-type: application/json`. Bodies may be gzip. A `request_id` \
makes a change repeatable: the same one with the same body answers the same receipt for 30 days.

Methods that stream answer a line of JSON a message (`application/x-ndjson`), or server-sent events where the client \
accepts `text/event-stream`. A stream that does not end well ends with a line `{\"error\": …}`.

A refusal has an HTTP status by its code and a body that names the reason and every wrong field. Times out as \
`grpc-timeout: 5S` says, else after the method's own deadline.";

/// Known-good requests, for those who try.
const EXAMPLES: &[(&str, &str)] = &[(
    "/tandem.orders.v1.OrderService/PublishOrder",
    include_str!("../../../../deploy/examples/order.json"),
)];

/// The whole document.
pub(super) fn document(contract: &Contract) -> Value {
    let comments = Comments::of(&contract.pool);
    let rpcs = contract.rpcs();
    let messages = rpcs.iter().flat_map(|rpc| [rpc.method.input(), rpc.method.output()]);
    let mut schemas: Map<String, Value> =
        schema::schemas(contract, &comments, messages).into_iter().collect();
    schemas.insert("Error".into(), error());
    schemas.insert("LastLine".into(), last_line());
    let paths: Map<String, Value> =
        rpcs.iter().map(|rpc| (rpc.path.clone(), json!({ "post": operation(&comments, rpc) }))).collect();
    let tags: Vec<Value> = contract
        .pool
        .services()
        .map(|service| {
            let comment = comments.at(service.parent_file().name(), service.path());
            json!({ "name": service.full_name(), "description": comment })
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tandem 携手",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer", "description": "An API key, or a session's token.",
            } },
            "schemas": schemas,
            "responses": { "Error": {
                "description": "A refusal.",
                "headers": { "retry-after": {
                    "description": "Seconds, where coming again makes sense.", "schema": { "type": "integer" },
                } },
                "content": { "application/json": { "schema": reference("Error") } },
            } },
        },
        "x-reasons": reasons(),
    })
}

fn operation(comments: &Comments, rpc: &Rpc) -> Value {
    let method = &rpc.method;
    let comment = comments.at(method.parent_file().name(), method.path());
    // What it does comes first, then a full stop.
    let summary =
        comment.split(['.', ';']).next().unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let (input, output) = (reference(method.input().full_name()), reference(method.output().full_name()));
    let mut body = json!({ "application/json": { "schema": input } });
    if let Some((_, example)) = EXAMPLES.iter().find(|(path, _)| *path == rpc.path) {
        body["application/json"]["example"] = serde_json::from_str(example).unwrap_or_default();
    }
    if method.is_client_streaming() {
        body["application/x-ndjson"] = json!({ "schema": input });
    }
    let content = match method.is_server_streaming() {
        false => json!({ "application/json": { "schema": output } }),
        true => {
            let line = json!({ "schema": { "anyOf": [output, reference("LastLine")] } });
            json!({ "application/x-ndjson": line, "text/event-stream": { "schema": { "type": "string" } } })
        }
    };
    let refused = json!({ "$ref": "#/components/responses/Error" });
    let mut operation = json!({
        "operationId": format!("{}_{}", method.parent_service().name(), method.name()),
        "tags": [method.parent_service().full_name()],
        "summary": summary.trim(),
        "description": comment,
        "requestBody": { "required": true, "content": body },
        "responses": {
            "200": { "description": "Done.", "content": content },
            "400": refused, "401": refused, "403": refused, "404": refused, "409": refused, "413": refused,
            "429": refused, "500": refused, "503": refused, "504": refused,
        },
        "x-permission": rpc.limits.permission.as_str_name(),
        "x-max-message-bytes": rpc.limits.request_bytes,
        "x-max-body-bytes": rpc.limits.request_bytes * TEXT,
    });
    if let Some(deadline) = rpc.limits.deadline {
        operation["x-deadline-ms"] = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX).into();
    }
    if rpc.limits.permission == Permission::Public {
        operation["security"] = json!([]);
    }
    operation
}

fn error() -> Value {
    let codes: Vec<&str> = (1..=16).map(|code| failure::name(Code::from_i32(code))).collect();
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": "Why a call was refused. The same as gRPC's status with its details.",
        "required": ["code", "reason", "message"],
        "properties": {
            "code": { "type": "string", "enum": codes, "description": "As gRPC has it." },
            "reason": text("What programs act on, such as `ORDER_EXISTS`; `x-reasons` of this document has them all."),
            "message": text("For a person, in English; says what to do."),
            "messageZh": text("For a person, in Chinese."),
            "fields": { "type": "array", "description": "Every wrong field.", "items": {
                "type": "object",
                "required": ["field", "reason", "message"],
                "properties": {
                    "field": text("Path in the request, such as `content.lines[2].quantity`."),
                    "reason": text("Such as `REQUIRED`."),
                    "message": text("What to do about it."),
                },
            } },
            "metadata": {
                "type": "object", "additionalProperties": { "type": "string" },
                "description": "Facts that help to go on, such as the id of what exists.",
            },
            "retryAfterMs": { "type": "integer", "description": "When to come again." },
        },
    })
}

fn last_line() -> Value {
    json!({
        "type": "object",
        "description": "The last line of a stream that did not end well.",
        "required": ["error"],
        "properties": { "error": reference("Error") },
    })
}

fn reasons() -> Vec<Value> {
    let all = Reason::ALL.iter().map(|reason| {
        let status = failure::status_of(reason.as_str(), reason.code());
        json!({
            "reason": reason.as_str(), "code": failure::name(reason.code()), "status": status.as_u16(),
            "en": reason.en(), "zh": reason.zh(),
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` below a value.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(name) if key == "$ref" => found.push(name.clone()),
                        value => references(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn everything_that_is_named_is_there_and_explained() {
        let contract = Contract::load().unwrap();
        let document = document(&contract);
        let mut names = Vec::new();
        references(&document, &mut names);
        assert!(names.len() > 100);
        for name in names {
            let pointer = name.strip_prefix('#').expect("a place in this document");
            assert!(document.pointer(pointer).is_some(), "{name}");
        }
        assert_eq!(document["paths"].as_object().unwrap().len(), contract.rpcs().len());
        for rpc in contract.rpcs() {
            let operation = &document["paths"][&rpc.path]["post"];
            assert!(operation["summary"].as_str().unwrap().len() > 5, "{} has a comment", rpc.path);
        }
        let supplier = &document["components"]["schemas"]["tandem.orders.v1.SupplierAddress"];
        assert_eq!(supplier["properties"]["vendorNumber"]["description"], "The buyer's number for it.");
    }

    #[test]
    fn the_examples_are_requests() {
        let contract = Contract::load().unwrap();
        for (path, example) in EXAMPLES {
            let input = contract.rpc(path).unwrap().method.input();
            super::super::read::read(&input, example.as_bytes()).unwrap();
        }
    }

    #[test]
    fn no_message_of_a_stream_looks_like_its_end() {
        for rpc in Contract::load().unwrap().rpcs() {
            let output = rpc.method.output();
            assert!(output.get_field_by_json_name("error").is_none() || !rpc.method.is_server_streaming());
        }
    }
}
