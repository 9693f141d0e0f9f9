//! The place of a sighting in images, and who can see it there.

use std::collections::BTreeSet;

use bstr::BStr;

use super::Base;
use crate::finding::{ContentKind, ImageName, ImagePlace, LayerPlace, Origin, Visibility};
use crate::image::{Blob, Change, Contents, Form, Image, Part};
use crate::scan::sighting::Sighting;

/// Describes in one line what was read.
pub(super) fn overview(contents: &Contents) -> String {
    let form = contents.form.name();
    if contents.form == Form::RootFs {
        return format!("read as {form}: whatever earlier steps of a build deleted is not in it");
    }
    let images: Vec<String> = contents.images.iter().take(8).map(|image| name_of(image).label()).collect();
    let more = contents.images.len().saturating_sub(images.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let layers: BTreeSet<Option<usize>> =
        contents.images.iter().flat_map(|image| image.layers.iter().map(|layer| layer.blob)).collect();
    let layers = match layers.len() {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    };
    let images = if images.is_empty() { "no image".to_owned() } else { images.join(", ") };
    format!("read as {form} with {layers}: {images}{more}")
}

fn name_of(image: &Image) -> ImageName {
    let digest = image.digest.as_ref().map(ToString::to_string);
    ImageName { names: image.names.clone(), digest, platform: image.platform.as_ref().map(ToString::to_string) }
}

/// Sets the place of a sighting in the images. The effect of later layers depends on a path, which is nearly always the
/// sighting's own.
pub(super) fn place<'c>(
    contents: &'c Contents,
    base: &Base,
    parts: &[(&'c Image, Part)],
    path: &BStr,
    sighting: &mut Sighting,
) {
    if contents.form == Form::RootFs {
        return in_root(&contents.blobs[sighting.order], sighting);
    }
    let mut images: Vec<ImageName> = parts.iter().map(|(image, _)| name_of(image)).collect();
    images.sort();
    images.dedup();
    let of_parts = parts.iter().map(|(image, part)| match part {
        Part::Metadata => (None, Visibility::Metadata),
        Part::Layer(number) => {
            let visibility = visibility(contents, image, *number, path);
            (Some((*image, *number)), visibility)
        }
    });
    // A secret that is visible in one of the images counts as visible.
    let best = of_parts.min_by_key(|(_, visibility)| *visibility != Visibility::Present);
    let (layer, visibility) = best.unwrap_or((None, Visibility::Leftover));
    let is_of_base = match layer {
        Some((image, number)) => image.layers[number - 1].diff_id.as_ref().is_some_and(|id| base.layers.contains(id)),
        None => visibility == Visibility::Metadata && base.metadata.contains(&sighting.detection.secret),
    };
    let origin = if is_of_base { Origin::Base } else { Origin::Own };
    let layer = layer.map(|(image, number)| layer_place(contents, image, number));
    sighting.occurrence.image = Some(Box::new(ImagePlace { images, layer, visibility, origin }));
}

/// Sets the place in a root file system. Each of its files is a blob of its own; a file inside an archive is a member
/// of that blob.
fn in_root(blob: &Blob, sighting: &mut Sighting) {
    let occurrence = &mut sighting.occurrence;
    if occurrence.kind == ContentKind::ImageMetadata {
        (occurrence.kind, occurrence.path) = (ContentKind::File, blob.name.clone());
    } else if blob.layer.is_some() {
        occurrence.kind = ContentKind::ArchiveMember;
        occurrence.member = std::mem::take(&mut occurrence.path);
        occurrence.path = blob.name.clone();
    }
}

fn visibility(contents: &Contents, image: &Image, number: usize, path: &BStr) -> Visibility {
    let step = |number: usize| image.layers.get(number - 1).map(|layer| layer.step.to_string()).unwrap_or_default();
    match contents.fate(image, number, path) {
        None => Visibility::Present,
        Some((by_layer, Change::Overwritten)) => Visibility::Overwritten { by_layer, by_step: step(by_layer) },
        Some((by_layer, Change::Deleted)) => Visibility::Deleted { by_layer, by_step: step(by_layer) },
    }
}

fn layer_place(contents: &Contents, image: &Image, number: usize) -> LayerPlace {
    let layer = &image.layers[number - 1];
    let digest = layer.blob.map(|blob| contents.blobs[blob].digest.to_string()).unwrap_or_default();
    let diff_id = layer.diff_id.as_ref().map(ToString::to_string);
    LayerPlace { number, total: image.layers.len(), digest, diff_id, step: layer.step.to_string() }
}
