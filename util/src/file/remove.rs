//! Removal of file trees, for rm and for what mv leaves behind.

use super::ask;
use super::walk::{walk, Step, Walk};
use sys::fs::{self, Fd};
use sys::{tty, Cx, Errno, ZStr};

/// When to ask, and what to tell.
#[derive(Clone, Copy)]
pub struct How {
    /// Ask always.
    pub ask: bool,
    /// Ask for what is write-protected, when standard input is a terminal.
    pub careful: bool,
    /// Tell each removal on standard output.
    pub verbose: bool,
}

/// Removes the tree at `operand`; what goes wrong is reported.
pub fn tree(cx: &mut Cx, operand: ZStr, is_dir: bool, how: How) {
    let careful = how.careful && tty::is(Fd::STDIN);
    // Directories above this depth, on the way to where we are, keep something: they cannot go.
    let mut kept = 0;
    walk(cx, operand, is_dir, &mut |w, step| {
        if step == Step::Leave && w.depth < kept {
            kept = w.depth;
            return false;
        }
        let (question, flag): (&[u8], u32) = match step {
            Step::Enter => (b"descend into directory", 0),
            Step::File => (b"remove", 0),
            _ => (b"remove directory", fs::AT_REMOVEDIR),
        };
        let mut going = true;
        if how.ask || (careful && step != Step::Leave && protected(w)) {
            going = ask::yes(w.cx, question, &w.path);
        }
        if going && step != Step::Enter {
            let dir = w.dir;
            match fs::unlinkat(dir, w.name(), flag) {
                Ok(()) => {
                    if how.verbose {
                        told(w, flag != 0);
                    }
                }
                // Somebody else was faster, which is as good.
                Err(Errno::ENOENT) if !how.careful => {}
                Err(e) => {
                    w.fail(if let Step::Unreadable(first) = step { first } else { e });
                    going = false;
                }
            }
        }
        if !going {
            kept = kept.max(w.depth);
        }
        going
    });
}

fn told(w: &mut Walk, dir: bool) {
    w.cx.out.bytes(if dir { b"removed directory '" } else { b"removed '" });
    w.cx.out.shown(&w.path);
    w.cx.out.bytes(b"'\n");
}

/// May the user not write it? Links have no protection of their own.
fn protected(w: &mut Walk) -> bool {
    let dir = w.dir;
    let link = w.stat().is_ok_and(|s| fs::kind(&s) == fs::S_IFLNK);
    !link && fs::accessat(dir, w.name(), fs::W_OK) == Err(Errno::EACCES)
}
