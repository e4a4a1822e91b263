//! Rows as a table for people.

use super::Row;
use crate::number::thousands;

/// Formats the rows as a table, and marks missed limits. All rows have the same shells or tools.
pub fn table(rows: &[Row]) -> String {
    let shells: Vec<&str> =
        rows.first().map_or(Vec::new(), |row| row.figures.iter().map(|f| f.shell).collect());
    let against = rows.first().map_or("", |row| row.against);
    let mut lines = vec![header(&shells, against)];
    lines.extend(rows.iter().map(line));
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |n: usize| lines.iter().filter_map(|line| line.get(n)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|n| width(n).unwrap_or(0)).collect();
    // The first and the last columns are text, the others numbers.
    let words = |n: usize| n == 0 || n + 1 >= columns;
    let text = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(
            |(n, (cell, &width))| {
                if words(n) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            },
        );
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut out: String = lines.iter().map(text).collect();
    out.push('\n');
    for row in rows {
        out += &format!("{}: {}, in {}\n", row.name, row.what, row.unit);
    }
    out
}

fn header(shells: &[&str], against: &str) -> Vec<String> {
    let middle = shells.iter().map(|name| name.to_string());
    let ends = [format!("of {against}"), "must be at most".to_string()];
    std::iter::once(String::new()).chain(middle).chain(ends).collect()
}

fn line(row: &Row) -> Vec<String> {
    let none = || "–".to_string();
    let mut cells = vec![row.name.to_string()];
    cells.extend(row.figures.iter().map(|figure| figure.value.map_or_else(none, number)));
    cells.push(row.ratio.map_or_else(none, |ratio| format!("{ratio:.2}")));
    let missed = if row.reached == Some(false) { "  MISSED" } else { "" };
    cells.push(format!("{}{missed}", row.must.clone().unwrap_or_else(none)));
    cells
}

/// A figure with a space between thousands; below a hundred with one decimal, if it has any.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    // Half goes to the even one, as with the decimals above.
    thousands(value.round_ties_even() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(12.0), "12");
        assert_eq!(number(9.25), "9.2");
        assert_eq!(number(1300.5), "1,300");
        assert_eq!(number(2_500_000.0), "2,500,000");
        assert_eq!(number(100_000.0), "100,000");
    }

    #[test]
    fn the_table_marks_what_is_missed() {
        let text = table(&crate::bench::tests::rows());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("mote     dash       bash  of dash  must be at most"), "{text}");
        assert_eq!(lines[1], "start   14,000  220,000  2,500,000     0.06  0.10 of dash", "{text}");
        assert!(lines[2].ends_with("–     1.50  1.00 of dash  MISSED"), "{text}");
        assert!(text.contains("memory: shell that waits for a fifo, in KiB of private memory"), "{text}");
    }
}
