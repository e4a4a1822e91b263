//! Another program in place of an applet, as env, nice, nohup and their kin start it.

use sys::env::Envp;
use sys::{out, program, Cx, Errno, ZStr};

/// Becomes the program `words[0]` with the environment `envp`. If that cannot be, it is reported; the status is 127 if
/// there is no such program, else 126 (POSIX.1-2024 env, EXIT STATUS).
#[inline(never)]
pub fn become_it(cx: &mut Cx, words: &[ZStr], envp: Envp) -> u8 {
    if let Err(why) = cx.out.flush() {
        cx.fail(b"write error", why);
        return 125;
    }
    failed(cx.name, words, program::exec(words, envp))
}

/// Reports why the program `words[0]` has not been started; the status.
#[inline(never)]
pub fn failed(name: ZStr, words: &[ZStr], why: Errno) -> u8 {
    out::fail(name, words.first().map_or(b"", |word| word.bytes()), why);
    if why == Errno::ENOENT {
        127
    } else {
        126
    }
}
