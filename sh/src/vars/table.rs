//! Names: variables, functions, and which of them are builtins.
//!
//! They share one hash table. A variable is kept as `NAME=value`, the form that the environment of a command has. The
//! environment that the shell was given is not copied at the start: a name is looked up there when it is first used.

use crate::parse::tree::Func;
use crate::words::{find_builtin, index, name_len};
use alloc::boxed::Box;
use alloc::rc::Rc;
use sys::zstr::Texts;
use sys::{env, time, Buf, List, ToBuf};
use util::text::part;
use util::text::pattern::CHARACTERS;

/// A name and what is known of it.
#[derive(Default)]
pub(crate) struct Sym {
    /// `NAME=value`, or the name alone.
    pub(super) text: Buf,
    /// Length of the name.
    pub(super) name: usize,
    /// [`EXPORT`] and its kin.
    pub(super) flags: u8,
    /// Number of the builtin plus one.
    builtin: u8,
    next: u32,
    /// The function.
    function: Option<Rc<Func>>,
}

pub(crate) const EXPORT: u8 = 1;
pub(crate) const READONLY: u8 = 2;
/// It is computed when it is read, until it is unset.
pub(crate) const DYNAMIC: u8 = 4;
/// Something happens when it is set or unset.
pub(crate) const WATCHED: u8 = 8;

impl Sym {
    /// The value, if it is set.
    #[inline(never)]
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.text.get(self.name + 1..)
    }

    #[inline(never)]
    pub(crate) fn name(&self) -> &[u8] {
        part(&self.text, 0, self.name)
    }

    /// The function, if there is one of this name.
    #[inline(always)]
    pub(crate) fn function(&self) -> Option<&Rc<Func>> {
        self.function.as_ref()
    }

    /// One more than the number of the builtin, if that has been looked up; else 0.
    #[inline(always)]
    pub(crate) fn builtin(&self) -> usize {
        self.builtin as usize
    }

    /// Is one of these flags set?
    #[inline(always)]
    pub(crate) fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    /// Unsets the variable.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.text.truncate(self.name);
    }

    /// Text, length of the name, flags, builtin: what a subshell is told that is started by exec.
    pub(crate) fn parts(&self) -> (&[u8], [usize; 3]) {
        (&self.text, [self.name, self.flags as usize, self.builtin as usize])
    }

    pub(super) fn set(&mut self, value: &[u8]) {
        self.text.truncate(self.name);
        self.text.push(b'=');
        self.text.extend_from_slice(value);
    }
}

/// A variable to be restored: number, text, flags.
pub(crate) type Saved = (usize, Buf, u8);

/// The number of no variable.
pub(crate) const NOWHERE: usize = usize::MAX;

const HEADS: usize = 64;

/// The table.
#[repr(C)]
pub(crate) struct Vars {
    pub(super) syms: List<Sym>,
    /// What separates fields.
    pub(super) ifs: Buf,
    envp: env::Envp,
    pub(super) random: u32,
    pub(super) start: u32,
    pub(super) far: Box<Far>,
}

/// What is kept out of the way of those that are used most.
pub(super) struct Far {
    /// For each bucket, one more than the number of its first symbol.
    heads: [u32; HEADS],
    /// By characters or by bytes, [`CHARACTERS`] or 0; and [`PATH_SET`].
    pub(super) how: u32,
}

/// Variables with a meaning to the shell; those up to `BASHPID` are computed when read, and something happens when those
/// up to `LANG` are set.
pub(super) const SPECIAL: &[u8] =
    b"RANDOM\0LINENO\0SECONDS\0BASHPID\0IFS\0OPTIND\0PATH\0LC_ALL\0LC_CTYPE\0LANG\0PPID\0UID\0EUID\0PWD\0PS1\0PS2\0PS4";

/// In `how` of [`Vars`]: PATH has been set or unset.
pub(super) const PATH_SET: u32 = 4;

/// Where commands are looked for without PATH.
pub(crate) const DEFAULT_PATH: &[u8] = b"/sbin:/usr/sbin:/bin:/usr/bin";

pub(super) fn uptime() -> u32 {
    time::now(time::CLOCK_MONOTONIC).sec as u32
}

impl Vars {
    pub(crate) fn new(envp: env::Envp) -> Vars {
        Vars {
            far: Box::new(Far { heads: [0; HEADS], how: 0 }),
            syms: List::new(),
            envp,
            random: 0,
            start: uptime(),
            ifs: b" \t\n".buf(),
        }
    }

    /// All names, in the order in which they were first used.
    #[inline(always)]
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Sym> {
        (&self.syms).into_iter()
    }

    /// Name number `i`.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize) -> Option<&Sym> {
        self.syms.get(i)
    }

    /// Whether text consists of characters or of bytes, as [`util::text::pattern`] wants it.
    #[inline(always)]
    pub(crate) fn how(&self) -> u32 {
        self.far.how
    }

    /// Has PATH been set or unset since the start?
    #[inline(always)]
    pub(crate) fn path_is_set(&self) -> bool {
        self.far.how & PATH_SET != 0
    }

    /// Finds out whether the locale has UTF-8 (POSIX, Base Definitions 8.2).
    #[inline(never)]
    pub(crate) fn find_locale(&mut self) {
        self.far.how &= PATH_SET;
        for name in Texts::new(b"LC_ALL\0LC_CTYPE\0LANG") {
            let i = self.lookup(name);
            if let Some(v) = self.value(i).filter(|v| !v.is_empty()) {
                // `C.UTF-8`, `de_DE.utf8`.
                if v.last() == Some(&b'8') {
                    self.far.how |= CHARACTERS;
                }
                return;
            }
        }
    }

    /// IFS: what separates fields.
    #[inline(always)]
    pub(crate) fn ifs(&self) -> &Buf {
        &self.ifs
    }

    /// IFS, to be replaced by another shell's.
    pub(crate) fn ifs_mut(&mut self) -> &mut Buf {
        &mut self.ifs
    }

    /// Sets flags of variable `i`.
    #[inline(never)]
    pub(crate) fn set_flags(&mut self, i: usize, flags: u8) {
        if let Some(s) = self.syms.get_mut(i) {
            s.flags |= flags;
        }
    }

    /// Takes flags from variable `i`.
    pub(crate) fn clear_flags(&mut self, i: usize, flags: u8) {
        if let Some(s) = self.syms.get_mut(i) {
            s.flags &= !flags;
        }
    }

    /// Makes name number `i` a function, or none any more. If it is that of a builtin, that is noted: a special one goes
    /// before the function.
    #[inline(never)]
    pub(crate) fn set_function(&mut self, i: usize, function: Option<Rc<Func>>) {
        if let Some(s) = self.syms.get_mut(i) {
            s.function = function;
            s.builtin = find_builtin(s.name()).map_or(0, |n| n as u8 + 1);
        }
    }

    /// Notes that name number `i` is builtin `n`; true if there is a function of this name, too.
    #[inline(always)]
    pub(crate) fn set_builtin(&mut self, i: usize, n: usize) -> bool {
        self.syms.get_mut(i).is_some_and(|s| {
            s.builtin = n as u8 + 1;
            s.function.is_some()
        })
    }

    /// Variable `i` becomes local: it is no longer computed.
    #[inline(always)]
    pub(crate) fn make_local(&mut self, i: usize) {
        if let Some(s) = self.syms.get_mut(i) {
            s.flags &= !DYNAMIC;
        }
    }

    /// Unsets variable `i`, unless it may not change.
    #[inline(always)]
    pub(crate) fn clear(&mut self, i: usize) {
        if let Some(s) = self.syms.get_mut(i).filter(|s| !s.has(READONLY)) {
            s.clear();
        }
    }

    /// Enters what [`Sym::parts`] gave of another shell's name, and its function.
    pub(crate) fn enter(
        &mut self,
        text: Buf,
        [name, flags, builtin]: [usize; 3],
        function: Option<Rc<Func>>,
    ) {
        let mut s = Sym { text, name, flags: flags as u8, builtin: builtin as u8, next: 0, function };
        let name = s.name().buf();
        self.link(&mut s, &name);
        self.syms.push(s);
    }

    fn bucket(&self, name: &[u8]) -> usize {
        let mut h = 0u32;
        for &c in name {
            h = h.wrapping_mul(31) ^ c as u32;
        }
        (h ^ h >> 6) as usize % HEADS
    }

    /// Number of a name in the table, [`NOWHERE`] if it is not there.
    #[inline(never)]
    pub(crate) fn find(&self, name: &[u8]) -> usize {
        let mut next = self.far.heads.get(self.bucket(name)).copied().unwrap_or(0);
        loop {
            let i = (next as usize).wrapping_sub(1);
            match self.syms.get(i) {
                Some(s) if s.name != name.len() || s.text.z().strip_prefix(name).is_none() => next = s.next,
                _ => return i,
            }
        }
    }

    /// Value of variable `i`, if it is set.
    #[inline(never)]
    pub(crate) fn value(&self, i: usize) -> Option<&[u8]> {
        self.syms.get(i)?.value()
    }

    /// Number of a name, which is entered if it is new, with its value in the environment.
    #[inline(never)]
    pub(crate) fn intern(&mut self, name: &[u8]) -> usize {
        let i = self.find(name);
        if i != NOWHERE {
            return i;
        }
        let mut s = Sym { text: name.buf(), name: name.len(), ..Sym::default() };
        self.link(&mut s, name);
        let special = index(SPECIAL, name);
        // IFS comes from nobody (POSIX 2.5.3).
        if special != Some(4) {
            if let Some(v) = env::get(self.envp, name) {
                s.set(v.bytes());
                s.flags = EXPORT;
            }
        }
        if let Some(k) = special {
            self.special(k, &mut s);
        }
        self.syms.push(s);
        self.syms.len() - 1
    }

    /// Makes the symbol that is pushed next be found by its name.
    fn link(&mut self, s: &mut Sym, name: &[u8]) {
        let b = self.bucket(name);
        if let Some(h) = self.far.heads.get_mut(b) {
            s.next = *h;
            *h = self.syms.len() as u32 + 1;
        }
    }

    /// Is this what a shell has anyway that is given the same environment?
    pub(crate) fn of_environment(&self, s: &Sym) -> bool {
        let name = s.name();
        index(SPECIAL, name).is_none()
            && match env::get(self.envp, name) {
                Some(v) => s.flags == EXPORT && s.value() == Some(v.bytes()),
                None => s.flags == 0 && s.value().is_none(),
            }
    }

    /// Number of a name that is in the table, in the environment, or known to the shell; else [`NOWHERE`].
    pub(crate) fn lookup(&mut self, name: &[u8]) -> usize {
        let i = self.find(name);
        if i == NOWHERE && (env::get(self.envp, name).is_some() || index(SPECIAL, name).is_some()) {
            return self.intern(name);
        }
        i
    }

    /// Variable `i` as it is, for [`Vars::put_back`].
    #[inline(always)]
    pub(crate) fn saved(&self, i: usize) -> Option<Saved> {
        self.syms.get(i).map(|s| (i, s.text.clone(), s.flags))
    }

    /// Makes a variable what it was.
    pub(crate) fn put_back(&mut self, (i, text, flags): Saved) {
        if let Some(s) = self.syms.get_mut(i) {
            (s.text, s.flags) = (text, flags);
            if flags & (DYNAMIC | WATCHED) != 0 {
                self.changed(i);
            }
        }
    }

    /// Enters all variables of the environment, to list them.
    #[inline(never)]
    pub(crate) fn import(&mut self) {
        for s in self.envp {
            let s = s.bytes();
            let n = name_len(s);
            if n > 0 && s.get(n) == Some(&b'=') {
                self.intern(part(s, 0, n));
            }
        }
    }

    /// Environment for a command: pointers to its strings, NULL-terminated. Valid until a variable changes.
    pub(crate) fn environment(&mut self) -> List<*const u8> {
        let mut all = List::new();
        for string in self.envp {
            let s = string.bytes();
            let name = s.split(|&c| c == b'=').next().unwrap_or(s);
            if self.find(name) == NOWHERE {
                all.push(string.as_ptr());
            }
        }
        for s in &mut self.syms {
            if s.flags & EXPORT != 0 && s.text.len() > s.name {
                all.push(s.text.z().as_ptr());
            }
        }
        all.push(core::ptr::null());
        all
    }
}
