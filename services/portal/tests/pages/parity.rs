//! What forms ask of the API: to change nothing but by the RPCs of their rows, so that an API key of the same role can do it,
//! too. Forms are filled in as pages give them, with something in each field, and each button is pressed.

#[path = "../../../../tests/architecture/parity/forms.rs"]
mod forms;

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::Body,
    http::{Request, Uri, header},
};

use self::forms::FORMS;
use crate::{
    attacks::{HOME, minted, named, routes},
    fake::SALES,
    form,
    hostile::Hostile,
    request,
};

/// Rows that ask for nothing here, and why: what these forms do is not compared with their rows. Those that name no RPC are to
/// ask for none.
const QUIET: &[(&str, &str)] = &[
    ("/aliases/list", "what is typed without a thought is wrong there"),
    ("/capacity/demand/new", "what is typed without a thought is wrong there"),
    ("/capacity/groups/{id}/bounds", "what is typed without a thought is wrong there"),
    ("/capacity/offers/new", "what is typed without a thought is wrong there"),
    ("/capacity/offers/new/slots", "what is typed without a thought is wrong there"),
    ("/capacity/offers/{id}/hold", "no page here gives its token"),
    ("/capacity/payloads/answer", "what is typed without a thought is wrong there"),
    ("/capacity/profile/process/remove", "what it is about is not there, or not as it would have to be"),
    ("/capacity/sheets", "what is typed without a thought is wrong there"),
    ("/channels/{id}/delete", "no page here gives its token"),
    ("/d/{token}/despatch-note", "no page here gives its token"),
    ("/filters", "no page here gives its token"),
    ("/inbox/bulk/send", "no page here gives its token"),
    ("/inbox/sheets/marked", "no page here gives its token"),
    ("/keys/{id}/revoke", "no page here gives its token"),
    ("/operator/announcements/{id}", "what is typed without a thought is wrong there"),
    ("/orders/{id}/decide", "no page here gives its token"),
    ("/orders/{id}/despatch-note", "no page here gives its token"),
    ("/orders/{id}/progress", "no page here gives its token"),
    ("/orders/{id}/release", "no page here gives its token"),
    ("/orders/{id}/revise", "no page here gives its token"),
    ("/orders/{id}/share/{link}/revoke", "no page here gives its token"),
    ("/partners/invite/list", "what is typed without a thought is wrong there"),
    ("/practice/change", "no page here gives its token"),
    ("/practice/refuse", "no page here gives its token"),
    ("/purchases/sheets/new/send", "no page here gives its token"),
    ("/purchases/sheets/send", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads/{upload}", "no page here gives its token"),
    ("/resources/revisions/{id}/files/uploads/{upload}/finish", "no page here gives its token"),
    ("/resources/{id}/grant", "what is typed without a thought is wrong there"),
    ("/sign-in", "no page here gives its token"),
];
/// Buttons of a form that are pressed, at most: a table of weeks has one in each row.
const PRESSED: usize = 4;

/// A form as a page gives it.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
    /// The fields of files, where it takes any.
    files: Option<Vec<String>>,
    /// What each of its buttons says beside; nothing where it says nothing.
    buttons: BTreeSet<Vec<(String, String)>>,
}

#[tokio::test]
async fn forms_change_nothing_but_by_the_rpcs_of_their_rows() {
    let (api, world) = Hostile::start(false, None).await;
    let mut asked: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    let mut answered: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for last in [true, false] {
        api.script().last = last;
        let mut given = Vec::new();
        for route in routes().iter().filter(|route| route.shows) {
            given.extend(given_by(&world.get(&route.path, SALES).await.html));
        }
        // Those that no page gives now are tried without any field.
        given.extend(routes().into_iter().filter(|route| route.takes).flat_map(|route| bare(&route.path)));
        // Most pages give the same forms in their heads.
        let mut known = BTreeSet::new();
        given.retain(|form: &Form| known.insert(form.shape()));
        for form in given {
            let Some(row) = row(&form.action) else { continue };
            for request in form.sent() {
                api.calls();
                let page = world.send(request).await;
                answered.entry(row.0).or_default().insert(page.status.as_u16());
                asked.entry(row).or_default().extend(api.changes().into_iter().map(|call| call.rpc));
            }
        }
    }
    let mut faults = Vec::new();
    for ((form, names), rpcs) in &asked {
        let named: BTreeSet<&str> = names.split(' ').collect();
        let others = rpcs.iter().filter(|rpc| !named.contains(rpc.as_str()));
        faults.extend(others.map(|rpc| format!("{form} asks for {rpc}; its row names {names}")));
    }
    assert!(faults.is_empty(), "forms do what their rows do not name:\n  {}", faults.join("\n  "));
    let quiet = FORMS.iter().filter(|(_, names)| *names != "-");
    let quiet = quiet.filter(|row| asked.get(*row).is_none_or(BTreeSet::is_empty));
    let quiet = quiet.map(|(form, _)| (*form, seems(answered.get(form))));
    named("forms that ask for nothing", &quiet.collect(), QUIET);
}

/// What seems to be the reason why a form asks for nothing, by what it was answered.
fn seems(answered: Option<&BTreeSet<u16>>) -> String {
    let was = |status: u16| answered.is_some_and(|all| all.contains(&status));
    let why = if answered.is_none() {
        "it was not sent"
    } else if was(422) || was(400) {
        "what is typed without a thought is wrong there"
    } else if was(403) {
        "no page here gives its token"
    } else {
        "what it is about is not there, or not as it would have to be"
    };
    why.to_string()
}

/// The row of a form: of several that fit, the one with the fewest parts that vary.
fn row(action: &str) -> Option<(&'static str, &'static str)> {
    let path = action.split('?').next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (parts, of) = (path.split('/'), pattern.split('/'));
        parts.clone().count() == of.clone().count()
            && parts.zip(of).all(|(part, of)| of.starts_with('{') || part == of)
    };
    FORMS.iter().filter(|(form, _)| fits(form)).min_by_key(|(form, _)| form.matches('{').count()).copied()
}

/// A form with its token alone, and the same with a file.
fn bare(path: &str) -> [Form; 2] {
    [None, Some(vec!["file".to_string()])].map(|files| Form {
        action: path.to_string(),
        fields: vec![("token".to_string(), minted(SALES, path))],
        files,
        buttons: BTreeSet::new(),
    })
}

/// The forms of a page that send something.
fn given_by(html: &str) -> Vec<Form> {
    let forms = html.split("<form").skip(1).filter_map(|rest| rest.split_once('>'));
    let posted = forms.filter(|(head, _)| head.contains("method=\"post\""));
    posted
        .map(|(head, rest)| {
            let within = rest.split("</form>").next().unwrap_or_default();
            let mut form = Form {
                action: value(head, "action").unwrap_or_default(),
                fields: Vec::new(),
                files: head.contains("multipart/form-data").then(Vec::new),
                buttons: BTreeSet::new(),
            };
            form.fill(tags(within));
            // Boxes of a list stand beside the form that takes them.
            if let Some(id) = value(head, "id") {
                form.fill(
                    tags(html).filter(|(tag, _)| is_box(tag) && value(tag, "form").as_ref() == Some(&id)),
                );
            }
            form
        })
        .collect()
}

/// Elements, each with the text behind it.
fn tags(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>'))
}

fn is_box(tag: &str) -> bool {
    value(tag, "type").as_deref() == Some("checkbox")
}

/// What an attribute has.
fn value(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let text = rest.split('"').next()?;
    let text = text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
    Some(text.replace("&#38;", "&"))
}

impl Form {
    /// What tells it apart from others: where it goes, and what it says.
    fn shape(&self) -> (String, Vec<String>, bool) {
        let names = self.fields.iter().map(|(name, _)| name.clone()).collect();
        (self.action.clone(), names, self.files.is_some())
    }

    /// Puts something into each field.
    fn fill<'a>(&mut self, tags: impl Iterator<Item = (&'a str, &'a str)>) {
        for (tag, text) in tags {
            let name = value(tag, "name").filter(|name| !name.is_empty());
            match (tag.split([' ', '\n']).next().unwrap_or_default(), name) {
                ("input", Some(name)) => self.input(tag, name),
                ("textarea", Some(name)) => {
                    let text = if text.trim().is_empty() { "5" } else { text };
                    self.fields.push((name, text.to_string()));
                }
                ("select", Some(name)) => self.fields.push((name, String::new())),
                // Of a choice, the first that is something.
                ("option", _) => {
                    let chosen = self.fields.last_mut().filter(|(_, chosen)| chosen.is_empty());
                    if let Some((_, chosen)) = chosen {
                        *chosen = value(tag, "value").unwrap_or_else(|| text.trim().to_string());
                    }
                }
                ("button", None) => _ = self.buttons.insert(Vec::new()),
                ("button", Some(name)) => {
                    let said = value(tag, "value").unwrap_or_default();
                    self.buttons.insert(vec![(name, said)]);
                }
                _ => {}
            }
        }
    }

    fn input(&mut self, tag: &str, name: String) {
        let had = value(tag, "value").unwrap_or_default();
        let kind = value(tag, "type").unwrap_or_default();
        let typed = match kind.as_str() {
            "submit" => return,
            "file" => {
                self.files.get_or_insert_default().push(name);
                return;
            }
            "radio" if self.fields.iter().any(|(known, _)| *known == name) => return,
            "radio" | "checkbox" | "hidden" => had,
            _ if !had.is_empty() => had,
            "date" => "2026-12-28".to_string(),
            "time" => "09:00".to_string(),
            _ => "5".to_string(),
        };
        self.fields.push((name, typed));
    }

    /// As a browser sends it, once for each button.
    fn sent(&self) -> Vec<Request<Body>> {
        // Where people's words stand in a path, no browser leaves them as they are.
        if self.action.parse::<Uri>().is_err() {
            return Vec::new();
        }
        let alone = BTreeSet::from([Vec::new()]);
        let buttons = if self.buttons.is_empty() { &alone } else { &self.buttons };
        let pressed = buttons.iter().take(PRESSED);
        pressed.map(|button| self.with([&self.fields[..], &button[..]].concat())).collect()
    }

    fn with(&self, fields: Vec<(String, String)>) -> Request<Body> {
        let request = request("POST", &self.action, SALES).header("origin", HOME);
        let Some(files) = &self.files else {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (&**name, &**text)).collect();
            return request.body(form(&fields)).unwrap();
        };
        let part = |name: &str, more: &str, content: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n")
        };
        let mut body: String = fields.iter().map(|(name, text)| part(name, "", text)).collect();
        let file = "; filename=\"a.csv\"\r\ncontent-type: text/csv";
        body.extend(files.iter().map(|name| part(name, file, "a,b\r\n1,2\r\n")));
        body.push_str("--x--\r\n");
        let mut request = request.body(Body::from(body)).unwrap();
        let kind = "multipart/form-data; boundary=x".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request
    }
}

#[test]
fn a_form_is_filled_in_as_it_is_given() {
    let html = "<form id=\"f\" method=\"post\" action=\"/a?b=1&#38;c=2\"><input type=\"hidden\" name=\"token\" value=\"t\">\
                <input name=\"much\"><input type=\"radio\" name=\"way\" value=\"x\"><input type=\"radio\" name=\"way\" value=\"y\">\
                <select name=\"one\"><option value=\"\">?</option><option value=\"u\">U</option></select>\
                <textarea name=\"note\"></textarea><button>Send</button><button name=\"step\" value=\"edit\">Back</button></form>\
                <input type=\"checkbox\" form=\"f\" name=\"order\" value=\"o\"><form action=\"/search\"><input name=\"q\"></form>";
    let forms = given_by(html);
    let [form] = &forms[..] else { panic!("one form is sent") };
    let pairs = [("token", "t"), ("much", "5"), ("way", "x"), ("one", "u"), ("note", "5"), ("order", "o")];
    let expected = pairs.map(|(name, text)| (name.to_string(), text.to_string()));
    assert_eq!((form.action.as_str(), &form.fields[..]), ("/a?b=1&c=2", &expected[..]));
    assert_eq!((form.files.is_none(), form.sent().len()), (true, 2), "each button is pressed");
    let row = |action| row(action).map(|(form, _)| form);
    assert_eq!(row("/channels/new?done=x"), Some("/channels/new"));
    assert_eq!(row("/channels/0192f000"), Some("/channels/{id}"));
    assert_eq!(row("/channels/0192f000/no"), None);
}
