//! Constant merging: an anonymous constant of zeros, such as an empty text, becomes a part of a bigger one.
//!
//! Then both are one value for [`super::global_registers`] and [`super::literal_pools`]. Nothing compares the addresses
//! of anonymous constants (LLVM's `unnamed_addr`).

use super::program::{symbols_in, Line, Part, Program};
use std::collections::BTreeMap;

/// A read-only constant of zeros.
struct Zeros {
    name: String,
    size: u32,
}

/// Makes small constants of zeros a part of the biggest one, where that is used most.
pub(super) fn merge(program: &mut Program) {
    let all = zeros(program);
    let Some(host) = all.iter().max_by_key(|one| one.size) else { return };
    let small = |one: &&Zeros| one.name.starts_with(".Lanon.") && one.size < host.size;
    for guest in all.iter().filter(small) {
        let place = place(program, host, guest.size);
        let (old, new) = (format!(".long\t{}", guest.name), format!(".long\t{place}"));
        if texts(program).all(|text| text == old || symbols_in(text).all(|word| word != guest.name)) {
            replace(program, &guest.name, &old, &new);
        }
    }
}

/// The read-only constants that are zeros, with their sizes.
fn zeros(program: &Program) -> Vec<Zeros> {
    let (mut found, mut open, mut is_const) = (Vec::new(), None, false);
    for line in
        program.parts.iter().flat_map(|part| if let Part::Other(lines) = part { &lines[..] } else { &[] })
    {
        let number = |prefix: &str| line.strip_prefix(prefix).and_then(|text| text.parse::<u32>().ok());
        if let Some(section) = line.strip_prefix("\t.section\t") {
            (is_const, open) = (section.starts_with(".rodata"), None);
        } else if let Some(name) = line.strip_suffix(':') {
            open = is_const.then(|| Zeros { name: name.into(), size: 0 });
        } else if line.starts_with("\t.size\t") {
            found.extend(open.take());
        } else if let (Some(size), Some(one)) = (number("\t.zero\t"), &mut open) {
            one.size += size;
        } else {
            open = None;
        }
    }
    found
}

/// All that refers to something: operands and directives, but not what defines a constant.
fn texts(program: &Program) -> impl Iterator<Item = &str> {
    program.parts.iter().flat_map(|part| {
        let (lines, body) = match part {
            Part::Other(lines) => (&lines[..], &[][..]),
            Part::Function(function) => (&[][..], &function.body[..]),
        };
        let defines = |line: &&str| {
            line.starts_with(".size\t") || line.starts_with(".type\t") || line.starts_with(".section\t")
        };
        let others =
            lines.iter().filter_map(|line| line.strip_prefix('\t')).filter(move |line| !defines(line));
        others.chain(body.iter().map(|line| match line {
            Line::Ins(ins) => ins.args.as_str(),
            Line::Data(text) => text,
            Line::Label(_) => "",
        }))
    })
}

/// The part of `host` that is used most and has `size` bytes: its name and an offset.
fn place(program: &Program, host: &Zeros, size: u32) -> String {
    let mut uses: BTreeMap<u32, usize> = BTreeMap::new();
    for text in texts(program) {
        let offset = text.strip_prefix(".long\t").and_then(|text| text.strip_prefix(&host.name[..]));
        let offset =
            offset.map(|rest| if rest.is_empty() { Some(0) } else { rest.strip_prefix('+')?.parse().ok() });
        if let Some(offset) = offset.flatten().filter(|offset| offset + size <= host.size) {
            *uses.entry(offset).or_default() += 1;
        }
    }
    let most = uses.into_iter().max_by_key(|one| one.1).map_or(0, |one| one.0);
    if most == 0 {
        host.name.clone()
    } else {
        format!("{}+{most}", host.name)
    }
}

/// Replaces the constant `name` by another one.
fn replace(program: &mut Program, name: &str, old: &str, new: &str) {
    for part in &mut program.parts {
        match part {
            Part::Function(function) => {
                for line in &mut function.body {
                    if matches!(line, Line::Data(text) if text == old) {
                        *line = Line::Data(new.into());
                    }
                }
            }
            Part::Other(lines) => {
                let mut inside = false;
                lines.retain_mut(|line| {
                    inside |= line.strip_suffix(':') == Some(name);
                    let stays = !inside && !line.starts_with(&format!("\t.type\t{name},"));
                    inside &= !line.starts_with("\t.size\t");
                    if line.strip_prefix('\t') == Some(old) {
                        *line = format!("\t{new}");
                    }
                    stays
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::function;

    fn merged(constants: &str, body: &str) -> (String, String) {
        let other = constants.split("; ").map(|line| line.replace(' ', "\t")).map(|line| {
            if line.ends_with(':') {
                line
            } else {
                format!("\t{line}")
            }
        });
        let parts = vec![Part::Other(other.collect()), Part::Function(function("f", body))];
        let mut program = Program { parts };
        merge(&mut program);
        let Part::Other(lines) = &program.parts[0] else { unreachable!() };
        (lines.join(";").replace('\t', " "), crate::program::testing::shown(&program, "f"))
    }

    const HOST: &str = ".section .rodata.EMPTY; EMPTY:; .zero 16; .size EMPTY, 16";

    #[test]
    fn an_empty_text_is_a_part_of_other_zeros() {
        let small = ".section .rodata.str; .type .Lanon.1,%object; .Lanon.1:; .zero 1; .size .Lanon.1, 1; table:; .long .Lanon.1";
        let body = "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long .Lanon.1; .LCPI0_1:; .long EMPTY+4";
        let (constants, code) = merged(&format!("{HOST}; {small}"), body);
        assert!(constants.ends_with(".section .rodata.str;table:; .long EMPTY+4"), "{constants}");
        assert!(code.contains(".LCPI0_0:; .long EMPTY+4"), "{code}");
    }

    #[test]
    fn what_can_change_or_is_no_zero_stays() {
        for small in [
            ".section .bss.x; .Lanon.1:; .zero 1; .size .Lanon.1, 1",
            ".section .rodata.x; .Lanon.1:; .zero 1; .byte 1; .size .Lanon.1, 2",
            ".section .rodata.x; .Lanon.1:; .zero 1,45; .size .Lanon.1, 1",
            ".section .rodata.x; named:; .zero 1; .size named, 1",
            ".section .rodata.x; .Lanon.1:; .zero 1; .size .Lanon.1, 1; .long .Lanon.1+1",
        ] {
            let all = format!("{HOST}; {small}");
            let (constants, _) =
                merged(&all, "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long EMPTY+4");
            assert_eq!(constants.replace(';', "; ").replace("  ", " ").trim_start(), all, "{small}");
        }
    }
}
