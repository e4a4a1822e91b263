//! Builtins that steer execution: `. : break continue eval exec exit return shift trap getopts let`.

use crate::expand::fields::Fields;
use crate::feature::BASH;
use crate::flow::{Fallible, Flow, FlowResult};
use crate::positional::Positional;
use crate::shell::Shell;
use sys::num::parse_u32;
use sys::zstr::position;
use sys::{signal, Buf, ToBuf};
use util::text::eq;

pub(crate) fn yes(_: &mut Shell, _: &Fields) -> FlowResult<u32> {
    Ok(0)
}

pub(crate) fn no(_: &mut Shell, _: &Fields) -> FlowResult<u32> {
    Ok(1)
}

/// The first argument, a number, which is at least `least`; 1 if there is none.
#[inline(never)]
fn count(sh: &mut Shell, f: &Fields, least: u32) -> FlowResult<u32> {
    if f.len() < 2 {
        return Ok(1);
    }
    match parse_u32(f.get(1)) {
        Some(n) if n >= least => Ok(n),
        _ => sh.refuse(c"Illegal number: %", f.get(1)),
    }
}

/// `break [N]`, `continue [N]`.
pub(crate) fn leave_loop(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let n = count(sh, f, 1)?;
    if !sh.nesting.skip_loops(n) {
        return Ok(0);
    }
    sh.status = 0;
    Err(if f.z(0).first() == b'b' { Flow::Break } else { Flow::Continue })
}

/// `exit [N]`, `return [N]`.
pub(crate) fn exit(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let is_exit = f.z(0).first() == b'e';
    if is_exit && sh.stays() {
        return Ok(1);
    }
    if f.len() > 1 {
        sh.status = count(sh, f, 0)? as u8;
    } else if let Some((s, _)) = sh.traps.running().filter(|t| is_exit || t.1 == sh.nesting.functions()) {
        sh.status = s;
    }
    Err(if is_exit { Flow::Exit } else { Flow::Return })
}

/// `eval [ARG]…`.
pub(crate) fn eval(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut text = Buf::new();
    let first = 1 + f.is(1, b"--") as usize;
    for i in first..f.len() {
        if i > first {
            text.push(b' ');
        }
        text.extend_from_slice(f.get(i));
    }
    sh.running = crate::shell::NOTHING;
    sh.run_text(text)?;
    Ok(sh.status as u32)
}

/// `. FILE [ARG]…`, or bash's `source`, which takes a file that PATH does not have from here.
pub(crate) fn dot(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let i = 1 + f.is(1, b"--") as usize;
    if f.len() <= i {
        return sh.refuse(c"needs an argument", b"");
    }
    let name = f.get(i);
    let path = match sh.search(name, true) {
        Some(p) => p,
        // `source`: its name is longer than a dot.
        None if position(name, b'/').is_some() || BASH && f.get(0).len() > 1 => name.buf(),
        None => {
            sh.complain(c"%: not found", name);
            return sh.fail(127);
        }
    };
    let own = f.len() > i + 1;
    let mut params = Positional::default();
    if own {
        core::mem::swap(&mut sh.params, &mut params);
        sh.set_params(f, i + 1);
    }
    sh.running = crate::shell::NOTHING;
    let r = sh.run_file(&path);
    if own {
        sh.params = params;
    }
    match r {
        Ok(()) | Err(Flow::Return) => Ok(sh.status as u32),
        Err(e) => Err(e),
    }
}

/// `exec [COMMAND [ARG]…]`.
pub(crate) fn exec(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut i = 1;
    let mut argv0 = None;
    if BASH && f.is(1, b"-a") {
        // SAFETY: the fields stay as they are until `replace` has returned.
        argv0 = Some(unsafe { f.lend(2) });
        i = 3;
    }
    if f.is(i, b"--") {
        i += 1;
    }
    if f.len() <= i {
        sh.saved.keep();
        return Ok(0);
    }
    let args = f.tail(i);
    let _ = sh.out.flush();
    sh.saved.keep();
    // Only what is ignored stays.
    sh.traps.drop_actions();
    match sh.resolve(args.get(0), false) {
        crate::run::resolve::Kind::Applet(e) if argv0.is_none() && !crate::jobs::task::REEXEC => {
            sh.default_signals();
            sh.applet(e, &args);
            return Err(Flow::Exit);
        }
        _ => {}
    }
    sh.running = crate::shell::NOTHING;
    sh.replace(&args, argv0)?;
    Ok(sh.status as u32)
}

/// `shift [N]`.
pub(crate) fn shift(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let n = count(sh, f, 0)? as usize;
    if !sh.params.shift(n) {
        return Ok(sh.bad(c"not so many parameters", b""));
    }
    Ok(0)
}

/// `let EXPRESSION…`.
#[cfg(feature = "bash")]
pub(crate) fn let_(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut n = 0;
    for i in 1..f.len() {
        n = sh.arith(f.get(i))?;
    }
    Ok((n == 0) as u32)
}

/// `trap [ACTION SIGNAL…]`, `trap -p [SIGNAL]…`.
pub(crate) fn trap(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (p, i) = sh.letters(f, b"p")?.parts();
    let p = p != 0;
    if p || f.len() <= i {
        list_traps(sh, f, i, p);
        return Ok(0);
    }
    // A number as the first operand, or a single operand: the signals' actions are reset.
    let reset = f.len() == i + 1 || parse_u32(f.get(i)).is_some();
    let action = f.get(i);
    let mut status = 0;
    for k in i + !reset as usize..f.len() {
        match signal::number(f.get(k)) {
            Some(n) => sh.set_trap(n as u8, if reset || eq(action, b"-") { None } else { Some(action) }),
            None => {
                sh.complain(c"%: bad signal", f.get(k));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// Lists the traps, or those of the signals from field `i` on; with `all` those, too, that nothing is set for.
#[inline(never)]
fn list_traps(sh: &mut Shell, f: &Fields, i: usize, all: bool) {
    let traps = sh.traps.listed();
    for sig in 0..65 {
        let text = traps.iter().find(|t| t.0 as u32 == sig);
        let asked = |k| signal::number(f.get(k)) == Some(sig);
        if text.is_none() && (!all || sig > 31) || f.len() > i && !(i..f.len()).any(asked) {
            continue;
        }
        let mut line = b"trap -- ".buf();
        match text {
            Some(t) => util::text::quote::quote_always(&t.1, &mut line),
            None => line.push(b'-'),
        }
        line.push(b' ');
        match signal::name(sig) {
            [] => crate::decimal::push_decimal(sig as i64, &mut line),
            name => line.extend_from_slice(name),
        }
        line.push(b'\n');
        sh.out.bytes(&line);
    }
}

/// `getopts OPTSTRING NAME [ARG]…`.
pub(crate) fn getopts(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    if f.len() < 3 {
        return sh.refuse(c"needs an argument", b"");
    }
    sh.name(f.get(2))?;
    let own = f.len() > 3;
    let count = if own { f.len() - 3 } else { sh.params.len() };
    let arg = |sh: &Shell, n: usize| {
        let (fields, first) = if own { (f, 3) } else { sh.params.fields() };
        // SAFETY: nothing here changes the fields or the positional parameters.
        unsafe { fields.lend(first + n - 1) }
    };
    let mut spec = f.get(1);
    let silent = spec.first() == Some(&b':');
    if silent {
        spec = spec.get(1..).unwrap_or(spec);
    }
    let mut index = sh.get(b"OPTIND").and_then(parse_u32).unwrap_or(1).max(1) as usize;
    let mut place = sh.option_place;
    let current = arg(sh, index);
    if place == 0 {
        let end = current.is(b"--");
        if end || current.first() != b'-' || current.is(b"-") {
            sh.unset_variable(b"OPTARG")?;
            return sh.option(f, index + end as usize, 0, b'?', 1);
        }
        place = 1;
    }
    let (&c, rest) = current.bytes().get(place..).and_then(|r| r.split_first()).unwrap_or((&b'?', b""));
    let known = position(spec, c).filter(|_| c != b':');
    let takes = known.is_some_and(|k| spec.get(k + 1) == Some(&b':'));
    place += 1;
    if takes || rest.is_empty() {
        place = 0;
        index += 1;
    }
    let mut letter = c;
    let mut value = None;
    let mut why: &[u8] = b"";
    if known.is_none() {
        letter = b'?';
        why = b"Illegal option -";
    } else if takes && !rest.is_empty() {
        value = Some(rest);
    } else if takes && index <= count {
        value = Some(arg(sh, index).bytes());
        index += 1;
    } else if takes {
        letter = if silent { b':' } else { b'?' };
        why = b"No arg for -";
    }
    if !why.is_empty() {
        if silent {
            value = Some(core::slice::from_ref(&c));
        } else if !sh.get(b"OPTERR").is_some_and(|v| eq(v, b"0")) {
            sys::out::complain(&[why, &[c], if takes { b" option" } else { b"" }]);
        }
    }
    match value {
        Some(v) => sh.assign(b"OPTARG", v)?,
        None => sh.unset_variable(b"OPTARG")?,
    }
    sh.option(f, index, place, letter, 0)
}

impl Shell<'_> {
    /// What `getopts` found, and where it goes on; the status.
    #[inline(never)]
    fn option(&mut self, f: &Fields, index: usize, place: usize, letter: u8, status: u32) -> FlowResult<u32> {
        self.set_number(b"OPTIND", index)?;
        self.option_place = place;
        self.assign(f.get(2), &[letter])?;
        Ok(status)
    }

    fn set_number(&mut self, name: &[u8], n: usize) -> Fallible {
        self.assign(name, &crate::decimal::decimal(n as i64))
    }
}
