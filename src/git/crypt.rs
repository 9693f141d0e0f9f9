//! git-crypt: files that are encrypted in git and plain only in the work tree.
//!
//! Format: <https://github.com/AGWA/git-crypt#how-git-crypt-works>; the header isn't described there, but in
//! `commands.cpp`.

/// The start of every encrypted file.
const HEADER: &[u8] = b"\0GITCRYPT\0";

/// The note on an encrypted file.
pub const LOCKED: &str = "encrypted with git-crypt, so the content was not read; after 'git-crypt unlock', 'keysweep files .' reads what is in the work tree";

/// Returns `true` if a file is encrypted.
pub fn is_encrypted(content: &[u8]) -> bool {
    content.starts_with(HEADER)
}
