//! What holds for every element of UBL by its name: leaves hold values, aggregates hold elements, and a value has
//! the form that its name's last word promises (UBL naming and design rules, representation terms).

use super::{
    number,
    read::{Node, Reader},
    tree::{Ns, cac},
};

/// Notes every element whose content contradicts its name. UBLExtensions hold what others define; only hidden
/// orders are looked for in there.
pub fn lexical<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) {
    let element = node.element;
    match element.name.ns {
        Ns::Ext => return wrapped(reader, node),
        Ns::Cbc => return leaf(reader, node),
        Ns::Order | Ns::Cac => {
            let stray = !element.text.trim_ascii().is_empty()
                || element.children.iter().any(|child| !child.tail.is_empty());
            if stray {
                reader.problem(node, "TEXT_NOT_ALLOWED", "only elements may stand in here; text was found");
            }
        }
        Ns::None | Ns::Other(_) => {
            reader.problem(
                node,
                "UNKNOWN_ELEMENT",
                "is no element of UBL; foreign elements belong into UBLExtensions",
            );
            return;
        }
    }
    let mut ordinals = std::collections::HashMap::new();
    for child in &element.children {
        let ordinal = ordinals.entry(child.name).and_modify(|count| *count += 1).or_insert(1_usize);
        let inner = node.at(child, *ordinal);
        match (child.name.ns, child.name.local) {
            (Ns::Order, "Order") => {
                reader.problem(
                    &inner,
                    "NESTED_DOCUMENT",
                    "an order inside the order; send one order at a time",
                );
            }
            (Ns::Order, _) => {
                let message = "stands in the namespace of the document; leaves belong to \
                               CommonBasicComponents-2, aggregates to CommonAggregateComponents-2";
                reader.problem(&inner, "UNKNOWN_ELEMENT", message);
            }
            _ => lexical(reader, &inner),
        }
    }
}

fn leaf<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) {
    let element = node.element;
    if let Some(child) = element.children.first() {
        let message = format!("must hold a value, not the element {}", child.name.to_text());
        return reader.problem(node, "VALUE_EXPECTED", message);
    }
    let ends = |term: &str| element.name.local.ends_with(term);
    if ends("Amount") || ends("Quantity") {
        match number::decimal(&element.text) {
            Err(why) => reader.problem(node, "DECIMAL", why),
            // Rounding goes both ways (Peppol BIS 3 PEPPOL-T01-R016).
            Ok(value)
                if value.is_sign_negative()
                    && !value.is_zero()
                    && !element.name.local.contains("Rounding") =>
            {
                reader.problem(node, "NEGATIVE", "must not be negative; state an allowance instead");
            }
            Ok(_) => {}
        }
    } else if ends("Percent") || ends("Numeric") || ends("Rate") {
        if let Err(why) = number::decimal(&element.text) {
            reader.problem(node, "DECIMAL", why);
        }
    } else if ends("Date") {
        if let Err(why) = number::date(&element.text) {
            reader.problem(node, "DATE", why);
        }
    } else if ends("Indicator") && number::boolean(&element.text).is_none() {
        reader.problem(node, "BOOLEAN", "must be `true` or `false`");
    }
}

/// Notes signed copies of an order that hide in UBLExtensions: a signature over one order must not vouch for
/// another (signature wrapping).
fn wrapped<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) {
    for child in &node.element.children {
        let inner = node.at(child, 1);
        if child.name.ns == Ns::Order || child.name == cac("OrderLine") {
            reader.problem(
                &inner,
                "NESTED_DOCUMENT",
                "an order inside the order's extensions; send one order at a time",
            );
        } else {
            wrapped(reader, &inner);
        }
    }
}
