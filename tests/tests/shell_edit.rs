//! The line editor of the shell: keys typed at a pseudo terminal, and what a person then sees.

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use rustix::termios::{tcgetattr, tcsetwinsize, LocalModes, Winsize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tests::{applet_dir, controlled, fresh};

/// A terminal's screen, with the sequences that the editor sends.
struct Screen {
    columns: usize,
    rows: Vec<Vec<String>>,
    row: usize,
    column: usize,
    /// A character stands in the last column, and the next one goes to the next row.
    full: bool,
    rest: Vec<u8>,
}

impl Screen {
    fn new(columns: usize) -> Screen {
        Screen { columns, rows: vec![vec![]], row: 0, column: 0, full: false, rest: vec![] }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.rest);
        let valid = match std::str::from_utf8(&all) {
            Ok(text) => text,
            Err(e) => std::str::from_utf8(&all[..e.valid_up_to()]).unwrap(),
        };
        let mut at = 0;
        while let Some(c) = valid[at..].chars().next() {
            let mut next = at + c.len_utf8();
            if c == '\x1b' {
                let letter = valid[at..].char_indices().skip(2).find(|(_, c)| ('@'..='~').contains(c));
                let Some((n, letter)) = letter else { break };
                next = at + n + 1;
                self.sequence(&valid[at + 2..at + n], letter);
            } else {
                self.put(c);
            }
            at = next;
        }
        self.rest = all[at..].to_vec();
    }

    fn put(&mut self, c: char) {
        let width = match c as u32 {
            0x300..=0x36f => 0,
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0x1f300..=0x1faff => 2,
            _ => 1,
        };
        match c {
            '\r' => self.column = 0,
            '\n' => self.row += 1,
            '\x08' => self.column = self.column.saturating_sub(1),
            _ if width == 0 => {
                let before = self.column - !self.full as usize;
                self.rows[self.row][before].push(c);
                return;
            }
            _ => {
                if self.full || self.column + width > self.columns {
                    self.row += 1;
                    self.column = 0;
                }
                self.reach();
                let row = &mut self.rows[self.row];
                row[self.column] = c.to_string();
                if width == 2 {
                    row[self.column + 1] = String::new();
                }
                self.column += width;
                self.full = self.column == self.columns;
                self.column = self.column.min(self.columns - 1);
                return;
            }
        }
        self.full = false;
        self.reach();
    }

    /// Makes the cursor's row exist.
    fn reach(&mut self) {
        while self.rows.len() <= self.row {
            self.rows.push(vec![]);
        }
        let blank = || " ".to_string();
        self.rows.iter_mut().for_each(|row| row.resize_with(self.columns, blank));
    }

    fn sequence(&mut self, parameters: &str, letter: char) {
        let n = parameters.parse().unwrap_or(1);
        match letter {
            'A' => self.row = self.row.saturating_sub(n),
            'B' => self.row += n,
            'C' => self.column = (self.column + n).min(self.columns - 1),
            'D' => self.column = self.column.saturating_sub(n),
            'H' => (self.row, self.column) = (0, 0),
            'J' if parameters == "2" => self.rows.clear(),
            'J' => {
                self.rows.truncate(self.row + 1);
                self.reach();
                self.rows[self.row].truncate(self.column);
            }
            'h' | 'l' if parameters == "?2004" => return,
            'm' => return,
            _ => panic!("a sequence that not every terminal knows: {parameters}{letter}"),
        }
        self.full = false;
        self.reach();
    }

    fn text(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|r| r.concat().trim_end().to_string()).collect();
        rows.join("\n").trim_end().to_string()
    }
}

/// How long the terminal's reader waits before it looks whether it is still wanted.
const SHORT: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// A shell at a terminal.
struct Session {
    child: Child,
    terminal: File,
    input: Receiver<Vec<u8>>,
    screen: Screen,
    sent: Vec<u8>,
    home: tempfile::TempDir,
    reader: Option<JoinHandle<()>>,
    /// While this is held, the terminal is read.
    held: Option<Arc<()>>,
}

impl Session {
    /// With 0 columns the terminal does not know its size.
    fn start(columns: u16) -> Session {
        Session::with(columns, &[])
    }

    fn with(columns: u16, env: &[(&str, &str)]) -> Session {
        Session::by(columns, env, "--default-signal=HUP")
    }

    /// A shell that is started with this option of env (coreutils).
    fn by(columns: u16, env: &[(&str, &str)], option: &str) -> Session {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let size = Winsize { ws_row: columns.min(24), ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let home = tempfile::tempdir().unwrap();
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        let mut command = fresh("env");
        controlled(&mut command);
        command.arg(option).arg(applet_dir("x86_64").join("sh")).current_dir(home.path());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("TERM", "xterm");
        command.env("PS1", "$ ").env("HISTFILE", home.path().join("history"));
        command.envs(env.iter().copied());
        let child = command.spawn().unwrap();
        drop(command);
        let terminal = File::from(master);
        let mut reader = terminal.try_clone().unwrap();
        let (to, input) = channel();
        let held = Arc::new(());
        let holder = Arc::downgrade(&held);
        let reader = std::thread::spawn(move || loop {
            let mut b = vec![0; 4096];
            let mut one = [PollFd::new(&reader, PollFlags::IN)];
            if holder.strong_count() == 0 {
                break;
            }
            if poll(&mut one, Some(&SHORT)) == Ok(0) {
                continue;
            }
            match reader.read(&mut b) {
                // EIO: nobody holds the other side any more.
                Ok(0) | Err(_) => break,
                Ok(n) => {
                    b.truncate(n);
                    if to.send(b).is_err() {
                        break;
                    }
                }
            }
        });
        let columns = if columns == 0 { 80 } else { columns.into() };
        let screen = Screen::new(columns);
        let (reader, held) = (Some(reader), Some(held));
        let mut s = Session { child, terminal, input, screen, sent: vec![], home, reader, held };
        s.until(|t| t.ends_with('$'));
        s
    }

    fn keys(&mut self, keys: impl AsRef<[u8]>) {
        self.terminal.write_all(keys.as_ref()).unwrap();
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(300);
        while !wanted(&self.screen.text()) {
            match self.input.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(b) => {
                    self.sent.extend_from_slice(&b);
                    self.screen.feed(&b);
                }
                Err(_) => panic!(
                    "not what was expected:\n{}\nsent: {:?}",
                    self.screen.text(),
                    self.sent.escape_ascii().to_string()
                ),
            }
        }
        self.screen.text()
    }

    /// Types, and waits for the last rows to be these, the cursor's column to be this (of the last row).
    #[track_caller]
    fn see(&mut self, keys: impl AsRef<[u8]>, rows: &str) {
        self.keys(keys);
        let rows = rows.to_string();
        self.until(|t| format!("\n{t}").ends_with(&format!("\n{rows}")));
    }

    /// Takes the terminal away.
    fn vanish(&mut self) {
        self.held = None;
        self.reader.take().unwrap().join().unwrap();
        self.terminal = File::open("/dev/null").unwrap();
    }

    fn status(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1bOB";
const LEFT: &str = "\x1b[D";
const HOME: &str = "\x1b[H";
const DELETE: &str = "\x1b[3~";

#[test]
fn insert_move_and_delete() {
    let mut s = Session::start(40);
    s.see(format!("echo ac{LEFT}b"), "$ echo abc");
    s.see(format!("{HOME}{DELETE}{DELETE}pr\x05X\x7f\x02\x02\x04"), "$ prho ac");
    s.see("\x01\x0becho \x14done", "$ ech odone"); // C-t at the end of the line
    s.see("\x05\x15echo one two\x1bb\x1bbX\x1bfY\r", "$ echo XoneY two\nXoneY two\n$");
}

#[test]
fn kill_and_yank() {
    let mut s = Session::start(40);
    s.see("echo one two-three\x17\x17", "$ echo");
    s.see("\x19\x19", "$ echo one two-threeone two-three");
    s.see("\x15echo a-b\x1b\x7f\x19\x19", "$ echo a-bb");
    s.see("\x01\x1bf\x0b\x02\x02\x19", "$ ec a-bbho");
}

#[test]
fn a_line_longer_than_the_screen_is_wide() {
    let mut s = Session::start(20);
    s.see("echo aaaaabbbbbcccccdddddeeeee", "$ echo aaaaabbbbbccc\nccdddddeeeee");
    s.see(format!("{HOME}\x1bf X"), "$ echo X aaaaabbbbbc\nccccdddddeeeee");
    s.see("\x7f\x7f\x7f", "$ ech aaaaabbbbbcccc\ncdddddeeeee");
    s.see("o\r", "cdddddeeeee\naaaaabbbbbcccccddddd\neeeee\n$".replacen("cddddd", "ccddddd", 1).as_str());
    // Exactly as long: the cursor is on the next row.
    s.see("echo 5678901234567", "$ echo 5678901234567");
    s.see("8", "$ echo 5678901234567\n8");
    s.see("\x7f\x7f7x\r", "5678901234567x\n$");
}

#[test]
fn wide_and_combining_characters() {
    let mut s = Session::start(20);
    s.see("echo 漢字漢字漢字漢", "$ echo 漢字漢字漢字\n漢");
    s.see("\x02\x02\x7f", "$ echo 漢字漢字漢漢".replace("漢漢", "字漢").as_str());
    s.see("\x05\x15echo e\u{301}X\x02\x7fé", "$ echo éX");
    s.see("\x05\u{1f600}|\x02\x02\x7f", "$ echo é\u{1f600}|");
    s.see(b"\x05\x15echo \xff.", "$ echo ?.");
}

#[test]
fn history_by_keys_and_search() {
    let mut s = Session::start(60);
    s.see("a=one\r", "$ a=one\n$");
    s.see("echo $a two\r", "one two\n$");
    s.see("b=draft", "$ b=draft");
    s.see(UP, "$ echo $a two");
    s.see("\x10", "$ a=one");
    s.see(format!("{DOWN}\x0e"), "$ b=draft");
    s.see("\x15\x12a=", "(search: a=) a=one");
    s.see("\x7f\x7ftwo", "(search: two) echo $a two");
    s.see("\x05!", "$ echo $a two!");
    s.see("\x12zz", "(not found: zz) echo $a two!");
    s.see("\x07", "$ echo $a two!");
    s.see("\x15\x12two\r", "$ echo $a two\none two\n$");
}

#[test]
fn history_is_kept_in_the_file() {
    let mut s = Session::with(60, &[("HISTSIZE", "3")]);
    for n in 1..=9 {
        s.see(format!("echo {n}\r"), &format!("{n}\n$"));
    }
    let text = fs::read_to_string(s.home.path().join("history")).unwrap();
    assert!(text.ends_with("echo 7\necho 8\necho 9\n") && text.lines().count() <= 6, "{text}");
    let file = s.home.path().join("history");
    let mut again = Session::with(60, &[("HISTFILE", file.to_str().unwrap())]);
    again.see(format!("{UP}{UP}"), "$ echo 8");
}

#[test]
fn completion() {
    let mut s = Session::start(40);
    for name in ["file1", "file2", ".hidden", "a b"] {
        fs::write(s.home.path().join(name), "").unwrap();
    }
    fs::create_dir(s.home.path().join("dir")).unwrap();
    s.see("echo fi\t", "$ echo file");
    s.see("\t", "$ echo file\nfile1  file2\n$ echo file");
    s.see("1 d\t.", "$ echo file1 dir/.");
    s.see("\x15ls a\t|", "$ ls a\\ b |");
    s.see("\x15ls 'a\t|", "$ ls 'a b' |");
    s.see("\x15ls .h\t|", "$ ls .hidden |");
    s.see("\x15ls ~/di\t|", "$ ls ~/dir/|");
    s.see("\x15echo $HISTF\t|", "$ echo $HISTFILE |");
    s.see("\x15echo ${HISTF\t|", "$ echo ${HISTFILE} |");
    s.see("\x15true; unali\t|", "$ true; unalias |");
    s.see("\x15my_function() { :; }\r", "$ my_function() { :; }\n$");
    s.see("my_f\t|", "$ my_function |");
    s.see("\x15nosuch\t|", "$ nosuch|");
    // Nothing that a name holds gets at the terminal.
    for name in ["x\x1b[2J1", "x\x1b[2J2"] {
        fs::write(s.home.path().join(name), "").unwrap();
    }
    s.see("\x15ls x\t\t|", "x^[[2J1  x^[[2J2\n$ ls x^[\\[2J|");
    s.see("\x15\t.", "$ .");
}

#[test]
fn paste_and_continuation() {
    let mut s = Session::start(40);
    s.see("\x1b[200~echo a\techo\necho b\x1b[201~", "$ echo a^Iecho\necho b");
    s.see("\r", "a echo\nb\n$");
    s.see("if true\rthen echo yes\rfi\r", "$ if true\n> then echo yes\n> fi\nyes\n$");
}

#[test]
fn a_paste_of_any_size_ends_at_its_mark() {
    let mut s = Session::start(80);
    // A mark that is none, and more than a line can hold.
    let long = format!("echo \x1b[20\x1b[201x{}", "a".repeat(1 << 20));
    let pasted = format!("\x1b[200~{long}\x1b[201~");
    let mut terminal = s.terminal.try_clone().unwrap();
    // The terminal takes no more than the shell has read.
    let writer = std::thread::spawn(move || terminal.write_all(pasted.as_bytes()).unwrap());
    // The screen is too small for it all: what was sent counts, up to this text.
    let mut sent = Vec::new();
    let mut until = |s: &mut Session, text: &str| {
        sent.clear();
        while !String::from_utf8_lossy(&sent[sent.len().saturating_sub(8192)..]).contains(text) {
            sent.extend(s.input.recv_timeout(Duration::from_secs(300)).unwrap());
        }
        sent.len()
    };
    until(&mut s, "paste cut");
    writer.join().unwrap();
    s.keys("\x15echo a''live\r");
    // Drawn once, not for each character.
    let drawn = until(&mut s, "alive\r\n");
    assert!(drawn < 100_000, "{drawn}");
}

#[test]
fn names_and_values_in_the_prompt_are_text() {
    let mut s = Session::with(60, &[("PS1", "\\w$")]);
    fs::create_dir(s.home.path().join("a\x1b[2J$b`\\e[2J")).unwrap();
    s.keys("cd a*\r");
    s.until(|t| t.ends_with("\n~/a?[2J$b`\\e[2J$"));
    let mut s = Session::with(60, &[("PS1", "${PWD##*/}$")]);
    fs::create_dir(s.home.path().join("a\\e[2J")).unwrap();
    s.keys("cd a*\r");
    s.until(|t| t.ends_with("\na\\e[2J$"));
    let mut s = Session::with(60, &[("PS1", "\\w$"), ("TERM", "dumb")]);
    fs::create_dir(s.home.path().join("b\x1b[2J")).unwrap();
    s.keys("cd b*\r");
    s.until(|t| t.contains("~/b?[2J$"));
}

#[test]
fn the_user_says_how_wide_it_is() {
    let mut s = Session::with(0, &[("COLUMNS", "20")]);
    s.screen = Screen::new(20);
    s.see("\x15\x0cecho aaaaabbbbbcccccddddd", "$ echo aaaaabbbbbccc\nccddddd");
    s.see("\x01\x1bf X", "$ echo X aaaaabbbbbc\nccccddddd");
}

#[test]
fn interrupts_leave_a_new_prompt() {
    let mut s = Session::start(40);
    s.see("echo x\x03", "$ echo x^C\n$");
    s.see("for i in 1 2\r", "> ".trim_end());
    s.see("\x03", "> ^C\n$");
    s.see("sleep 100\r", "$ sleep 100");
    // Not before the child has the terminal.
    std::thread::sleep(Duration::from_millis(300));
    s.see("\x03", "$ sleep 100\n^C\n$");
    s.keys("trap 'echo trapped' USR1; echo $$\r");
    let pid = |t: &str| t.lines().rev().nth(1).map(String::from);
    let text = s.until(|t| t.ends_with("\n$") && pid(t).is_some_and(|p| p.parse::<u32>().is_ok()));
    let pid = pid(&text).unwrap();
    s.see("echo x", "$ echo x");
    assert!(fresh("kill").arg("-USR1").arg(pid).status().unwrap().success());
    s.see("", "trapped\n$ echo x");
}

#[test]
fn a_changed_width_is_seen_at_the_next_key() {
    let mut s = Session::start(40);
    s.see("echo 1234567890", "$ echo 1234567890");
    tcsetwinsize(&s.terminal, Winsize { ws_row: 24, ws_col: 10, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    s.screen = Screen::new(10);
    s.see("\x0cx", "$ echo 123\n4567890x");
}

#[test]
fn a_line_of_unknown_size_gets_no_noise() {
    let mut s = Session::start(0);
    s.see("echo plain\r", "$ echo plain\nplain\n$");
    assert!(!s.sent.contains(&27), "{:?}", s.sent.escape_ascii().to_string());
}

#[test]
fn prompts() {
    let mut s = Session::with(60, &[("PS1", "\\[\\e[1m\\]\\W \\? \\!\\$\\[\\e[0m\\] $")]);
    let dir = s.home.path().file_name().map(Path::new).unwrap().to_path_buf();
    let text = s.screen.text();
    assert!(text.starts_with("~ 0 1") && text.ends_with(" $"), "{text} {dir:?}");
    s.keys("cd /usr/bin; false\r");
    s.until(|t| t.contains("\nbin 1 2"));
}

#[test]
fn the_modes_of_the_terminal_come_back() {
    let mut s = Session::start(40);
    let modes = |s: &Session| tcgetattr(&s.terminal).unwrap().local_modes;
    assert!(!modes(&s).contains(LocalModes::ICANON | LocalModes::ECHO));
    s.see("stty -a | grep -o '[- ]icanon'; cat\r", " icanon");
    s.see("typed\r", "typed\ntyped");
    assert!(modes(&s).contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    s.see("\x04", "typed\ntyped\n$");
    s.keys("exit 3\r");
    assert_eq!(s.status(), 3);
    assert!(modes(&s).contains(LocalModes::ICANON | LocalModes::ECHO));
}

#[test]
fn one_end_of_input_ends_the_shell() {
    let mut s = Session::start(40);
    s.see("x\x04", "$ x"); // not at the start of a line
    s.keys("\x15\x04");
    assert_eq!(s.status(), 0);
}

#[test]
fn a_terminal_that_vanishes_ends_the_shell() {
    // By the signal, and by what it reads where that is ignored.
    for (option, signal) in [("--default-signal=HUP", Some(1)), ("--ignore-signal=HUP", None)] {
        let mut s = Session::by(40, &[], option);
        s.see("echo x", "$ echo x");
        s.vanish();
        let end = Instant::now() + Duration::from_secs(300);
        let status = loop {
            if let Some(status) = s.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "the shell stays without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.signal(), signal, "{option}");
    }
}

#[test]
fn any_bytes_leave_a_shell_that_works() {
    let mut s = Session::start(17);
    let mut seed = 1u32;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // All but what ends the line or the shell.
        let b = [(seed >> 24) as u8];
        if !matches!(b[0], 3 | 4 | 10 | 13 | 15 | 17 | 18 | 19 | 26 | 28) {
            s.keys(b);
        }
    }
    s.keys("\x07\x1b[201~\x07\x03");
    // The two of them need not agree on the width of every character.
    std::thread::sleep(Duration::from_millis(300));
    while s.input.try_recv().is_ok() {}
    s.screen = Screen::new(17);
    s.see("echo ali've'\r", "alive\n$");
}

#[test]
fn entered_lines_are_listed_edited_and_run_again() {
    let mut s = Session::with(60, &[("FCEDIT", "sed -i s/two/2/")]);
    s.see("echo one\r", "one\n$");
    s.see("echo two\r", "two\n$");
    s.see("fc -l | tr '\\t' ' '\r", "1 echo one\n2 echo two\n$");
    s.see("fc -lnr 1 2 | tr -d '\\t'\r", "echo two\necho one\n$");
    s.see("fc -ln 2 1 | tr -d '\\t'\r", "echo two\necho one\n$");
    s.see("fc -s one=ONE 1\r", "echo ONE\nONE\n$");
    s.see("fc -s 'echo t'\r", "echo two\ntwo\n$");
    s.see("fc 2\r", "echo 2\n2\n$");
    s.see("fc\r", "echo 2\n2\n$");
    s.see("fc -e false 1; echo $?\r", "1\n$");
    s.see("fc -s nosuch 2>/dev/null; echo r$?\r", "r1\n$");
    assert!(fs::read_to_string(s.home.path().join("history")).unwrap().contains("\necho ONE\n"));
}
