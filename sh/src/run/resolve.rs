//! What a command name means (POSIX 2.9.1.4).

use crate::parse::tree::Func;
use crate::shell::Shell;
use crate::words::{find_builtin, SPECIAL};
use alloc::rc::Rc;
use core::ffi::CStr;
use sys::applet::Entry;
use sys::{process, ZStr};
use util::file::id::same_path;

/// This program's file.
pub(crate) const OWN_PATH: &CStr = c"/proc/self/exe";

/// What a command name means.
pub(crate) enum Kind {
    Builtin(usize),
    Function(Rc<Func>),
    Applet(&'static Entry),
    File,
}

impl Shell<'_> {
    /// What `name` means as a command; functions are passed over without `functions`.
    #[inline(never)]
    pub(crate) fn resolve(&mut self, name: &[u8], functions: bool) -> Kind {
        if let Some(s) = self.vars.get(self.vars.find(name)) {
            let b = s.builtin();
            match s.function() {
                Some(f) if functions && !matches!(b, 1..=SPECIAL) => return Kind::Function(f.clone()),
                _ if b > 0 => return Kind::Builtin(b - 1),
                _ => {}
            }
        }
        if util::text::has(name, b'/') {
            return Kind::File;
        }
        if let Some(n) = find_builtin(name) {
            let i = self.vars.intern(name);
            if self.vars.set_builtin(i, n) {
                return self.resolve(name, functions);
            }
            return Kind::Builtin(n);
        }
        match self.table.find(name) {
            // Where PATH has been set, what it finds takes the place of an applet, unless that is this program.
            Some(_)
                if self.vars.path_is_set()
                    && self.search(name, false).is_some_and(|p| !same_path(p.z(), ZStr::new(OWN_PATH))) =>
            {
                Kind::File
            }
            // Its file may be set-uid, which this process is not.
            Some(e) if e.checks_caller() && process::geteuid() != 0 => Kind::File,
            Some(e) => Kind::Applet(e),
            None => Kind::File,
        }
    }
}
