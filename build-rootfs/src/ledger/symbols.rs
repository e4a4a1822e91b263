//! The owners of symbols, and the bytes of a section that belong to each.

use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// The binary's crate; its modules are the applets.
const MULTICALL: &str = "mote";

/// The owner of a byte: `applet`, `crate` or `file`, and its name.
pub(super) type Owner = (&'static str, String);

/// Some bytes of a section.
pub(super) struct Span {
    /// The owner.
    pub(super) owner: Owner,
    /// The function or static; empty if there is no symbol.
    pub(super) name: String,
    /// The number of bytes.
    pub(super) size: u64,
}

/// Divides the bytes of a section among their owners. Each byte counts once, even if symbols overlap.
pub(super) fn spans(elf: &object::File<'_>, section: &object::Section<'_, '_>) -> Vec<Span> {
    let (start, end) = (section.address(), section.address() + section.size());
    let mut symbols: Vec<(u64, u64, String)> = elf
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(section.index()) && symbol.size() > 0)
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data | SymbolKind::Unknown))
        .map(|symbol| {
            // A Thumb function's address has bit 0 set.
            let thumb = u64::from(symbol.kind() == SymbolKind::Text && !elf.is_64());
            let at = symbol.address() & !thumb;
            (at, at + symbol.size(), symbol.name().unwrap_or_default().to_string())
        })
        .collect();
    symbols.sort();
    let (mut spans, mut at) = (Vec::new(), start);
    for (from, to, name) in symbols {
        let (from, to) = (from.clamp(at, end), to.clamp(at, end));
        if from > at {
            spans.push(nobody(section, from - at));
        }
        if to > from {
            let name = format!("{:#}", rustc_demangle::demangle(&name));
            spans.push(Span { owner: owner(&name), name, size: to - from });
        }
        at = to.max(at);
    }
    if end > at {
        spans.push(nobody(section, end - at));
    }
    spans
}

fn nobody(section: &object::Section<'_, '_>, size: u64) -> Span {
    let owner = ("file", format!("{} without a symbol", section.name().unwrap_or("section")));
    Span { owner, name: String::new(), size }
}

const PRIMITIVES: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool", "char",
    "str", "f32", "f64",
];

/// `mote::cat::run` is the applet cat's; `<sys::Out as X>::f` is sys's; assembly belongs to sys.
fn owner(name: &str) -> Owner {
    let path = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let path = path.strip_prefix("mut ").or_else(|| path.strip_prefix("dyn ")).unwrap_or(path);
    let mut parts = path.split("::").map(|part| {
        part.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '#')).next().unwrap_or_default()
    });
    let first = parts.next().unwrap_or_default().to_string();
    if PRIMITIVES.contains(&first.as_str()) {
        // `<u8 as sys::X>::f` is sys's, `<[u8]>::f` is core's.
        return path.split_once(" as ").map_or(("crate", "core".to_string()), |(_, after)| owner(after));
    }
    let is_path = path.contains("::");
    match (first.as_str(), parts.next(), parts.next()) {
        _ if !is_path && first.starts_with("mote_") => ("crate", "sys".to_string()),
        _ if !is_path && first == "_start" => ("crate", "sys".to_string()),
        // Functions that `compact` has outlined from several functions.
        _ if !is_path && first.starts_with("OUTLINED_FUNCTION") => ("crate", "outlined".to_string()),
        _ if !is_path => ("crate", "compiler_builtins".to_string()),
        // A path of two parts is a function or a static in the root of the crate.
        (MULTICALL, Some(module), Some(_)) => ("applet", module.trim_start_matches("r#").to_string()),
        _ => ("crate", first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(symbol: &str) -> Owner {
        super::owner(&format!("{:#}", rustc_demangle::demangle(symbol)))
    }

    #[test]
    fn owners_of_symbols() {
        assert_eq!(owner("_ZN4mote3cat3run17h0123456789abcdefE"), ("applet", "cat".to_string()));
        assert_eq!(owner("_ZN4mote4main17h0123456789abcdefE"), ("crate", "mote".to_string()));
        assert_eq!(owner("_RNvNtCs1234_3sys3out5flush"), ("crate", "sys".to_string()));
        assert_eq!(owner("memcpy"), ("crate", "compiler_builtins".to_string()));
        assert_eq!(owner("mote_syscall3"), ("crate", "sys".to_string()));
        assert_eq!(owner("OUTLINED_FUNCTION_12"), ("crate", "outlined".to_string()));
        let in_trait = "_ZN48_$LT$sys..out..Out$u20$as$u20$sys..out..Sink$GT$5write17h0123456789abcdefE";
        assert_eq!(owner(in_trait), ("crate", "sys".to_string()));
        let for_bytes = "_ZN46_$LT$$u5b$u8$u5d$$u20$as$u20$sys..out..Put$GT$3put17h0123456789abcdefE";
        assert_eq!(owner(for_bytes), ("crate", "sys".to_string()));
        let own = "_ZN4core5slice29_$LT$impl$u20$$u5b$T$u5d$$GT$4sort17h0123456789abcdefE";
        assert_eq!(owner(own), ("crate", "core".to_string()));
    }
}
