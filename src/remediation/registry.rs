//! The registry of an image, as implied by its name, and the commands that delete an image there by its digest.
//!
//! Sources: the manuals of each registry's own tool (`aws ecr batch-delete-image`, `az acr repository delete`,
//! `gcloud artifacts docker images delete`, GitHub's REST API for packages) and skopeo-delete(1) for all others.

use std::sync::LazyLock;

use regex::Regex;

/// An image in a registry, in the form that `docker pull` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    host: String,
    /// The path of the repository within the registry.
    path: String,
    tag: String,
}

/// A registry, as far as it has its own way to delete images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registry {
    /// Docker Hub.
    DockerHub,
    /// The GitHub Container Registry.
    GitHub,
    /// Amazon ECR, with account and region.
    Amazon(String, String),
    /// Azure Container Registry, with its name.
    Azure(String),
    /// Google Artifact Registry.
    Google,
    /// Quay.
    Quay,
    /// Harbor, a plain registry, or any other.
    Other,
}

/// A name according to Docker's reference grammar. Anything else isn't put into a command.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let host = r"(?<host>localhost(?::[0-9]{1,5})?|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}(?::[0-9]{1,5})?|[a-z0-9-]{1,63}:[0-9]{1,5})";
    let path = r"(?<path>[a-z0-9]+(?:[._/-]+[a-z0-9]+){0,64})";
    let tag = r"(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})";
    Regex::new(&format!("^(?:{host}/)?{path}(?::{tag})?$")).ok()
});

impl Reference {
    /// Reads a name; `None` if it isn't one, or if it names no registry: a mere tag, as some tools write into a layout, or
    /// the local name of an image that was never pushed (`app:1.0`, `localhost/app`).
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.split_once('@').map_or(name, |(name, _)| name);
        let parts = NAME.as_ref()?.captures(name)?;
        let part = |name: &str| parts.name(name).map(|part| part.as_str().to_owned());
        let host = part("host").unwrap_or_else(|| "docker.io".to_owned());
        let path = part("path")?;
        let is_local = host == "localhost" || host == "docker.io" && !path.contains('/');
        if name.len() > 255 || is_local {
            return None;
        }
        Some(Self { host, path, tag: part("tag").unwrap_or_else(|| "latest".to_owned()) })
    }

    /// Returns the name for docker, with its tag.
    pub fn tagged(&self) -> String {
        match &*self.host {
            "docker.io" => format!("{}:{}", self.path, self.tag),
            _ => self.whole(),
        }
    }

    /// Returns the name with its registry and tag.
    pub fn whole(&self) -> String {
        format!("{}:{}", self.repository(), self.tag)
    }

    /// Returns the name with its registry and without a tag.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }

    /// Returns the registry that the name implies.
    pub fn registry(&self) -> Registry {
        let labels: Vec<&str> = self.host.split('.').collect();
        match labels[..] {
            ["docker", "io"] => Registry::DockerHub,
            ["ghcr", "io"] => Registry::GitHub,
            ["quay", "io"] => Registry::Quay,
            [account, "dkr", "ecr", region, "amazonaws", ..] => Registry::Amazon(account.to_owned(), region.to_owned()),
            [name, "azurecr", _] => Registry::Azure(name.to_owned()),
            ["gcr", "io"] | [_, "gcr", "io"] => Registry::Google,
            [location, "pkg", "dev"] if location.ends_with("-docker") => Registry::Google,
            _ => Registry::Other,
        }
    }

    /// Returns the commands that delete an image by its digest, which is given as a word of a shell that may be in
    /// quotes.
    pub fn delete(&self, digest: &str) -> Vec<String> {
        let (path, repository) = (&self.path, self.repository());
        match self.registry() {
            // Docker Hub has no command for this; `about` names the page instead.
            Registry::DockerHub => Vec::new(),
            Registry::GitHub => {
                let (owner, name) = path.split_once('/').unwrap_or((path, ""));
                let versions = format!("/orgs/{owner}/packages/container/{}/versions", name.replace('/', "%2F"));
                vec![
                    format!(
                        "ID=$(gh api --paginate {versions} --jq \".[] | select(.name == \\\"{digest}\\\") | .id\")"
                    ),
                    format!("gh api --method DELETE \"{versions}/$ID\""),
                ]
            }
            Registry::Amazon(account, region) => vec![format!(
                "aws ecr batch-delete-image --region {region} --registry-id {account} --repository-name {path} --image-ids imageDigest=\"{digest}\""
            )],
            Registry::Azure(name) => {
                vec![format!("az acr repository delete --name {name} --image \"{path}@{digest}\"")]
            }
            Registry::Google => {
                vec![format!("gcloud artifacts docker images delete \"{repository}@{digest}\" --delete-tags")]
            }
            Registry::Quay | Registry::Other => vec![format!("skopeo delete \"docker://{repository}@{digest}\"")],
        }
    }
}

impl Registry {
    /// Returns a note about deleting images in the registry.
    pub fn about(&self) -> &'static str {
        match self {
            Self::DockerHub => {
                "On Docker Hub, delete it by hand: open hub.docker.com > the repository > Tags > Image Management; 'echo $OLD' prints the digest. Others copy public images there within minutes"
            }
            Self::GitHub => {
                "GitHub can restore it for 30 days; if the package belongs to a user, write 'users' instead of 'orgs'"
            }
            Self::Amazon(..) => "In CloudTrail, BatchGetImage and GetDownloadUrlForLayer show who pulled it",
            Self::Azure(_) => {
                "With soft delete Azure keeps it until its retention ends; ContainerRegistryRepositoryEvents shows who pulled it"
            }
            Self::Google => "The audit log for data access shows who pulled it, if it is enabled",
            Self::Quay => {
                "Quay keeps it in the time machine, for 14 days by default; the usage log shows who pulled it"
            }
            Self::Other => {
                "The registry frees the layers at its next garbage collection: on Harbor under Clean Up, on a plain registry with 'registry garbage-collect'"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_is_recognised_by_the_image_name() {
        for (name, registry, whole, tagged) in [
            ("me/app", Registry::DockerHub, "docker.io/me/app:latest", "me/app:latest"),
            ("docker.io/me/app:1", Registry::DockerHub, "docker.io/me/app:1", "me/app:1"),
            ("ghcr.io/me/app/api:1", Registry::GitHub, "ghcr.io/me/app/api:1", "ghcr.io/me/app/api:1"),
            ("quay.io/me/app:1", Registry::Quay, "quay.io/me/app:1", "quay.io/me/app:1"),
            ("one.azurecr.io/app:1", Registry::Azure("one".into()), "one.azurecr.io/app:1", "one.azurecr.io/app:1"),
            ("gcr.io/p/app:1", Registry::Google, "gcr.io/p/app:1", "gcr.io/p/app:1"),
            (
                "europe-docker.pkg.dev/p/r/app:1",
                Registry::Google,
                "europe-docker.pkg.dev/p/r/app:1",
                "europe-docker.pkg.dev/p/r/app:1",
            ),
            ("localhost:5000/app:1", Registry::Other, "localhost:5000/app:1", "localhost:5000/app:1"),
            (
                "harbor.example.com/p/app:1@sha256:0",
                Registry::Other,
                "harbor.example.com/p/app:1",
                "harbor.example.com/p/app:1",
            ),
        ] {
            let reference = Reference::parse(name).unwrap();
            assert_eq!((reference.registry(), &*reference.whole(), &*reference.tagged()), (registry, whole, tagged));
        }
        let amazon = Reference::parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1").unwrap();
        assert_eq!(amazon.registry(), Registry::Amazon("123456789012".into(), "eu-west-1".into()));
        assert!(amazon.delete("$OLD")[0].contains("--repository-name team/app --image-ids imageDigest=\"$OLD\""));
    }

    #[test]
    fn only_valid_names_with_a_registry_get_into_commands() {
        for name in [
            "",
            "latest",
            "a b:1",
            "x:1; rm -rf ~",
            "$(x)/a:1",
            "a/b:1'",
            "../a:1",
            "A/b:1",
            "a:1\u{202e}",
            "app",
            "app:1.0",
            "docker.io/app:1",
            "localhost/app:1.0",
        ] {
            assert_eq!(Reference::parse(name), None, "{name}");
        }
    }
}
