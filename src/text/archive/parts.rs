//! Opens files that contain others one by one without compressing the whole: `ar` archives, and pictures with texts
//! or with an archive behind their end.

use bstr::{BStr, ByteSlice};
use flate2::bufread::ZlibDecoder;

use super::kind::is_appended;
use super::unopened::Reason;
use super::walk::{Walk, joined};
use super::{ar, png};

impl Walk<'_> {
    pub(super) fn ar(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        for member in ar::members(bytes) {
            match member {
                Ok(_) if !self.count(path) => break,
                Ok(member) => self.member(joined(path, member.name).as_bstr(), member.bytes, depth),
                Err(reason) => self.report(path, reason),
            }
        }
        true
    }

    pub(super) fn png(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        for (keyword, stream) in png::texts(bytes) {
            let path = joined(path, &[b"text ", keyword].concat());
            if !self.count(path.as_bstr()) {
                break;
            }
            let text = self.unpacked(path.as_bstr(), &mut ZlibDecoder::new(stream));
            self.member(path.as_bstr(), &text, depth);
        }
        match png::behind(bytes) {
            None => self.report(path, Reason::Picture),
            Some(behind) if is_appended(behind) && self.count(path) => self.member(path, behind, depth),
            Some(_) => {}
        }
        true
    }
}
