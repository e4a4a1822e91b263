//! pidof: find the processes of a program (BusyBox procps/pidof.c; sysvinit pidof).

use sys::opts::Walk;
use sys::{num, process, Cx, List};
use util::proc::each::{each, is_named};

applet! {
    name: pidof,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-sx] [-o PID]... NAME...

Print the PIDs of the processes that have one of the NAMEs; status 1 if none has.

    -s, --single-shot  Only one
    -o, --omit-pid PID  Not this one; %PPID is the parent of pidof
    -x  Shells that run a script of that NAME, too
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let (mut one, mut scripts) = (false, false);
    let mut omitted = List::new();
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(w) => return cx.wrong(w),
            Ok(f) => match (f.letter, f.value) {
                (b's', _) => one = true,
                (b'x', _) => scripts = true,
                (_, value) => {
                    // Several, with commas or blanks between them.
                    for word in value.map_or(&b""[..], |v| v.bytes()).split(|b| matches!(b, b',' | b' ')) {
                        let pid =
                            if word == b"%PPID" { Some(process::getppid()) } else { num::parse_u32(word) };
                        match pid {
                            Some(pid) => omitted.push(pid),
                            None => return cx.misuse(b"invalid PID"),
                        }
                    }
                }
            },
        }
    }
    let names = &*walk.operands();
    let mut found = 0;
    let out = &mut *cx.out;
    let done = each(&mut |p, line| {
        let named = |scripts| names.iter().any(|n| is_named(&p.comm, line, n.bytes(), scripts));
        if omitted.contains(&p.pid) || one && found > 0 || !named(scripts) {
            return;
        }
        if found > 0 {
            out.byte(b' ');
        }
        out.dec(p.pid as u64);
        found += 1;
    });
    if found > 0 {
        cx.out.byte(b'\n');
    }
    if let Err(why) = done {
        cx.fail(b"/proc", why);
    }
    cx.status | (found == 0) as u8
}
