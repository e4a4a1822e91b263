//! wc: count lines, words and bytes (POSIX.1-2024 wc; -L as GNU and BusyBox have it).

use sys::fs::Fd;
use sys::{utf8, width, Cx, Errno, ZStr};
use util::text::input::Input;
use util::text::regex::characters;

applet! {
    name: wc,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[-clLmw] [FILE]...

Count lines, words and bytes of each FILE, and of all; - or no FILE is standard
input.

    -l, --lines  Lines
    -w, --words  Words
    -m, --chars  Characters
    -c, --bytes  Bytes
    -L, --max-line-length  Columns of the widest line
",
}

/// Lines, words, characters, bytes, widest line.
type Counts = [u64; 5];

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if !cx.has(opt!("lwmcL")) {
        cx.opts = opt!("lwc");
    }
    let files = cx.args.len();
    let mut total = Counts::default();
    cx.each_input(&mut |cx, fd, name| {
        let mut counts = Counts::default();
        let done = count(cx, fd, &mut counts);
        for (n, (sum, count)) in total.iter_mut().zip(counts).enumerate() {
            *sum = if n == 4 { count.max(*sum) } else { *sum + count };
        }
        print(cx, &counts, if files == 0 { None } else { Some(name) });
        done
    });
    if files > 1 {
        print(cx, &total, Some(ZStr::new(c"total")));
    }
    cx.status
}

/// In the order of POSIX, with one blank between them.
fn print(cx: &mut Cx, counts: &Counts, name: Option<ZStr>) {
    let wanted = [opt!("l"), opt!("w"), opt!("m"), opt!("c"), opt!("L")];
    let mut between = false;
    for (bits, n) in wanted.into_iter().zip(counts) {
        if cx.has(bits) {
            if between {
                cx.out.byte(b' ');
            }
            cx.out.dec(*n);
            between = true;
        }
    }
    if let Some(name) = name {
        cx.out.byte(b' ');
        cx.out.shown(name.bytes());
    }
    cx.out.byte(b'\n');
}

fn count(cx: &mut Cx, fd: Fd, counts: &mut Counts) -> Result<(), Errno> {
    let [lines, words, chars, bytes, widest] = counts;
    let utf8 = characters(cx.envp) != 0;
    if cx.has(opt!("L")) {
        let mut input = Input::new(fd, b'\n');
        while let Some(line) = input.line() {
            (*widest, *lines) = ((*widest).max(columns(line)), *lines + line.ends_with(b"\n") as u64);
            tally(line, utf8, &mut false, words, chars);
            *bytes += line.len() as u64;
        }
        return input.result();
    }
    let mut input = Input::new(fd, b'\n');
    let mut inside = false;
    let plain = !cx.has(opt!("wm"));
    while let Some(text) = input.chunk() {
        *bytes += text.len() as u64;
        *lines += text.iter().map(|&b| (b == b'\n') as u32).sum::<u32>() as u64;
        if !plain {
            tally(text, utf8, &mut inside, words, chars);
        }
    }
    input.result()
}

/// Counts words and characters; `inside`: is the last byte a word's?
fn tally(text: &[u8], utf8: bool, inside: &mut bool, words: &mut u64, chars: &mut u64) {
    let (mut begun, mut inner, mut was) = (0u32, 0u32, *inside);
    for &b in text {
        let is = !(b == b' ' || b.wrapping_sub(b'\t') < 5);
        begun += (is & !was) as u32;
        inner += utf8::inner(b) as u32;
        was = is;
    }
    *inside = was;
    *words += begun as u64;
    *chars += (text.len() as u32 - if utf8 { inner } else { 0 }) as u64;
}

/// The columns that a line takes; a tabulator goes to the next multiple of eight.
fn columns(mut line: &[u8]) -> u64 {
    let (mut at, mut most) = (0u64, 0);
    while let (len @ 1.., columns) = width::next(line) {
        at = match line.first() {
            Some(b'\t') => (at | 7) + 1,
            Some(b'\r' | b'\x0c') => 0,
            _ if columns == width::BAD => at,
            _ => at + columns as u64,
        };
        most = at.max(most);
        line = line.get(len..).unwrap_or_default();
    }
    most
}
