//! Names and other foreign text on a terminal: no control character gets there, and to files goes what there is.

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;
use tests::{applet_dir, fresh};

/// What a terminal must not get: controls of 7 and 8 bits, those of UTF-8, a newline, an override of direction.
const NAME: &[u8] = b"a\x1b[31mb\x9bc\xc2\x9bd\ne\xe2\x80\xaef\x7f";
const SHOWN: &str = "a?[31mb?c?d?e?f?";

/// What a script's command writes to a terminal, and what to pipes.
fn outputs(dir: &Path, script: &str) -> (Vec<u8>, Vec<u8>) {
    let script_in = |out: Stdio, err: Stdio| {
        let mut command = fresh(applet_dir("x86_64").join("sh"));
        command.env_clear().env("PATH", applet_dir("x86_64")).current_dir(dir).stdin(Stdio::null());
        command.args(["-c", script, "sh"]).arg(OsStr::from_bytes(NAME));
        command.stdout(out).stderr(err).spawn().unwrap()
    };
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(slave).unwrap();
    let mut child = script_in(slave.try_clone().unwrap().into(), slave.into());
    let mut shown = Vec::new();
    // At the end of the last process a terminal gives an error.
    let _ = File::from(master).read_to_end(&mut shown);
    child.wait().unwrap();
    let plain = script_in(Stdio::piped(), Stdio::piped()).wait_with_output().unwrap();
    (shown, [plain.stdout, plain.stderr].concat())
}

#[test]
fn terminals_get_no_control_characters() {
    for (script, form) in [
        ("ls /no/\"$1\"", "ls: /no/@: No such file or directory"),
        ("\"$1\"", "sh: line 1: @: not found"),
        ("cd /no/\"$1\"", "to /no/@: No such file"),
        ("mkdir -v \"$1\"; rm -r \"$1\"", "mkdir: created directory '@'"),
        ("mkdir \"$1\"; rm -rv \"$1\"", "removed directory '@'"),
        ("mkdir \"$1\"; rm -ri \"$1\"; rm -r \"$1\"", "rm: descend into directory '@'? "),
        (": >x; mv -v x \"$1\"; rm -f \"$1\"", "renamed 'x' -> '@'"),
        ("mkdir \"$1\"; (cd \"$1\"; pwd); rm -r \"$1\"", "@"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (shown, plain) = outputs(dir.path(), script);
        let text = String::from_utf8(shown).expect(script).replace("\r\n", "\n");
        let wanted = form.replace('@', SHOWN);
        assert!(text.contains(&wanted), "{script}: {text:?}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{script}: {text:?}");
        let message = form.contains(": ");
        let expected =
            if message && !form.starts_with("mkdir: created") { wanted.into_bytes() } else { raw(form) };
        assert!(plain.windows(expected.len()).any(|part| part == expected), "{script}: {plain:?}");
    }
}

/// The form with the name as it is.
fn raw(form: &str) -> Vec<u8> {
    let (before, behind) = form.split_once('@').unwrap();
    [before.as_bytes(), NAME, behind.as_bytes()].concat()
}
