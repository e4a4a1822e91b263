//! test, [: evaluate an expression (POSIX.1-2024 test; `( )`, `-a` and `-o` as XSI had them).

use crate::file::id::same_path;
use crate::Truth;
use sys::fs::{self, Fd, Statx};
use sys::zstr::{position, position_in};
use sys::{num, process, tty, Cx, ZStr};

/// Runs `test` or `[` on raw arguments: 0 true, 1 false, 2 an error.
pub fn run(cx: &mut Cx) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    if cx.name.bytes().last() == Some(&b'[') {
        match args {
            [rest @ .., last] if last.is(b"]") => args = rest,
            _ => {
                cx.error(b"]", b"missing");
                return 2;
            }
        }
    }
    let mut t = Test { rest: args, wrong: b"", why: b"", depth: 50 };
    let is = t.whole();
    if t.why.is_empty() {
        return !is as u8;
    }
    cx.error(t.wrong, t.why);
    2
}

struct Test<'a> {
    rest: &'a [ZStr<'static>],
    // The first error: about what, why.
    wrong: &'a [u8],
    why: &'static [u8],
    depth: u8,
}

impl<'a> Test<'a> {
    #[inline(never)]
    fn fail(&mut self, why: &'static [u8]) -> bool {
        if self.why.is_empty() {
            self.wrong = self.rest.first().map_or(b"argument", |a| a.bytes());
            self.why = why;
        }
        self.rest = &[]; // which ends everything
        false
    }

    /// All of `rest`. Up to four arguments POSIX goes by their number; what the grammar would read in
    /// another way is sorted out here.
    #[inline(never)]
    fn whole(&mut self) -> bool {
        let not = self.rest.len() == 4 && self.next_is(b"!");
        if self.rest.is_empty() {
            return false;
        }
        if let [a, b, c] = *self.rest {
            if a.is(b"(") && c.is(b")") && binary_number(b).is_none() {
                return b.is_empty() == not;
            }
        }
        let is = match *self.rest {
            [a, ref inner @ .., b] if inner.len() == 2 && a.is(b"(") && b.is(b")") => {
                self.rest = inner;
                self.primary()
            }
            _ => self.either(),
        };
        if !self.rest.is_empty() {
            self.fail(b"unexpected operand");
        }
        is != not
    }

    #[inline(never)]
    fn next_is(&mut self, text: &[u8]) -> bool {
        match self.rest {
            [a, rest @ ..] if a.is(text) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// `-o` over `-a` over everything else.
    #[inline(never)]
    fn either(&mut self) -> bool {
        let mut any = false;
        loop {
            let mut all = self.primary();
            while self.next_is(b"-a") {
                all &= self.primary();
            }
            any |= all;
            if !self.next_is(b"-o") {
                return any;
            }
        }
    }

    fn primary(&mut self) -> bool {
        let mut not = false;
        loop {
            // What can be read in two ways is first of all a comparison.
            if let [a, op, b, ref rest @ ..] = *self.rest {
                if let Some(n) = binary_number(op) {
                    return self.judge(compare(a, n, b), rest) != not;
                }
            }
            let [a, ref tail @ ..] = *self.rest else { return self.fail(b"expected") };
            if let [b, ref rest @ ..] = *tail {
                if self.next_is(b"!") {
                    not = !not;
                    continue;
                }
                if self.next_is(b"(") {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.depth = 1;
                        self.fail(b"nested too deep");
                    }
                    let is = self.either();
                    self.depth += 1;
                    if !self.next_is(b")") {
                        self.fail(b"( without )");
                    }
                    return is != not;
                }
                if let [b'-', letter] = *a.bytes() {
                    if is_unary(letter) {
                        return self.judge(unary(letter, b), rest) != not;
                    }
                }
            }
            self.rest = tail;
            return a.is_empty() == not;
        }
    }

    /// Goes on to `rest` with the answer; that there is none is the numbers' fault.
    #[inline(never)]
    fn judge(&mut self, answer: Option<Truth>, rest: &'a [ZStr<'static>]) -> bool {
        if answer.is_none() {
            // The one to blame is no operator.
            while let [a, tail @ ..] = self.rest {
                if a.first() != b'-' && integer(a.bytes()).is_none() {
                    break;
                }
                self.rest = tail;
            }
            self.fail(b"bad number");
            return false;
        }
        self.rest = rest;
        answer == Some(Truth::Yes)
    }
}

static UNARIES: &[u8] = b"znrwxtsOGNefdhLpSbcugk";
// What unary operators ask of a mode's upper byte: letter, mask, value.
static MODES: &[[u8; 3]] = &[
    [b'e', 0, 0],
    [b'f', 0xf0, 0x80],
    [b'd', 0xf0, 0x40],
    [b'h', 0xf0, 0xa0],
    [b'L', 0xf0, 0xa0],
    [b'p', 0xf0, 0x10],
    [b'S', 0xf0, 0xc0],
    [b'b', 0xf0, 0x60],
    [b'c', 0xf0, 0x20],
    [b'u', 8, 8],
    [b'g', 4, 4],
    [b'k', 2, 2],
];

/// Is there a unary primary of this letter (`f` for `-f`)?
pub fn is_unary(op: u8) -> bool {
    position(UNARIES, op).is_some()
}

/// A unary primary by its letter (`f` for `-f`); `None` if there is no such operator, or if `-t`'s operand
/// is no number.
#[inline(never)]
pub fn unary(op: u8, operand: ZStr) -> Option<Truth> {
    let access = match op {
        b'z' | b'n' => return Some((operand.is_empty() == (op == b'z')).into()),
        b't' => return Some(tty::is(Fd(integer(operand.bytes())? as i32)).into()),
        b'r' => 4,
        b'w' => 2,
        b'x' => 1,
        _ => 0,
    };
    if access != 0 {
        return Some(fs::access(operand, access).is_ok().into());
    }
    let link = if op == b'h' || op == b'L' { fs::AT_SYMLINK_NOFOLLOW } else { 0 };
    let Ok(s) = fs::statx(Fd::CWD, operand, link) else { return Some(Truth::No) };
    let is = match op {
        b's' => s.stx_size > 0,
        b'O' => s.stx_uid == process::geteuid(),
        b'G' => s.stx_gid == process::getegid(),
        b'N' => modified(&s) > (s.stx_atime.tv_sec, s.stx_atime.tv_nsec),
        _ => {
            let [_, mask, value] = *MODES.iter().find(|m| m[0] == op)?;
            (s.stx_mode >> 8) as u8 & mask == value
        }
    };
    Some(is.into())
}

/// Place of a binary operator among them.
#[inline(never)]
fn binary_number(op: ZStr) -> Option<usize> {
    static BINARIES: &[u8] = b"= == != < > -eq -ne -lt -ge -gt -le -nt -ot -ef";
    position_in(BINARIES, b' ', op.bytes())
}

/// A binary primary; `None` if there is no such operator, or if one of the operands should be a number
/// and is none.
pub fn binary(a: ZStr, op: ZStr, b: ZStr) -> Option<Truth> {
    compare(a, binary_number(op)?, b)
}

#[inline(never)]
fn compare(a: ZStr, op: usize, b: ZStr) -> Option<Truth> {
    // For each operator: 1 less, 2 equal, 4 greater, or a sum of them.
    const TRUE_OF: &[u8] = b"2251425164341";
    let order = if op < 5 {
        a.bytes().cmp(b.bytes())
    } else if op < 11 {
        integer(a.bytes())?.cmp(&integer(b.bytes())?)
    } else {
        if op == 13 {
            return Some(same_path(a, b).into());
        }
        let (a, b) = (fs::stat(a), fs::stat(b));
        // A missing file is older than any.
        a.ok().map(|s| modified(&s)).cmp(&b.ok().map(|s| modified(&s)))
    };
    Some((TRUE_OF.get(op)? >> (order as i32 + 1) & 1 != 0).into())
}

fn modified(s: &Statx) -> (i64, u32) {
    (s.stx_mtime.tv_sec, s.stx_mtime.tv_nsec)
}

/// A decimal number with its sign and blanks around it.
#[inline(never)]
pub fn integer(text: &[u8]) -> Option<i64> {
    let mut text = text.trim_ascii();
    let negative = text.first() == Some(&b'-');
    if let [b'-' | b'+', rest @ ..] = text {
        text = rest;
    }
    let n = num::parse(text, 10)?;
    let value = if negative { (n as i64).wrapping_neg() } else { n as i64 };
    // Too large a number comes out with the wrong sign.
    (n == 0 || (value < 0) == negative).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    /// The status of `test ARGS`; the arguments stand between blanks, `_` is an empty one.
    fn t(args: &str) -> u8 {
        let words = args.split(' ').filter(|a| !a.is_empty()).map(|a| if a == "_" { "" } else { a });
        let args: Vec<ZStr> =
            words.map(|a| ZStr::new(Box::leak(CString::new(a).unwrap().into_boxed_c_str()))).collect();
        let mut t = Test { rest: &args, wrong: b"", why: b"", depth: 50 };
        let is = t.whole();
        if !t.why.is_empty() {
            2
        } else {
            !is as u8
        }
    }

    fn check(cases: &[(&str, u8)]) {
        for (args, status) in cases {
            assert_eq!(t(args), *status, "{args}");
        }
    }

    #[test]
    fn the_number_of_arguments_decides() {
        check(&[
            ("", 1),
            ("_", 1),
            ("x", 0),
            ("!", 0),
            ("-f", 0),
            ("! _", 0),
            ("! -f", 1),
            ("! !", 1),
            ("-n x", 0),
            ("-z x", 1),
            ("-n = -n", 0),
            ("! = !", 0),
            ("( = (", 0),
            ("( x )", 0),
            ("( _ )", 1),
            ("! -n x", 1),
            ("! x = y", 0),
            ("! ! ! x", 1),
            ("( -n x )", 0),
            ("( x = y )", 1),
            ("x y", 2),
            ("( ! -e )", 1),
            ("( -n = )", 0),
            ("( ! _ )", 0),
            ("( x y )", 2),
            ("( ! )", 0),
            ("-y x", 2),
            ("x = y z", 2),
        ]);
    }

    #[test]
    fn longer_expressions() {
        check(&[
            ("x -a y", 0),
            ("x -a _", 1),
            ("_ -o y", 0),
            ("x -o y -a _", 0),
            ("( x -o y ) -a _", 1),
            ("! ( x = y )", 0),
            ("! x = y -a z = z", 0),
            ("x = x -a -f / -o -d /", 0),
            ("-f = -f -a x", 0),
            ("( x = x", 2),
            ("x = x )", 2),
            ("x = x -a", 2),
        ]);
        assert_eq!(t(&("( ".repeat(1000) + "x" + &" )".repeat(1000))), 2);
        assert_eq!(t(&("! ".repeat(1000) + "x")), 0);
    }

    #[test]
    fn comparisons() {
        check(&[
            ("a < b", 0),
            ("b < a", 1),
            ("a == a", 0),
            ("a != a", 1),
            ("7 -eq 07", 0),
            ("7 -ne 7", 1),
            ("-8 -lt 7", 0),
            ("+8 -le 8", 0),
            ("8 -gt -9", 0),
            ("8 -ge 9", 1),
            ("9223372036854775807 -gt -9223372036854775808", 0),
            ("9223372036854775808 -gt 1", 2),
            ("x -eq 1", 2),
            ("1 -eq _", 2),
            ("1 -eq 0x1", 2),
            ("/ -ef /.", 0),
            ("/ -ef /proc", 1),
            ("/ -nt /nonexistent", 0),
            ("/nonexistent -ot /", 0),
            ("/nonexistent -nt /nonexistent", 1),
        ]);
        assert_eq!(integer(b" 12"), Some(12));
        assert_eq!(integer(b"- 1"), None);
        assert_eq!(integer(b"-0"), Some(0));
    }

    #[test]
    fn files() {
        check(&[
            ("-d /", 0),
            ("-f /", 1),
            ("-e /nonexistent", 1),
            ("-e _", 1),
            ("-c /dev/null", 0),
            ("-b /dev/null", 1),
            ("-L /proc/self", 0),
            ("-s /dev/null", 1),
            ("-k /tmp", 0),
            ("-r /", 0),
            ("-t 999", 1),
            ("-t x", 2),
            ("-O /proc/self/stat", 0),
        ]);
    }
}
