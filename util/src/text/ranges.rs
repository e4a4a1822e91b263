//! Lists of ranges, as `cut` has them: `-5,3-,1,4-6`.

use sys::{num, List};

/// First and last place, from 1; a range without end ends at the largest number.
pub type Range = (usize, usize);

/// The ranges of `text`, with commas or blanks between them. `None` if it is no such list. In order and joined where
/// they overlap, or just as they are given.
#[inline(never)]
pub fn parse(text: &[u8], as_given: bool) -> Option<List<Range>> {
    let mut all: List<Range> = List::new();
    for item in text.split(|b| matches!(b, b',' | b' ' | b'\t')) {
        let (first, rest) = match item {
            [b'-', _, ..] => (1, item),
            _ => num::prefix(item, 10)?,
        };
        let last = match rest {
            [] => first,
            [b'-'] => u64::MAX,
            [b'-', digits @ ..] => num::parse(digits, 10)?,
            _ => return None,
        };
        if first == 0 || last < first {
            return None;
        }
        let number = |n| usize::try_from(n).unwrap_or(usize::MAX);
        let mut range = (number(first), number(last));
        let mut at = all.len();
        while !as_given && at > 0 {
            let Some(&(first, last)) = all.get(at - 1) else { break };
            if first > range.1 {
                at -= 1;
            } else if last >= range.0 {
                range = (first.min(range.0), last.max(range.1));
                at -= 1;
                all.remove(at);
            } else {
                break;
            }
        }
        all.insert(at, range);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let max = usize::MAX;
        let p = |t: &str, as_given| parse(t.as_bytes(), as_given).map(|l| l.to_vec());
        assert_eq!(p("3,1", true), Some(vec![(3, 3), (1, 1)]));
        assert_eq!(p("7-9,3,1-2,2-4 9-10", false), Some(vec![(1, 4), (7, 10)]));
        assert_eq!(p("5-,-2\t3,8", false), Some(vec![(1, 2), (3, 3), (5, max)]));
        assert_eq!(p("1,3,5,2-4", false), Some(vec![(1, 1), (2, 4), (5, 5)]));
        for wrong in ["", "-", "0", "3-2", "a", "1,", ",1", "1-2-3", "1-x", "--1", "99999999999999999999"] {
            assert_eq!(p(wrong, false), None, "{wrong}");
        }
    }
}
