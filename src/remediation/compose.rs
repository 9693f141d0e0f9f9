//! The steps for a value in a compose file: the secret that replaces it, written out for its service and name.

use bstr::ByteSlice as _;

use super::step::{is_variable, missing, mount, step, written};
use super::subject::Subject;
use crate::finding::{ComposeSetting, PlanStep, StepKind, Visibility};

/// A compose file, with the facts that the advice needs.
#[derive(Debug, Clone, Default)]
pub struct ComposeFile {
    /// The file's name, as in the places of findings.
    pub name: String,
    /// The values that the file sets.
    pub settings: Vec<ComposeSetting>,
}

impl ComposeFile {
    /// Returns the steps that give the value in a line to whatever needs it, without the compose file.
    pub(super) fn steps(&self, subject: &Subject<'_>, line: usize, dockerfile: &str) -> Vec<PlanStep> {
        let file = &self.name;
        let Some(setting) = self.settings.iter().find(|one| one.holds(line)) else {
            let title = format!(
                "Remove the value from line {line} of {file}; compose reads it from your environment or from a secret"
            );
            return vec![step(StepKind::Remove, &title, String::new())];
        };
        let is_sayable = |text: &str| !subject.occurs_in(text.as_bytes().as_bstr());
        let name = if is_variable(&setting.name) && is_sayable(&setting.name) { &setting.name } else { "TOKEN" };
        let is_service = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let is_known = !setting.service.is_empty() && is_service(&setting.service) && is_sayable(&setting.service);
        let service = if is_known { &*setting.service } else { "<service>" };
        let id = name.to_ascii_lowercase();
        let declared = format!("secrets:\n  {id}:\n    environment: {name}");
        let steps = if setting.visibility == Visibility::BuildArgument {
            build(line, file, dockerfile, &declared, (service, &id, name))
        } else {
            let title = format!(
                "Remove line {line} from {file}, because the configuration of the container shows it; declare it as a secret, which the service reads from /run/secrets/{id} and compose takes from your environment"
            );
            let block = format!("services:\n  {service}:\n    secrets: [{id}]\n{declared}");
            vec![written(StepKind::Remove, &title, block)]
        };
        let hint = "the service that the value is for";
        let named = |one: PlanStep| match one.lines.contains("<service>") {
            true => PlanStep { missing: [one.missing, vec![missing("service", hint)]].concat(), ..one },
            false => one,
        };
        steps.into_iter().map(named).collect()
    }
}

/// Returns the steps that replace a build argument with a build secret.
fn build(
    line: usize,
    file: &str,
    dockerfile: &str,
    declared: &str,
    (service, id, name): (&str, &str, &str),
) -> Vec<PlanStep> {
    let title = format!(
        "Remove line {line} from {file}, because the image records build arguments; declare it as a secret of the build, which compose takes from your environment"
    );
    let block = format!("services:\n  {service}:\n    build:\n      secrets: [{id}]\n{declared}");
    let remove = format!("Remove ARG {name} from {dockerfile}, and mount the secret where a command needs it");
    vec![written(StepKind::Remove, &title, block), mount(&remove, &[(id.to_owned(), name.to_owned())])]
}
