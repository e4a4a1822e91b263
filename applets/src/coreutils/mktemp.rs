//! mktemp: make a file or directory with a name that nobody has (GNU, BusyBox and Toybox mktemp).

use sys::fs::{self, Fd};
use sys::{system, time, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::path::join;

applet! {
    name: mktemp,
    dir: "/bin",
    class: NoExec,
    operands: "0..1",
    usage: "\
[-dqtu] [-p DIR] [TEMPLATE]

Make a file that only its owner may use, and print its name: TEMPLATE, whose
last Xs, three at least, are replaced; tmp.XXXXXXXXXX in $TMPDIR or /tmp if not
given.

    -d, --directory  Make a directory
    -p DIR      In DIR, or in $TMPDIR with -t
    --tmpdir[=DIR]  In DIR, or in $TMPDIR or /tmp
    -t          In $TMPDIR, DIR or /tmp; TEMPLATE is a name
    -q, --quiet  No message if it cannot be made
    -u, --dry-run  Make nothing
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let template = cx.arg(0);
    let name = template.unwrap_or(ZStr::new(c"tmp.XXXXXXXXXX"));
    let own = cx.env(b"TMPDIR").filter(|d| !d.is_empty());
    let told = cx.value(slot!("p"));
    let mut dir = cx.value(slot!("--tmpdir")).or(told);
    if cx.has(opt!("t")) {
        dir = own.or(dir);
    }
    if dir.is_none() && (template.is_none() || cx.has(opt!("t") | opt!("--tmpdir"))) {
        dir = Some(own.unwrap_or(ZStr::new(c"/tmp")));
    }
    let mut path = Buf::new();
    if let Some(dir) = dir {
        if name.bytes().contains(&b'/') {
            cx.error(name.bytes(), b"a path is no template for a directory");
            return 1;
        }
        path = dir.bytes().buf();
        join(&mut path, name.bytes());
    } else {
        path.extend_from_slice(name.bytes());
    }
    let end = path.iter().rposition(|&b| b == b'X').map_or(0, |n| n + 1);
    let start = path.iter().take(end).rposition(|&b| b != b'X').map_or(0, |n| n + 1);
    if end - start < 3 {
        cx.error(name.bytes(), b"three Xs are needed");
        return 1;
    }
    let mut done = Err(Errno::EEXIST);
    let mut tries = 0;
    while done == Err(Errno::EEXIST) && tries < 1000 {
        tries += 1;
        random(path.get_mut(start..end).unwrap_or_default(), tries);
        done = make(cx, &path);
    }
    match done {
        Ok(()) => {
            cx.out.bytes(&path);
            cx.out.byte(b'\n');
            // What nobody learns the name of is of no use.
            if cx.out.flush().is_err() && !cx.has(opt!("u")) {
                let _ = fs::unlinkat(Fd::CWD, path.z(), if cx.has(opt!("d")) { fs::AT_REMOVEDIR } else { 0 });
            }
        }
        Err(_) if cx.has(opt!("q")) => cx.status = 1,
        Err(e) => cx.fail(&path, e),
    }
    cx.status
}

fn make(cx: &Cx, path: &Buf) -> Result<(), Errno> {
    if cx.has(opt!("u")) {
        return match fs::lstat(path.z()) {
            Ok(_) => Err(Errno::EEXIST),
            Err(_) => Ok(()),
        };
    }
    if cx.has(opt!("d")) {
        return fs::mkdirat(Fd::CWD, path.z(), 0o700);
    }
    fs::open(path.z(), fs::O_RDWR | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC, 0o600).map(|_| ())
}

/// Fills the place of the Xs with letters and digits.
fn random(places: &mut [u8], salt: u32) {
    let now = time::now(time::CLOCK_REALTIME);
    let mut seed =
        (now.nsec as u32).wrapping_mul(69_069) ^ now.sec as u32 ^ sys::process::getpid() << 16 ^ salt;
    for place in places {
        let mut byte = [0];
        // Before the kernel has enough of it, the time has to do: the name is taken only if it is free.
        if system::random(&mut byte) != Ok(1) {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            byte = [(seed >> 24) as u8];
        }
        let n = byte[0] % 62;
        *place = match n {
            0..=9 => b'0' + n,
            10..=35 => b'A' - 10 + n,
            _ => b'a' - 36 + n,
        };
    }
}
