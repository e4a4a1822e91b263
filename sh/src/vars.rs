//! Names: variables, functions, and where commands were found before.
//!
//! One hash table for all of them. A variable is kept as `NAME=value`, which is what the environment of a
//! command wants. The environment that the shell was given is looked at where it is, name by name when they
//! are first asked for: a shell that starts copies nothing.

use crate::parse::lexer::name_len;
use crate::run::exec::Func;
use alloc::boxed::Box;
use alloc::rc::Rc;
use sys::{env, fs, num, process, time, Buf, List, ToBuf, ZStr};

/// A name and what is known of it.
#[derive(Default)]
pub(crate) struct Sym {
    /// `NAME=value`, or the name alone.
    pub(crate) text: Buf,
    /// Length of the name.
    pub(crate) name: usize,
    /// [`EXPORT`] and its kin.
    pub(crate) flags: u8,
    /// Number of the builtin plus one.
    pub(crate) builtin: u8,
    next: u16,
    /// The function.
    pub(crate) func: Option<Rc<Func>>,
}

pub(crate) const EXPORT: u8 = 1;
pub(crate) const READONLY: u8 = 2;
/// Something happens when it is read or set.
pub(crate) const DYNAMIC: u8 = 4;

impl Sym {
    /// The value, if it is set.
    #[inline(never)]
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.text.get(self.name + 1..)
    }

    #[inline(never)]
    pub(crate) fn name(&self) -> &[u8] {
        self.text.get(..self.name).unwrap_or(&[])
    }

    pub(crate) fn set(&mut self, value: &[u8]) {
        self.text.truncate(self.name);
        self.text.push(b'=');
        self.text.extend_from_slice(value);
    }
}

/// The number of no variable.
pub(crate) const NOWHERE: usize = usize::MAX;

const HEADS: usize = 64;

/// The table.
#[repr(C)]
pub(crate) struct Vars {
    pub(crate) syms: List<Sym>,
    /// What separates fields.
    pub(crate) ifs: Buf,
    envp: *const *const u8,
    random: u32,
    start: u32,
    /// For each bucket, one more than the number of its first symbol.
    heads: Box<[u16; HEADS]>,
}

/// Variables with a meaning to the shell; those up to `BASHPID` are computed when read.
const SPECIAL: &[u8] = b"RANDOM\0LINENO\0SECONDS\0BASHPID\0IFS\0OPTIND\0PPID\0UID\0EUID\0PWD\0PS1\0PS2\0PS4";

/// Decimal text of `n`.
#[inline(never)]
pub(crate) fn decimal(n: i64) -> Buf {
    let mut text = Buf::new();
    push_decimal(n, &mut text);
    text
}

/// Appends the decimal text of `n`.
#[inline(never)]
pub(crate) fn push_decimal(n: i64, out: &mut Buf) {
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(num::digits(&mut [0; 64], n.unsigned_abs(), 10));
}

fn uptime() -> u32 {
    time::now(time::CLOCK_MONOTONIC).sec as u32
}

impl Vars {
    pub(crate) fn new(envp: *const *const u8) -> Vars {
        Vars {
            heads: Box::new([0; HEADS]),
            syms: List::new(),
            envp,
            random: 0,
            start: uptime(),
            ifs: b" \t\n".buf(),
        }
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
        let mut next = self.heads.get(self.bucket(name)).copied().unwrap_or(0);
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
        let special = crate::parse::parser::index(SPECIAL, name);
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
    pub(crate) fn link(&mut self, s: &mut Sym, name: &[u8]) {
        let b = self.bucket(name);
        if let Some(h) = self.heads.get_mut(b) {
            s.next = *h;
            *h = self.syms.len() as u16 + 1;
        }
    }

    /// Is this what a shell has anyway that is given the same environment?
    pub(crate) fn of_environment(&self, s: &Sym) -> bool {
        let name = s.name();
        crate::parse::parser::index(SPECIAL, name).is_none()
            && match env::get(self.envp, name) {
                Some(v) => s.flags == EXPORT && s.value() == Some(v.bytes()),
                None => s.flags == 0 && s.value().is_none(),
            }
    }

    #[inline(never)]
    fn special(&mut self, k: usize, s: &mut Sym) {
        let mut value = Buf::new();
        match k {
            0..=5 => {
                s.flags |= DYNAMIC;
                match k {
                    4 => value = self.ifs.clone(),
                    5 => value.push(b'1'),
                    _ => {}
                }
            }
            6 => value = decimal(process::getppid() as i64),
            7 => value = decimal(process::getuid() as i64),
            8 => value = decimal(process::geteuid() as i64),
            9 => {
                if s.value().is_some_and(|v| fs::is_here(v.buf().z())) {
                    return;
                }
                let mut b = [0; fs::PATH];
                value = fs::getcwd(&mut b).unwrap_or(b"").buf();
            }
            _ if s.value().is_some() => return,
            10 => value = if process::geteuid() == 0 { b"# ".buf() } else { b"$ ".buf() },
            11 => value = b"> ".buf(),
            _ => value = b"+ ".buf(),
        }
        s.set(&value);
    }

    /// Number of a name that is in the table, in the environment, or known to the shell; else [`NOWHERE`].
    pub(crate) fn lookup(&mut self, name: &[u8]) -> usize {
        let i = self.find(name);
        if i == NOWHERE
            && (env::get(self.envp, name).is_some() || crate::parse::parser::index(SPECIAL, name).is_some())
        {
            return self.intern(name);
        }
        i
    }

    /// Computes the value of a variable that has none of its own; `line` is for `LINENO`.
    #[inline(never)]
    pub(crate) fn compute(&mut self, i: usize, line: u32) {
        let Some(s) = self.syms.get_mut(i) else { return };
        let n = match crate::parse::parser::index(SPECIAL, s.name()) {
            Some(1) => line,
            Some(2) => uptime().wrapping_sub(self.start),
            Some(3) => process::getpid(),
            Some(0) => {
                if self.random == 0 {
                    self.random = time::now(time::CLOCK_REALTIME).nsec as u32 ^ process::getpid() << 16;
                }
                // Numerical Recipes' generator; the high bits are the good ones.
                self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                self.random >> 17
            }
            _ => return,
        };
        s.set(&decimal(n as i64));
    }

    /// What follows when a special variable has been set or unset.
    #[inline(never)]
    pub(crate) fn changed(&mut self, i: usize) {
        let Some(s) = self.syms.get(i) else { return };
        let n = s.value().and_then(num::parse_u32).unwrap_or(0);
        match crate::parse::parser::index(SPECIAL, s.name()) {
            Some(4) => self.ifs = s.value().unwrap_or(b" \t\n").buf(),
            Some(2) => self.start = uptime().wrapping_sub(n),
            Some(0) => self.random = n | 1 << 31,
            _ => {}
        }
    }

    /// What RANDOM and SECONDS count from.
    pub(crate) fn clocks(&self) -> (u32, u32) {
        (self.random, self.start)
    }

    /// Sets what [`Vars::clocks`] gave.
    pub(crate) fn set_clocks(&mut self, clocks: (u32, u32)) {
        (self.random, self.start) = clocks;
    }

    /// Enters all variables of the environment, to list them.
    #[inline(never)]
    pub(crate) fn import(&mut self) {
        let mut p = self.envp;
        loop {
            // SAFETY: the environment is NULL-terminated, its strings end with NUL and stay.
            let s = unsafe {
                if (*p).is_null() {
                    return;
                }
                let s = ZStr::from_ptr(*p);
                p = p.add(1);
                s.bytes()
            };
            let n = name_len(s);
            if n > 0 && s.get(n) == Some(&b'=') {
                self.intern(s.get(..n).unwrap_or(&[]));
            }
        }
    }

    /// Environment for a command: pointers to its strings, NULL-terminated. Valid until a variable changes.
    pub(crate) fn environment(&mut self) -> List<*const u8> {
        let mut all = List::new();
        let mut p = self.envp;
        loop {
            // SAFETY: as in `import`.
            let (at, s) = unsafe {
                if (*p).is_null() {
                    break;
                }
                (*p, ZStr::from_ptr(*p))
            };
            // SAFETY: not the terminating NULL.
            p = unsafe { p.add(1) };
            let s = s.bytes();
            let name = s.split(|&c| c == b'=').next().unwrap_or(s);
            if self.find(name) == NOWHERE {
                all.push(at);
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
