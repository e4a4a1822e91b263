use super::*;
use sys::applet::{no_options, Table};
use sys::{Cx, Out};

static TABLE: Table =
    Table { names: b"", entries: &[], options: no_options, specs: b"", usage: sys::usage::Usage::NONE };

/// A shell with `A=1`, `B=2` and `HOME=/h` in its environment that runs `text`, then `then` with it; the value
/// of that, and the output.
fn shell<T>(text: &str, then: impl FnOnce(&mut Shell) -> T) -> (T, String) {
    let [a, b, home] = [c"A=1", c"B=2", c"HOME=/h"].map(|z| z.as_ptr() as *const u8);
    let envp = Box::leak(Box::new([a, b, home, core::ptr::null()]));
    // SAFETY: the array is leaked, ends with NULL, and points to literals.
    let envp = unsafe { sys::env::Envp::from_ptr(envp.as_ptr()) };
    let (mut out, here) = (Out::memory(), 0u8);
    let mut cx = Cx::raw(ZStr::new(c"sh"), &mut [], &mut out, envp, &TABLE);
    let mut sh = Shell::new(&mut cx, &here);
    assert_eq!(sh.run_text(text.as_bytes().buf()), Ok(()), "{text}");
    let got = then(&mut sh);
    drop(sh);
    (got, String::from_utf8(out.take().to_vec()).unwrap())
}

/// What `sh` tells a subshell that does `w`.
fn told(sh: &mut Shell, mut w: Work) -> Buf {
    let (read, write) = fs::pipe2(0).unwrap();
    let mut c = Channel::new(*write, false);
    state(&mut c, sh, &mut w);
    c.turn();
    drop(write);
    let mut all = Buf::new();
    util::file::read::to_end(*read, &mut all).unwrap();
    all
}

/// Lets `sh` be the subshell that was told `all`.
fn learn(sh: &mut Shell, all: &[u8]) -> Work {
    let (read, write) = fs::pipe2(0).unwrap();
    fs::write_all(*write, all).unwrap();
    drop(write);
    let mut w = Work::default();
    state(&mut Channel::new(*read, true), sh, &mut w);
    w
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let text = "x='a b'; B=3; export C=4 D; unset HOME PS1; readonly r=5; IFS=:; set -u -- 'p 1' '' \"\n\"
        f() { g x; }; g() { cat <<E
doc $1 $LINENO
E
}
        { h() { :; }; i() { :; }; }
        alias a='b c'; trap '' USR2; trap 'echo t' EXIT; getopts a v -ab; false
        long=";
    shell(&(text.to_string() + &"y".repeat(3000)), |sh| {
        (sh.status, sh.in_condition, sh.script) = (7, true, true);
        sh.nesting.enter_loop();
        sh.nesting.enter_function();
        (sh.pid, sh.running) = (123, ZStr::new(c"eval"));
        sh.jobs.set_last(-1);
        sh.traps.set_running(Some((9, 1)));
        sh.locals.enter_function();
        let x = sh.vars.intern(b"x");
        sh.save_local(x);
        let work = || Work { what: 2, at: 77, ignore: true };
        sh.vars.find_locale();
        let all = told(sh, work());
        shell("", |other| {
            assert_eq!(learn(other, &all), work());
            assert_eq!(told(other, work()), all);
        });
    });
}

#[test]
fn what_was_told_works() {
    let before = "x='a b'; B=3; unset HOME; f() { echo f $1 $LINENO; }; alias a='echo alias'
        trap 'echo t' EXIT; set -- 1 2 3; shift; false";
    let after = "echo $? \"$x\" $A $B ${HOME-unset} $# $1 $$ $!; f y; eval 'a b'; trap; set -- z; f $1";
    let (all, _) = shell(before, |sh| {
        sh.pid = 123;
        sh.jobs.set_last(45);
        told(sh, Work::default())
    });
    let (_, out) = shell("", |sh| {
        learn(sh, &all);
        sh.enter_subshell();
        assert_eq!(sh.run_text(after.as_bytes().buf()), Ok(()));
    });
    assert_eq!(out, "1 a b 1 3 unset 2 2 123 45\nf y 0\nalias b\ntrap -- 'echo t' EXIT\nf z 0\n");
}

#[test]
fn what_the_environment_has_is_not_told() {
    let size = |text: &str| shell(text, |sh| told(sh, Work::default()).len()).0;
    assert_eq!(size(": $A $B $C ."), size(": $z $z $z ."));
    assert_eq!(size("A=1; B=2; :"), size(":"));
    // The text, four numbers of a symbol and its length.
    assert_eq!(size("A=23; :"), size(":") + "A=23".len() + 6 * 4);
    assert_eq!(size("readonly A; :"), size(":") + "A=1".len() + 6 * 4);
}

#[test]
fn a_list_runs_in_the_tree_that_was_told() {
    shell("", |sh| {
        let mut src = crate::parse::source::Source::text(b"cat <<E; echo b\na\nE\n".buf(), 1);
        let tree = crate::parse::parser::Parser::next(sh, &mut src).unwrap().unwrap();
        sh.tree = tree.clone();
        let all = told(sh, Work { what: What::List as u8, at: 0, ignore: false });
        shell("", |other| {
            let w = learn(other, &all);
            assert_eq!((w.what, w.at, other.tree.line), (What::List as u8, 0, 1));
            assert_eq!((&other.tree.code, &other.tree.text), (&tree.code, &tree.text));
            assert_eq!(other.tree.doc(0), tree.doc(0));
        });
    });
}
