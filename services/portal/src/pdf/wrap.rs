//! Lines of a text: Chinese breaks between any two characters, but never before a closing mark or behind an opening one;
//! Latin at spaces; and a word that no line holds, anywhere. Lengths are in ems, the size of the font.

/// How wide a character is, in ems.
pub type Widths<'a> = &'a dyn Fn(char) -> f32;

/// What sums of widths may differ by.
const SLACK: f32 = 0.001;

/// No line begins with one of them.
const CLOSING: &str = "，。、；：？！）》」』】〕〉”’…%％‰℃,.;:?!)]}";
/// No line ends with one of them.
const OPENING: &str = "（《「『【〔〈“‘([{￥$";

/// How long a text is that stands on one line.
pub fn length(text: &str, width: Widths<'_>) -> f32 {
    text.chars().map(width).sum()
}

/// The lines of a text where `room` ems are free; one empty line for an empty text.
pub fn lines(text: &str, room: f32, width: Widths<'_>) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| broken(&plain(paragraph), room, width)).collect()
}

/// The longest part of a text that is broken only where it must be.
pub fn longest_part(text: &str, width: Widths<'_>) -> f32 {
    let plain = plain(text);
    parts(&plain).into_iter().map(|part| length(part.trim_end(), width)).fold(0.0, f32::max)
}

/// Characters that show nothing, such as tabs, as spaces.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn broken(paragraph: &str, room: f32, width: Widths<'_>) -> Vec<String> {
    let (mut done, mut line, mut used) = (Vec::new(), String::new(), 0.0);
    let turn = |done: &mut Vec<String>, line: &mut String, used: &mut f32| {
        done.push(line.trim_end().to_string());
        line.clear();
        *used = 0.0;
    };
    for part in parts(paragraph) {
        if !line.is_empty() && used + length(part.trim_end(), width) > room + SLACK {
            turn(&mut done, &mut line, &mut used);
        }
        for c in part.chars() {
            if !line.is_empty() && c != ' ' && used + width(c) > room + SLACK {
                turn(&mut done, &mut line, &mut used);
            }
            line.push(c);
            used += width(c);
        }
    }
    turn(&mut done, &mut line, &mut used);
    done
}

/// What stays together, each with the spaces behind it.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut before) = (0, None);
    for (at, c) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, c)) {
            parts.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    parts.push(&text[start..]);
    parts
}

fn may_break(before: char, next: char) -> bool {
    if next == ' ' || CLOSING.contains(next) || OPENING.contains(before) {
        return false;
    }
    before == ' ' || is_wide(before) || is_wide(next)
}

/// Characters that are written without spaces: ideographs, kana, their marks and full-width forms.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chinese is as wide as high, Latin half of it.
    fn width(c: char) -> f32 {
        if is_wide(c) { 1.0 } else { 0.5 }
    }

    #[test]
    fn chinese_breaks_anywhere_but_beside_its_marks() {
        for (text, room, expected) in [
            ("请在到货前三天通知", 4.0, &["请在到货", "前三天通", "知"][..]),
            ("先到货，后付款", 3.0, &["先到", "货，后", "付款"]),
            ("型号（大）", 3.0, &["型号", "（大）"]),
            ("", 3.0, &[""]),
            ("甲\n乙", 3.0, &["甲", "乙"]),
        ] {
            assert_eq!(lines(text, room, &width), expected, "{text}");
        }
    }

    #[test]
    fn latin_breaks_at_spaces_and_a_word_that_no_line_holds_anywhere() {
        for (text, room, expected) in [
            ("steering column bracket", 8.0, &["steering column", "bracket"][..]),
            ("bracket", 2.0, &["brac", "ket"]),
            ("用 M8 x 25 螺栓", 3.5, &["用 M8 x", "25 螺栓"]),
            ("tab\there", 2.0, &["tab", "here"]),
        ] {
            assert_eq!(lines(text, room, &width), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_lost_and_no_line_is_too_long() {
        let text = "转向柱支架 YZ-10022，材料 SPCC-SD 2.0 mm，表面（黑色电泳）≥ 15 µm；见图纸 C 版。";
        for room in [1.0, 2.5, 4.0, 7.0, 11.5, 100.0] {
            let lines = lines(text, room, &width);
            assert!(lines.iter().all(|line| length(line, &width) <= room + SLACK), "{room}: {lines:?}");
            let plain = |text: &str| text.replace(' ', "");
            assert_eq!(plain(&lines.concat()), plain(text), "{room}");
        }
    }

    #[test]
    fn what_stays_together_is_measured() {
        assert_eq!(longest_part("转向柱 bracket", &width), 3.5);
        assert_eq!(longest_part("转（向）柱", &width), 3.0);
    }
}
