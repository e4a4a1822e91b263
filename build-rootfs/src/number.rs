//! Formats numbers for the user.

/// A number with a space between thousands.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([7, 999, 1234, 1_234_567].map(thousands), ["7", "999", "1,234", "1,234,567"]);
    }
}
