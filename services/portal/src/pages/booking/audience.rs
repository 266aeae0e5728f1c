//! Whom something is shown to: partners, a cluster, some firms, or everybody. The questions, and what was answered.

use proto::capacity::OfferVisibility;

use super::read::Known;
use crate::{
    ask::{Ask, Choice, Kind, Question},
    form::Fields,
    i18n::{Text, key},
};

/// What was answered.
pub struct Audience {
    pub visibility: OfferVisibility,
    pub cluster_id: String,
    pub firm_ids: Vec<String>,
}

/// Asks under this label, for the partners where nothing else is chosen. Single firms can be named where there are any, and
/// `singly`.
pub fn questions(t: &Text, known: &Known, label: String, singly: bool) -> Vec<Question> {
    among(t, known, label, if singly { &known.partners } else { &[] })
}

/// The same, filled in with what stands. A firm that is named can go on being named, whatever became of the partnership.
pub fn filled(t: &Text, known: &Known, label: String, stands: &Audience) -> Vec<Question> {
    let mut firms = known.partners.clone();
    for id in &stands.firm_ids {
        if !firms.iter().any(|(partner, _)| partner == id) {
            firms.push((id.clone(), known.name(t, id)));
        }
    }
    let chosen = match stands.visibility {
        OfferVisibility::Named => "named".to_owned(),
        other => standing(other, &stands.cluster_id),
    };
    let mut questions = among(t, known, label, &firms);
    for question in &mut questions {
        for choice in &mut question.choices {
            choice.on = choice.value == chosen || stands.firm_ids.contains(&choice.value);
        }
    }
    questions
}

/// The questions, with these firms to be named singly.
fn among(t: &Text, known: &Known, label: String, firms: &[(String, String)]) -> Vec<Question> {
    let clusters =
        known.clusters.iter().map(|one| Choice::new(format!("cluster-{}", one.id), one.name.clone()));
    let mut choices = vec![Choice::new("partners", t.say(key::SHARE_PARTNERS))];
    choices.extend(clusters);
    if !firms.is_empty() {
        choices.push(Choice::new("named", t.say(key::SHARE_NAMED)));
    }
    choices.push(Choice::new("all", t.say(key::SHARE_ALL)));
    let mut questions =
        vec![Question::of("to", Kind::Radios, label, choices).with("partners").at("visibility")];
    if !firms.is_empty() {
        let firms = firms.iter().map(|(id, name)| Choice::new(id, name.clone())).collect();
        let which = Question::of("firm", Kind::Boxes, t.say(key::SHARE_WHICH), firms).at("firm_ids");
        questions.push(which.hint(t.say(key::SHARE_WHICH_HINT)).optional());
    }
    questions
}

/// What was chosen; nothing where firms are to be named and none is, which the page then says.
pub fn chosen(t: &Text, ask: &mut Ask, fields: &Fields) -> Option<Audience> {
    let to = fields.get("to");
    let everybody = |visibility| Audience { visibility, cluster_id: String::new(), firm_ids: Vec::new() };
    if let Some(cluster) = to.strip_prefix("cluster-") {
        return Some(Audience { cluster_id: cluster.to_owned(), ..everybody(OfferVisibility::Cluster) });
    }
    match to {
        "named" => {
            let firm_ids: Vec<String> = fields.all("firm").map(str::to_owned).collect();
            if firm_ids.is_empty() {
                ask.blame("firm", t.one(key::ASK_REQUIRED, t.say(key::SHARE_WHICH)));
                return None;
            }
            Some(Audience { firm_ids, ..everybody(OfferVisibility::Named) })
        }
        "all" => Some(everybody(OfferVisibility::All)),
        _ => Some(everybody(OfferVisibility::Partners)),
    }
}

/// The answer that stands for what was chosen before.
pub fn standing(visibility: OfferVisibility, cluster_id: &str) -> String {
    match visibility {
        OfferVisibility::Cluster => format!("cluster-{cluster_id}"),
        OfferVisibility::All => "all".to_owned(),
        _ => "partners".to_owned(),
    }
}
