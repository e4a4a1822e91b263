//! dd: copy data in blocks, and convert it (POSIX.1-2024 dd; sizes, flags and `status` as GNU and BusyBox have them).
//!
//! Differences from BusyBox: conv=fdatasync, ucase, lcase, excl, nocreat; iflag and oflag of sync, dsync, nonblock, noatime.

use sys::fs::{self, Fd, Owned};
use sys::zstr::{cut, position_in};
use sys::{caught, num, signal, time, Buf, Cx, Errno, ZStr};
use util::text::{number, size};

applet! {
    name: dd,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[if=FILE] [of=FILE] [bs=N] [OPERAND=VALUE]...

Copy the input to the output in blocks. N may have a suffix: c 1, w 2, b 512,
kB 1000, k 1024, MB, M, GB, G; and NxM is a product.

  if=FILE   Read FILE, not standard input
  of=FILE   Write FILE, not standard output; it is cut at first
  bs=N      Bytes that are read and written at once (512); ibs=N, obs=N
  count=N   Only so many blocks
  skip=N    Pass over so many blocks of the input
  seek=N    And of the output
  conv=LIST notrunc: do not cut; sync: fill blocks with zeros; noerror: go on
            after an error; fsync, fdatasync: wait for the device; swab: swap
            pairs of bytes; ucase, lcase: letters; excl: make a new file;
            nocreat: make none
  iflag=LIST, oflag=LIST  skip_bytes, count_bytes, seek_bytes: N is bytes;
            fullblock: wait for whole blocks; append, direct, sync, dsync,
            nonblock, noatime
  status=none, noxfer, progress

SIGUSR1 has it tell how far it is.
",
}

const KEYS: &[u8] = b"if,of,bs,ibs,obs,count,skip,seek,conv,iflag,oflag,status";
const CONVERSIONS: &[u8] = b"notrunc,sync,noerror,fsync,fdatasync,swab,ucase,lcase,excl,nocreat";
const NOTRUNC: u32 = 1;
const SYNC: u32 = 2;
const NOERROR: u32 = 4;
const FSYNC: u32 = 8;
const FDATASYNC: u32 = 16;
const SWAB: u32 = 32;
const UPPER: u32 = 64;
const LOWER: u32 = 128;
const EXCL: u32 = 256;
const NOCREAT: u32 = 512;
const FLAGS: &[u8] = b"skip_bytes,count_bytes,seek_bytes,fullblock,append,direct,sync,dsync,nonblock,noatime";
const SKIP_BYTES: u32 = 1;
const COUNT_BYTES: u32 = 2;
const SEEK_BYTES: u32 = 4;
const FULL: u32 = 8;
/// What the flags behind those are for the kernel.
const OPEN: [u32; 6] = [fs::O_APPEND, fs::O_DIRECT, fs::O_SYNC, fs::O_DSYNC, fs::O_NONBLOCK, fs::O_NOATIME];
const STATUS: &[u8] = b"none,noxfer,progress";

/// The start of a block: what the kernel wants for O_DIRECT.
const ALIGN: usize = 4096;

struct Dd<'d, 'c> {
    cx: &'d mut Cx<'c>,
    from: ZStr<'static>,
    to: ZStr<'static>,
    input: Owned,
    output: Owned,
    /// Sizes of blocks: read, written.
    sizes: [u64; 2],
    numbers: [Option<u64>; 3],
    conv: u32,
    flags: [u32; 2],
    status: Option<usize>,
    /// Whole and other blocks: read, written.
    counts: [u64; 4],
    bytes: u64,
    start: u64,
    told: u64,
    /// What waits for a whole block to be written.
    wait: Buf,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let stdout = cx.out.fd();
    let mut d = Dd {
        cx,
        from: ZStr::new(c""),
        to: ZStr::new(c""),
        input: Owned::new(Fd(-1)),
        output: Owned::new(Fd(-1)),
        sizes: [512; 2],
        numbers: [None; 3],
        conv: 0,
        flags: [0; 2],
        status: None,
        counts: [0; 4],
        bytes: 0,
        start: milliseconds(),
        told: 0,
        wait: Buf::new(),
    };
    let mut both = None;
    for &arg in args.iter() {
        if arg.is(b"--") {
            continue;
        }
        let mut value = arg.bytes();
        let key = position_in(KEYS, b',', cut(&mut value, b'='));
        if d.operand(key, arg, value, &mut both).is_none() {
            d.cx.error(arg.bytes(), b"invalid operand");
            return 1;
        }
    }
    if let Some(size) = both {
        d.sizes = [size; 2];
    }
    let done = d.copy(stdout, both.is_some());
    if done.is_some() && d.conv & (FSYNC | FDATASYNC) != 0 {
        let r = if d.conv & FSYNC != 0 { fs::fsync(*d.output) } else { fs::fdatasync(*d.output) };
        if let Err(e) = r {
            d.fail(true, e);
        }
    }
    if *d.output != Fd(-1) {
        d.tell(b'\n');
    }
    let output = core::mem::replace(&mut d.output, Owned::new(Fd(-1)));
    if d.to.is_empty() {
        output.into_fd();
    } else if *output != Fd(-1) {
        // Some file systems tell of a full disk only here.
        if let Err(e) = fs::close(output.into_fd()) {
            d.fail(true, e);
        }
    }
    if d.from.is_empty() {
        core::mem::replace(&mut d.input, Owned::new(Fd(-1))).into_fd();
    }
    d.cx.status
}

/// A number with its suffix, or a product of them.
fn value(text: &[u8]) -> Option<u64> {
    let mut product = 1u64;
    let mut rest = text;
    loop {
        let (n, mut suffix) = num::prefix(cut(&mut rest, b'x'), 10)?;
        let decimal = suffix.len() == 2 && suffix.ends_with(b"B");
        if decimal {
            suffix = suffix.get(..1)?;
        }
        let power = match suffix {
            b"" | b"c" => 0,
            b"w" => 9,
            b"b" => 10,
            b"k" | b"K" => 1,
            b"M" => 2,
            b"G" => 3,
            b"T" => 4,
            _ => return None,
        };
        let mut n = n;
        match power {
            9 => n = number::times(n, 2)?,
            10 => n = number::times(n, 512)?,
            _ => {
                for _ in 0..power {
                    n = number::times(n, if decimal { 1000 } else { 1024 })?;
                }
            }
        }
        product = number::times(product, u32::try_from(n).ok().or_else(|| (product == 1).then_some(1))?)?;
        if product == 1 && n > u32::MAX as u64 {
            product = n;
        }
        if rest.is_empty() {
            return Some(product).filter(|n| n >> 63 == 0);
        }
    }
}

/// The bits of what a comma list names.
fn list(mut text: &[u8], names: &[u8]) -> Option<u32> {
    let mut bits = 0;
    while !text.is_empty() {
        bits |= 1 << position_in(names, b',', cut(&mut text, b','))?;
    }
    Some(bits)
}

fn milliseconds() -> u64 {
    let t = time::now(time::CLOCK_MONOTONIC);
    t.sec as u64 * 1000 + num::div_rem(t.nsec as u64, 1000).0 / 1000
}

impl Dd<'_, '_> {
    /// Takes an operand; `None` if it is wrong.
    fn operand(
        &mut self,
        key: Option<usize>,
        arg: ZStr<'static>,
        text: &[u8],
        both: &mut Option<u64>,
    ) -> Option<()> {
        let key = key?;
        match key {
            0 => self.from = arg.strip_prefix(b"if=")?,
            1 => self.to = arg.strip_prefix(b"of=")?,
            2..=4 => {
                let n = value(text).filter(|&n| n > 0 && n < 1 << 30)?;
                match key {
                    2 => *both = Some(n),
                    _ => *self.sizes.get_mut(key - 3)? = n,
                }
            }
            5..=7 => {
                let text = text.strip_prefix(b" ").unwrap_or(text);
                *self.numbers.get_mut(key - 5)? = Some(value(text)?);
            }
            8 => self.conv |= list(text, CONVERSIONS)?,
            9 | 10 => *self.flags.get_mut(key - 9)? |= list(text, FLAGS)?,
            _ => self.status = Some(position_in(STATUS, b',', text)?),
        }
        Some(())
    }

    #[inline(never)]
    fn fail(&mut self, output: bool, why: Errno) {
        let name = if output { self.to } else { self.from };
        let standard: &[u8] = if output { b"standard output" } else { b"standard input" };
        self.cx.fail(if name.is_empty() { standard } else { name.bytes() }, why);
    }

    /// What flags are for the kernel.
    fn open_flags(&self, side: usize) -> u32 {
        let given = self.flags.get(side).copied().unwrap_or(0) >> 4;
        let bits = OPEN.iter().enumerate().filter(|(n, _)| given >> n & 1 != 0);
        bits.fold(fs::O_CLOEXEC | fs::O_NOCTTY, |all, (_, bit)| all | bit)
    }

    /// Opens both files, and copies; `None` after an error that ended it.
    fn copy(&mut self, stdout: Fd, same: bool) -> Option<()> {
        let [count, skip, seek] = self.numbers;
        self.input = Owned::new(Fd::STDIN);
        if !self.from.is_empty() {
            match fs::open(self.from, fs::O_RDONLY | self.open_flags(0), 0) {
                Ok(f) => drop_in(&mut self.input, f),
                Err(e) => {
                    drop_in(&mut self.input, Owned::new(Fd(-1)));
                    self.fail(false, e);
                    return None;
                }
            }
        }
        let [ibs, obs] = self.sizes;
        let bytes = |n: Option<u64>, size: u64, flags: u32, bit: u32| {
            let n = n.unwrap_or(0);
            if flags & bit != 0 {
                Some(n)
            } else {
                number::times(n, size as u32)
            }
        };
        let seek = bytes(seek, obs, self.flags[1], SEEK_BYTES);
        let skip = bytes(skip, ibs, self.flags[0], SKIP_BYTES);
        if let Err((output, e)) = self.open(stdout, seek).and_then(|()| self.skip(skip)) {
            self.fail(output, e);
            return None;
        }
        // So that it is told how far it is; a terminal's user asks by this.
        let _ = signal::action(signal::SIGUSR1, signal::catch());
        let mut buf = Buf::new();
        buf.pad(ibs as usize + ALIGN, 0);
        let start = (buf.as_ptr() as usize).wrapping_neg() % ALIGN;
        let mut left = match (count, self.flags[0] & COUNT_BYTES) {
            (None, _) => u64::MAX,
            (Some(n), 0) => number::times(n, ibs as u32).unwrap_or(u64::MAX),
            (Some(n), _) => n,
        };
        let by_bytes = self.flags[0] & COUNT_BYTES != 0;
        let mut blocks = count.filter(|_| !by_bytes).unwrap_or(u64::MAX);
        let mut failed = false;
        while left > 0 && blocks > 0 {
            let want = ibs.min(if by_bytes { left } else { u64::MAX }) as usize;
            let Some(block) = buf.get_mut(start..start + ibs as usize) else { break };
            let mut n = match self.read(block, want) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) => {
                    self.fail(false, e);
                    // The block that cannot be read is passed over; where that cannot be, it ends.
                    let on = self.conv & NOERROR != 0
                        && e != Errno::EISDIR
                        && fs::lseek(*self.input, ibs as i64, fs::SEEK_CUR).is_ok();
                    failed = !on;
                    if !on {
                        break;
                    }
                    blocks -= 1;
                    if self.conv & SYNC == 0 {
                        continue;
                    }
                    block.fill(0);
                    0
                }
            };
            if n > 0 {
                blocks -= 1;
                left -= n as u64;
                self.counts[(n < ibs as usize) as usize] += 1;
            }
            if self.conv & SYNC != 0 {
                if let Some(rest) = block.get_mut(n..) {
                    rest.fill(0);
                }
                n = ibs as usize;
            }
            let Some(block) = block.get_mut(..n) else { break };
            convert(block, self.conv);
            if let Err(e) = self.write(block, same) {
                self.fail(true, e);
                return None;
            }
            if self.status == Some(2) && milliseconds() - self.start >= self.told + 1000 {
                self.told = milliseconds() - self.start;
                self.tell(b'\r');
            }
        }
        let rest = core::mem::take(&mut self.wait);
        if !rest.is_empty() {
            self.counts[3] += 1;
            self.bytes += rest.len() as u64;
            if let Err(e) = fs::write_all(*self.output, &rest) {
                self.fail(true, e);
                return None;
            }
        }
        (!failed).then_some(())
    }

    /// Opens the output, cuts it and goes to `seek`.
    fn open(&mut self, stdout: Fd, seek: Option<u64>) -> Result<(), (bool, Errno)> {
        let seek = seek.filter(|n| n >> 63 == 0).ok_or((true, Errno::EFBIG))?;
        if self.to.is_empty() {
            self.output = Owned::new(stdout);
        } else {
            let mut flags = fs::O_WRONLY | self.open_flags(1);
            if self.conv & NOCREAT == 0 {
                flags |= fs::O_CREAT;
            }
            if self.conv & EXCL != 0 {
                flags |= fs::O_EXCL;
            }
            if self.conv & NOTRUNC == 0 && seek == 0 && self.flags[1] & 16 == 0 {
                flags |= fs::O_TRUNC;
            }
            self.output = fs::open(self.to, flags, 0o666).map_err(|e| (true, e))?;
        }
        if seek > 0 {
            if self.conv & NOTRUNC == 0 {
                if let Err(e) = fs::ftruncate(*self.output, seek) {
                    // Devices have no size.
                    let file = fs::fstat(*self.output).is_ok_and(|s| fs::kind(&s) == fs::S_IFREG);
                    if file {
                        return Err((true, e));
                    }
                }
            }
            fs::lseek(*self.output, seek as i64, fs::SEEK_CUR).map_err(|e| (true, e))?;
        }
        Ok(())
    }

    /// Passes over bytes of the input.
    fn skip(&mut self, skip: Option<u64>) -> Result<(), (bool, Errno)> {
        let mut skip = skip.filter(|n| n >> 63 == 0).ok_or((false, Errno::EFBIG))?;
        if skip == 0 || fs::lseek(*self.input, skip as i64, fs::SEEK_CUR).is_ok() {
            return Ok(());
        }
        let mut buf = [0; 512];
        while skip > 0 {
            let room = skip.min(512) as usize;
            let n = fs::read(*self.input, buf.get_mut(..room).unwrap_or_default()).map_err(|e| (false, e))?;
            if n == 0 {
                break;
            }
            skip -= n as u64;
        }
        Ok(())
    }

    /// Reads a block of at most `want` bytes.
    fn read(&mut self, block: &mut [u8], want: usize) -> Result<usize, Errno> {
        let mut n = 0;
        while let Some(room) = block.get_mut(n..want).filter(|room| !room.is_empty()) {
            match fs::read_once(*self.input, room) {
                Err(Errno::EINTR) => {
                    if caught::forget(signal::SIGUSR1) {
                        self.tell(b'\n');
                    }
                    continue;
                }
                Err(e) if n == 0 => return Err(e),
                Ok(0) | Err(_) => break,
                Ok(more) => n += more,
            }
            if self.flags[0] & FULL == 0 {
                break;
            }
        }
        if caught::forget(signal::SIGUSR1) {
            self.tell(b'\n');
        }
        Ok(n)
    }

    /// Writes a block that was read: at once if both sizes are `same`, else in blocks of the other size.
    fn write(&mut self, block: &[u8], same: bool) -> Result<(), Errno> {
        let size = self.sizes[1] as usize;
        if same || self.wait.is_empty() && block.len() == size {
            fs::write_all(*self.output, block)?;
            self.counts[2 + (block.len() < size) as usize] += 1;
            self.bytes += block.len() as u64;
            return Ok(());
        }
        self.wait.extend_from_slice(block);
        while self.wait.len() >= size {
            fs::write_all(*self.output, self.wait.get(..size).unwrap_or_default())?;
            self.counts[2] += 1;
            self.bytes += size as u64;
            self.wait.replace(0, size, b"");
        }
        Ok(())
    }

    /// Tells how far it is; with `\r` at the end, one line only, which the next one covers.
    #[inline(never)]
    fn tell(&mut self, end: u8) {
        if self.status == Some(0) {
            return;
        }
        let mut line = Buf::new();
        if end == b'\n' {
            if self.told > 0 {
                line.push(b'\n');
            }
            let [whole, part, written, rest] = self.counts;
            for (whole, part, what) in
                [(whole, part, &b" records in\n"[..]), (written, rest, b" records out\n")]
            {
                number::push(&mut line, whole, 0);
                line.push(b'+');
                number::push(&mut line, part, 0);
                line.extend_from_slice(what);
            }
        }
        if self.status != Some(1) {
            let spent = milliseconds() - self.start;
            number::push(&mut line, self.bytes, 0);
            line.extend_from_slice(b" bytes (");
            human(&mut line, self.bytes);
            line.extend_from_slice(b"B) copied, ");
            let (seconds, rest) = num::div_rem(spent, 1000);
            number::push(&mut line, seconds, 0);
            line.push(b'.');
            number::push(&mut line, rest as u64, 3);
            line.extend_from_slice(b" seconds, ");
            let speed = num::div_rem(self.bytes, spent.clamp(1, 65_535) as u32).0;
            human(
                &mut line,
                if spent > 65_535 {
                    num::div_rem(self.bytes, seconds.min(65_535) as u32).0
                } else {
                    speed.saturating_mul(1000)
                },
            );
            line.extend_from_slice(b"B/s");
            line.push(end);
        }
        // Nobody is left to tell of an error here.
        let _ = fs::write_all(Fd::STDERR, &line);
    }
}

/// Puts `new` in the place of a descriptor that is not ours to close.
fn drop_in(place: &mut Owned, new: Owned) {
    core::mem::replace(place, new).into_fd();
}

fn human(line: &mut Buf, n: u64) {
    let mut text = [0; 8];
    let len = size::human(n, &mut text);
    line.extend_from_slice(text.get(..len).unwrap_or_default());
}

fn convert(block: &mut [u8], conv: u32) {
    if conv & SWAB != 0 {
        for pair in block.chunks_exact_mut(2) {
            pair.reverse();
        }
    }
    if conv & UPPER != 0 {
        block.make_ascii_uppercase();
    }
    if conv & LOWER != 0 {
        block.make_ascii_lowercase();
    }
}
