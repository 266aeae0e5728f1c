//! Which parts a workbook's sheet, texts and styles are in (ECMA-376 part 2 and part 1, 18.2).

use super::{
    Package, damaged,
    part::{Part, Piece, attribute, local},
};
use crate::sheet::grid::Unreadable;

/// Relationships of one part that are looked at.
const MAX_RELATIONSHIPS: usize = 4_000;

/// Where to read.
pub(super) struct Workbook {
    pub sheet: String,
    pub strings: Option<String>,
    pub styles: Option<String>,
    /// Days are counted from 1904-01-01.
    pub since_1904: bool,
}

struct Relationship {
    id: String,
    kind: String,
    target: String,
}

/// Finds the parts of the sheet of that name, else of the first that is visible.
pub(super) fn read(package: &mut Package<'_>, wanted: &str) -> Result<Workbook, Unreadable> {
    let root = relationships(package, "_rels/.rels", "")?;
    let main = root.iter().find(|one| one.kind == "officeDocument").ok_or_else(|| {
        Unreadable::because("the archive is no workbook; save the table as .xlsx or as csv")
    })?;
    let (folder, file) = main.target.rsplit_once('/').unwrap_or(("", &main.target));
    let rels = format!("{folder}{}_rels/{file}.rels", if folder.is_empty() { "" } else { "/" });
    let related = relationships(package, &rels, folder)?;
    let bytes = package.part(&main.target)?;
    let (sheets, since_1904) = sheets(&bytes)?;
    let chosen = if wanted.is_empty() {
        sheets.iter().find(|sheet| sheet.visible).or_else(|| sheets.first())
    } else {
        sheets.iter().find(|sheet| sheet.name == wanted)
    };
    let Some(chosen) = chosen else {
        let names: Vec<&str> = sheets.iter().take(20).map(|sheet| sheet.name.as_str()).collect();
        return Err(Unreadable::because(format!(
            "there is no sheet {wanted}; there are: {}",
            names.join(", ")
        )));
    };
    let sheet = related.iter().find(|one| one.id == chosen.relationship).ok_or_else(damaged)?;
    if sheet.kind != "worksheet" {
        return Err(Unreadable::because(format!("{} is no sheet of cells", chosen.name)));
    }
    let of_kind = |kind: &str| {
        let found = related.iter().find(|one| one.kind == kind)?;
        package.has(&found.target).then(|| found.target.clone())
    };
    Ok(Workbook {
        sheet: sheet.target.clone(),
        strings: of_kind("sharedStrings"),
        styles: of_kind("styles"),
        since_1904,
    })
}

struct Sheet {
    name: String,
    relationship: String,
    visible: bool,
}

fn sheets(bytes: &[u8]) -> Result<(Vec<Sheet>, bool), Unreadable> {
    let mut part = Part::new(bytes)?;
    let (mut sheets, mut since_1904) = (Vec::new(), false);
    loop {
        match part.next()? {
            Piece::Begin(tag) => match local(tag.name().into_inner()) {
                "workbookPr" => {
                    since_1904 = matches!(attribute(&tag, "date1904")?.as_deref(), Some("1" | "true"));
                }
                "sheet" if sheets.len() < MAX_RELATIONSHIPS => sheets.push(Sheet {
                    name: attribute(&tag, "name")?.unwrap_or_default(),
                    relationship: relationship_id(&tag)?,
                    visible: attribute(&tag, "state")?.is_none_or(|state| state == "visible"),
                }),
                _ => {}
            },
            Piece::Over => return Ok((sheets, since_1904)),
            _ => {}
        }
    }
}

/// `r:id`; the sheet's own `sheetId` is something else.
fn relationship_id(tag: &quick_xml::events::BytesStart<'_>) -> Result<String, Unreadable> {
    Ok(attribute(tag, "id")?.unwrap_or_default())
}

fn relationships(
    package: &mut Package<'_>,
    name: &str,
    folder: &str,
) -> Result<Vec<Relationship>, Unreadable> {
    let bytes = package.part(name).map_err(|error| {
        if package.has(name) {
            error
        } else {
            Unreadable::because("the archive is no workbook; save it as .xlsx")
        }
    })?;
    let mut part = Part::new(&bytes)?;
    let mut found = Vec::new();
    loop {
        match part.next()? {
            Piece::Begin(tag) if local(tag.name().into_inner()) == "Relationship" => {
                // What lies outside of the archive is never looked at.
                let outside = attribute(&tag, "TargetMode")?.is_some_and(|mode| mode == "External");
                if outside || found.len() == MAX_RELATIONSHIPS {
                    continue;
                }
                let kind = attribute(&tag, "Type")?.unwrap_or_default();
                found.push(Relationship {
                    id: attribute(&tag, "Id")?.unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_string(),
                    target: resolve(folder, &attribute(&tag, "Target")?.unwrap_or_default()),
                });
            }
            Piece::Over => return Ok(found),
            _ => {}
        }
    }
}

/// A target as the name of a part: those that begin with `/` are of the whole archive.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_string();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            step => parts.push(step),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_parts_of_the_archive() {
        for (folder, target, part) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), part);
        }
    }
}
