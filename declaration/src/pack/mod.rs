//! Packs the usage texts for `sys::usage`, which tells how.

mod blocks;
mod code;
mod pairs;

/// Packed texts.
pub struct Packed {
    /// The order of the texts, by their numbers.
    pub order: Vec<usize>,
    /// The function of `sys::usage` that unpacks them.
    pub how: &'static str,
    /// The texts in that order.
    pub packed: Vec<u8>,
    /// What that function needs beside them.
    pub table: Vec<u8>,
}

/// Packs `texts`, of which the last one stays last: by the model if that is shorter, with what its unpacking takes on
/// top, and `memory` for it is there.
///
/// # Errors
/// A text is too long.
pub fn usage(texts: &[&str], memory: bool) -> Result<Packed, String> {
    /// Bytes of code for Thumb-1 that the model takes more than pairs.
    const UNPACKING: usize = 320;
    let joined = texts.join("\0");
    let (packed, pairs) = pairs::pack(&joined, pairs::MOST);
    let how = if pairs.is_empty() && texts.len() == 1 { "plain" } else { "by_pairs" };
    let by_pairs = Packed { order: (0..texts.len()).collect(), how, packed, table: pairs.concat() };
    if memory && how == "by_pairs" && !texts.is_empty() {
        let by_model = blocks::pack(&joined)?;
        if by_model.size() + UNPACKING < by_pairs.size() {
            return Ok(by_model);
        }
    }
    Ok(by_pairs)
}

impl Packed {
    /// Its bytes in the binary, without the code.
    fn size(&self) -> usize {
        self.packed.len() + self.table.len()
    }
}
