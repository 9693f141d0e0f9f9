//! Tests on a machine with few resources: no threads, little memory, few open files; and on one that would write the
//! memory to a core file.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Repo, Run, Secret, must};

/// The user id of `nobody`.
const NOBODY: &str = "65534";

/// Returns a repository with a secret in a commit and another one staged, with enough files in both for several
/// threads.
fn leaky() -> Repo {
    let repo = Repo::with_a_commit();
    for number in 0..40 {
        repo.write(format!("file{number}"), format!("file {number}\n"));
    }
    repo.write("a.env", Secret::entra(970).line());
    repo.commit("files");
    repo.git(&["repack", "-adq"]);
    for number in 0..40 {
        repo.write(format!("file{number}"), format!("other {number}\n"));
    }
    repo.write("b.env", Secret::entra(971).line());
    repo.add();
    repo
}

/// Runs keysweep under a limit of the shell. As root it runs as another user if processes are limited, because that
/// limit doesn't apply to root; `None` if that isn't possible.
fn limited(repo: &Repo, limit: &str, args: &str) -> Option<Run> {
    let line = format!("{{ {limit}; }} || exit 99; exec keysweep {args}");
    let is_root = repo.sh("id -u").out().trim() == "0";
    if !(is_root && limit.contains("-u")) {
        return Some(repo.sh(&line));
    }
    repo.sh(&format!("chown -R {NOBODY} .. && chmod 755 ..")).expect_code(0);
    let other = ["--reuid", NOBODY, "--clear-groups", "sh", "-c"];
    // The program may be in a folder that other users can't enter.
    let can_run = repo.program("setpriv").args(&[&other[..], &["keysweep --version"]].concat()).run();
    (can_run.code == Some(0)).then(|| repo.program("setpriv").args(&[&other[..], &[&line]].concat()).run())
}

#[test]
fn everything_is_found_with_few_resources() {
    let repo = leaky();
    repo.keysweep(&["baseline", "create"]).expect_code(0);
    repo.sh("mv .keysweep-baseline ../baseline").expect_code(0);
    for limit in ["ulimit -v 1000000", "ulimit -n 8", "ulimit -u 1 2>/dev/null || ulimit -p 1"] {
        for (args, code) in [
            ("staged --threads 4", 1),
            ("history --threads 4", 1),
            ("range HEAD~1..HEAD --threads 4", 1),
            ("files . --threads 4", 1),
            ("history --threads 4 --baseline ../baseline", 0),
            ("purge-plan --threads 4", 0),
        ] {
            let Some(run) = limited(&repo, limit, args) else { continue };
            assert_eq!(run.code, Some(code), "{limit}: {run}");
        }
    }
}

/// No core file is written, because it would contain what is in memory, with values in plain text.
#[cfg(target_os = "linux")]
#[test]
fn no_core_dump_is_written() {
    let repo = Repo::with_a_commit();
    // The shell raises the limit as far as allowed; then keysweep waits for its input.
    let mut child = repo.program("sh").args(&["-c", "ulimit -c $(ulimit -H -c); exec keysweep files -"]).spawn();
    let limits = format!("/proc/{}/limits", child.id());
    let begun = Instant::now();
    let is_zero = || {
        let text = must(fs::read_to_string(&limits), "reading the limits");
        let line = text.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default().to_owned();
        line.split_whitespace().filter(|word| *word == "0").count() == 2
    };
    while !is_zero() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(is_zero());
    must(Command::new("kill").args(["-SEGV", &child.id().to_string()]).status(), "killing");
    let status = must(child.wait(), "waiting");
    assert!(!std::os::unix::process::ExitStatusExt::core_dumped(&status), "{status}");
}

/// The names of files that git opens in a repository's folder.
const OPENED: [&str; 18] = [
    "HEAD",
    "config",
    "config.worktree",
    "packed-refs",
    "commondir",
    "shallow",
    "index",
    "FETCH_HEAD",
    "refs/heads/x",
    "refs/remotes/origin/deep/x",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/info/commit-graphs/commit-graph-chain",
    "objects/pack/multi-pack-index",
    "objects/pack/pack-1.pack",
    "objects/pack/pack-1.idx",
    "worktrees/w/HEAD",
    "included",
];

#[test]
fn a_device_or_pipe_in_place_of_a_git_file_is_refused_at_once() {
    for name in OPENED {
        for plant in ["ln -sf /dev/zero", "mkfifo"] {
            let repo = Repo::with_a_commit();
            if name == "included" {
                repo.git(&["config", "includeIf.gitdir:/nowhere.path", "included"]);
            }
            let line = format!("cd .git && mkdir -p $(dirname {name}) && rm -f {name} && {plant} {name}");
            repo.sh(&line).expect_code(0);
            for command in ["keysweep staged", "keysweep history", "env GIT_DIR=.git keysweep range HEAD~1..HEAD"] {
                let run = repo.sh(&format!("ulimit -v 3000000; exec timeout 10 {command}"));
                run.expect_code(2).expect_mention(name);
            }
        }
    }
}

/// Loose objects are checked one by one, when they are needed.
#[test]
fn no_device_or_pipe_in_place_of_a_loose_object_is_opened() {
    for plant in ["ln -sf /dev/zero", "mkfifo"] {
        let repo = Repo::with_a_commit();
        let place = |id: &str| format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        let soon = |command: &str| repo.sh(&format!("ulimit -v 3000000; exec timeout 10 keysweep {command}"));
        // Otherwise everything would be as in HEAD according to the index, and no tree would be read.
        repo.write("README.md", "# Another one\n");
        repo.git(&["add", "."]);
        let no_object = ".git/objects/ab/cdef";
        repo.sh(&format!("mkdir -p .git/objects/ab && {plant} {no_object}")).expect_code(0);
        soon("staged").expect_code(0);
        for command in ["history", "range HEAD~1..HEAD"] {
            soon(command).expect_code(2).expect_mention("objects/ab/cdef");
        }
        repo.sh(&format!("rm {no_object}")).expect_code(0);
        for revision in ["HEAD:", "HEAD"] {
            let object = place(repo.git(&["rev-parse", revision]).out().trim());
            repo.sh(&format!("cp {object} ../kept && rm -f {object} && {plant} {object}")).expect_code(0);
            for command in ["staged", "history", "range HEAD~1..HEAD"] {
                let kind = if plant == "mkfifo" { "a pipe" } else { "a device" };
                soon(command).expect_code(2).expect_mention(&object).expect_mention(kind);
            }
            repo.sh(&format!("rm {object} && cp ../kept {object}")).expect_code(0);
        }
        soon("history").expect_code(0);
    }
}

/// A revision may name any file of the git directory, or a reflog.
#[test]
fn no_pipe_is_opened_for_a_revision() {
    let repo = Repo::with_a_commit();
    repo.commit("another");
    let soon = |command: &str| repo.sh(&format!("exec timeout 10 keysweep {command}"));
    repo.sh("mkfifo .git/FOO").expect_code(0);
    for range in ["FOO..HEAD", "HEAD~1..FOO", "'FOO@{1}..HEAD'", "'FOO^!'"] {
        soon(&format!("range {range}")).expect_code(2).expect_mention("a pipe");
    }
    repo.sh("rm .git/FOO && truncate -s 5G .git/FOO").expect_code(0);
    soon("range FOO..HEAD").expect_code(2).expect_mention("FOO");
    repo.sh("rm .git/FOO").expect_code(0);
    soon("range 'main@{1}..HEAD'").expect_code(0);
    let log = ".git/logs/refs/heads/main";
    repo.sh(&format!("rm {log} && mkfifo {log}")).expect_code(0);
    soon("range 'main@{1}..HEAD'").expect_code(2).expect_mention("a pipe");
    repo.sh(&format!("rm {log} && mkfifo ../shallow")).expect_code(0);
    repo.sh("GIT_SHALLOW_FILE=$PWD/../shallow exec timeout 10 keysweep history")
        .expect_code(2)
        .expect_mention("a pipe");
}

#[test]
fn a_pipe_in_a_linked_work_tree_is_refused() {
    let repo = Repo::with_a_commit();
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    repo.sh("mkfifo .git/refs/heads/x").expect_code(0);
    repo.sh("cd ../linked && exec timeout 10 keysweep staged").expect_code(2).expect_mention("refs/heads/x");
    repo.sh("rm ../linked/.git && mkfifo ../linked/.git").expect_code(0);
    repo.sh("cd ../linked && exec timeout 10 keysweep staged").expect_code(2).expect_mention("linked/.git");
}

#[test]
fn a_repository_with_too_many_alternates_is_refused() {
    let repo = Repo::with_a_commit();
    let list: String = (0..100_000).map(|number| format!("/nowhere/{number}/objects\n")).collect();
    repo.write(".git/objects/info/alternates", list);
    for command in ["staged", "history"] {
        let run = repo.sh(&format!("exec timeout 10 keysweep {command}"));
        run.expect_code(2).expect_mention("more than 1000 folders");
    }
    let few: String = (0..900).map(|number| format!("/nowhere/{number}/objects\n")).collect();
    repo.write(".git/objects/info/alternates", few);
    repo.sh("exec timeout 10 keysweep history").expect_code(0);
}

/// The limit is reported; by default, the system would end the program with a signal.
#[cfg(target_os = "linux")]
#[test]
fn a_file_size_limit_is_reported() {
    let (repo, limited) = (leaky(), "ulimit -f 0; exec keysweep");
    repo.sh(&format!("{limited} history")).expect_code(1);
    repo.sh(&format!("{limited} history --output ../report")).expect_code(2).expect_mention("ulimit -f");
    repo.sh(&format!("{limited} history > ../report")).expect_code(2).expect_mention("ulimit -f");
    repo.sh(&format!("{limited} history --cache ../cache")).expect_code(1).expect_mention("could not be written");
    repo.sh(&format!("{limited} staged")).expect_code(1);
    repo.sh(&format!("{limited} baseline create")).expect_code(2);
}

#[cfg(unix)]
#[test]
fn a_device_or_pipe_as_the_user_configuration_is_reported_at_once() {
    let repo = leaky();
    repo.sh("mkdir -p ../home/.config/git; mkfifo ../pipe; git config -f ../includes include.path pipe").expect_code(0);
    // Each case: the environment that leads to the configuration, and the command that sets it up.
    let cases = [
        ("-u GIT_CONFIG_GLOBAL", "ln -s {} ../home/.gitconfig"),
        ("-u GIT_CONFIG_GLOBAL", "ln -s {} ../home/.config/git/config"),
        ("GIT_CONFIG_GLOBAL={}", "true"),
        ("-u GIT_CONFIG_NOSYSTEM GIT_CONFIG_SYSTEM={}", "true"),
        ("-u GIT_CONFIG_GLOBAL", "git config -f ../home/.gitconfig include.path {}"),
        ("GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=include.path GIT_CONFIG_VALUE_0={}", "true"),
        ("GIT_CONFIG_GLOBAL=../includes", "true"),
    ];
    for (variables, plant) in cases {
        for target in ["/dev/zero", "$PWD/../pipe"] {
            let fill = |text: &str| text.replace("{}", target);
            repo.sh(&format!("rm -f ../home/.gitconfig ../home/.config/git/config; {}", fill(plant))).expect_code(0);
            for command in ["staged", "history", "range HEAD~1..HEAD", "hook install"] {
                let line = format!("ulimit -v 3000000; exec env {} timeout 10 keysweep {command}", fill(variables));
                repo.sh(&line).expect_code(2).expect_one_of(&["a device", "a pipe"]);
            }
            let line = format!("ulimit -v 3000000; exec env {} timeout 10 keysweep files .", fill(variables));
            repo.sh(&line).expect_one_of(&["a device", "a pipe"]).expect_mention("a.env");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_null_device_is_an_empty_configuration() {
    let repo = leaky();
    repo.git(&["config", "include.path", "/dev/null"]);
    // From here on git would wait for the pipe.
    repo.sh("mkfifo ../pipe; rm ../home/.gitconfig; ln -s ../pipe ../home/.gitconfig").expect_code(0);
    for value in ["/dev/null", ""] {
        for command in ["history", "files ."] {
            repo.sh(&format!("exec env GIT_CONFIG_GLOBAL={value} timeout 10 keysweep {command}")).expect_code(1);
        }
    }
    // A file of ignore rules is opened only by keysweep itself, and the null device has no rules.
    for (file, gaps) in [("/dev/null", 0), ("../pipe", 1)] {
        repo.write("../rules", format!("[core]\n\texcludesFile = {file}\n\tattributesFile = ../pipe\n"));
        let run = repo.sh("exec env GIT_CONFIG_GLOBAL=../rules timeout 10 keysweep files . --format jsonl");
        assert_eq!(run.records_of("gap").len(), gaps, "{run}");
        repo.sh("exec env GIT_CONFIG_GLOBAL=../rules timeout 10 keysweep history").expect_code(1);
    }
}
