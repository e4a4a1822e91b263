//! The columns that `ps` knows, and lists of them.

use sys::zstr::{cut, position_in};
use sys::List;

/// One column of the output.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    /// What it shows: first byte of its line in [`COLUMNS`].
    pub(crate) kind: u8,
    /// Its least width.
    pub(crate) width: usize,
    /// Does it end rather than start at a line?
    pub(crate) right: bool,
    /// What stands above it.
    pub(crate) header: &'a [u8],
}

/// For each column: its kind, its width (`0` plus n: left-aligned, `` ` `` plus n: right-aligned), its names,
/// its header.
static COLUMNS: &[u8] = b"u8user,euser,uname USER\0g8group,egroup GROUP\0r8ruser RUSER\0q8rgroup RGROUP\0\
ieuid,euid UID\0Ueruid RUID\0jegid,egid GID\0Jergid RGID\0n?comm,ucomm COMMAND\0a0args,cmd,command COMMAND\0pepid,tgid PID\0\
tetid,lwp,spid TID\0Peppid PPID\0Gepgid,pgrp PGID\0Sesid,sess,session SID\0y7tty,tt,tname TTY\0\
vfvsz,vsize VSZ\0Rfrss,rssize RSS\0zesz SZ\0x4stat STAT\0s1s,state S\0Ncnice,ni NI\0Ocpri PRI\0\
Thtime,cputime TIME\0Eketime ELAPSED\0B5stime,start STIME\0%dpcpu,%cpu %CPU\0cbc C\0faf,flag,flags F\0\
w6wchan WCHAN\0A4addr ADDR";

#[inline(never)]
fn find(name: &[u8]) -> Option<Column<'static>> {
    let mut rest = COLUMNS;
    while !rest.is_empty() {
        if let [kind, width, line @ ..] = cut(&mut rest, 0) {
            let mut header = line;
            let names = cut(&mut header, b' ');
            if position_in(names, b',', name).is_some() {
                let right = *width >= b'`';
                let least = (*width - if right { b'`' } else { b'0' }) as usize;
                return Some(Column { kind: *kind, width: least.max(header.len()), right, header });
            }
        }
    }
    None
}

/// Adds the columns of a list, names separated by commas or blanks, to `all`. `name=header` gives a header:
/// the rest of the list as POSIX has it, up to a comma when `short`. An unknown name is the error.
pub(crate) fn add<'a>(all: &mut List<Column<'a>>, list: &'a [u8], short: bool) -> Result<(), &'a [u8]> {
    let mut rest = list;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b',' | b' ' | b'\t' | b'=')).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let mark = rest.get(end).copied().unwrap_or(b',');
        rest = rest.get(end + 1..).unwrap_or_default();
        if name.is_empty() && mark != b'=' {
            continue;
        }
        let mut c: Column<'a> = find(name).ok_or(name)?;
        if mark == b'=' {
            c.header = if short { cut(&mut rest, b',') } else { core::mem::take(&mut rest) };
            c.width = c.width.max(c.header.len());
        }
        all.push(c);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str, short: bool) -> Result<Vec<String>, String> {
        let mut all = List::new();
        add(&mut all, list.as_bytes(), short).map_err(|e| String::from_utf8_lossy(e).into_owned())?;
        let show = |c: &Column| {
            let header = String::from_utf8_lossy(c.header);
            format!("{}{}{}{header}", c.kind as char, if c.right { '>' } else { '<' }, c.width)
        };
        Ok(all.iter().map(show).collect())
    }

    #[test]
    fn lists_of_columns() {
        assert_eq!(
            read("pid,user args", false),
            Ok(vec!["p>5PID".into(), "u<8USER".into(), "a<7COMMAND".into()])
        );
        assert_eq!(read("pid=A,comm", false), Ok(vec!["p>6A,comm".into()]));
        assert_eq!(read("pid=A,comm=", true), Ok(vec!["p>5A".into(), "n<15".into()]));
        assert_eq!(read("time=", false), Ok(vec!["T>8".into()]));
        assert_eq!(read("pid,nope", false), Err("nope".into()));
        assert_eq!(read("=x", false), Err(String::new()));
    }

    #[test]
    fn kinds_are_single() {
        let mut kinds: Vec<u8> = COLUMNS.split(|&b| b == 0).map(|l| l[0]).collect();
        let n = kinds.len();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), n);
    }
}
