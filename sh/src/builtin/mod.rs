//! Builtins: the table of them, and those that are short. `man 1p` names them all.

mod command;
mod directory;
#[cfg(feature = "edit")]
mod fc;
mod flow;
mod job;
mod letters;
mod names;
mod read;
mod set;

pub mod ulimit;

use crate::expand::fields::Fields;
use crate::feature::{BASH, EDIT, JOBS};
use crate::flow::FlowResult;
use crate::shell::Shell;
use sys::Cx;
use util::command::{echo, printf, test};

/// A builtin gets its name and arguments; its value is the exit status, a word for the sake of registers.
type Builtin = fn(&mut Shell, &Fields) -> FlowResult<u32>;

static TABLE: [Builtin; 35 + 2 * BASH as usize + 3 * JOBS as usize + EDIT as usize] = [
    flow::dot,
    flow::eval,
    flow::exec,
    names::export,
    names::export,
    set::set,
    flow::shift,
    job::times,
    flow::trap,
    names::unset,
    flow::yes,
    flow::leave_loop,
    flow::leave_loop,
    flow::exit,
    flow::exit,
    flow::yes,
    flow::no,
    external,
    external,
    external,
    external,
    #[cfg(feature = "bash")]
    flow::let_,
    names::local,
    command::command,
    command::type_,
    directory::pwd,
    directory::cd,
    read::read,
    job::wait,
    job::kill,
    directory::umask,
    flow::getopts,
    names::alias,
    names::unalias,
    #[cfg(feature = "jobs")]
    job::jobs,
    #[cfg(feature = "jobs")]
    job::fg,
    #[cfg(feature = "jobs")]
    job::fg,
    command::hash,
    external,
    #[cfg(feature = "bash")]
    flow::dot,
    #[cfg(feature = "edit")]
    fc::fc,
];

/// Those that are written as applets.
static APPLETS: [fn(&mut Cx) -> u8; 5] = [test::run, test::run, echo::run, printf::run, ulimit::run];

/// Runs a builtin that is an applet.
fn external(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let i = b"[tepu".iter().position(|&c| c == f.z(0).first()).unwrap_or(0);
    // `test -o OPTION`, and the same in brackets.
    if i < 2 && f.len() + i == 4 && f.is(1, b"-o") {
        return Ok(!sh.option_is_on(f.get(2)) as u32);
    }
    // SAFETY: the fields stay as they are until the builtin has returned.
    let mut args = unsafe { f.all() };
    let Some((&mut name, args)) = args.split_first_mut() else { return Ok(1) };
    let mut cx = Cx::raw(name, args, sh.out, sh.envp, sh.table);
    Ok(match APPLETS.get(i) {
        Some(run) => run(&mut cx) as u32,
        None => 127,
    })
}

impl Shell<'_> {
    /// Runs builtin `n`; its exit status.
    #[inline(always)]
    pub(crate) fn run_builtin(&mut self, n: usize, f: &Fields) -> FlowResult<u32> {
        match TABLE.get(n) {
            Some(b) => b(self, f),
            None => Ok(127),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{find_builtin, is_pure, BUILTINS, EXEC, SPECIAL};

    #[test]
    fn every_name_has_its_builtin() {
        assert_eq!(BUILTINS.split(|&c| c == 0).count(), TABLE.len());
        assert_eq!(find_builtin(b"return"), Some(SPECIAL - 1));
        assert_eq!(find_builtin(b"exec"), Some(EXEC));
        let pure = (0..TABLE.len()).filter(|&n| is_pure(n)).count();
        assert!(
            pure == 15 + BASH as usize
                && [&b":"[..], b"pwd"].iter().all(|name| find_builtin(name).is_some_and(is_pure))
        );
        assert_eq!(find_builtin(b"nosuch"), None);
    }
}
