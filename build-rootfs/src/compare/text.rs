//! Tables and figures in Markdown.

use crate::number::thousands as number;

/// A figure of any size: below a hundred with two decimals, if it has any.
pub fn figure(value: f64) -> String {
    match value {
        v if v < 100.0 && v.fract() != 0.0 => format!("{v:.2}"),
        v => number(v.round() as u64),
    }
}

/// A table. The first column is text, the others are figures.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(head.iter().map(|cell| cell.to_string()).collect());
    let ruler = (0..head.len()).map(|n| if n == 0 { "---".to_string() } else { "---:".to_string() });
    out += &format!("|{}|\n", ruler.collect::<Vec<_>>().join("|"));
    for row in rows {
        out += &line(row.iter().map(|cell| escape(cell)).collect());
    }
    out
}

/// Escapes text for use inside a table.
pub fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_tables() {
        assert_eq!([figure(0.5), figure(12.0), figure(1234.5)], ["0.50", "12", "1,235"]);
        let text = table(&["who", "bytes"], &[vec!["a|b".into(), "7".into()]]);
        assert_eq!(text, "| who | bytes |\n|---|---:|\n| a\\|b | 7 |\n");
    }
}
