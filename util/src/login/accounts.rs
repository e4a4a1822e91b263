//! Users and groups by name and by number, from /etc/passwd and /etc/group (POSIX pwd.h, grp.h; `man 5 passwd`).

use crate::file::read;
use sys::zstr::{cut, position_in};
use sys::{num, Buf, Cx, Errno, List, ToBuf, ZStr};

/// The file of users.
pub static PASSWD: &core::ffi::CStr = c"/etc/passwd";
/// The file of groups.
pub static GROUP: &core::ffi::CStr = c"/etc/group";

// Fields of a line; of groups the first three are the same.
const NAME: usize = 0;
const NUMBER: usize = 2;
const LOGIN_GROUP: usize = 3;
const HOME: usize = 5;
// Of groups.
const MEMBERS: usize = 3;

/// One of the two files, read once when the first name is asked for, and the name found last.
pub struct Names {
    path: ZStr<'static>,
    text: Option<Buf>,
    last: u32,
    name: Buf,
    /// Why the file could not be read, if it is there.
    pub why: Option<Errno>,
}

impl Names {
    /// Of users ([`PASSWD`]) or groups ([`GROUP`]).
    pub fn new(path: ZStr<'static>) -> Names {
        Names { path, text: None, last: 0, name: Buf::new(), why: None }
    }

    #[inline(always)]
    fn text(&mut self) -> &Buf {
        let Names { path, text, why, .. } = self;
        text.get_or_insert_with(|| match read::file_if_there(*path) {
            Ok(text) => text,
            Err(e) => {
                *why = Some(e);
                Buf::new()
            }
        })
    }

    /// The name of `id`, or its digits where the file has none or is missing.
    #[inline(never)]
    pub fn name(&mut self, id: u32) -> &[u8] {
        if self.last != id || self.name.is_empty() {
            self.last = id;
            let mut digits = [0; 64];
            let digits = num::digits(&mut digits, id as u64, 10);
            let name = look_up(self.text(), NUMBER, digits, NAME).unwrap_or(digits).buf();
            self.name = name;
        }
        &self.name
    }

    /// The name of `id`, if the file has one.
    pub fn known(&mut self, id: u32) -> Option<&[u8]> {
        let name = self.name(id);
        Some(name).filter(|name| num::parse_u32(name) != Some(id))
    }

    /// The number of the user or group `name`; where the file has none or is missing, the number that `name` itself is
    /// (POSIX.1-2024 chown, OPERANDS).
    #[inline(never)]
    pub fn id(&mut self, name: &[u8]) -> Option<u32> {
        num::parse_u32(look_up(self.text(), NAME, name, NUMBER).unwrap_or(name))
    }
}

/// The user whose name or, where nobody has that, whose number is `text`: name, number and group.
#[inline(never)]
pub fn user(text: &[u8]) -> Result<Option<(Buf, u32, u32)>, Errno> {
    Ok(find_user(&read::file_if_there(ZStr::new(PASSWD))?, text))
}

/// The user `who`, by name or number: his number, and his groups, the first of them first. `None` after a report.
#[inline(never)]
pub fn of_user(cx: &mut Cx, who: ZStr) -> Option<(u32, List<u32>)> {
    let found = user(who.bytes()).and_then(|found| match found {
        Some((name, id, group)) => Ok(Some((id, groups_of(&name, group)?))),
        None => Ok(None),
    });
    match found {
        Ok(None) => cx.error(who.bytes(), b"no such user"),
        Ok(found) => return found,
        Err(why) => cx.fail(b"/etc/passwd, /etc/group", why),
    }
    None
}

fn find_user(all: &[u8], text: &[u8]) -> Option<(Buf, u32, u32)> {
    let key = if look_up(all, NAME, text, NAME).is_some() { NAME } else { NUMBER };
    let name = look_up(all, key, text, NAME)?;
    let number = |field| num::parse_u32(look_up(all, key, text, field)?);
    Some((name.buf(), number(NUMBER)?, number(NUMBER + 1)?))
}

/// The groups that the user `name` is in: `first`, then those whose lines have him.
#[inline(never)]
pub fn groups_of(name: &[u8], first: u32) -> Result<List<u32>, Errno> {
    let mut all = List::new();
    all.push(first);
    let text = read::file_if_there(ZStr::new(GROUP))?;
    let mut rest = &text[..];
    while !rest.is_empty() {
        let line = cut(&mut rest, b'\n');
        if position_in(field(line, MEMBERS), b',', name).is_none() {
            continue;
        }
        if let Some(id) = num::parse_u32(field(line, NUMBER)).filter(|id| !all.contains(id)) {
            all.push(id);
        }
    }
    Ok(all)
}

/// Home directory of the user `name`; `None` where the file has none, an empty one, or cannot be read.
#[inline(never)]
pub fn home(name: &[u8]) -> Option<Buf> {
    let text = read::file(ZStr::new(PASSWD)).ok()?;
    look_up(&text, NAME, name, HOME).map(|home| home.buf())
}

/// The group that the user `name`, or the user with that number, logs in with.
#[inline(never)]
pub fn login_group(name: &[u8]) -> Option<u32> {
    let text = read::file(ZStr::new(PASSWD)).ok()?;
    let group = look_up(&text, NAME, name, LOGIN_GROUP).or_else(|| look_up(&text, NUMBER, name, LOGIN_GROUP));
    num::parse_u32(group?)
}

/// Field `wanted` of the first line whose field `key` is `value`, if it is not empty.
fn look_up<'t>(mut text: &'t [u8], key: usize, value: &[u8], wanted: usize) -> Option<&'t [u8]> {
    while !text.is_empty() {
        let line = cut(&mut text, b'\n');
        if field(line, key) == value {
            return Some(field(line, wanted)).filter(|f| !f.is_empty());
        }
    }
    None
}

/// Field `n` of a line; empty if there is none.
#[inline(never)]
fn field(mut line: &[u8], n: usize) -> &[u8] {
    for _ in 0..n {
        cut(&mut line, b':');
    }
    cut(&mut line, b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &[u8] = b"root:x:0:0::/:/bin/sh\nbroken\n\n:x:7:\nu:x:1000:1000:U:/home/u:/bin/sh\nu:x:5:5::/other:\nv:x:8:8:::";

    #[test]
    fn names_by_number() {
        let name = |id: &[u8]| look_up(USERS, NUMBER, id, NAME);
        assert_eq!(name(b"0"), Some(&b"root"[..]));
        assert_eq!(name(b"1000"), Some(&b"u"[..]));
        assert_eq!(name(b"7"), None);
        assert_eq!(name(b"100"), None);
    }

    #[test]
    fn what_a_name_has() {
        assert_eq!(look_up(USERS, NAME, b"u", NUMBER), Some(&b"1000"[..]));
        assert_eq!(look_up(USERS, NAME, b"u", HOME), Some(&b"/home/u"[..]));
        assert_eq!(look_up(USERS, NAME, b"v", HOME), None);
        assert_eq!(look_up(USERS, NAME, b"broken", NUMBER), None);
        assert_eq!(look_up(USERS, NAME, b"", NUMBER), None);
    }

    #[test]
    fn digits_without_a_file() {
        let mut n = Names::new(ZStr::new(c"/no/such/file"));
        assert_eq!(n.name(42), b"42");
        assert_eq!(n.name(0), b"0");
        assert_eq!(n.id(b"42"), Some(42));
        assert_eq!(n.id(b"root"), None);
    }
}
