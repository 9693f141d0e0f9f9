//! The steps for an image: a build without the value, the removal of the old image from its registry, and a proof of
//! that; for a build context, the steps that keep the value out of the image.

use std::collections::BTreeSet;

use bstr::{BStr, ByteSlice as _};

use super::compose::ComposeFile;
use super::registry::Reference;
use super::step::{is_variable, missing, mount, quoted, step};
use super::subject::Subject;
use crate::finding::excerpt::{Excerpt, Piece};
use crate::finding::{ContentKind, Occurrence, Origin, PlanStep, StepKind};

/// The most images that commands are written for.
const MOST: usize = 4;
/// The most files of a build context that are named.
const MOST_FILES: usize = 20;

/// A build context, with the facts that the advice needs.
#[derive(Debug, Clone, Default)]
pub struct BuildContext {
    /// The path of the Dockerfile, as in the places of findings.
    pub dockerfile: String,
    /// The ignore file in force, or the one to create.
    pub ignore_file: String,
    /// The instructions of the Dockerfile.
    pub instructions: Vec<Instruction>,
    /// The compose files in the folder.
    pub compose: Vec<ComposeFile>,
}

/// An instruction of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The instruction's first and last line.
    pub lines: (usize, usize),
    /// The effect of the instruction.
    pub kind: InstructionKind,
}

/// The effect of an instruction on a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstructionKind {
    /// `ARG` or `ENV`, which the image records, with the names that the instruction sets.
    Sets(Vec<String>),
    /// `RUN`, which the image records as well.
    Runs,
    /// Any other instruction.
    Other,
}

/// Returns `true` if any place of the subject is in an image.
pub fn is_in_image(subject: &Subject<'_>) -> bool {
    subject.occurrences.iter().any(|place| place.image.is_some())
}

/// Returns the kinds of places in images; findings in the same kinds share a plan.
pub fn kind(places: &[Occurrence]) -> BTreeSet<(bool, bool)> {
    let of = |place: &Occurrence| {
        let image = place.image.as_ref()?;
        Some((image.layer.is_some(), image.origin == Origin::Base))
    };
    places.iter().filter_map(of).collect()
}

/// Returns the steps that remove a value from an image that others may have pulled.
pub fn steps(subject: &Subject<'_>) -> Vec<PlanStep> {
    [source(subject), replacement(subject)].concat()
}

/// Returns the steps that replace an image with one without the values, whichever values those are; none if the subject
/// is not in an image.
fn replacement(subject: &Subject<'_>) -> Vec<PlanStep> {
    if !is_in_image(subject) {
        return Vec::new();
    }
    let names = references(subject);
    let mut steps = vec![rebuild(&names)];
    steps.extend(replace(&names));
    let stays = "Pulled copies stay on machines that ran the image, in mirrors, pull-through caches, build caches and images built from this one. Find those images by the digest of the layer, rebuild them too, and clear the caches of your builders";
    steps.push(step(StepKind::Purge, stays, "docker buildx prune --all".to_owned()));
    steps
}

/// Replaces the steps that an earlier plan already gives for the same images with a single step; `mentioned` holds the steps
/// of all earlier plans.
pub fn say_once(steps: &mut Vec<PlanStep>, subject: &Subject<'_>, mentioned: &mut Vec<Vec<PlanStep>>) {
    let own = replacement(subject);
    if own.is_empty() {
        return;
    }
    if !mentioned.contains(&own) {
        mentioned.push(own);
    } else if let Some(at) = steps.windows(own.len()).position(|some| some == own) {
        let title = "Build the image again, push it and delete the old one as a plan before this one says: one build without all of the values is enough";
        steps.splice(at..at + own.len(), [step(StepKind::Purge, title, String::new())]);
    }
}

/// Returns the steps that keep the value out of every later image.
fn source(subject: &Subject<'_>) -> Vec<PlanStep> {
    let places = || subject.occurrences.iter().filter_map(|place| Some((place, place.image.as_ref()?)));
    let mut steps = Vec::new();
    if places().any(|(_, image)| image.origin == Origin::Base) {
        let title =
            "Fix the base image first, with the same steps, and build this one from the fixed one: FROM name@digest";
        steps.push(step(StepKind::Remove, title, String::new()));
    }
    if places().any(|(place, image)| image.origin == Origin::Own && place.kind == ContentKind::ImageMetadata) {
        let title = "Remove the value from ARG, ENV, LABEL and commands: the image records all of them. Mount it in the Dockerfile as a secret where a command needs it, and pass it to the container when it starts";
        steps.extend(mounted(title, &variables(subject)));
    }
    let is_file = |place: &Occurrence| place.kind != ContentKind::ImageMetadata;
    if places().any(|(place, image)| image.origin == Origin::Own && is_file(place)) {
        let title = "Keep the file out of every layer: exclude it in .dockerignore, copy only the files you need, and copy the result of a build into a final stage. Deleting it in a later step does not help. This command scans the files that a build receives";
        steps.push(step(StepKind::Remove, title, "keysweep context .".to_owned()));
    }
    steps
}

fn rebuild(names: &[Reference]) -> PlanStep {
    let build =
        |name: &str| format!("docker build --pull --no-cache --tag {name} . && docker save {name} | keysweep image -");
    let commands: Vec<String> = names.iter().map(|name| build(&name.tagged())).collect();
    let title = "Build it again without the cache, which would restore the old layers, and check that the new image is clean before you push it";
    if commands.is_empty() {
        unnamed(title, build("<image>"))
    } else {
        step(StepKind::Verify, title, commands.join("\n"))
    }
}

/// Returns the steps that push the new image and delete the old one, in the registry that the name implies.
fn replace(names: &[Reference]) -> Vec<PlanStep> {
    if names.is_empty() {
        let title = "Push the new image, and delete the old one by its digest: a new image under the same tag does not remove the old one. Pass the name that was pushed";
        let command = "OLD=$(skopeo inspect --format '{{.Digest}}' docker://<image>)\ndocker push <image>\nskopeo delete \"docker://<image>@$OLD\"";
        return vec![unnamed(title, command.to_owned())];
    }
    let mut steps = Vec::new();
    for name in names {
        let tagged = name.tagged();
        let first =
            format!("OLD=$(skopeo inspect --format '{{{{.Digest}}}}' docker://{})\ndocker push {tagged}", name.whole());
        let title = format!(
            "Push the new image, and delete the old one by its digest, which also deletes its tags; a new image under the same tag does not remove the old one. {}",
            name.registry().about()
        );
        steps.push(step(StepKind::Purge, &title, [vec![first], name.delete("$OLD")].concat().join("\n")));
        let prove = format!("skopeo inspect \"docker://{}@$OLD\"", name.repository());
        let title = "This command has to fail, which shows that the old image can no longer be pulled. If the image is for several platforms, also delete the images that its index listed";
        steps.push(step(StepKind::Verify, title, prove));
    }
    steps
}

fn unnamed(title: &str, command: String) -> PlanStep {
    let hint = "the name of the image with its registry and tag, as it was pushed";
    PlanStep { missing: vec![missing("image", hint)], ..step(StepKind::Purge, title, command) }
}

/// Returns the images that can be named in a command. A name comes from the archive, so it may be any text.
fn references(subject: &Subject<'_>) -> Vec<Reference> {
    let images = subject.occurrences.iter().filter_map(|place| place.image.as_ref()).flat_map(|place| &place.images);
    let names: BTreeSet<&String> = images.flat_map(|image| &image.names).collect();
    let is_sayable = |name: &&&String| !subject.occurs_in(name.as_bytes().as_bstr());
    names.iter().filter(is_sayable).filter_map(|name| Reference::parse(name)).take(MOST).collect()
}

/// Returns the steps that remove a value from a build context, before anything is built.
pub fn context(subject: &Subject<'_>, context: &BuildContext) -> Vec<PlanStep> {
    let mut steps = Vec::new();
    let mut files: BTreeSet<&BStr> = BTreeSet::new();
    let mut mentioned: BTreeSet<usize> = BTreeSet::new();
    for place in &subject.occurrences {
        if let Some(compose) = context.compose.iter().find(|file| place.path == file.name.as_bytes()) {
            let new = compose.steps(subject, place.start.line, &context.dockerfile);
            steps.extend(new.into_iter().filter(|step| !steps.contains(step)).collect::<Vec<_>>());
            continue;
        }
        if place.path != context.dockerfile.as_bytes() {
            files.insert(place.path.as_bstr());
            continue;
        }
        let line = place.start.line;
        let instruction = context.instructions.iter().find(|one| (one.lines.0..=one.lines.1).contains(&line));
        if let Some(instruction) = instruction.filter(|one| mentioned.insert(one.lines.0)) {
            steps.extend(mounts(subject, &context.dockerfile, instruction));
        }
    }
    if !files.is_empty() {
        steps.push(ignore(subject, &files, &context.ignore_file));
    }
    steps
}

/// Returns the steps that give the value to an instruction without recording it in the image.
fn mounts(subject: &Subject<'_>, dockerfile: &str, instruction: &Instruction) -> Vec<PlanStep> {
    let line = instruction.lines.0;
    let secrets = |names: &[String]| secrets(subject, names.iter().map(String::as_str));
    let (title, secrets) = match &instruction.kind {
        InstructionKind::Sets(names) => (
            format!(
                "Remove line {line} from {dockerfile}, because the image records the value; mount it where a command needs it, with BuildKit, and pass it to the container when it starts"
            ),
            secrets(names),
        ),
        InstructionKind::Runs => (
            format!(
                "In line {line} of {dockerfile}, read the value from a mounted secret, because the image records the command"
            ),
            secrets(&[]),
        ),
        InstructionKind::Other => (
            format!(
                "Remove the value from line {line} of {dockerfile}, because the image records the instruction; mount it as a secret where a command needs it"
            ),
            secrets(&[]),
        ),
    };
    mounted(&title, &secrets)
}

/// Returns the steps that mount secrets, each given by its id and its variable, and that pass them to the build.
fn mounted(title: &str, secrets: &[(String, String)]) -> Vec<PlanStep> {
    let passed: Vec<String> = secrets.iter().map(|(id, name)| format!("--secret id={id},env={name}")).collect();
    let build = format!("docker build {} .", passed.join(" "));
    vec![mount(title, secrets), step(StepKind::Remove, "Pass it to the build from your environment", build)]
}

/// Returns the variables that an image's metadata sets to the values, each with the id of a secret.
fn variables(subject: &Subject<'_>) -> Vec<(String, String)> {
    let places = subject.occurrences.iter().filter(|place| place.kind == ContentKind::ImageMetadata);
    let names: BTreeSet<&str> = places.filter_map(|place| assigned(place.excerpt.as_deref()?)).collect();
    secrets(subject, names.into_iter())
}

/// Returns the name that a value is assigned to, if it is written directly before the value.
fn assigned(excerpt: &Excerpt) -> Option<&str> {
    let Piece::Text(before) = excerpt.before.last()? else { return None };
    let before = before.to_str().ok()?.strip_suffix('=')?;
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let start = before.rfind(|char| !is_part(char)).map_or(0, |at| at + 1);
    Some(&before[start..]).filter(|name| !name.is_empty())
}

/// Returns an id for each variable; a placeholder if none can be named.
fn secrets<'n>(subject: &Subject<'_>, names: impl Iterator<Item = &'n str>) -> Vec<(String, String)> {
    let names = names.filter(|name| is_variable(name) && !subject.occurs_in(name.as_bytes().as_bstr()));
    let mut ids: Vec<(String, String)> = names.map(|name| (name.to_ascii_lowercase(), name.to_owned())).collect();
    if ids.is_empty() {
        ids.push(("token".to_owned(), "TOKEN".to_owned()));
    }
    ids
}

/// Returns the step that adds lines to the ignore file, which keep the files out of the build context.
fn ignore(subject: &Subject<'_>, files: &BTreeSet<&BStr>, ignore_file: &str) -> PlanStep {
    let title = format!(
        "Keep the file out of the image: this line in {ignore_file} excludes it. Mount it as a secret where a command needs it"
    );
    let is_sayable = |path: &&&BStr| !subject.occurs_in(path) && path.to_str().is_ok();
    let lines: Vec<String> = files
        .iter()
        .filter(is_sayable)
        .take(MOST_FILES)
        .map(|path| quoted(pattern(path).as_bytes().as_bstr()))
        .collect();
    let lines = if lines.is_empty() { "<path>".to_owned() } else { lines.join(" ") };
    let command = format!("printf '%s\\n' {lines} >> {}", quoted(ignore_file.as_bytes().as_bstr()));
    step(StepKind::Remove, &title, command)
}

/// Returns the line of `.dockerignore` that matches a path and nothing else.
fn pattern(path: &BStr) -> String {
    let mut pattern = String::new();
    for (at, char) in path.to_str_lossy().chars().enumerate() {
        match char {
            '*' | '?' | '[' | ']' | '\\' => pattern.extend(['\\', char]),
            '!' | '#' if at == 0 => pattern.extend(['\\', char]),
            // A blank at the start or end of a line would be cut off.
            ' ' if at == 0 || at + 1 == path.chars().count() => pattern.push('?'),
            _ => pattern.push(char),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_escaped_to_a_pattern_matching_only_itself() {
        for (path, expected) in
            [("app/.env", "app/.env"), ("a*b", "a\\*b"), ("!x", "\\!x"), ("#x", "\\#x"), ("x ", "x?")]
        {
            assert_eq!(pattern(path.into()), expected);
        }
    }
}
