//! The variables that mean something to the shell: their first values, and what happens when they are read or set.

use crate::decimal::decimal;
use crate::vars::table::{uptime, Sym, Vars, DEFAULT_PATH, DYNAMIC, PATH_SET, SPECIAL, WATCHED};
use crate::words::index;
use sys::{fs, num, process, time, Buf, ToBuf};

impl Vars {
    #[inline(never)]
    pub(super) fn special(&mut self, k: usize, s: &mut Sym) {
        let mut value = Buf::new();
        if k < 10 {
            s.flags |= if k < 4 { DYNAMIC } else { WATCHED };
            match k {
                4 => value = self.ifs.clone(),
                5 => value.push(b'1'),
                6 if s.value().is_none() => value.extend_from_slice(DEFAULT_PATH),
                ..4 => {}
                _ => return,
            }
        } else if k < 13 {
            let n = match k {
                10 => process::getppid(),
                11 => process::getuid(),
                _ => process::geteuid(),
            };
            value = decimal(n as i64);
        } else if k == 13 {
            if s.value().is_some_and(|v| util::file::id::is_here(v.buf().z())) {
                return;
            }
            let mut b = [0; fs::PATH];
            value = fs::getcwd(&mut b).unwrap_or(b"").buf();
        } else {
            if s.value().is_some() {
                return;
            }
            value.push(match k {
                14 if process::geteuid() == 0 => b'#',
                14 => b'$',
                15 => b'>',
                _ => b'+',
            });
            value.push(b' ');
        }
        s.set(&value);
    }

    /// Computes the value of a variable that has none of its own; `line` is for `LINENO`.
    #[inline(never)]
    pub(crate) fn compute(&mut self, i: usize, line: u32) {
        let Some(s) = self.syms.get_mut(i) else { return };
        let n = match index(SPECIAL, s.name()) {
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
        let k = index(SPECIAL, s.name()).unwrap_or(usize::MAX);
        if k > 6 {
            if k < 10 {
                self.find_locale();
            }
            return;
        }
        match k {
            4 => self.ifs = s.value().unwrap_or(b" \t\n").buf(),
            2 => self.start = uptime().wrapping_sub(n),
            0 => self.random = n | 1 << 31,
            6 => self.far.how |= PATH_SET,
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
}
