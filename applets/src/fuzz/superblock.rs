//! The start of a device as the superblock of a file system: what it is called, and its ID.

use crate::mount::tag::carries;
use alloc::format;
use alloc::string::String;

/// Patches, each an offset of two bytes, a length and that many bytes, make the start of a device; a byte 0xff in place
/// of a length ends them, and what follows is looked for.
pub fn superblock(mut data: &[u8]) {
    let mut head = [0; 4096];
    let mut wanted: &[u8] = b"";
    while let [high, low, len, rest @ ..] = data {
        if *len == 0xff {
            wanted = rest;
            break;
        }
        let (bytes, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        let at = (usize::from(*high) << 8 | usize::from(*low)) % head.len();
        for (to, from) in head[at..].iter_mut().zip(bytes) {
            *to = *from;
        }
        data = rest;
    }
    let (label, id) = names(&head).unwrap_or_default();
    let known = names(&head).is_some();
    assert_eq!(carries(&head, false, wanted), known && label == wanted);
    let hex: String = String::from_utf8_lossy(wanted).to_lowercase().replace('-', "");
    assert_eq!(carries(&head, true, wanted), known && hex == id);
    assert_eq!(carries(&head, false, label), known);
    assert_eq!(carries(&head, true, id.to_uppercase().as_bytes()), known);
}

/// Label and ID, in lower case without what divides it.
fn names(head: &[u8; 4096]) -> Option<(&[u8], String)> {
    let id = |from: usize, len: usize| {
        head[from..from + len].iter().map(|c| format!("{c:02x}")).collect::<String>()
    };
    let serial =
        |from: usize| head[from..from + 4].iter().rev().map(|c| format!("{c:02x}")).collect::<String>();
    let (label, id) = match head {
        _ if head[1080..1082] == *b"\x53\xef" => (&head[1144..1160], id(1128, 16)),
        _ if head[4086..] == *b"SWAPSPACE2" => (&head[1052..1068], id(1036, 16)),
        _ if head[82..].starts_with(b"FAT") => (&head[71..82], serial(67)),
        _ if head[54..].starts_with(b"FAT") => (&head[43..54], serial(39)),
        _ => return None,
    };
    let end = label.iter().position(|&c| c == 0).unwrap_or(label.len());
    Some((label[..end].trim_ascii_end(), id))
}
