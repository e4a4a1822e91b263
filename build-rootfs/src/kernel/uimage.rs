//! Wraps the kernel for QEMU in a legacy uImage, which is not compressed and padded to the end of `.bss`.
//!
//! QEMU loads such an image directly to its address, so no decompressor needs memory for a second copy. It puts the
//! initramfs after the image; without the padding that would overlap `.bss`.

const MAGIC: u32 = 0x2705_1956;
/// Linux, ARM, kernel, no compression.
const OS_ARCH_TYPE_COMPRESSION: [u8; 4] = [5, 2, 2, 0];

/// Wraps `image`, padded with zeros to `size` bytes, to be loaded and entered at `address`.
pub fn wrap(image: &[u8], size: usize, address: u32) -> Vec<u8> {
    let mut data = image.to_vec();
    data.resize(size.max(image.len()), 0);
    let unsigned = header(0, &data, address);
    let mut out = header(crc32fast::hash(&unsigned), &data, address);
    out.extend_from_slice(&data);
    out
}

fn header(own_crc: u32, data: &[u8], address: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(64);
    let time = 0;
    for word in [MAGIC, own_crc, time, data.len() as u32, address, address, crc32fast::hash(data)] {
        header.extend_from_slice(&word.to_be_bytes());
    }
    header.extend_from_slice(&OS_ARCH_TYPE_COMPRESSION);
    let mut name = [0; 32];
    name[..5].copy_from_slice(b"linux");
    header.extend_from_slice(&name);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_padding() {
        let image = wrap(b"kernel", 16, 0x8000);
        assert_eq!(image.len(), 64 + 16);
        assert_eq!(image[..4], [0x27, 0x05, 0x19, 0x56]);
        assert_eq!(image[12..16], 16u32.to_be_bytes());
        assert_eq!(image[16..20], 0x8000u32.to_be_bytes());
        assert_eq!(image[24..28], crc32fast::hash(&image[64..]).to_be_bytes());
        assert_eq!(image[28..32], [5, 2, 2, 0]);
        assert_eq!(&image[64..70], b"kernel");
        let mut unsigned = image[..64].to_vec();
        unsigned[4..8].fill(0);
        assert_eq!(image[4..8], crc32fast::hash(&unsigned).to_be_bytes());
    }
}
