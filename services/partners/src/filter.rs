//! Filters of lists of orders that whoever acts for a firm keeps for itself: few, each under a name of its list.

/// The most that one keeps.
pub const MOST: usize = 20;

/// A filter under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The number of the list in the contract.
    pub list: i32,
    pub name: String,
    pub view: String,
    pub purchasing_group: String,
    pub text: String,
}

/// Keeps a filter: in the place of the one of its name, else after the others. False where there are too many.
pub fn keep(all: &mut Vec<Saved>, saved: Saved) -> bool {
    match all.iter().position(|one| one.list == saved.list && one.name == saved.name) {
        Some(at) => all[at] = saved,
        None if all.len() < MOST => all.push(saved),
        None => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(list: i32, name: &str, text: &str) -> Saved {
        Saved {
            list,
            name: name.into(),
            view: String::new(),
            purchasing_group: String::new(),
            text: text.into(),
        }
    }

    #[test]
    fn a_name_is_kept_once_a_list_and_twenty_in_all() {
        let mut all = Vec::new();
        assert!(keep(&mut all, saved(1, "支架", "支架")) && keep(&mut all, saved(2, "支架", "支架")));
        assert!(keep(&mut all, saved(1, "支架", "YZ-10022")));
        assert_eq!(all, [saved(1, "支架", "YZ-10022"), saved(2, "支架", "支架")], "in the place that it had");
        for n in all.len()..MOST {
            assert!(keep(&mut all, saved(1, &n.to_string(), "")));
        }
        assert!(!keep(&mut all, saved(1, "one more", "")));
        assert!(keep(&mut all, saved(2, "支架", "")), "what is there may still change");
        assert_eq!(all.len(), MOST);
    }
}
