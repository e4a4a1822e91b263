//! Without an MMU: the memory that a process costs which only waits, the kernel's part included.

use tests::{Guest, Options};

/// The most KiB that an idle shell or an applet may take.
const MOST: f64 = 28.0;
/// How many of a kind are started: what the kernel takes by chance is divided by that.
const COUNT: u32 = 10;

/// Prints MemFree before and after `COUNT` of each kind wait. The shell that measures starts nothing to do so. A fifo
/// that is open for reading and writing has no end; the console has none as long as nobody types.
const DRIVER: &str = r#"
mount -t proc proc /proc
free() { while read -r a b c; do case $a in MemFree:) f=$b ;; esac; done </proc/meminfo; }
measure() {
    name=$1 in=$2 out=$3 all=; shift 3
    sleep 1; free; before=$f
    n=0; while [ $n -lt COUNT ]; do "$@" <>$in >$out 2>&1 & all="$all $!"; n=$((n+1)); done
    sleep 2; free
    alive=0
    for p in $all; do read -r a b state c </proc/$p/stat; [ "$state" = S ] && alive=$((alive+1)); done
    echo "cost $name $before $f $alive"
    kill -9 $all; wait
}
measure warm-up /dev/null /dev/null /bin/sleep 1000
measure applet /dev/null /dev/null /bin/sleep 1000
measure fifo-shell /fifo /dev/null /bin/sh -i
measure terminal-shell /dev/console /dev/console /bin/sh -i
echo "measured: all"
"#;

#[test]
fn an_idle_shell_and_an_applet_take_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let driver = dir.path().join("driver");
    std::fs::write(&driver, DRIVER.replace("COUNT", &COUNT.to_string())).unwrap();
    let config = format!(
        "inittab = [\"::sysinit:/bin/sh /driver\"]\n[[file]]\npath = \"/driver\"\nsource = {:?}\n\
         [[node]]\npath = \"/fifo\"\nkind = \"fifo\"\nmode = \"666\"\n",
        driver.display()
    );
    let target = Some("thumbv7em".to_string());
    let options = Options { target, config: Some(config), ram: Some("2M".into()), ..Options::default() };
    let mut guest = Guest::boot("nommu-idle", &options);
    let log = guest.expect("measured: ").replace('\r', "");
    for kind in ["applet", "fifo-shell", "terminal-shell"] {
        let line = log.lines().find_map(|line| line.split(&format!("cost {kind} ")).nth(1));
        let line = line.unwrap_or_else(|| panic!("{kind}: {log}"));
        let words: Vec<i64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let each = (words[0] - words[1]) as f64 / f64::from(COUNT);
        eprintln!("{kind}: {each:.1} KiB each");
        assert_eq!(words[2], i64::from(COUNT), "{kind}: some did not wait: {log}");
        assert!(each > 4.0 && each <= MOST, "{kind}: {each:.1} KiB each, at most {MOST}: {log}");
    }
}
