//! How wide the columns of a table are: as wide as what stands in them where all of it has room, else as much narrower as
//! each can be.

/// What a column asks for, in points.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// Where no word has to be broken.
    pub least: f32,
    /// Where nothing has to be broken.
    pub whole: f32,
    /// Whether it takes what is left over.
    pub grows: bool,
}

/// A width for each column, together as wide as `room`.
pub fn widths(wants: &[Want], room: f32) -> Vec<f32> {
    let sum = |each: fn(&Want) -> f32| wants.iter().map(each).sum::<f32>();
    let (least, whole) = (sum(|want| want.least), sum(|want| want.whole));
    if whole <= room {
        let grow = wants.iter().filter(|want| want.grows).count();
        let takers = if grow == 0 { wants.len() } else { grow };
        let left = (room - whole) / takers.max(1) as f32;
        let takes = |want: &Want| want.grows || grow == 0;
        return wants.iter().map(|want| want.whole + if takes(want) { left } else { 0.0 }).collect();
    }
    if least <= room {
        let part = (room - least) / (whole - least);
        return wants.iter().map(|want| want.least + (want.whole - want.least) * part).collect();
    }
    // Words have to be broken: the widest columns give way, the others keep theirs.
    let level = level(wants, room);
    wants.iter().map(|want| want.least.min(level)).collect()
}

/// How wide the widest may be, so that all of them have room.
fn level(wants: &[Want], room: f32) -> f32 {
    let mut least: Vec<f32> = wants.iter().map(|want| want.least).collect();
    least.sort_by(f32::total_cmp);
    let (mut left, mut columns) = (room, least.len());
    for width in least {
        if width * columns as f32 >= left {
            return left / columns as f32;
        }
        left -= width;
        columns -= 1;
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_the_page() {
        let want = |least: f32, whole: f32, grows: bool| Want { least, whole, grows };
        for (wants, room, expected) in [
            (vec![want(10.0, 20.0, false), want(20.0, 40.0, true)], 100.0, vec![20.0, 80.0]),
            (vec![want(10.0, 20.0, false), want(10.0, 20.0, false)], 100.0, vec![50.0, 50.0]),
            (vec![want(20.0, 20.0, false), want(20.0, 180.0, true)], 100.0, vec![20.0, 80.0]),
            (vec![want(20.0, 60.0, false), want(20.0, 140.0, true)], 120.0, vec![40.0, 80.0]),
            (vec![want(10.0, 10.0, false), want(200.0, 400.0, true)], 100.0, vec![10.0, 90.0]),
            (vec![want(70.0, 70.0, false), want(80.0, 80.0, true)], 100.0, vec![50.0, 50.0]),
        ] {
            let found = widths(&wants, room);
            assert!(
                found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 0.01),
                "{wants:?}: {found:?}"
            );
        }
        assert!(widths(&[], 100.0).is_empty());
    }
}
