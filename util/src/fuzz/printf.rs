//! printf: any format with any arguments.

use alloc::vec::Vec;

/// Runs printf with the parts of `data` as its arguments.
pub fn printf(data: &[u8]) {
    let args: Vec<Vec<u8>> =
        super::parts(data).iter().map(|part| part.iter().copied().filter(|&c| c != 0).collect()).collect();
    let digits = |text: &[u8]| text.split(|c| !c.is_ascii_digit()).map(<[u8]>::len).max().unwrap_or(0);
    let Some((format, operands)) = args.split_first() else { return };
    // A wide field is only more of the same output.
    let star = format.contains(&b'*');
    if digits(format) > 3 || star && operands.iter().any(|operand| operand.len() > 3) {
        return;
    }
    super::with_cx(&args, |cx| {
        crate::command::printf::run(cx);
    });
}
