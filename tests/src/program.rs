//! Programs made by hand, for ARM without an MMU.

/// A program of these instructions: an ELF file that is loaded as one piece.
pub fn program(instructions: &[u16]) -> Vec<u8> {
    const HEADERS: u32 = 52 + 32;
    let size = HEADERS + instructions.len() as u32 * 2;
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    // ET_DYN for EM_ARM; the lowest bit of the entry says Thumb, the flags are those of the EABI's version 5.
    file.extend([3u16, 40].iter().flat_map(|half| half.to_le_bytes()));
    file.extend([1, HEADERS + 1, 52, 0, 0x0500_0000].iter().flat_map(|word: &u32| word.to_le_bytes()));
    file.extend([52u16, 32, 1, 0, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    // PT_LOAD: all of the file, to be read and executed.
    file.extend([1, 0, 0, 0, size, size, 5, 4].iter().flat_map(|word: &u32| word.to_le_bytes()));
    file.extend(instructions.iter().flat_map(|half| half.to_le_bytes()));
    file
}
