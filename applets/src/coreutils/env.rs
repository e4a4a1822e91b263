//! env: run a program in another environment, or print the environment (POSIX.1-2024 env).

use sys::opts::Walk;
use sys::program::Vector;
use sys::Cx;
use util::command::program;

applet! {
    name: env,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-i0] [-u NAME]... [-] [NAME=VALUE]... [PROGRAM [ARG]...]

Run PROGRAM with a changed environment; without one print the environment.

    -i, --ignore-environment  Begin with an empty environment; also: -
    -u, --unset=NAME  Without NAME
    -0, --null  End what is printed with NUL instead of a new line
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut vector = Vector::new(&[]);
    cx.envp.into_iter().for_each(|s| vector.push(s));
    let mut end = b'\n';
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, false);
    while let Some(step) = walk.next() {
        match step {
            Err(wrong) => {
                cx.wrong(wrong);
                return 125;
            }
            Ok(found) => match (found.letter, found.value) {
                (_, Some(name)) => vector.retain(&mut |s| !names(s.bytes(), name.bytes())),
                (b'0', _) => end = 0,
                _ => vector = Vector::new(&[]),
            },
        }
    }
    let mut words = &*walk.operands();
    if let [first, rest @ ..] = words {
        if first.is(b"-") {
            vector = Vector::new(&[]);
            words = rest;
        }
    }
    while let [first, rest @ ..] = words {
        let Some(n) = first.bytes().iter().position(|&b| b == b'=') else { break };
        let name = first.bytes().get(..n).unwrap_or_default();
        vector.retain(&mut |s| !names(s.bytes(), name));
        vector.push(*first);
        words = rest;
    }
    if !words.is_empty() {
        return program::become_it(cx, words, vector.envp());
    }
    for s in vector.envp() {
        cx.out.bytes(s.bytes());
        cx.out.byte(end);
    }
    0
}

/// Is `string` the variable `name`?
fn names(string: &[u8], name: &[u8]) -> bool {
    string.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='))
}
