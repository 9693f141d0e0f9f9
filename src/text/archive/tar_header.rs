//! How a member of a tar starts: the one thing that tells a tar wherever it is.

use tar::Header;

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// `true` if a block is the header of a member: its checksum fits.
pub fn is_tar_header(block: &[u8]) -> bool {
    let Ok(block) = <&[u8; BLOCK]>::try_from(block) else { return false };
    // The checksum counts its own eight bytes as blanks.
    let sum = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) });
    Header::from_byte_slice(block).cksum().is_ok_and(|own| own != 0 && own == sum.sum::<u32>())
}
