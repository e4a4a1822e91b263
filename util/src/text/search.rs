//! Finds a byte or a part in long texts, several bytes at a time.

/// Bytes that are looked at at once.
const WORD: usize = size_of::<usize>();
const ONES: usize = usize::MAX / 255;

/// Where `text` first has `b`.
#[inline(never)]
pub fn byte(text: &[u8], b: u8) -> Option<usize> {
    let all = ONES * b as usize;
    let mut at = 0;
    let chunks = text.chunks_exact(WORD);
    for chunk in chunks {
        let mut word = [0; WORD];
        word.copy_from_slice(chunk);
        // A byte that is equal becomes 0, and borrows.
        let x = usize::from_ne_bytes(word) ^ all;
        if x.wrapping_sub(ONES) & !x & (ONES << 7) != 0 {
            break;
        }
        at += WORD;
    }
    let rest = text.get(at..)?;
    Some(at + rest.iter().position(|&c| c == b)?)
}

/// Where `text` first has `part`. It takes at most their lengths' product, and with the text's usual bytes its length.
#[inline(never)]
pub fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    // The rarest byte of most texts: what is neither blank nor a frequent letter.
    let rare = |&b: &u8| match b {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 2,
        b'a'..=b'z' | b'0' | b'1' => 1,
        _ => 0,
    };
    let mut place = 0;
    for (n, b) in part.iter().enumerate() {
        if part.get(place).is_some_and(|p| rare(b) < rare(p)) {
            place = n;
        }
    }
    let Some(&key) = part.get(place) else { return Some(0) };
    let mut at = place;
    loop {
        at += byte(text.get(at..)?, key)?;
        if text.get(at - place..).is_some_and(|t| t.starts_with(part)) {
            return Some(at - place);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_found() {
        for len in 0..40 {
            let mut text = vec![b'x'; len];
            assert_eq!((byte(&text, b'y'), find(&text, b"")), (None, Some(0)));
            for at in 0..len {
                text[at] = b'y';
                assert_eq!(byte(&text, b'y'), Some(at));
                assert_eq!(byte(&text[at..], b'y'), Some(0));
                text[at] = b'x';
            }
        }
        for text in [&b""[..], b"a", b"abab", b"aabaabaaab", b"e-e-f", b"xx\x80\x81y\x80"] {
            for from in 0..text.len() {
                for to in from..=text.len() {
                    let part = &text[from..to];
                    let plain = (0..=text.len()).find(|&n| text[n..].starts_with(part));
                    assert_eq!(find(text, part), plain, "{text:?} {part:?}");
                }
            }
            assert_eq!(find(text, b"abc"), None);
        }
    }
}
