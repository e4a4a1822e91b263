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
    /// An applet with these arguments and the name of a file, in which there is that.
    File(&'static str, &'static [&'static str], Content),
    /// An applet with these arguments, and such a file as its standard input.
    Input(&'static str, &'static [&'static str], Content),
    /// `cp` of such a file.
    Copy(Content),
    /// An applet with the name of a folder with 100 folders of so many files each, then these arguments.
    Tree(&'static str, &'static [&'static str], usize),
}

impl Work {
    /// The applet's name.
    pub fn applet(self) -> &'static str {
        match self {
            Work::List(_) => "ls",
            Work::Remove(_) => "rm",
            Work::Processes(_) => "ps",
            Work::CatFile(_) | Work::CatPipe(_) => "cat",
            Work::File(applet, ..) | Work::Input(applet, ..) | Work::Tree(applet, ..) => applet,
            Work::Copy(_) => "cp",
        }
    }
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Lines of a web server's log, so many bytes of them.
    Log(u64),
    /// So many lines with a number each, in no order.
    Numbers(u64),
    /// So many lines of short words, each some times in a row.
    Words(u64),
    /// A line of so many letters `a`, and a `c` at its end.
    Letters(u64),
    /// A hole of so many bytes.
    Hole(u64),
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
const LOG: Content = Content::Log(100 << 20);
const MILLION: Content = Content::Numbers(1_000_000);

/// A benchmark of elapsed time: mote must not be slower than the best of the others.
const fn timed(name: &'static str, what: &'static str, work: Work) -> ToolBenchmark {
    ToolBenchmark { name, what, work, counter: Counter::Time, bound: Bound::OfBest(1.0) }
}

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
    timed("grep", "grep of a fixed string in 100 MiB", Work::File("grep", &["-c", "404 page"], LOG)),
    timed(
        "grep-class",
        "grep of a BRE with classes in 100 MiB",
        Work::File("grep", &["-c", "[0-9][0-9]* page[a-f]*/7 "], LOG),
    ),
    timed(
        "grep-worst",
        "grep -E of nested repetitions in a line of 1 MiB",
        Work::File("grep", &["-cE", "^(a|aa)*b|(a*)*c$"], Content::Letters(1 << 20)),
    ),
    timed("sed", "sed s/// in 100 MiB", Work::File("sed", &["s/GET \\([a-z]*\\)/PUT \\1/"], LOG)),
    timed("awk", "awk '{s+=$3} END{print s}' of 100 MiB", Work::File("awk", &["{s+=$3} END{print s}"], LOG)),
    timed("sort", "sort of 1,000,000 lines", Work::File("sort", &[], MILLION)),
    timed("sort-n", "sort -n of 1,000,000 lines", Work::File("sort", &["-n"], MILLION)),
    timed("uniq", "uniq -c of 100 MiB", Work::File("uniq", &["-c"], Content::Words(100 << 20))),
    timed("cut", "cut -d ' ' -f 2,4 of 100 MiB", Work::File("cut", &["-d", " ", "-f", "2,4"], LOG)),
    timed("tr", "tr a-z A-Z of 100 MiB", Work::Input("tr", &["a-z", "A-Z"], LOG)),
    timed("wc", "wc of 1 GiB", Work::File("wc", &[], Content::Log(GIB))),
    timed("sha256sum", "sha256sum of 1 GiB", Work::File("sha256sum", &[], Content::Hole(GIB))),
    timed("cp", "cp of 1 GiB", Work::Copy(Content::Log(GIB))),
    timed("find", "find -name of 100,000 files", Work::Tree("find", &["-name", "*77*"], 1000)),
    timed(
        "find-type",
        "find -type f -size +1 of 100,000 files",
        Work::Tree("find", &["-type", "f", "-size", "+1"], 1000),
    ),
    timed("du", "du -s of 100,000 files", Work::Tree("du", &["-s"], 1000)),
    timed("xargs", "xargs true of 1,000,000 words", Work::Input("xargs", &["/bin/true"], MILLION)),
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
