//! The environment variables of hosts for their jobs: a table of their names, read in one way.
//!
//! A host that tells what a request goes to is believed, for that is its own and no text of the request. Where it does not tell
//! what was there before a push, whoever writes the pipeline has to: with nothing to compare with, either everything would
//! count as new or nothing.
//!
//! Sources: the pages on predefined variables of Azure Pipelines, on variables of GitLab CI and Bitbucket Pipelines, on
//! built-in variables of `CircleCI`, and those of Jenkins on its environment and on its Git plugin.

use super::{branch, of_variable, trunk};
use crate::source::event::{Event, Trunk};

/// A variable of the environment; an empty one tells nothing.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The name of the default branch, where the host does not tell it.
const DEFAULT_BRANCH: &str = "KEYSWEEP_DEFAULT_BRANCH";
/// The commit that was there before, where the host does not tell it.
const BASE: &str = "KEYSWEEP_BASE";

/// How a host calls what it tells.
struct Host {
    name: &'static str,
    /// The variable that identifies this host.
    sign: &'static str,
    /// The commit that the job is about.
    tested: Tested,
    /// The variable of the new commit of a request, if it is another one.
    head: Option<&'static str>,
    /// The variable that only jobs for requests have.
    request: Option<&'static str>,
    /// The name of the request.
    asked: &'static str,
    /// Commits that the request goes to.
    bases: &'static [&'static str],
    /// The branch that the request goes to.
    target: Option<&'static str>,
    /// The commit before, of a job for a branch.
    before: Before,
    /// The branch of such a job.
    branch: &'static str,
    default: &'static str,
}

/// The variable of the commit that is checked out.
#[derive(Clone, Copy)]
enum Tested {
    /// It is what is new.
    Head(&'static str),
    /// In a job for a request it is the merge of what is new into what it goes to.
    Merge(&'static str),
}

/// The variable of the commit that a branch was at before.
#[derive(Clone, Copy)]
enum Before {
    /// Of any branch, at the push that the job is for.
    Push(&'static str),
    /// Of the default branch. Others are compared with that one alone: what they have been at before nobody has agreed to, and
    /// the job for it may have failed.
    Default(&'static str),
}

const PULL: &str = "what the pull request adds";

const HOSTS: [Host; 5] = [
    Host {
        name: "GitLab CI",
        sign: "CI_COMMIT_SHA",
        tested: Tested::Head("CI_COMMIT_SHA"),
        head: Some("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"),
        request: Some("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        asked: "what the merge request adds",
        // Only if the tested commit is a merge into the target is the second told, and the head.
        bases: &["CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA"],
        target: None,
        before: Before::Push("CI_COMMIT_BEFORE_SHA"),
        branch: "CI_COMMIT_BRANCH",
        default: "CI_DEFAULT_BRANCH",
    },
    Host {
        name: "Azure Pipelines",
        sign: "TF_BUILD",
        tested: Tested::Merge("BUILD_SOURCEVERSION"),
        head: Some("SYSTEM_PULLREQUEST_SOURCECOMMITID"),
        request: Some("SYSTEM_PULLREQUEST_TARGETBRANCH"),
        asked: PULL,
        bases: &[],
        target: Some("SYSTEM_PULLREQUEST_TARGETBRANCH"),
        before: Before::Default(BASE),
        branch: "BUILD_SOURCEBRANCH",
        default: DEFAULT_BRANCH,
    },
    Host {
        name: "Bitbucket Pipelines",
        sign: "BITBUCKET_COMMIT",
        tested: Tested::Head("BITBUCKET_COMMIT"),
        head: None,
        request: Some("BITBUCKET_PR_ID"),
        asked: PULL,
        bases: &[],
        // Its commit is told by its first digits alone.
        target: Some("BITBUCKET_PR_DESTINATION_BRANCH"),
        before: Before::Default(BASE),
        branch: "BITBUCKET_BRANCH",
        default: DEFAULT_BRANCH,
    },
    Host {
        name: "CircleCI",
        sign: "CIRCLECI",
        tested: Tested::Head("CIRCLE_SHA1"),
        head: None,
        request: None,
        asked: PULL,
        bases: &[],
        target: None,
        before: Before::Default(BASE),
        branch: "CIRCLE_BRANCH",
        default: DEFAULT_BRANCH,
    },
    Host {
        name: "Jenkins",
        sign: "JENKINS_URL",
        tested: Tested::Head("GIT_COMMIT"),
        head: None,
        // A build before this one, of the same request, has seen what it brings, and may have failed because of it.
        request: Some("CHANGE_TARGET"),
        asked: PULL,
        bases: &[],
        target: Some("CHANGE_TARGET"),
        before: Before::Default("GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
        branch: "BRANCH_NAME",
        default: DEFAULT_BRANCH,
    },
];

/// Reads the event from the variables of the host of this job.
///
/// # Errors
/// When it is none of the hosts, or tells too little or something of another form.
pub(super) fn event(variables: Variables<'_>) -> anyhow::Result<Event> {
    let host = HOSTS.iter().find(|host| variables(host.sign).is_some());
    let Some(host) = host else {
        let hosts: Vec<String> = HOSTS.iter().map(|host| format!("{} ({})", host.name, host.sign)).collect();
        anyhow::bail!(
            "--ci reads what GitHub, Gitea or Forgejo Actions (GITHUB_EVENT_NAME), {} tell a job, and none of these is set: \
             write BASE..HEAD, such as origin/main..HEAD",
            hosts.join(", ")
        )
    };
    if host.request.is_some_and(|request| variables(request).is_some()) {
        of_request(host, variables)
    } else {
        of_branch(host, variables)
    }
}

fn of_request(host: &Host, variables: Variables<'_>) -> anyhow::Result<Event> {
    let (tested, is_merge) = match host.tested {
        Tested::Head(name) => (of_variable(variables, name)?, false),
        Tested::Merge(name) => (of_variable(variables, name)?, true),
    };
    let head = host.head.map_or(Ok(None), |name| of_variable(variables, name))?;
    let told: Result<Vec<_>, _> = host.bases.iter().map(|name| of_variable(variables, name)).collect();
    let bases = told?.into_iter().flatten().collect();
    let target = host.target.and_then(variables);
    if let Some(name) = host.target {
        anyhow::ensure!(target.is_some(), "{} is about a pull request, but {name} is not set", host.name);
    }
    let trunk = target.map(|name| Trunk::Target(branch(&name).unwrap_or(&name).into()));
    let merge = tested.filter(|_| is_merge);
    let head = head.or(tested);
    anyhow::ensure!(
        head.is_some(),
        "{} does not name the commit that the job runs for: {}",
        host.name,
        host.tested.name()
    );
    Ok(Event { asked: host.asked, head, bases, merge, trunk })
}

fn of_branch(host: &Host, variables: Variables<'_>) -> anyhow::Result<Event> {
    let head = of_variable(variables, host.tested.name())?;
    anyhow::ensure!(
        head.is_some(),
        "{} does not name the commit that the job runs for: {}",
        host.name,
        host.tested.name()
    );
    let (before, default) = (of_variable(variables, host.before.name())?, variables(host.default));
    anyhow::ensure!(
        before.is_some() || default.is_some(),
        "{} does not name the commit that was there before: set {} to the name of the default branch, or {} to the id of a commit; 'keysweep range BASE..HEAD' names both by hand",
        host.name,
        host.default,
        host.before.name()
    );
    let own = variables(host.branch);
    let own = own.as_deref().map(|name| branch(name).unwrap_or(name));
    let trunk = trunk(default.as_deref(), own);
    let bases = before.filter(|_| trunk.is_none() || matches!(host.before, Before::Push(_))).into_iter().collect();
    Ok(Event { asked: "what the branch adds", head, bases, merge: None, trunk })
}

impl Tested {
    fn name(self) -> &'static str {
        match self {
            Self::Head(name) | Self::Merge(name) => name,
        }
    }
}

impl Before {
    fn name(self) -> &'static str {
        match self {
            Self::Push(name) | Self::Default(name) => name,
        }
    }
}
