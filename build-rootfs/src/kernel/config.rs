//! Kernel configurations: parses fragments, and checks that the final configuration has their options.

use crate::error::{Error, Result};

/// One line of a fragment: the symbol and its value; `n` means not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigOption {
    /// `CONFIG_…`.
    pub symbol: String,
    /// The value.
    pub value: String,
}

/// Parses a fragment; skips comments and blank lines.
///
/// # Errors
/// A line is not `CONFIG_X=value`; `origin` names the fragment in the message.
pub fn parse(origin: &str, text: &str) -> Result<Vec<ConfigOption>> {
    let mut options = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((symbol, value)) if symbol.starts_with("CONFIG_") && !value.is_empty() => {
                options.push(ConfigOption { symbol: symbol.to_string(), value: value.to_string() });
            }
            _ => {
                return Err(Error::new(format!("{origin}:{}: `{line}` is not a kernel option", number + 1))
                    .fix("write it like CONFIG_PROC_FS=y; =n switches an option off"))
            }
        }
    }
    Ok(options)
}

/// The text to append to a `.config`, so that `make olddefconfig` sets the options.
pub fn as_config(options: &[ConfigOption]) -> String {
    options.iter().map(|option| format!("{}={}\n", option.symbol, option.value)).collect()
}

/// Checks that the final configuration has all options. Of two values for one symbol, the last one counts.
///
/// # Errors
/// An option is missing or different: the message names the symbols.
pub fn check(options: &[ConfigOption], config: &str) -> Result<()> {
    let value = |symbol: &str| {
        let lines = config.lines().filter_map(|line| line.split_once('='));
        lines.into_iter().find(|(name, _)| *name == symbol).map_or("n", |(_, value)| value)
    };
    let last = |i: usize| !options[i + 1..].iter().any(|later| later.symbol == options[i].symbol);
    let wrong: Vec<String> = (0..options.len())
        .filter(|&i| last(i) && value(&options[i].symbol) != options[i].value)
        .map(|i| format!("{}={} became {}", options[i].symbol, options[i].value, value(&options[i].symbol)))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("kernel options that did not take effect: {}", wrong.join(", ")))
        .fix("add what these options depend on, switch off what selects them, or remove the lines"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfulfilled_options_are_named() {
        let options = parse("f", "# c\nCONFIG_A=y\nCONFIG_B=n\n\nCONFIG_C=12\n").unwrap();
        assert_eq!(as_config(&options), "CONFIG_A=y\nCONFIG_B=n\nCONFIG_C=12\n");
        check(&options, "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=12\n").unwrap();
        let text = check(&options, "CONFIG_AA=y\nCONFIG_B=y\nCONFIG_C=12\n").unwrap_err().to_string();
        assert!(text.contains("CONFIG_A=y became n, CONFIG_B=n became y"), "{text}");
    }

    #[test]
    fn the_last_of_two_options_counts() {
        let options = parse("f", "CONFIG_A=y\nCONFIG_A=n\n").unwrap();
        check(&options, "").unwrap();
        assert!(check(&options, "CONFIG_A=y\n").is_err());
    }

    #[test]
    fn strange_lines_are_refused() {
        let text = parse("frag", "CONFIG_A=y\nPROC_FS=y\n").unwrap_err().to_string();
        assert!(text.contains("frag:2: `PROC_FS=y`"), "{text}");
    }
}
