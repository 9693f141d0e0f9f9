//! The result of a drill: a certificate; and the exercise for a team.

use serde::{Serialize, Serializer};

use super::page::{Block, Inline, Tone, code, text, untrusted};

/// The outcomes of the stages of a drill.
#[derive(Debug, Serialize)]
pub struct Certificate {
    /// The version number of the schema.
    pub schema: u32,
    /// The tool's name, `keysweep`.
    pub tool: &'static str,
    /// The tool's version.
    pub version: &'static str,
    /// The time of the drill, RFC 3339.
    pub made_at: Option<String>,
    /// The rules whose credentials were planted.
    pub kinds: Vec<String>,
    /// The stages, in the order in which they ran.
    pub stages: Vec<StageResult>,
}

/// The outcome of one stage.
#[derive(Debug, Serialize)]
pub struct StageResult {
    /// The expected outcome.
    pub stage: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The time that the stage took.
    pub milliseconds: u64,
}

/// The outcome of a stage of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The leak was stopped.
    Stopped,
    /// The leak was not stopped, for this reason.
    Missed(String),
    /// The stage could not be rehearsed, for this reason.
    NotRehearsed(String),
}

impl Outcome {
    /// Returns the word used in every output, and the reason.
    fn description(&self) -> (Tone, &'static str, &str) {
        match self {
            Self::Stopped => (Tone::Good, "stopped", ""),
            Self::Missed(why) => (Tone::Bad, "missed", why),
            Self::NotRehearsed(why) => (Tone::Unsure, "not rehearsed", why),
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (_, word, why) = self.description();
        if why.is_empty() { serializer.serialize_str(word) } else { serializer.collect_str(&format!("{word}: {why}")) }
    }
}

impl Certificate {
    /// Returns the worst outcome of all stages.
    pub fn verdict(&self) -> Outcome {
        let of = |wanted: fn(&Outcome) -> bool| self.stages.iter().map(|one| &one.outcome).find(|one| wanted(one));
        let missed = of(|one| matches!(one, Outcome::Missed(_)));
        missed.or_else(|| of(|one| matches!(one, Outcome::NotRehearsed(_)))).cloned().unwrap_or(Outcome::Stopped)
    }
}

impl Certificate {
    /// Returns the outcome of all stages in a few words.
    pub fn outcome(&self) -> &'static str {
        match self.verdict() {
            Outcome::Stopped => "every stage stopped the leak",
            Outcome::Missed(_) => "a stage did not stop the leak",
            Outcome::NotRehearsed(_) => "a stage could not be rehearsed; all others stopped the leak",
        }
    }
}

/// Returns the certificate as a page.
pub fn page(certificate: &Certificate) -> Vec<Block> {
    let (tone, ..) = certificate.verdict().description();
    let row = |one: &StageResult| {
        let (tone, word, why) = one.outcome.description();
        let time = text(format!("{} ms", one.milliseconds));
        vec![vec![Inline::Badge(tone, word.to_owned())], vec![time], vec![text(one.stage)], vec![untrusted(why)]]
    };
    let kinds = certificate.kinds.iter().map(|kind| vec![code(&**kind)]).collect();
    let facts = vec![
        ("Made by", vec![vec![text(format!("{} {}", certificate.tool, certificate.version))]]),
        ("Made at", vec![vec![text(certificate.made_at.clone().unwrap_or_default())]]),
        ("Planted", kinds),
    ];
    vec![
        Block::Heading(1, vec![text("Drill certificate")]),
        Block::Verdict(tone, certificate.outcome().to_owned()),
        Block::Facts(facts),
        Block::Table(vec!["Outcome", "Time", "Stage", "Why"], certificate.stages.iter().map(row).collect()),
    ]
}

/// Returns the tasks for a team, without the answers.
pub fn exercise(count: usize) -> String {
    format!(
        "# Exercise: a leak\n\n\
         `repository` is a git repository with {count} leaked credentials. They are made up, and each contains the words `KeysweepDrill`, so\n\
         that they are not mistaken for live ones. Treat them as if they were. Write down when you began each step.\n\n\
         1. Find every credential: what it is, where it is, which commit added it, and who wrote that commit.\n\
         2. Say what somebody can do with each, and how you would make it worthless. What comes first?\n\
         3. Keep the next commit from adding one.\n\
         4. Remove all of them from the repository and its history.\n\
         5. Prove that they are gone.\n\
         6. Say where else they may be by now, and whom you would inform.\n"
    )
}
