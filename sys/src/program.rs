//! Other programs in place of this one (`man 3 exec`).

use crate::buf::concat;
use crate::env::{self, Envp};
use crate::zstr::cut;
use crate::{process, Buf, Errno, List, ToBuf, ZStr};
use core::marker::PhantomData;
use core::ptr::null;

/// Where programs are looked for without PATH, as in BusyBox.
const PATH: ZStr = ZStr::new(c"/sbin:/usr/sbin:/bin:/usr/bin");

/// An array of strings as the kernel takes the words of a command and the environment: NULL ends it.
pub struct Vector<'s>(List<*const u8>, PhantomData<ZStr<'s>>);

impl<'s> Vector<'s> {
    /// Of these strings.
    #[inline(never)]
    pub fn new(strings: &[ZStr<'s>]) -> Vector<'s> {
        let mut vector = Vector(List::new(), PhantomData);
        vector.0.push(null());
        strings.iter().for_each(|s| vector.push(*s));
        vector
    }

    /// Appends a string.
    #[inline(never)]
    pub fn push(&mut self, string: ZStr<'s>) {
        self.0.insert(self.0.len() - 1, string.as_ptr());
    }

    /// Keeps the strings that `keep` wants.
    pub fn retain(&mut self, keep: &mut dyn FnMut(ZStr) -> bool) {
        // SAFETY: whatever is not NULL has come from a `ZStr`.
        self.0.retain(|p| p.is_null() || keep(unsafe { ZStr::from_ptr(*p) }));
    }

    /// As an environment, for as long as the vector is not changed.
    pub fn envp(&self) -> Envp {
        // SAFETY: NULL ends the array; the strings outlive the vector.
        unsafe { Envp::from_ptr(self.0.as_ptr()) }
    }
}

/// Becomes the program `words[0]` (POSIX.1-2024 execvp): the first in the PATH of `envp` if its name has no slash. A
/// file that the kernel does not know is a script for the shell. Comes back only with the reason why not.
#[inline(never)]
pub fn exec(words: &[ZStr], envp: Envp) -> Errno {
    let Some(&name) = words.first() else { return Errno::ENOENT };
    let slash = name.bytes().contains(&b'/');
    let path = env::get(envp, b"PATH").unwrap_or(PATH);
    let mut dirs: &[u8] = if slash { b"" } else { path.bytes() };
    let mut why = Errno::ENOENT;
    loop {
        let dir = cut(&mut dirs, b':');
        let file: Buf = if dir.is_empty() { name.bytes().buf() } else { concat(&[dir, b"/", name.bytes()]) };
        match exec_file(file.z(), words, envp) {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => why = Errno::EACCES,
            e => return e,
        }
        if dirs.is_empty() {
            return why;
        }
    }
}

/// Becomes the program in `file`, or the shell with it as its script.
fn exec_file(file: ZStr, words: &[ZStr], envp: Envp) -> Errno {
    let mut argv = Vector::new(words);
    // SAFETY: NULL ends both arrays, NUL the strings.
    let why = unsafe { process::execve(file, argv.0.as_ptr(), envp.as_ptr()) };
    if why == Errno::ENOEXEC {
        let shell = ZStr::new(c"/bin/sh");
        argv = Vector::new(&[shell, file]);
        words.iter().skip(1).for_each(|word| argv.push(*word));
        // SAFETY: as above.
        unsafe { process::execve(shell, argv.0.as_ptr(), envp.as_ptr()) };
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{spawn, wait};

    fn status(words: &[ZStr], envp: Envp) -> Result<u8, Errno> {
        let pid = spawn(&mut (words, envp), |(words, envp)| exec(words, *envp))?;
        Ok(wait(pid)?.exited().unwrap())
    }

    #[test]
    fn programs_are_found_in_the_path_of_their_environment() {
        let dir = std::env::temp_dir().join(format!("mote-program-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("no")).unwrap();
        std::fs::write(dir.join("mote-script"), "exit $(($1 + ${V:-1}))\n").unwrap();
        std::fs::write(dir.join("no/mote-script"), "exit 9\n").unwrap();
        let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        std::fs::set_permissions(dir.join("mote-script"), mode).unwrap();
        let text = |s: String| std::ffi::CString::new(s).unwrap();
        let path = text(format!("PATH={0}/no:{0}:/bin", dir.display()));
        let both = Vector::new(&[ZStr::new(&path), ZStr::new(c"V=3")]);
        let words = [ZStr::new(c"mote-script"), ZStr::new(c"4")];
        assert_eq!(status(&words, both.envp()), Ok(7));
        let mut one = both;
        one.retain(&mut |s| !s.is(b"V=3"));
        assert_eq!(status(&words, one.envp()), Ok(5));
        assert_eq!(status(&words, Envp::EMPTY), Err(Errno::ENOENT));
        let file = text(format!("{}/no/mote-script", dir.display()));
        assert_eq!(status(&[ZStr::new(&file)], Envp::EMPTY), Err(Errno::EACCES));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
