//! Removal of file trees, for rm and for what mv leaves behind.

use super::ask;
use super::walk::{walk, At, Step};
use sys::fs::{self, Fd};
use sys::{tty, Cx, Errno, ZStr};

/// When to ask, and what to tell.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// Ask always.
    pub(crate) ask: bool,
    /// Ask for what is write-protected, when standard input is a terminal.
    pub(crate) careful: bool,
    /// Tell each removal on standard output.
    pub(crate) verbose: bool,
}

/// Removes the tree at `operand`; what goes wrong is reported.
pub(crate) fn tree(cx: &mut Cx, operand: ZStr, is_dir: bool, how: How) {
    let careful = how.careful && tty::is(Fd::STDIN);
    // Directories above this depth, on the way to where we are, keep something: they cannot go.
    let mut kept = 0;
    walk(cx, operand, is_dir, &mut |cx, at, step| {
        if step == Step::Leave && at.depth < kept {
            kept = at.depth;
            return false;
        }
        let (question, flag): (&[u8], u32) = match step {
            Step::Enter => (b"descend into directory", 0),
            Step::File => (b"remove", 0),
            _ => (b"remove directory", fs::AT_REMOVEDIR),
        };
        let mut going = true;
        if how.ask || (careful && step != Step::Leave && protected(at)) {
            going = ask::yes(cx, question, &at.path);
        }
        if going && step != Step::Enter {
            let dir = at.dir;
            match (fs::unlinkat(dir, at.name(), flag), step) {
                (Ok(()), _) if how.verbose => told(cx, &at.path, flag != 0),
                (Ok(()), _) => {}
                // Somebody else was faster, which is as good.
                (Err(Errno::ENOENT), _) if !how.careful => {}
                (Err(e), step) => {
                    let why = if let Step::Unreadable(first) = step { first } else { e };
                    cx.fail(&at.path, why);
                    going = false;
                }
            }
        }
        if !going {
            kept = kept.max(at.depth);
        }
        going
    });
}

fn told(cx: &mut Cx, path: &[u8], dir: bool) {
    cx.out.bytes(if dir { b"removed directory '" } else { b"removed '" });
    cx.out.bytes(path);
    cx.out.bytes(b"'\n");
}

/// May the user not write it? Links have no protection of their own.
fn protected(at: &mut At) -> bool {
    let dir = at.dir;
    let link = at.stat().is_ok_and(|s| fs::kind(&s) == fs::S_IFLNK);
    !link && fs::accessat(dir, at.name(), 2) == Err(Errno::EACCES)
}
