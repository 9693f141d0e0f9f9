//! Git LFS: a pointer in git refers to an object in the LFS store, which is read if it is in this clone.
//!
//! Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.

use std::path::{Path, PathBuf};

/// The most bytes of a pointer, by the specification.
const MAX_POINTER: usize = 1024;

/// Returns the SHA-256 (hex) that a pointer names, if `content` is a pointer.
pub fn pointer(content: &[u8]) -> Option<&str> {
    if content.len() > MAX_POINTER || !content.starts_with(b"version https://git-lfs.github.com/spec/") {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let oid = text.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    (oid.len() == 64 && oid.bytes().all(|b| b.is_ascii_hexdigit())).then_some(oid)
}

/// Returns the note on an object that isn't in the clone.
pub fn absent(oid: &str) -> String {
    format!("Git LFS object {oid} is not in this clone, so its content was not scanned; 'git lfs fetch' fetches it")
}

/// Returns the object's path below the shared git directory.
pub fn object_path(common_dir: &Path, oid: &str) -> Option<PathBuf> {
    Some(common_dir.join("lfs/objects").join(oid.get(..2)?).join(oid.get(2..4)?).join(oid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_recognised() {
        let oid = "a".repeat(64);
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
        assert_eq!(pointer(text.as_bytes()), Some(&*oid));
        assert_eq!(pointer(b"version 1"), None);
        assert_eq!(pointer(b"version https://git-lfs.github.com/spec/v1\noid sha256:../../x\n"), None);
        let path = object_path(Path::new(".git"), &oid).unwrap();
        assert_eq!(path, Path::new(".git/lfs/objects/aa/aa").join(&oid));
    }
}
