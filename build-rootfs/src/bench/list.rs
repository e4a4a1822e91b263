//! The benchmarks, as data.

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Instructions in user mode, by callgrind: the same in every run.
    Instructions,
    /// Processor time in user and kernel mode, children included, in milliseconds.
    ProcessorTime,
    /// System calls, execve and exit included, by strace.
    SystemCalls,
    /// Private dirty memory of a process that waits, in KiB (`Private_Dirty` in /proc/PID/smaps_rollup).
    PrivateMemory,
    /// Elapsed time, in milliseconds. The output is read from a pipe.
    Time,
}

/// What mote's figure must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At most this much of dash's.
    OfDash(f64),
    /// At most this.
    AtMost(u64),
    /// At most this much of the best of the others.
    OfBest(f64),
}

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// The shell with `-c SCRIPT`; in it `TRUE` stands for a tiny static program that does nothing.
    Script(&'static str),
    /// The shell, reading from a fifo that stays empty.
    Fifo,
    /// `cat /dev/null`.
    Cat,
}

/// One benchmark.
#[derive(Debug, Clone, Copy)]
pub struct Benchmark {
    /// Its name, for the filter.
    pub name: &'static str,
    /// What is done, in a few words.
    pub what: &'static str,
    /// What runs.
    pub run: Run,
    /// What is measured.
    pub counter: Counter,
    /// What mote must reach.
    pub bound: Option<Bound>,
}

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// `ls -l` of a folder with that many files.
    List(usize),
    /// `rm -r` of a folder with that many files.
    Remove(usize),
    /// `ps` with so many processes more than there were.
    Processes(usize),
    /// `cat` of a file of that many bytes.
    CatFile(u64),
    /// `cat` of that many bytes that come through a pipe.
    CatPipe(u64),
}

/// One benchmark of a tool.
#[derive(Debug, Clone, Copy)]
pub struct ToolBenchmark {
    /// Its name, for the filter.
    pub name: &'static str,
    /// What is done, in a few words.
    pub what: &'static str,
    /// What is done.
    pub work: Work,
    /// What is counted: [`Counter::Instructions`] or [`Counter::Time`].
    pub counter: Counter,
    /// What mote must reach, beside BusyBox and Toybox.
    pub bound: Bound,
}

const GIB: u64 = 1 << 30;

/// The benchmarks of the tools.
pub const TOOLS: &[ToolBenchmark] = &[
    ToolBenchmark {
        name: "ls",
        what: "ls -l of 100,000 files",
        work: Work::List(100_000),
        counter: Counter::Instructions,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "ls-time",
        what: "ls -l of 100,000 files",
        work: Work::List(100_000),
        counter: Counter::Time,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "rm",
        what: "rm -r of 100,000 files",
        work: Work::Remove(100_000),
        counter: Counter::Instructions,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "rm-time",
        what: "rm -r of 100,000 files",
        work: Work::Remove(100_000),
        counter: Counter::Time,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "ps",
        what: "ps with 1,000 processes",
        work: Work::Processes(1000),
        counter: Counter::Instructions,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "ps-time",
        what: "ps with 1,000 processes",
        work: Work::Processes(1000),
        counter: Counter::Time,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "cat",
        what: "cat of a file of 1 GiB",
        work: Work::CatFile(GIB),
        counter: Counter::Instructions,
        bound: Bound::OfBest(1.0),
    },
    ToolBenchmark {
        name: "cat-time",
        what: "cat of a file of 1 GiB",
        work: Work::CatFile(GIB),
        counter: Counter::Time,
        // mote and BusyBox make the same calls of sendfile here: differences are chance.
        bound: Bound::OfBest(1.1),
    },
    ToolBenchmark {
        name: "cat-pipe",
        what: "cat of 1 GiB from a pipe",
        work: Work::CatPipe(GIB),
        counter: Counter::Time,
        bound: Bound::OfBest(1.0),
    },
];

/// The benchmarks of the shell, and of the least that a program costs.
pub const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "start",
        what: "sh -c :",
        run: Run::Script(":"),
        counter: Counter::Instructions,
        bound: Some(Bound::OfDash(0.10)),
    },
    Benchmark {
        name: "loop",
        what: "while, [ and arithmetic, 20,000 turns",
        run: Run::Script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"),
        counter: Counter::Instructions,
        bound: Some(Bound::OfDash(1.0)),
    },
    Benchmark {
        name: "string",
        what: "prefixes, suffixes, lengths, case patterns, concatenation, 3,000 turns",
        run: Run::Script(
            "i=0
            while [ $i -lt 3000 ]; do
                x=/usr/lib/foo$i.tar.gz
                a=${x#*/} b=${x##*/} c=${x%.*} d=${x%%.*} n=${#x}
                case $b in *.zip) r=zip;; [0-9]*) r=number;; foo*.tar.gz) r=tar;; *) r=other;; esac
                s=$a:$b:$c:$d s=$s$r$n
                i=$((i+1))
            done",
        ),
        counter: Counter::Instructions,
        bound: Some(Bound::OfDash(1.0)),
    },
    Benchmark {
        name: "function",
        what: "functions with arguments and a local variable, 30,000 calls",
        run: Run::Script(
            "f() { r=$1; }
            g() { local x=$1; f $x; return 0; }
            i=0; while [ $i -lt 10000 ]; do f $i; g $i a b; i=$((i+1)); done",
        ),
        counter: Counter::Instructions,
        bound: Some(Bound::OfDash(1.0)),
    },
    Benchmark {
        name: "substitute",
        what: "$(…) of a builtin and of a function, 2,000 each",
        run: Run::Script(
            "f() { r=$1; echo $r; }
            i=0; while [ $i -lt 2000 ]; do x=$(echo $i); y=$(f $i); i=$((i+1)); done",
        ),
        counter: Counter::ProcessorTime,
        bound: Some(Bound::OfDash(0.3)),
    },
    Benchmark {
        name: "substitute-program",
        what: "$(…) of a tiny program, 2,000 times",
        run: Run::Script("i=0; while [ $i -lt 2000 ]; do x=$(TRUE); i=$((i+1)); done"),
        counter: Counter::ProcessorTime,
        bound: Some(Bound::OfDash(0.8)),
    },
    Benchmark {
        name: "program",
        what: "fork and exec of a tiny program, 2,000 times",
        run: Run::Script("i=0; while [ $i -lt 2000 ]; do TRUE; i=$((i+1)); done"),
        counter: Counter::ProcessorTime,
        bound: Some(Bound::OfDash(0.8)),
    },
    Benchmark {
        name: "memory",
        what: "shell that waits for a fifo",
        run: Run::Fifo,
        counter: Counter::PrivateMemory,
        bound: Some(Bound::AtMost(16)),
    },
    Benchmark {
        name: "calls-sh",
        what: "sh -c :",
        run: Run::Script(":"),
        counter: Counter::SystemCalls,
        bound: Some(Bound::AtMost(6)),
    },
    Benchmark {
        name: "calls-cat",
        what: "cat /dev/null",
        run: Run::Cat,
        counter: Counter::SystemCalls,
        bound: Some(Bound::AtMost(6)),
    },
];
