//! The portal, as somebody of a supplier uses it in a browser: the inbox, and orders accepted by its form.

use std::{net::SocketAddr, time::Instant};

use harness::{Access, chaos, order, request_id};
use proto::{
    orders::GetOrderRequest,
    partners::{CreateSignInLinkRequest, ListMembersRequest, RedeemSignInLinkRequest},
};
use reqwest::{Client, redirect::Policy};

use super::{Desk, PATIENCE, PAUSE, STALLED, Trader};

/// An order and its answer.
const ANSWERED: i64 = 2;

/// What a page said.
struct Said {
    status: u16,
    /// Where it leads on to; empty for nowhere.
    location: String,
    body: String,
}

pub struct Pages {
    buyer: Access,
    supplier: Access,
    client: Client,
    portal: SocketAddr,
    cookie: String,
    /// Orders, and the version that each has by what was acknowledged.
    answered: Vec<(String, i64)>,
}

impl Pages {
    /// Signs the supplier's first person in.
    pub async fn open(
        desk: &Desk,
        (buyer, supplier): (Access, Access),
        api: SocketAddr,
        portal: SocketAddr,
    ) -> Self {
        let send = |access: Access, request| async move { access.members().list_members(request).await };
        let members = desk.ask(&supplier, ListMembersRequest::default(), send).await.members;
        let member_id = members.into_iter().next().expect("somebody made the key").id;
        let mut path = String::new();
        // A receipt that comes again shows no link; another one does.
        while path.is_empty() {
            let member_id = member_id.clone();
            let request = CreateSignInLinkRequest { request_id: request_id(), member_id };
            let send =
                |access: Access, request| async move { access.members().create_sign_in_link(request).await };
            path = desk.insist(&supplier, request, send).await.path;
        }
        let token = path.rsplit('/').next().unwrap_or_default().to_owned();
        let request = RedeemSignInLinkRequest { token, device: "test".into() };
        let send =
            |access: Access, request| async move { access.sessions().redeem_sign_in_link(request).await };
        let session = desk.ask(&chaos::access(api, None), request, send).await.session_token;
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        let cookie = format!("tandem_dev={session}");
        Self { buyer, supplier, client, portal, cookie, answered: Vec::new() }
    }

    /// Asks for a page, or posts a form, until `read` finds what it looks for.
    async fn until<T>(
        &self,
        desk: &Desk,
        path: &str,
        form: Option<&str>,
        read: impl Fn(&Said) -> Option<T>,
    ) -> T {
        let since = Instant::now();
        loop {
            let told = match self.once(path, form).await {
                Ok(said) => match read(&said) {
                    Some(found) => return found,
                    None => format!("{} {}", said.status, said.location),
                },
                Err(error) => error.to_string(),
            };
            desk.missed();
            assert!(since.elapsed() < STALLED, "{path} does not answer: {told}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn once(&self, path: &str, form: Option<&str>) -> reqwest::Result<Said> {
        let url = format!("http://{}{path}", self.portal);
        let request = match form {
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                self.client.post(url).header("content-type", kind).body(form.to_owned())
            }
            None => self.client.get(url),
        };
        let answer = request.header("cookie", &self.cookie).timeout(PATIENCE).send().await?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let (status, location) = (answer.status().as_u16(), location.unwrap_or_default().to_owned());
        Ok(Said { status, location, body: answer.text().await? })
    }
}

impl Trader for Pages {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let request = order(&format!("WEB-{number}")).line("10", "P-1", "100", "12.50").to("V100");
        let send = |access: Access, request| async move { access.orders().publish_order(request).await };
        let order_id = desk.ask(&self.buyer, request, send).await.order_id;
        self.until(desk, "/inbox", None, |said| (said.status == 200).then_some(())).await;
        let path = format!("/orders/{order_id}/accept");
        let form = self.until(desk, &path, None, |said| form(&said.body, &path)).await;
        let answered = format!("/orders/{order_id}?");
        let taken = |said: &Said| {
            let done = said.status == 303 && said.location.starts_with(&answered);
            (done && said.location.contains("done=answered")).then_some(())
        };
        self.until(desk, &path, Some(&form), taken).await;
        desk.took();
        self.answered.push((order_id, ANSWERED));
    }

    fn invent(&mut self) -> String {
        let (order_id, version) = self.answered.first().cloned().expect("something was answered");
        self.answered.push((order_id.clone(), version + 1));
        otherwise(&order_id, version, version + 1)
    }

    async fn judge(self, desk: &Desk) -> Vec<String> {
        let mut faults = Vec::new();
        for (order_id, version) in self.answered {
            let request = GetOrderRequest { order_id: order_id.clone() };
            let send = |access: Access, request| async move { access.orders().get_order(request).await };
            let found = desk.ask(&self.supplier, request, send).await.version;
            if found != version {
                faults.push(otherwise(&order_id, found, version));
            }
        }
        faults
    }
}

/// That an order is not as it was acknowledged.
fn otherwise(order_id: &str, found: i64, acknowledged: i64) -> String {
    format!("{order_id} has version {found} and was acknowledged with {acknowledged}")
}

/// What the form that leads to a path sends, from a page that has it.
fn form(page: &str, path: &str) -> Option<String> {
    let (_, form) = page.split_once(&format!(r#"action="{path}""#))?;
    let field = |name: &str| {
        let (_, value) = form.split_once(&format!(r#"name="{name}" value=""#))?;
        value.split('"').next()
    };
    Some(format!("token={}&revision={}", field("token")?, field("revision")?))
}
