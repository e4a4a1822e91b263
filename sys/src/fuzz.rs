//! For the fuzz targets in `fuzz/`: what they share, and what the target `options` calls, option parsing
//! against the plain definition of `getopt_long`.

use crate::applet::{self, Class, Entry, Parse};
use crate::env::Envp;
use crate::opts::{bits, nth_bit, rivals, slot, Walk, Wrong};
use crate::out::SIZE;
use crate::{Buf, Cx, Fd, Out, Table, ZStr};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

/// Specs of all kinds: arguments, long names, also of which one begins another, groups, more than 32
/// options, and none at all.
const SPECS: [&[u8]; 5] = [
    b"1aA(all)w:(width)\x01?(color)\x01(full-time)C|1C|aA",
    b"ab:(bee)c?(bees)\x01(full-time)\x01?(full)d\x01:(bee-line)|acd",
    b"0123456789abcdefghijklmnopqrstuvwxyzABC:D:E:F:G:H:I:J(last)|yzA",
    b"-(minus)=:(equal)v",
    b"",
];
const BLOB: &[u8] = b"1aA(all)w:(width)\x01?(color)\x01(full-time)C|1C|aA\0\
ab:(bee)c?(bees)\x01(full-time)\x01?(full)d\x01:(bee-line)|acd\0\
0123456789abcdefghijklmnopqrstuvwxyzABC:D:E:F:G:H:I:J(last)|yzA\0\
-(minus)=:(equal)v\0";
/// Options alone are fuzzed.
enum Plain {}
impl applet::Checks for Plain {}
static TABLE: Table = Table {
    names: b"",
    entries: &[],
    options: applet::options::<Plain>,
    specs: BLOB,
    usage: crate::usage::Usage::NONE,
};

/// Lends `args`, without the NULs in them, as the kernel gives arguments.
pub fn with_args<T>(args: &[Vec<u8>], run: impl FnOnce(&mut [ZStr<'static>]) -> T) -> T {
    let text = |a: &Vec<u8>| a.iter().copied().filter(|&c| c != 0).chain([0]).collect::<Box<[u8]>>();
    let texts: Vec<*mut [u8]> = args.iter().map(|a| Box::into_raw(text(a))).collect();
    // SAFETY: the boxes live until they are freed below, and `run` keeps nothing of them.
    let mut all: Vec<ZStr> =
        texts.iter().filter_map(|&t| ZStr::from_bytes_with_nul(unsafe { &*t })).collect();
    let result = run(&mut all);
    for text in texts {
        // SAFETY: made by `Box::into_raw` above, freed once.
        drop(unsafe { Box::from_raw(text) });
    }
    result
}

/// Calls `run` as an applet of `table` with `args`, an empty environment, and its output kept in memory, which
/// comes with its value.
pub fn with_cx<T>(args: &[Vec<u8>], table: &'static Table, run: impl FnOnce(&mut Cx) -> T) -> (T, Buf) {
    let buffer = Box::into_raw(Box::new([MaybeUninit::uninit(); SIZE]));
    // SAFETY: `out` ends before the box is freed.
    let mut out = Out::new(Fd(-1), unsafe { &mut *buffer });
    out.capture();
    let result =
        with_args(args, |args| run(&mut Cx::raw(ZStr::new(c"fuzz"), args, &mut out, Envp::EMPTY, table)));
    let text = out.take();
    // SAFETY: made by `Box::into_raw` above, freed once.
    drop(unsafe { Box::from_raw(buffer) });
    (result, text)
}

/// Reads the parts of `data` between bytes 0xff as an argument vector; what stands before the first one
/// chooses the spec and whether options may follow operands.
pub fn options(data: &[u8]) {
    let mut parts = data.split(|&c| c == 0xff);
    let choice = parts.next().and_then(|part| part.first()).copied().unwrap_or(0) as usize;
    let (number, mix) = (choice / 2 % SPECS.len(), choice % 2 == 1);
    let args: Vec<Vec<u8>> = parts.map(|part| part.iter().copied().filter(|&c| c != 0).collect()).collect();
    let spec = SPECS[number];
    let known = declared(spec);
    let model = plain(&known, &args, mix);
    assert_eq!(with_args(&args, |args| walk(args, spec, mix)), model);
    if model.1.is_some() && model.0.iter().all(|step| matches!(step, Step::Found { .. })) {
        with_cx(&args, &TABLE, |cx| context(cx, number, mix, &known, &model));
    }
}

/// One step through an argument vector, with texts as they were typed.
#[derive(Debug, PartialEq)]
enum Step {
    Found { number: usize, slot: Option<usize>, letter: u8, value: Option<Vec<u8>> },
    Unknown(Vec<u8>),
    NoArgument(Vec<u8>),
    Extra(Vec<u8>),
}

/// All steps, and the operands if the walk came to its end.
type Steps = (Vec<Step>, Option<Vec<Vec<u8>>>);

/// What [`Walk`] finds. Only a long option that is unknown lets a caller go on.
fn walk(args: &mut [ZStr<'static>], spec: &'static [u8], mix: bool) -> Steps {
    let mut steps = Vec::new();
    let mut walk = Walk::new(args, spec, mix);
    while let Some(step) = walk.next() {
        steps.push(match step {
            Ok(f) => Step::Found {
                number: f.number as usize,
                slot: f.takes.then_some(f.slot),
                letter: f.letter,
                value: f.value.map(|v| v.bytes().to_vec()),
            },
            Err(Wrong::Unknown(t)) => Step::Unknown(t.to_vec()),
            Err(Wrong::NoArgument(t)) => Step::NoArgument(t.to_vec()),
            Err(Wrong::Extra(t)) => Step::Extra(t.to_vec()),
        });
        if ends(steps.last()) {
            return (steps, None);
        }
    }
    (steps, Some(walk.operands().iter().map(|z| z.bytes().to_vec()).collect()))
}

fn ends(step: Option<&Step>) -> bool {
    match step {
        Some(Step::Unknown(text)) => !text.starts_with(b"--"),
        Some(Step::NoArgument(_) | Step::Extra(_)) => true,
        _ => false,
    }
}

/// An option as a spec declares it.
struct Declared {
    letter: u8,
    /// `:`, `?` or a blank.
    takes: u8,
    long: Vec<u8>,
    slot: usize,
}

impl Declared {
    fn slot(&self) -> Option<usize> {
        (self.takes != b' ').then_some(self.slot)
    }
}

/// The options of a spec.
fn declared(spec: &[u8]) -> Vec<Declared> {
    let end = spec.iter().position(|&c| c == b'|').unwrap_or(spec.len());
    let mut all: Vec<Declared> = Vec::new();
    let mut text = spec[..end].iter().copied();
    let mut slot = 0;
    while let Some(c) = text.next() {
        match (c, all.last_mut()) {
            (b':' | b'?', Some(last)) => {
                last.takes = c;
                slot += 1;
            }
            (b'(', Some(last)) => last.long = text.by_ref().take_while(|&c| c != b')').collect(),
            _ => all.push(Declared { letter: c, takes: b' ', long: Vec::new(), slot }),
        }
    }
    all
}

/// The steps by the definition: POSIX guidelines 3 to 10, and long options as GNU has them, written in full.
fn plain(known: &[Declared], args: &[Vec<u8>], mix: bool) -> Steps {
    let (mut steps, mut operands) = (Vec::new(), Vec::new());
    let mut waiting = args.iter();
    while let Some(arg) = waiting.next() {
        if arg == b"--" {
            break;
        }
        if !arg.starts_with(b"-") || arg == b"-" {
            operands.push(arg.clone());
            if mix {
                continue;
            }
            break;
        }
        if let Some(text) = arg.strip_prefix(b"--") {
            let (name, value) = match text.iter().position(|&c| c == b'=') {
                Some(n) => (&text[..n], Some(text[n + 1..].to_vec())),
                None => (text, None),
            };
            let number = known.iter().position(|k| !name.is_empty() && k.long == name);
            steps.push(match number.map(|n| (n, &known[n])) {
                None => Step::Unknown(arg.clone()),
                Some((_, k)) if k.takes == b' ' && value.is_some() => Step::Extra(arg.clone()),
                Some((number, k)) => {
                    let value =
                        if k.takes == b':' { value.or_else(|| waiting.next().cloned()) } else { value };
                    if k.takes == b':' && value.is_none() {
                        Step::NoArgument(arg.clone())
                    } else {
                        Step::Found { number, slot: k.slot(), letter: k.letter, value }
                    }
                }
            });
        } else {
            for at in 1..arg.len() {
                let letter = arg[at];
                let number = known.iter().position(|k| letter != 1 && k.letter == letter);
                let Some(number) = number else {
                    steps.push(Step::Unknown(vec![letter]));
                    break;
                };
                let k = &known[number];
                let takes = k.takes == b':';
                let rest = &arg[at + 1..];
                let value = match (takes, rest) {
                    (false, _) => None,
                    (true, []) => waiting.next().cloned(),
                    (true, rest) => Some(rest.to_vec()),
                };
                steps.push(if takes && value.is_none() {
                    Step::NoArgument(vec![letter])
                } else {
                    Step::Found { number, slot: k.slot(), letter, value }
                });
                if takes {
                    break;
                }
            }
        }
        if ends(steps.last()) {
            return (steps, None);
        }
    }
    operands.extend(waiting.cloned());
    (steps, Some(operands))
}

/// What an applet sees of the steps: the set, what was given twice, the last arguments, the operands.
fn context(cx: &mut Cx, spec: usize, mix: bool, known: &[Declared], model: &Steps) {
    let parse = if mix { Parse::Mix } else { Parse::Posix };
    let entry = Entry { run: |_| 0, decl: spec as u8, class: Class::NoFork, parse, operands: 15, place: 0 };
    assert_eq!(applet::options::<Plain>(cx, &entry), None);
    let groups: Vec<&[u8]> = SPECS[spec].split(|&c| c == b'|').skip(1).collect();
    let rival = |a: u8, b: u8| a != b && groups.iter().any(|g| g.contains(&a) && g.contains(&b));
    let (mut set, mut twice) = (vec![false; known.len()], vec![false; known.len()]);
    let mut values: Vec<Option<&[u8]>> = vec![None; known.len()];
    for step in &model.0 {
        let Step::Found { number, value, .. } = step else { continue };
        twice[*number] |= set[*number];
        for (other, k) in known.iter().enumerate() {
            set[other] &= !rival(known[*number].letter, k.letter);
        }
        set[*number] = true;
        values[*number] = value.as_deref();
    }
    for (n, k) in known.iter().enumerate() {
        let bit = 1u64 << n;
        assert_eq!(nth_bit(n as u32), bit);
        assert_eq!((cx.has(bit), cx.twice & bit != 0), (set[n], twice[n]), "option {n}");
        let name = if k.letter == 1 { [b"--", &k.long[..]].concat() } else { vec![k.letter] };
        assert_eq!(bits(SPECS[spec], &name), bit);
        if k.takes != b' ' {
            assert_eq!(slot(SPECS[spec], &name), k.slot);
            assert_eq!(cx.value(k.slot).map(ZStr::bytes), values[n], "argument of option {n}");
        }
        let others = known.iter().enumerate().filter(|(_, o)| rival(k.letter, o.letter));
        assert_eq!(rivals(SPECS[spec], k.letter), others.fold(0, |all, (m, _)| all | 1 << m));
    }
    let operands: Vec<&[u8]> = cx.args.iter().map(|z| z.bytes()).collect();
    assert_eq!(Some(operands), model.1.as_ref().map(|all| all.iter().map(Vec::as_slice).collect()));
}

#[cfg(test)]
mod tests {
    include!("../../fuzz/seeds.rs");

    #[test]
    fn specs_stand_in_the_blob() {
        assert_eq!(super::SPECS.join(&0), super::BLOB);
    }

    #[test]
    fn seeds_of_options() {
        seeds("options", b"-=:(|\xff1aw\x01", super::options);
    }
}
