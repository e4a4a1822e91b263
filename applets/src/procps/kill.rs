//! kill: send a signal to processes (POSIX.1-2024 kill).

applet! {
    name: kill,
    dir: "/bin",
    class: NoFork,
    parse: Args,
    usage: "\
[-SIGNAL | -s SIGNAL] PID...    or: kill -l [SIGNAL]...

Send SIGNAL (by number or name; TERM if none is given) to the PIDs. 0 is our
process group, -N is process group N, -1 is everybody.

-l  List the names of signals, or turn numbers, exit statuses and names given
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::kill::run(cx, &mut |_| None)
}
