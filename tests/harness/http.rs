//! The API as an ERP calls that speaks no gRPC: JSON over HTTP/1.1, with a client that knows nothing of the contract.

use serde_json::Value;

use crate::World;

/// One credential, or none, over HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    api: String,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    /// The body; a text where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// The reason of a refusal; empty where nothing was refused.
    pub fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    /// Status and reason.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.reason())
    }

    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Every wrong field with its reason.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.body["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        fields
            .iter()
            .map(|field| {
                (field["field"].as_str().unwrap_or_default(), field["reason"].as_str().unwrap_or_default())
            })
            .collect()
    }
}

impl World {
    /// The API over HTTP/1.1 with this token; empty for a caller without one.
    pub fn http(&self, token: &str) -> Http {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Http { client, api: format!("http://{}", self.node().api), token: token.into() }
    }
}

impl Http {
    /// A request to a path, with the token; for calls that are not as they should be.
    pub fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.api));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// A call of a method such as `orders.v1.OrderService/GetOrder`, not sent yet.
    pub fn call(&self, method: &str, body: impl ToString) -> reqwest::RequestBuilder {
        let request = self.request(http::Method::POST, &format!("/tandem.{method}"));
        request.header("content-type", "application/json").body(body.to_string())
    }

    /// Calls a method.
    pub async fn post(&self, method: &str, body: impl ToString) -> Answer {
        answer(self.call(method, body)).await
    }

    /// Calls a method that must not refuse; its answer.
    pub async fn ok(&self, method: &str, body: impl ToString) -> Value {
        let answer = self.post(method, body).await;
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        answer.body
    }

    /// What a page or document holds.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(http::Method::GET, path)).await
    }

    /// Opens a stream; its lines come by [`Lines::next`].
    pub async fn lines(&self, method: &str, body: impl ToString, accept: &str) -> Lines {
        Lines::of(self.call(method, body).header("accept", accept)).await
    }
}

/// Sends a request and reads the whole answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.expect("the body comes to its end");
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) }
}

/// A stream of lines.
pub struct Lines {
    pub status: u16,
    response: reqwest::Response,
    waiting: Vec<u8>,
}

impl Lines {
    /// Sends a request whose answer is a stream.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("it answers");
        Self { status: response.status().as_u16(), response, waiting: Vec::new() }
    }

    /// The next line as text, as soon as it is there; `None` at the end.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                return Some(String::from_utf8(line).expect("utf-8").trim_end().to_string());
            }
            let next = tokio::time::timeout(std::time::Duration::from_secs(60), self.response.chunk());
            match next.await.expect("something comes in time").expect("the stream goes on") {
                Some(bytes) => self.waiting.extend_from_slice(&bytes),
                None => return None,
            }
        }
    }

    /// The next line as JSON.
    pub async fn next(&mut self) -> Option<Value> {
        self.line()
            .await
            .map(|line| serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}")))
    }

    /// The next event of a feed that fits.
    pub async fn event(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.next().await.expect("the stream is open");
            let events = line["events"].as_array().cloned().unwrap_or_default();
            if let Some(found) = events.into_iter().find(&fits) {
                return found;
            }
        }
    }
}
