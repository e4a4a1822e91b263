//! Traps run when their signals have come, and at the end (POSIX 2.12, trap).

use crate::flow::{Fallible, Flow, FlowResult};
use crate::jobs::signals;
use crate::options::opt;
use crate::shell::Shell;
use sys::{signal, Buf};

impl Shell<'_> {
    /// Text of the trap for `sig`.
    #[inline(never)]
    pub(crate) fn trap_text(&self, sig: u8) -> Option<&Buf> {
        self.traps.get(sig)
    }

    /// Is there an action that is still to be run, that of EXIT perhaps?
    #[inline(never)]
    pub(crate) fn has_exit_trap(&self) -> bool {
        self.traps.any()
    }

    /// Sets or, with `None`, removes a trap.
    #[inline(never)]
    pub(crate) fn set_trap(&mut self, sig: u8, text: Option<&[u8]>) {
        if sig as u32 == signal::SIGINT {
            sys::caught::hold_interrupts(text.is_some());
        }
        self.traps.set(sig, text, self.opts.has(opt::NOTIFY));
    }

    /// Signals and traps of a subshell.
    pub(crate) fn reset_traps(&mut self) {
        self.set_signals(false);
        self.terminal.forget();
        self.traps.enter_subshell();
    }

    /// Fails if a person has interrupted the command.
    pub(crate) fn go_on(&mut self) -> Fallible {
        self.interrupted |= signals::take_interrupt();
        if self.interrupted {
            return self.fail(130);
        }
        Ok(())
    }

    /// Runs the traps of the signals that have come.
    #[inline(never)]
    pub(crate) fn run_traps(&mut self) -> FlowResult {
        if self.capture.is_active() {
            // They are the shell's, and wait for it; but what a person interrupts is the substitution first.
            if signals::interrupted() {
                self.status = 130;
                return Err(Flow::Exit);
            }
            return Ok(());
        }
        while let Some(sig) = signals::take() {
            match self.trap_text(sig as u8) {
                Some(t) if !t.is_empty() => {
                    let text = t.clone();
                    let status = self.status;
                    let in_trap = self.traps.set_running(Some((status, self.nesting.functions())));
                    let r = self.run_text(text);
                    self.traps.set_running(in_trap);
                    r?;
                    self.status = status;
                }
                None if sig == signal::SIGINT => {
                    self.interrupted = true;
                    return self.fail(130);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Runs the EXIT trap, once.
    pub(crate) fn exit_trap(&mut self) {
        let Some(text) = self.trap_text(0).filter(|t| !t.is_empty()).cloned() else { return };
        let status = self.status;
        self.traps.set_running(Some((status, self.nesting.functions())));
        self.opts.turn_off(opt::ERREXIT);
        self.in_condition = false;
        // What ends the shell has a status of its own.
        if !matches!(self.run_text(text), Err(Flow::Exit | Flow::Fail)) {
            self.status = status;
        }
        let _ = self.out.flush();
    }
}
