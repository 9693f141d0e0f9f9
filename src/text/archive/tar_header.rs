//! The start of a tar member: the only thing by which a tar is recognised at any position.

use tar::Header;

/// The size of a block in bytes.
pub(super) const BLOCK: usize = 512;

/// Returns `true` if a block is the header of a member, which its checksum shows.
pub fn is_tar_header(block: &[u8]) -> bool {
    let Ok(block) = <&[u8; BLOCK]>::try_from(block) else { return false };
    // The checksum counts its own eight bytes as blanks.
    let sum = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) });
    Header::from_byte_slice(block).cksum().is_ok_and(|own| own != 0 && own == sum.sum::<u32>())
}
