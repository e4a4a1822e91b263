//! pgrep, pkill: find or signal processes by an expression (procps pgrep; BusyBox procps/pgrep.c).

use sys::opts::Walk;
use sys::zstr::cut;
use sys::{buf::concat, num, process, signal, Buf, Cx, List, ToBuf, ZStr};
use util::login::accounts::{Names, PASSWD};
use util::proc::each::each;
use util::proc::stat::{terminal, Process, PGRP, PPID, SESSION, START, TTY};
use util::text::ere;

applet! {
    name: pgrep,
    aliases: "pkill",
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-acflnovx] [-SIGNAL] [-P PIDS] [-s SIDS] [-g GROUPS] [-t TERMINALS] [-u USERS]
[PATTERN]

Print the PIDs of the processes whose names match the extended regular expression
PATTERN, or send them SIGNAL (pkill; TERM). Status 1 if there are none, 2 on an
error.

    -f, --full  Match the whole command line
    -x, --exact  Match all of the name
    -v, --inverse  Those that do not match
    -n, --newest  Only the one that started last
    -o, --oldest  Only the one that started first
    -l, --list-name  Print names, too; pkill lists the signals
    -a, --list-full  Print command lines, too
    -c, --count  Print only how many there are
    -P, --parent PIDS  Children of these
    -s, --session SIDS  Of these sessions; 0 is that of pgrep
    -g, --pgroup GROUPS  Of these process groups; 0 is that of pgrep
    -t, --terminal TERMINALS  On these terminals
    -u, --euid USERS  Of these users, by name or number
",
}

/// The status of a mistake.
const MISUSE: u8 = 2;

/// Is what the process has for the option `letter` in `list`, which has commas?
#[inline(never)]
fn listed(letter: u8, mut list: &[u8], p: &Process, users: &mut Names) -> bool {
    let mut tty = Buf::new();
    terminal(&mut tty, p.field(TTY) as u32);
    let (has, own) = match letter {
        b'P' => (p.field(PPID) as u32, 0),
        b's' => (p.field(SESSION) as u32, process::getsid()),
        b'g' => (p.field(PGRP) as u32, process::getpgid(0).unwrap_or(0) as u32),
        _ => (p.uid, 0),
    };
    loop {
        let word = cut(&mut list, b',');
        let yes = match letter {
            b't' => word.strip_prefix(b"/dev/").unwrap_or(word) == &tty[..],
            b'u' => users.id(word) == Some(has),
            _ => num::parse_u32(word).is_some_and(|n| has == if n == 0 { own } else { n }),
        };
        if yes || list.is_empty() {
            return yes;
        }
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let kill = cx.name.base().is(b"pkill");
    let mut args = core::mem::take(&mut cx.args);
    let mut sig = signal::SIGTERM;
    let given = args.first().and_then(|a| signal::number(a.strip_prefix(b"-")?.bytes()));
    if let Some(given) = given.filter(|_| kill) {
        sig = given;
        args = args.get_mut(1..).unwrap_or_default();
    }
    let mut lists: List<(u8, ZStr)> = List::new();
    let mut opts = 0;
    let mut walk = Walk::new(args, SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(w) => {
                cx.wrong(w);
                return MISUSE;
            }
            Ok(f) => match f.value {
                Some(list) => lists.push((f.letter, list)),
                None => opts |= sys::opts::nth_bit(f.number),
            },
        }
    }
    let words = &*walk.operands();
    let has = |bits: u64| opts & bits != 0;
    if kill && has(opt!("l")) {
        let mut list = [ZStr::new(c"-l")];
        let mut of_kill = Cx::raw(cx.name, &mut list, cx.out, cx.envp, cx.table);
        return util::command::kill::run(&mut of_kill, &mut |_, _| None);
    }
    if words.len() > 1 || words.is_empty() && lists.is_empty() {
        cx.misuse(if words.is_empty() { b"missing PATTERN" } else { b"extra operand" });
        return MISUSE;
    }
    let mut pattern = words.first().map_or(&b""[..], |w| w.bytes()).buf();
    if has(opt!("x")) {
        pattern = concat(&[b"^(", &pattern, b")$"]);
    }
    if ere::matches(&pattern, b"").is_none() {
        cx.error(&pattern, b"invalid expression");
        return MISUSE;
    }
    let mut users = Names::new(ZStr::new(PASSWD));
    let own = process::getpid();
    // What they are: number, start, and what is shown.
    let mut found: List<(u32, u64, Buf)> = List::new();
    let done = each(&mut |p, line| {
        if p.pid == own {
            return;
        }
        let mut full: Buf = line.buf();
        while full.last() == Some(&0) {
            full.pop();
        }
        full.iter_mut().filter(|b| **b == 0).for_each(|b| *b = b' ');
        let text = if has(opt!("f")) && !full.is_empty() { &full } else { &p.comm };
        let mut yes = ere::matches(&pattern, text).is_some_and(|t| matches!(t, util::Truth::Yes));
        yes &= lists.iter().all(|(letter, list)| listed(*letter, list.bytes(), p, &mut users));
        if yes == has(opt!("v")) {
            return;
        }
        let start = p.field(START);
        if has(opt!("no")) {
            let better = match found.last() {
                Some((_, other, _)) if has(opt!("n")) => start >= *other,
                Some((_, other, _)) => start < *other,
                None => true,
            };
            if !better {
                return;
            }
            found.clear();
        }
        found.push((p.pid, start, if has(opt!("a")) { full } else { p.comm.clone() }));
    });
    if let Err(why) = done {
        cx.fail(b"/proc", why);
        return MISUSE;
    }
    let mut sent = 0;
    for (pid, _, shown) in found.iter() {
        if kill {
            match process::kill(*pid as i32, sig) {
                Ok(()) => sent += 1,
                Err(why) => cx.fail(shown, why),
            }
        } else {
            sent += 1;
            if has(opt!("c")) {
                continue;
            }
            cx.out.dec(*pid as u64);
            if has(opt!("la")) {
                cx.out.byte(b' ');
                cx.out.shown(shown);
            }
            cx.out.byte(b'\n');
        }
    }
    if has(opt!("c")) {
        cx.out.dec(sent as u64);
        cx.out.byte(b'\n');
    }
    (sent == 0) as u8
}
