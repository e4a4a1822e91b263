//! kill: send a signal to processes (POSIX.1-2024 kill).

applet! {
    name: kill,
    dir: "/bin",
    class: NoFork,
    parse: Args,
    usage: "\
[-SIGNAL | -s SIGNAL] PID...    or: kill -l [SIGNAL]...

Send SIGNAL (name or number, default TERM) to the PIDs: 0 is the caller's
process group, -N is process group N, -1 is all processes.

-l  List signals, or translate names, numbers and exit statuses
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::kill::run(cx, &mut |_, _| None)
}
