//! The environment variables in which hosts describe their jobs: a table of their names, all read in the same way.
//!
//! The target of a request as given by a host is trusted, because the host sets it and no text of the request does. If
//! a host doesn't give the commit before a push, the author of the pipeline has to: without anything to compare with,
//! either everything would count as new or nothing.
//!
//! Sources: the pages on predefined variables of Azure Pipelines, on variables of GitLab CI and Bitbucket Pipelines, on
//! built-in variables of `CircleCI`, and those of Jenkins on its environment and on its Git plugin.

use super::{branch, of_variable, trunk};
use crate::source::event::{Event, Trunk};

/// Looks up a variable of the environment; an empty one counts as absent.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variable with the name of the default branch, for hosts that don't give it.
const DEFAULT_BRANCH: &str = "KEYSWEEP_DEFAULT_BRANCH";
/// The variable with the previous commit, for hosts that don't give it.
const BASE: &str = "KEYSWEEP_BASE";

/// The names of a host's variables.
struct Host {
    name: &'static str,
    /// The variable that identifies this host.
    sign: &'static str,
    /// The commit that the job is about.
    tested: Tested,
    /// The variable of the new commit of a request, if it isn't the tested one.
    head: Option<&'static str>,
    /// The variable that only jobs for requests have.
    request: Option<&'static str>,
    /// The words for what a request adds.
    asked: &'static str,
    /// The variables of the commits that the request is compared with.
    bases: &'static [&'static str],
    /// The variable of the request's target branch.
    target: Option<&'static str>,
    /// The variable of the previous commit, in a job for a branch.
    before: Before,
    /// The variable of the branch, in such a job.
    branch: &'static str,
    default: &'static str,
}

/// The variable of the commit that is checked out.
#[derive(Clone, Copy)]
enum Tested {
    /// The commit is what is new.
    Head(&'static str),
    /// In a job for a request, the commit is the merge of the new commits into the target.
    Merge(&'static str),
}

/// The variable of the commit that a branch was at before.
#[derive(Clone, Copy)]
enum Before {
    /// The commit of any branch before the push that the job is for.
    Push(&'static str),
    /// The previous commit of the default branch. Other branches are only compared with the default branch: nobody has
    /// approved their earlier commits, and the job for those may have failed.
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
        // The second variable, and that of the head, are only set if the tested commit is a merge into the target.
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
        // Bitbucket gives only the first digits of the target's commit.
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
        // The previous build of the same request has already seen what it adds, and may have failed because of it.
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
/// Fails if the host is unknown, or gives too little or something of an unexpected form.
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
    let found: Result<Vec<_>, _> = host.bases.iter().map(|name| of_variable(variables, name)).collect();
    let bases = found?.into_iter().flatten().collect();
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
