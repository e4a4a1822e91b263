//! A set-uid mote mounts for other users what /etc/fstab allows them, and nothing else, whatever they try.

use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::process::Command;
use tempfile::TempDir;

/// What all scripts find: `as USER COMMAND` runs a command as that user, `is DIR` tells what is mounted there and how.
const HEAD: &str = "mount --make-rprivate /; mount -t tmpfs run /run; mount --bind etc/fstab /etc/fstab; \
    as() { u=$1; shift; setpriv --reuid $u --regid $u --clear-groups -- \"$@\" 2>&1; echo =$?; }; \
    is() { while read d m t o r; do [ $m = $PWD/$1 ] && echo $d ${o%%,relatime*}; done </proc/self/mounts; :; }; ";

/// Runs `script` as root in a mount namespace, in a folder with a set-uid mote, `m` and `n` to mount on, and a table in
/// which `@` is the folder: what it prints, where the folder is `@`, too. `None`: we are not root.
fn play(table: &str, script: &str) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let dir = TempDir::new().unwrap();
    let here = dir.path().canonicalize().unwrap();
    let here = here.to_str().unwrap();
    let mode = |name: &str, mode| {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::copy(tests::mote("x86_64", "base"), dir.path().join("mote")).unwrap();
    for applet in ["mount", "umount", "sh"] {
        symlink("mote", dir.path().join(applet)).unwrap();
    }
    for name in ["m", "n", "etc", "free", "secret"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("etc/fstab"), table.replace('@', here)).unwrap();
    mode("", 0o755);
    mode("mote", 0o4755);
    mode("free", 0o777);
    mode("secret", 0o700);
    if !fs::exists("/etc/fstab").unwrap() {
        fs::write("/etc/fstab", "").unwrap();
    }
    let done = Command::new("unshare")
        .args(["-m", "sh", "-c", &[HEAD, script].concat()])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let text = [done.stdout, done.stderr].concat();
    Some(
        String::from_utf8(text)
            .unwrap()
            .replace(here, "@")
            .replace("./mount: ", "mount: ")
            .replace("./umount: ", "umount: "),
    )
}

fn expect(table: &str, script: &str, expected: &str) {
    if let Some(text) = play(table, script) {
        assert_eq!(text, expected, "{script}");
    }
}

#[test]
fn who_mounted_it_unmounts_it() {
    expect(
        "a @/m tmpfs user\n",
        "as 7 ./mount $PWD/m; is m; as 8 ./umount $PWD/m; as 8 ./mount $PWD/m; as 7 ./umount -v m; is m; ls /run/mount; \
        as 7 ./mount m/; as 7 ./umount a; is m; as 7 ./mount -v a; is m; ./umount m; as 7 ./umount m",
        "=0\na rw,nosuid,nodev,noexec\n\
        umount: @/m: Operation not permitted\n=1\n\
        mount: a on @/m: Device or resource busy\n=1\n\
        @/m unmounted\n=0\n\
        =0\n=0\na on @/m type tmpfs\n=0\na rw,nosuid,nodev,noexec\n\
        umount: m: Operation not permitted\n=1\n",
    );
}

#[test]
fn anybody_unmounts_what_users_says_that_of() {
    expect(
        "a @/m tmpfs users,exec\nb @/n tmpfs user,suid,dev\n",
        "as 7 ./mount a; is m; as 8 ./umount m; is m; ./mount a; as 8 ./umount a; is m; \
        as 7 ./mount b; is n; ./umount b; ./mount n; as 7 ./umount n; is n",
        "=0\na rw,nosuid,nodev\n=0\n=0\n=0\nb rw,noexec\n\
        umount: @/n: Operation not permitted\n=1\nb rw,noexec\n",
    );
}

#[test]
fn nothing_more_is_mounted_for_others() {
    let free = "a @/m tmpfs user\nb @/n tmpfs nosuid\nc @/secret tmpfs nouser\nd @/free tmpfs user,nouser\n";
    // Words that ask for more than one line of the table: they are for root, as without the bit.
    for words in [
        "mount -o suid $PWD/m",
        "mount --bind / m",
        "mount -t tmpfs a m",
        "mount -t tmpfs x $PWD/m",
        "mount -a",
        "mount -T $PWD/etc/fstab m",
        "mount -i m",
        "mount -r m",
        "mount -O user -a",
        "mount --suid m",
        "mount -o remount,suid m",
        "mount --make-shared /",
        "mount b",
        "mount n",
        "mount c",
        "mount d",
        "mount $PWD/free",
    ] {
        let Some(text) = play(free, &format!("as 7 ./{words}; is m; is n; is secret; is free")) else {
            return;
        };
        assert!(text.starts_with("mount: ") && text.ends_with("=1\n"), "{words}: {text}");
        assert!(
            text.matches('\n').count() == 2 || words == "mount -a" || words.starts_with("mount -O"),
            "{words}: {text}"
        );
    }
    for words in [
        "umount -l m",
        "umount -f m",
        "umount -a",
        "umount -r m",
        "umount -d m",
        "umount m n",
        "umount $PWD/n",
        "umount /proc",
    ] {
        let script = format!("as 7 ./mount m; mount -t tmpfs x n; as 7 ./{words}; is m; is n");
        let Some(text) = play(free, &script) else { return };
        assert!(text.starts_with("=0\numount: ") && text.contains("=1\na rw,"), "{words}: {text}");
        assert!(text.ends_with("x rw\n"), "{words}: {text}");
    }
    // A line that does what root only should do.
    for line in [
        "/ @/m none bind,user",
        "a @/m none remount,user",
        "/proc @/m auto user",
        "none @/m none shared,user",
    ] {
        expect(
            line,
            "as 7 ./mount $PWD/m; is m",
            &format!("mount: {} on @/m: WHY\n=1\n", line.split(' ').next().unwrap()).replace(
                "WHY",
                if line.contains("auto") { "Block device required" } else { "Operation not permitted" },
            ),
        );
    }
}

#[test]
fn a_link_does_not_lead_elsewhere() {
    // The mount point, and a folder above it.
    expect(
        "a @/free/m tmpfs user\nb @/free/d/m tmpfs user\n",
        "mkdir -p n/m; as 7 ln -s $PWD/n free/m; as 7 ./mount a; is n; as 7 ln -s $PWD/n free/d; \
        as 7 ./mount $PWD/free/d/m; is n/m; as 7 rm free/m; as 7 mkdir free/m; as 7 ./mount a; is free/m",
        "=0\nmount: a on @/free/m: Too many levels of symbolic links\n=1\n=0\n\
        mount: b on @/free/d/m: Too many levels of symbolic links\n=1\n\
        =0\n=0\n=0\na rw,nosuid,nodev,noexec\n",
    );
    // Names tell nothing of folders that the caller may not enter.
    expect(
        "a @/m tmpfs user\n",
        "mkdir secret/in; as 7 ./mount $PWD/secret/in/../../m; as 7 ./mount $PWD/secret/no/../../m; is m",
        "mount: @/secret/in/../../m: not in /etc/fstab\n=1\nmount: @/secret/no/../../m: not in /etc/fstab\n=1\n",
    );
}

#[test]
fn a_folder_that_is_moved_does_not_lead_to_the_mount_of_another() {
    // Within his own mount he unmounts nothing that is not its root.
    expect(
        "a @/m tmpfs user,mode=777\nb @/m/x/n tmpfs user\n",
        "as 7 ./mount m; as 7 mkdir -p m/x/n m/y/n; as 8 ./mount b; as 7 ./umount $PWD/m/y/n; as 7 ./umount $PWD/m/x/n; \
        as 7 ./umount $PWD/m; is m; is m/x/n; as 8 ./umount b; as 7 ./umount m; is m",
        "=0\n=0\n=0\numount: @/m/y/n: Operation not permitted\n=1\numount: @/m/x/n: Operation not permitted\n=1\n\
        umount: @/m: Device or resource busy\n=1\na rw,nosuid,nodev,noexec\nb rw,nosuid,nodev,noexec\n=0\n=0\n",
    );
}

#[test]
fn a_file_is_mounted_if_the_caller_may_read_it() {
    if !fs::exists("/dev/loop-control").unwrap() {
        return;
    }
    expect(
        "@/free/img @/m ext2 user,ro\n@/secret/img @/n ext2 user,loop\n",
        "truncate -s 1M secret/img; mkfs.ext2 -q secret/img; cp secret/img free/img; chmod 644 free/img; \
        as 7 ./mount n; as 7 ./mount m; is m | sed 's/loop[0-9]*/loop/'; as 7 ./umount m; is m; \
        as 7 rm -f free/img; as 7 ln -s $PWD/secret/img free/img; as 7 ./mount m; is m; \
        rm free/img; as 7 ln -s /dev/mem free/img; as 7 ./mount m; is m",
        "mount: @/secret/img on @/n: Permission denied\n=1\n=0\n/dev/loop ro,nosuid,nodev,noexec\n=0\n\
        =0\n=0\nmount: @/free/img on @/m: Permission denied\n=1\n\
        =0\nmount: @/free/img on @/m: Block device required\n=1\n",
    );
}

#[test]
fn owner_and_group_are_those_of_the_device() {
    expect(
        "@/free/img @/m ext2 owner,loop\n@/free/img @/n ext2 group,loop\n",
        "as() { u=$1; g=$2; shift 2; setpriv --reuid $u --regid $u --groups $g -- \"$@\" 2>&1; echo =$?; }; \
        truncate -s 1M free/img; mkfs.ext2 -q free/img; chmod 666 free/img; chown 7:9 free/img; \
        as 8 9 ./mount m; as 7 7 ./mount m; is m | sed 's/loop[0-9]*/loop/'; as 8 9 ./umount m; as 7 7 ./umount m; \
        as 7 8 ./mount n; as 8 6,9 ./mount n; is n | sed 's/loop[0-9]*/loop/'; as 9 7 ./umount n; as 8 8 ./umount n; \
        as 9 8 ./mount n; is n | sed 's/loop[0-9]*/loop/'",
        "mount: @/free/img on @/m: Operation not permitted\n=1\n=0\n/dev/loop rw,nosuid,nodev\n\
        umount: @/m: Operation not permitted\n=1\n=0\n\
        mount: @/free/img on @/n: Operation not permitted\n=1\n=0\n/dev/loop rw,nosuid,nodev\n\
        umount: @/n: Operation not permitted\n=1\n=0\n=0\n/dev/loop rw,nosuid,nodev\n",
    );
}

#[test]
fn a_helper_has_the_rights_of_the_caller() {
    expect(
        "a @/m x user,o=1\n",
        "mkdir up work; mount -t tmpfs x up; mkdir up/u up/w; mount -t overlay -o lowerdir=/sbin,upperdir=up/u,workdir=up/w x \
        /sbin; printf '#!/bin/sh\\nid -u; id -ru; id -g; echo $*; echo $A$PATH\\n' >/sbin/mount.x; chmod 755 /sbin/mount.x; \
        A=1 as 7 ./mount a",
        "7\n7\n7\na @/m -o user,o=1\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n=0\n",
    );
}

#[test]
fn odd_surroundings_change_nothing() {
    let long = "0".repeat(100_000);
    expect(
        "a @/m tmpfs user\n",
            "as 7 sh -c './mount m <&- >&- 2>&-'; is m; as 7 sh -c 'exec ./umount a <&- 2>&-'; is m; \
        as 7 sh -c 'ulimit -f 0; umask 777; ./mount m'; is m; as 7 ./umount m; is m; \
        L=$(printf %0100000d 0); as 7 ./mount $L; as 7 ./umount $L; as 7 sh -c 'ulimit -n 3; ./mount m'; is m",
        &format!(
            "=0\na rw,nosuid,nodev,noexec\n=0\n=0\na rw,nosuid,nodev,noexec\n=0\n\
            mount: {long}: not in /etc/fstab\n=1\numount: {long}: File name too long\n=1\nmote: cannot give up rights\n=127\n"
        ),
    );
}

#[test]
fn the_shell_starts_them_from_their_file() {
    expect(
        "a @/m tmpfs user\n",
        "as 7 env PATH=$PWD ./sh -c 'mount m; umount m; command -v mount; mount a; echo $?'; is m",
        "@/mount\n0\n=0\na rw,nosuid,nodev,noexec\n",
    );
}
