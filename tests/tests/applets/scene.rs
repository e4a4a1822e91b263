//! Surroundings of a fault line: namespaces of mounts, of the network and of processes, in which it may do everything.

use crate::faults::Table;

/// A script before the command, and what tells what came of it. All texts are empty for the machine as it is. `HERE`
/// is the folder that the command works in.
#[derive(Debug)]
pub(crate) struct Scene {
    /// A script that goes before.
    pub(crate) setup: &'static str,
    /// A script that tells what has come of it.
    pub(crate) after: &'static str,
    /// strace's expressions for calls that this machine's kernel cannot do, and that succeed here.
    pub(crate) pretend: &'static str,
}

/// By the names that `@scene` takes.
pub(crate) const SCENES: Table<&Scene> = &[
    ("bare", &BARE),
    ("mounts", &MOUNTS),
    ("network", &NETWORK),
    ("modules", &MODULES),
    ("proc", &PROC),
    ("alone", &ALONE),
    ("machine", &MACHINE),
];

/// The machine as it is.
pub(crate) const BARE: Scene = Scene { setup: "", after: "", pretend: "" };

/// Mounts, told without numbers, those of peer groups, too, which the whole machine counts; what nobody else sees any
/// more must be free.
const MOUNTS: Scene = Scene {
    setup: "mkdir a b; mount -t tmpfs -o size=64k,nosuid one a; echo text >a/file",
    after: "while read n p d root dir rest; do case $dir in */[ab]) echo $root ${dir##*/} ${rest%%/dev/loop*};; esac; \
        done </proc/self/mountinfo | sed 's/\\(shared\\|master\\):[0-9]*/\\1/g'; cat a/* b/*; \
        cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep HERE",
    pretend: "",
};

/// A network card with a peer.
const NETWORK: Scene = Scene {
    // Without addresses that the kernel makes up, and without what it sends for them.
    setup: "ip link add dummy0 type veth peer name peer0; ip link set lo up; \
        ip link set dummy0 address 02:00:00:00:00:07 addrgenmode none; \
        ip link set peer0 address 02:00:00:00:00:08 addrgenmode none up",
    after: "ip -o addr show dev dummy0; ip -o link show dev dummy0 | sed 's/ qdisc.*link/ link/'",
    pretend: "",
};

/// Modules go in and out without a word.
const MODULES: Scene =
    Scene { setup: ":", after: "", pretend: "finit_module:retval=0 delete_module:retval=0" };

/// A list of modules.
const PROC: Scene = Scene { setup: "mount --bind HERE/proc /proc", after: "", pretend: "" };

/// No processes but its own, process 1, which is a shell, and one that waits.
const ALONE: Scene = Scene { setup: "sleep 100 & :", after: "", pretend: "" };

/// As above, where the machine goes down without a word.
const MACHINE: Scene = Scene { setup: ":", after: "", pretend: "reboot:retval=0" };
