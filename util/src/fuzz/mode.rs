//! File modes: text against the definition of `chmod`, written in full.

use super::text;
use crate::file::mode::{parse, string};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const DIRECTORY: u32 = 0o040000;

/// Applies the text behind the first five bytes of `data` to the mode and the umask that they hold.
pub fn mode(data: &[u8]) {
    let [a, b, c, d, kind, rest @ ..] = data else { return };
    let old = u32::from(*a) << 8 & 0o7400 | u32::from(*b);
    let umask = (u32::from(*c) << 8 | u32::from(*d)) & 0o777;
    let kind = if kind % 2 == 0 { DIRECTORY } else { 0o100000 };
    let text = text(rest);
    let got = parse(&text, kind | old, umask);
    assert_eq!(got, octal(&text).or_else(|| symbolic(&text, old, umask, kind == DIRECTORY)));
    let Some(new) = got else { return };
    assert_eq!(parse(format!("{new:o}").as_bytes(), kind | old, umask), got, "in octal");
    assert_eq!(parse(clauses(new).as_bytes(), 0o100777, umask), got, "in clauses");
    assert_eq!(shown(new), string(0o100000 | new));
    // What refers to no earlier state comes to the same when it is done again.
    if !text.iter().any(|c| b"ugoX".contains(c)) {
        assert_eq!(parse(&text, kind | new, umask), got, "twice");
    }
}

/// A mode taken apart.
#[derive(Clone, Copy)]
struct Bits {
    /// For user, group and others: may read, write, execute.
    may: [[bool; 3]; 3],
    /// Set-user-ID, set-group-ID, sticky.
    special: [bool; 3],
}

impl Bits {
    fn of(mode: u32) -> Bits {
        let bit = |n: usize| mode >> n & 1 == 1;
        Bits {
            may: [[bit(8), bit(7), bit(6)], [bit(5), bit(4), bit(3)], [bit(2), bit(1), bit(0)]],
            special: [bit(11), bit(10), bit(9)],
        }
    }

    fn mode(self) -> u32 {
        let all = self.special.iter().chain(self.may.iter().flatten());
        all.fold(0, |mode, &bit| mode << 1 | u32::from(bit))
    }
}

fn octal(text: &[u8]) -> Option<u32> {
    let zeros = text.iter().take_while(|&&c| c == b'0').count();
    let digits = &text[zeros..];
    let good = !text.is_empty() && digits.len() <= 4 && digits.iter().all(|c| (b'0'..b'8').contains(c));
    good.then(|| digits.iter().fold(0, |n, c| n * 8 + u32::from(c - b'0')))
}

fn symbolic(text: &[u8], old: u32, umask: u32, directory: bool) -> Option<u32> {
    let mut mode = Bits::of(old);
    let umask = Bits::of(umask);
    for clause in text.split(|&c| c == b',') {
        let n = clause.iter().position(|c| b"+-=".contains(c))?;
        let (who, actions) = clause.split_at(n);
        if who.iter().any(|c| !b"ugoa".contains(c)) {
            return None;
        }
        let named = |n: usize| who.contains(&b"ugo"[n]) || who.contains(&b'a');
        let mut actions = actions;
        while let [op, rest @ ..] = actions {
            let n = rest.iter().position(|c| b"+-=".contains(c)).unwrap_or(rest.len());
            let (letters, tail) = rest.split_at(n);
            actions = tail;
            let wanted = wanted(letters, mode, directory)?;
            if *op == b'=' {
                for class in (0..3).filter(|&class| who.is_empty() || named(class)) {
                    mode.may[class] = [false; 3];
                }
                // A directory's set-ID bits stay.
                for n in (0..2).filter(|&n| (named(n) || who.is_empty()) && !directory) {
                    mode.special[n] = false;
                }
                mode.special[2] &= !who.is_empty() && !who.contains(&b'a');
            }
            for class in 0..3 {
                for n in (0..3).filter(|&n| wanted.may[class][n]) {
                    if named(class) || who.is_empty() && !umask.may[class][n] {
                        mode.may[class][n] = *op != b'-';
                    }
                }
            }
            for n in (0..3).filter(|&n| wanted.special[n]) {
                // The sticky bit is not that of the others; it is that of all.
                if who.is_empty() || who.contains(&b'a') || n < 2 && named(n) {
                    mode.special[n] = *op != b'-';
                }
            }
        }
    }
    Some(mode.mode())
}

/// The bits that the letters behind an operator speak of.
fn wanted(letters: &[u8], mode: Bits, directory: bool) -> Option<Bits> {
    let mut all = Bits::of(0);
    for c in letters {
        let mut columns = [false; 3];
        match c {
            b'r' => columns[0] = true,
            b'w' => columns[1] = true,
            b'x' => columns[2] = true,
            b'X' => columns[2] = directory || mode.may.iter().any(|class| class[2]),
            b's' => (all.special[0], all.special[1]) = (true, true),
            b't' => all.special[2] = true,
            b'u' => columns = mode.may[0],
            b'g' => columns = mode.may[1],
            b'o' => columns = mode.may[2],
            _ => return None,
        }
        for class in &mut all.may {
            (0..3).for_each(|n| class[n] |= columns[n]);
        }
    }
    Some(all)
}

/// The mode as clauses that leave nothing open.
fn clauses(mode: u32) -> String {
    let bits = Bits::of(mode);
    let letters = |n: usize| {
        let may = bits.may.get(n).copied().unwrap_or_default();
        let may = "rwx".chars().zip(may).filter(|(_, may)| *may).map(|(c, _)| c);
        let special = [bits.special[0], bits.special[1], false, bits.special[2]][n];
        may.chain(special.then_some(if n == 3 { 't' } else { 's' })).collect::<String>()
    };
    format!("a=,u={},g={},o={},a+{}", letters(0), letters(1), letters(2), letters(3))
}

/// As `ls -l` shows it.
fn shown(mode: u32) -> [u8; 10] {
    let bits = Bits::of(mode);
    let mut text = Vec::from(*b"-");
    for n in 0..3 {
        let [r, w, x] = bits.may[n];
        text.push(if r { b'r' } else { b'-' });
        text.push(if w { b'w' } else { b'-' });
        text.push(match (x, bits.special[n], n) {
            (true, false, _) => b'x',
            (false, false, _) => b'-',
            (true, true, 2) => b't',
            (false, true, 2) => b'T',
            (true, true, _) => b's',
            (false, true, _) => b'S',
        });
    }
    text.try_into().expect("ten characters")
}
