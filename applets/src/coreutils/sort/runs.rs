//! Lines in order in files, their merge, and where lines go.

use super::{Failure, Sort};
use sys::fs::{self, Fd, Owned};
use sys::out::Out;
use sys::{system, Buf, Errno, List, ZStr};
use util::text::input::{bare, Input};
use util::text::number;

/// Files that are merged at once.
const MOST: usize = if cfg!(mote_nommu) { 6 } else { 16 };
/// Bytes that are written to a file at once.
const CHUNK: usize = if cfg!(mote_nommu) { 1024 } else { 32 << 10 };

/// Where lines go: to the output, or to a file by way of a buffer.
pub(super) enum Sink<'o> {
    Out(&'o mut Out),
    File(Fd, Buf, Result<(), Errno>),
}

impl Sink<'_> {
    /// Takes a line; false when no more is of use.
    pub(super) fn line(&mut self, line: &[u8], mark: u8) -> bool {
        match self {
            Sink::Out(out) => {
                out.text(line);
                out.byte(mark);
                !out.failed()
            }
            Sink::File(fd, buf, result) => {
                buf.extend_from_slice(line);
                buf.push(mark);
                if buf.len() >= CHUNK {
                    *result = fs::write_all(*fd, buf);
                    buf.clear();
                }
                result.is_ok()
            }
        }
    }
}

/// A file of lines in order, open where they begin.
struct Run {
    file: Owned,
    name: ZStr<'static>,
}

/// Files of lines in order; the lines of an earlier one come first among equal ones.
pub(super) struct Runs<'s> {
    sort: &'s Sort,
    all: List<Run>,
}

/// A run that is read, and the line of it that is next.
struct Source {
    input: Input,
    name: ZStr<'static>,
    line: Buf,
}

impl Source {
    /// Reads its next line; false at the end.
    fn next(&mut self, mark: u8) -> Result<bool, Failure> {
        self.line.clear();
        let more = self.input.line().map(|line| self.line.extend_from_slice(bare(line, mark))).is_some();
        self.input.result().map_err(|why| (self.name, why))?;
        Ok(more)
    }
}

impl<'s> Runs<'s> {
    pub(super) fn new(sort: &'s Sort) -> Runs<'s> {
        Runs { sort, all: List::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// One more file.
    pub(super) fn add(&mut self, file: Owned, name: ZStr<'static>) -> Result<(), Failure> {
        if self.all.len() >= MOST {
            let merged = self.file(&mut |runs, sink| runs.merge(sink))?;
            self.all.clear();
            self.all.push(Run { file: merged, name: self.sort.folder });
        }
        self.all.push(Run { file, name });
        Ok(())
    }

    /// One more file, which `fill` writes.
    pub(super) fn write(&mut self, fill: &mut dyn FnMut(&mut Sink)) -> Result<(), Failure> {
        let file = self.file(&mut |_, sink| {
            fill(sink);
            Ok(())
        })?;
        self.add(file, self.sort.folder)
    }

    /// A file without a name, which `fill` has written.
    fn file(
        &mut self,
        fill: &mut dyn FnMut(&mut Runs, &mut Sink) -> Result<(), Failure>,
    ) -> Result<Owned, Failure> {
        let failed = |why| (self.sort.folder, why);
        let file = self.temporary().map_err(failed)?;
        let mut sink = Sink::File(*file, Buf::new(), Ok(()));
        fill(self, &mut sink)?;
        if let Sink::File(fd, rest, result) = sink {
            let done =
                result.and_then(|()| fs::write_all(fd, &rest)).and_then(|()| fs::lseek(fd, 0, fs::SEEK_SET));
            done.map_err(|why| (self.sort.folder, why))?;
        }
        Ok(file)
    }

    fn temporary(&self) -> Result<Owned, Errno> {
        loop {
            let mut path = Buf::new();
            path.extend_from_slice(self.sort.folder.bytes());
            path.extend_from_slice(b"/sort.");
            let mut any = [0; 8];
            system::random(&mut any)?;
            number::push(&mut path, u64::from_ne_bytes(any), 0);
            let flags = fs::O_RDWR | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC;
            match fs::open(path.z(), flags, 0o600) {
                Err(Errno::EEXIST) => {}
                opened => {
                    let file = opened?;
                    fs::unlinkat(Fd::CWD, path.z(), 0)?;
                    return Ok(file);
                }
            }
        }
    }

    /// Merges all files.
    pub(super) fn merge(&mut self, sink: &mut Sink) -> Result<(), Failure> {
        let mark = self.sort.mark;
        let mut sources: List<Source> = List::new();
        for run in &self.all {
            let mut source = Source { input: Input::new(*run.file, mark), name: run.name, line: Buf::new() };
            if source.next(mark)? {
                sources.push(source);
            }
        }
        let mut before: Option<Buf> = None;
        while !sources.is_empty() {
            let mut least = 0;
            for n in 1..sources.len() {
                let (Some(a), Some(b)) = (sources.get(least), sources.get(n)) else { break };
                if self.sort.order(&b.line, &a.line).is_lt() {
                    least = n;
                }
            }
            let Some(source) = sources.get_mut(least) else { break };
            let line = &source.line;
            let same = self.sort.unique
                && before.as_ref().is_some_and(|before| self.sort.by_keys(before, line).is_eq());
            if !same {
                if !sink.line(line, mark) {
                    break;
                }
                if self.sort.unique {
                    before = Some(line.clone());
                }
            }
            if !source.next(mark)? {
                sources.remove(least);
            }
        }
        Ok(())
    }
}
