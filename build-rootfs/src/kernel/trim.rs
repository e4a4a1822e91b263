//! What a kernel is built without.

use super::config::ConfigOption;
use std::collections::BTreeSet;

/// Options and system calls.
#[derive(Debug, Clone, Default)]
pub struct Trim {
    /// The options to switch off.
    pub options: Vec<ConfigOption>,
    /// The system calls that the kernel's table keeps, if not all.
    pub calls: Option<BTreeSet<String>>,
}

/// The kernel's table of system calls, `arch/arm/tools/syscall.tbl`, with only `calls` in it: the others keep number and
/// name, and lose the function behind them, which the linker then leaves out.
pub fn trimmed(table: &str, calls: &BTreeSet<String>) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [number, abi, name, ..] if number.parse::<u32>().is_ok() && !calls.contains(name) => {
                format!("{number}\t{abi}\t{name}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    table.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_keeps_numbers_and_names() {
        let table = "# c\n3\tcommon\tread\t\tsys_read\n4\tcommon\twrite\tsys_write\n";
        let calls = BTreeSet::from(["read".to_string()]);
        assert_eq!(trimmed(table, &calls), "# c\n3\tcommon\tread\t\tsys_read\n4\tcommon\twrite\n");
    }
}
