//! The difference between a document and what the canonical order renders of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use proto::orders::OrderContent;

use super::{
    extension::{Extension, Patch, VERSION, Value, fingerprint},
    shape::Shape,
    tree::{Document, Element, Name},
};

/// How far ahead of its place a rendered element is looked for among the document's.
const LOOK_AHEAD: usize = 16;

/// What the document says beyond the rendered order.
pub fn extension(
    rendered: &Element<'_>,
    document: &Document<'_>,
    content: &OrderContent,
    shape: Shape,
) -> Extension {
    let mut root = Patch { name: document.root.name.to_text(), ..Patch::default() };
    fill(&mut root, rendered, &document.root);
    Extension {
        version: VERSION,
        shape,
        prefixes: document
            .prefixes
            .iter()
            .map(|(uri, prefix)| (uri.to_string(), prefix.to_string()))
            .collect(),
        lines: content.lines.iter().map(|line| line.line_number.clone()).collect(),
        root,
    }
}

/// Fills a patch with what differs between a rendered element and the document's. Answers whether anything does.
fn fill(patch: &mut Patch, rendered: &Element<'_>, stated: &Element<'_>) -> bool {
    if rendered.text != stated.text {
        let was = (!rendered.text.is_empty()).then(|| rendered.text.to_string());
        patch.text = Some(Value { is: Some(stated.text.to_string()), was });
    }
    patch.tail = stated.tail.to_string();
    attributes(patch, rendered, stated);
    children(patch, rendered, stated);
    patch.text.is_some()
        || !patch.tail.is_empty()
        || !patch.attributes.is_empty()
        || !patch.children.is_empty()
}

fn attributes(patch: &mut Patch, rendered: &Element<'_>, stated: &Element<'_>) {
    let value = |element: &Element<'_>, name: Name<'_>| {
        let found = element.attributes.iter().find(|attribute| attribute.name == name);
        found.map(|attribute| attribute.value.to_string())
    };
    for attribute in rendered.attributes.iter().chain(&stated.attributes) {
        let (was, is) = (value(rendered, attribute.name), value(stated, attribute.name));
        if was != is {
            patch.attributes.insert(attribute.name.to_text(), Value { is, was });
        }
    }
}

fn children<'a>(patch: &mut Patch, rendered: &Element<'a>, stated: &Element<'a>) {
    let rendered_by_name = by_name(rendered);
    let stated_by_name = by_name(stated);
    // What each element of the document is a rendering of, if any, and where new ones stand.
    let mut places: Vec<Place> = vec![Place::default(); stated.children.len()];
    for (name, stated_places) in &stated_by_name {
        let of_name = rendered_by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        pair(rendered, of_name, stated, stated_places, &mut places);
    }
    for (child, place) in stated.children.iter().zip(&places) {
        let mut inner = Patch { name: child.name.to_text(), at: place.at, ..Patch::default() };
        let differs = match place.renders {
            Some(index) => fill(&mut inner, &rendered.children[index], child),
            None => {
                inner.new = true;
                inner.more = place.more;
                fill(&mut inner, &Element::new(child.name), child);
                true
            }
        };
        if differs {
            patch.children.push(inner);
        }
    }
    let kept: HashSet<usize> = places.iter().filter_map(|place| place.renders).collect();
    for (name, of_name) in &rendered_by_name {
        for (at, index) in of_name.iter().enumerate().filter(|(_, index)| !kept.contains(index)) {
            let gone = Some(fingerprint(&rendered.children[*index]));
            patch.children.push(Patch { name: name.to_text(), at, gone, ..Patch::default() });
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Place {
    /// Which child of the rendered element this is.
    renders: Option<usize>,
    /// How many rendered children of its name stand before it.
    at: usize,
    /// Whether the order renders others of this name.
    more: bool,
}

fn by_name<'e, 'a>(element: &'e Element<'a>) -> BTreeMap<Name<'e>, Vec<usize>> {
    let mut by_name: BTreeMap<Name<'e>, Vec<usize>> = BTreeMap::new();
    for (index, child) in element.children.iter().enumerate() {
        by_name.entry(child.name).or_default().push(index);
    }
    by_name
}

/// Pairs elements of one name. Where there are as many of both they go in step; else each rendered one is looked
/// for among the next few of the document, since the canonical order skips what says nothing to it.
fn pair(
    rendered: &Element<'_>,
    of_name: &[usize],
    stated: &Element<'_>,
    stated_places: &[usize],
    places: &mut [Place],
) {
    let mut next = 0;
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (order, index) in of_name.iter().enumerate() {
        let left = &stated_places[next.min(stated_places.len())..];
        // Enough of the document's must remain for the rendered ones that follow.
        let spare = left.len().saturating_sub(of_name.len() - order - 1);
        let window = &left[..spare.min(LOOK_AHEAD).min(left.len())];
        let found =
            window.iter().position(|place| covers(&stated.children[*place], &rendered.children[*index]));
        let Some(offset) = found.or_else(|| (!window.is_empty()).then_some(0)) else { continue };
        taken.insert(next + offset, order);
        next += offset + 1;
    }
    let mut at = 0;
    for (position, place) in stated_places.iter().enumerate() {
        let order = taken.get(&position).copied();
        places[*place] = Place {
            renders: order.map(|order| of_name[order]),
            at: order.unwrap_or(at),
            more: order.is_none() && !of_name.is_empty(),
        };
        at = order.map_or(at, |order| order + 1);
    }
}

/// Whether a document's element says all that the rendered one says.
fn covers(stated: &Element<'_>, rendered: &Element<'_>) -> bool {
    let same = rendered.text.is_empty() || rendered.text.trim() == stated.text.trim();
    same && rendered.children.iter().all(|inner| {
        stated.children.iter().any(|candidate| candidate.name == inner.name && covers(candidate, inner))
    })
}
