//! Programs that run while an applet waits: for `find -exec` and `xargs`.

use sys::env::Envp;
use sys::fs::{self, Fd};
use sys::process::{self, Status};
use sys::{program, signal, Cx, Errno, ZStr};

/// A program to be started.
pub struct Child<'c> {
    /// Its name and arguments.
    pub words: &'c [ZStr<'c>],
    /// Its environment.
    pub envp: Envp,
    /// Its working directory, if it is not ours.
    pub dir: Option<Fd>,
    /// Is its standard input to be empty?
    pub quiet: bool,
}

fn run(c: &mut Child) -> Errno {
    if let Some(Err(why)) = c.dir.map(fs::fchdir) {
        return why;
    }
    if c.quiet {
        let null = match fs::open(ZStr::new(c"/dev/null"), fs::O_RDONLY, 0) {
            // Where there are no devices, it has none.
            Err(_) => {
                let _ = fs::close(Fd::STDIN);
                return program::exec(c.words, c.envp);
            }
            Ok(null) => null.into_fd(),
        };
        if null != Fd::STDIN {
            if let Err(why) = fs::dup3(null, Fd::STDIN, 0) {
                return why;
            }
            let _ = fs::close(null);
        }
    }
    program::exec(c.words, c.envp)
}

/// Starts it, after what is buffered has been written: its process ID.
#[inline(never)]
pub fn start(cx: &mut Cx, child: &mut Child) -> Result<i32, Errno> {
    cx.out.flush()?;
    // Otherwise the kernel would not tell how it ended.
    let _ = signal::action(signal::SIGCHLD, signal::Action::DEFAULT);
    process::spawn(child, run)
}

/// Runs it, and waits for its end.
#[inline(never)]
pub fn wait(cx: &mut Cx, child: &mut Child) -> Result<Status, Errno> {
    process::wait(start(cx, child)?)
}
