//! Tools that scripts of the peers' test-suites call beside the applets under test: `cmp`, `chmod`, `od` and the
//! like, one binary under many names. A guest with mote alone has none of them. Each does what the suites ask of it
//! and refuses everything else, so that a case which wants more fails; none is part of mote.

#![cfg_attr(not(test), no_std, no_main)]
// On the host this binary exists for its unit tests and the linter only; the target's entry code is not there.
#![cfg_attr(target_env = "gnu", allow(dead_code))]

extern crate alloc;

mod bytes;
mod files;
mod grep;
mod programs;
mod text;

use alloc::vec::Vec;
use sys::fs::{self, Fd};
use sys::{Buf, Errno, Out, ZStr};

/// What a tool gets.
struct Call {
    name: ZStr<'static>,
    args: &'static [ZStr<'static>],
    envp: sys::env::Envp,
    out: Out,
}

impl Call {
    /// `name: what: why` on standard error; the status for it.
    fn fail(&self, what: &[u8], why: Errno) -> u8 {
        sys::out::fail(self.name, what, why);
        1
    }

    /// What nobody taught this tool.
    fn unknown(&self) -> u8 {
        sys::out::complain(&[self.name.bytes(), b": not known to this tool"]);
        2
    }

    /// The letters of the options, and the operands.
    fn options(&self) -> (Vec<u8>, &'static [ZStr<'static>]) {
        let is_option = |a: &&ZStr| a.first() == b'-' && !a.is(b"-");
        let end = self.args.iter().take_while(is_option).count();
        let (options, operands) = self.args.split_at(end);
        (options.iter().flat_map(|a| a.bytes().iter().skip(1)).copied().collect(), operands)
    }
}

/// All of a file, or of standard input for `-`.
fn whole(path: ZStr) -> sys::Result<Buf> {
    let mut all = Buf::new();
    let opened = if path.is(b"-") { None } else { Some(fs::open_read(path)?) };
    let fd = opened.as_deref().copied().unwrap_or(Fd::STDIN);
    let mut buf = [0; 1024];
    loop {
        match fs::read(fd, &mut buf)? {
            0 => return Ok(all),
            n => all.extend_from_slice(buf.get(..n).unwrap_or_default()),
        }
    }
}

type Tool = fn(&mut Call) -> u8;

const TOOLS: &[(&[u8], Tool)] = &[
    (b"alone", programs::alone),
    (b"chmod", files::chmod),
    (b"cmp", bytes::cmp),
    (b"date", programs::date),
    (b"dd", files::dd),
    (b"diff", text::diff),
    (b"env", programs::env),
    (b"egrep", grep::grep),
    (b"find", files::find),
    (b"grep", grep::grep),
    (b"head", text::head),
    (b"hexdump", bytes::hexdump),
    (b"ln", files::ln),
    (b"md5sum", bytes::md5sum),
    (b"mkfifo", files::mkfifo),
    (b"mknod", files::mknod),
    (b"od", bytes::od),
    (b"printenv", programs::printenv),
    (b"readlink", files::readlink),
    (b"realpath", files::realpath),
    (b"recho", programs::recho),
    (b"rmdir", files::rmdir),
    (b"sed", grep::sed),
    (b"sort", text::sort),
    (b"stat", files::stat),
    (b"tail", text::tail),
    (b"take", bytes::take),
    (b"tee", text::tee),
    (b"touch", files::touch),
    (b"tr", text::tr),
    (b"wc", text::wc),
    (b"xxd", bytes::xxd),
    (b"yes", text::yes),
    (b"zecho", programs::zecho),
];

/// Called by the entry code.
#[cfg(not(target_env = "gnu"))]
#[no_mangle]
extern "C" fn mote_main(v: sys::env::Vectors) -> ! {
    sys::process::exit(run(v))
}

fn run(v: sys::env::Vectors) -> u8 {
    let envp = v.envp();
    let args: &'static [ZStr<'static>] = v.args();
    let Some((&name, args)) = args.split_first() else { return 127 };
    let name = name.base();
    let Some((_, tool)) = TOOLS.iter().find(|(n, _)| name.is(n)) else { return 127 };
    // SAFETY: the first and only call.
    let mut call = Call { name, args, envp, out: unsafe { Out::stdout() } };
    let status = tool(&mut call);
    match call.out.flush() {
        Err(why) => call.fail(b"write error", why),
        Ok(()) => status,
    }
}

#[cfg(not(test))]
#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    sys::process::exit(134)
}
