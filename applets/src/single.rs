//! A binary of one applet: it is that applet, whatever it is called. `mote APPLET …` works too.

use sys::{env, Out, Table};

/// Runs the only applet; the exit status.
#[inline(always)] // the only call
pub(crate) fn main(v: env::Vectors, table: &'static Table) -> u8 {
    let envp = v.envp();
    let mut args = v.args();
    let Some(e) = table.entries.first() else { return 127 };
    #[cfg(not(any_caller))]
    let envp = sys::caller::settle(envp, crate::CALLERS);
    if matches!(args, [name, applet, ..] if applet.is(table.names) && name.base().is(b"mote")) {
        args = args.get_mut(1..).unwrap_or_default();
    }
    // SAFETY: the first and only call.
    let mut out = unsafe { Out::stdout() };
    table.run_called(e, envp, args, &mut out, cfg!(not(any_caller)))
}
