//! An hour's worth of commands on a machine without an MMU, as fast as it goes: memory is neither lost nor broken
//! into pieces.
//!
//! A turn is 77 commands (by `set -x`, without those of the loops that read lines), and 40 processes. 600 turns are
//! 46,200 commands: an hour of a script that runs 13 in a second, or 38 hours of somebody who types one every three
//! seconds.

use build_rootfs::config::Root;
use std::fmt::Write;
use std::fs;
use std::time::Instant;
use tests::batch::CLOCK;
use tests::{Guest, Options};

const TURNS: u32 = 600;
/// After how many turns memory is looked at, the first time when everything has run a few times.
const EVERY: u32 = 20;
/// What a turn starts at least.
const PROCESSES: u32 = 40;

/// Says now and then what memory is free. Whatever else is printed is wrong.
const SOAK: &str = r#"
mount -t proc proc /proc
mount -t ramfs none /tmp
cd /tmp
export HOME=/tmp
f() { local v=$1; echo $v; }
wrong() { echo "wrong in turn $i: $*"; }
memory() {
    while read -r name size unit; do
        case $name in MemFree:) echo "free $size" ;; esac
    done </proc/meminfo
    while read -r line; do echo "blocks $line"; done </proc/buddyinfo
    echo "turn $i"
}
turn() {
    ls -l /bin >/dev/null
    [ "$(uname -s)" = Linux ] || wrong uname
    cat /etc/passwd | cat -n | while read -r n line; do x=$line; done
    x=$(echo $(f $(pwd)))
    [ "$x" = /tmp ] || wrong "substitution: $x"
    [ "$(f a; f b | cat)" = "a
b" ] || wrong pipeline
    mkdir -p a/b/c m
    cat >a/b/text <<E
$i $(f here) $((i * 3))
E
    read -r n word product <a/b/text
    [ "$n $word $product" = "$i here $((i * 3))" ] || wrong "here-document: $n $word $product"
    mount -t ramfs none m
    printf '%200s\n' $i >m/file
    mv m/file a/file$((i % 7))
    umount m
    mv a d
    ls -lR d | cat >list
    rm -r d
    sleep 0.01 &
    (exit 3) &
    wait $!
    [ $? = 3 ] || wrong background
    wait
    sleep 100 &
    kill $!
    wait $! 2>/dev/null
    [ $? = 143 ] || wrong kill
    (cd /; x=inner; f $x) >out
    [ "$x" = /tmp ] || wrong subshell
    big=$(printf "%$((i % 5 * 700 + 100))s" x)
    echo "$big" | cat >out
    [ ${#big} = $((i % 5 * 700 + 100)) ] || wrong big
    echo 'y=$((y + 1)); f dot >/dev/null' >script
    . ./script
    sh -c 'trap "exit 4" TERM; kill $$; exit 5'
    [ $? = 4 ] || wrong trap
    ps >list
    dmesg >list
    mount >list
    case $(cat list) in *ramfs*) ;; *) wrong mount ;; esac
    insmod /none 2>/dev/null && wrong insmod
    cat <list | { while read -r x; do :; done; ls -C >/dev/null; }
    cat /proc/mounts >/dev/null || wrong mounts
    /bin/true && ! /bin/false || wrong true
    f end | { read -r x; [ "$x" = end ]; } || wrong end
}
i=0 y=0
while [ $i -lt $1 ]; do
    turn
    i=$((i + 1))
    [ $((i % $2)) != 0 ] || memory
done
[ $y = $i ] || wrong "$y dots"
while read -r name count; do
    case $name in processes) echo "soaked $count" ;; esac
done </proc/stat
"#;

/// What memory was free after some turns.
#[derive(Debug, Clone, Copy)]
struct Free {
    turn: u32,
    /// In KB.
    all: u64,
    /// The order of the largest block.
    largest: usize,
    /// Pages in blocks of at least 4 pages, as the stack of a program is.
    useful: u64,
}

fn read(text: &str) -> Vec<Free> {
    let (mut all, mut counts, mut found) = (0, Vec::new(), Vec::new());
    for line in text.lines().map(str::trim_end) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = || rest.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        match word {
            "free" => all = number(),
            "blocks" => counts = rest.split_whitespace().filter_map(|n| n.parse::<u64>().ok()).collect(),
            "turn" => found.push(Free {
                turn: number() as u32,
                all,
                largest: counts
                    .iter()
                    .rposition(|count| *count > 0)
                    .unwrap_or_else(|| panic!("no blocks: {line}")),
                useful: counts.iter().enumerate().skip(2).map(|(order, count)| count << order).sum(),
            }),
            "" => {}
            _ => panic!("this is wrong: {line}\n{text}"),
        }
    }
    found
}

#[test]
fn an_hour_of_commands_leaves_memory_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("soak");
    fs::write(&script, SOAK).unwrap();
    let mut config =
        format!("inittab = [\"::sysinit:/bin/sh /soak {TURNS} {EVERY}\"]\napplets = [\"base\"]\n");
    writeln!(config, "[[file]]\npath = \"/soak\"\nsource = {:?}", script.display()).unwrap();
    let options = Options {
        target: Some("thumbv7em".into()),
        config: Some(config),
        ram: Some("704k".into()),
        root: Some(Root::Romfs),
        qemu: CLOCK.map(String::from).into(),
        ..Options::default()
    };
    let mut guest = Guest::boot("nommu-soak", &options);
    let start = Instant::now();
    let text = guest.expect("soaked ");
    let processes: u32 = guest.expect("\r\n").parse().expect("a number of processes");
    let all = read(&text);
    println!("{processes} processes in {:?}; {:?}, {:?}", start.elapsed(), all[0], all[all.len() - 1]);
    assert_eq!(
        all.iter().map(|free| free.turn).collect::<Vec<_>>(),
        (1..=TURNS / EVERY).map(|n| n * EVERY).collect::<Vec<_>>()
    );
    assert!(processes > TURNS * PROCESSES, "only {processes} processes");
    // Memory comes back a little late: the best of some times counts.
    let (first, last) = (best(&all[..5]), best(&all[all.len() - 5..]));
    assert!(last.all + 8 >= first.all, "KB free: {first:?}, then {last:?}");
    assert!(last.largest >= first.largest, "the largest block: {first:?}, then {last:?}");
    assert!(last.useful + 4 >= first.useful, "pages in blocks of four and more: {first:?}, then {last:?}");
}

/// The most of each.
fn best(all: &[Free]) -> Free {
    let most = |what: fn(&Free) -> u64| all.iter().map(what).max().unwrap_or_default();
    Free {
        turn: most(|free| free.turn.into()) as u32,
        all: most(|free| free.all),
        largest: most(|free| free.largest as u64) as usize,
        useful: most(|free| free.useful),
    }
}
