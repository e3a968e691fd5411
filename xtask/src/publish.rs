//! Layer versions for everybody: published by region and architecture, with their table of ARNs.
//! It never publishes the same bytes twice, and does nothing without `--yes` but say what it would.
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::layer::{self, Architecture};
use crate::project;
use crate::skips;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The regions, with commas between them.
    #[arg(long, value_delimiter = ',', required = true)]
    regions: Vec<String>,
    /// Who may use the versions: an account id, or `*` for everybody; nobody else if left out.
    #[arg(long)]
    share_with: Option<String>,
    /// A profile of AWS Signer; the zips are signed through `--signing-bucket` before they are
    /// published.
    #[arg(long, requires = "signing_bucket")]
    signing_profile: Option<String>,
    /// The bucket of each region, in which `{region}` stands for its name.
    #[arg(long)]
    signing_bucket: Option<String>,
    /// Publishes; without it the plan is printed and nothing is changed.
    #[arg(long)]
    yes: bool,
}

/// What is to be published, and how the AWS CLI is called.
pub(crate) struct Publication<'a> {
    pub(crate) regions: &'a [String],
    pub(crate) share_with: Option<&'a str>,
    pub(crate) signer: Option<Signer<'a>>,
    /// Where the layer zips are.
    pub(crate) layers: &'a Path,
    /// Where the table goes.
    pub(crate) output: &'a Path,
    /// The AWS CLI, with whatever it needs to reach AWS.
    pub(crate) aws: &'a dyn Fn() -> Command,
}

/// Who signs.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    profile: &'a str,
    bucket: &'a str,
}

/// Builds the layers and publishes them.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let skips = layer::produce(&Architecture::ALL, false)?;
    skips::print(&skips);
    let layers = project::target().join("layer");
    if !arguments.yes {
        for region in &arguments.regions {
            for (architecture, zip) in zips(&layers)? {
                println!(
                    "would publish {} in {region} as {}",
                    zip.display(),
                    name(architecture)
                );
            }
        }
        println!("nothing was changed; add --yes to publish");
        return Ok(());
    }
    let signer = arguments
        .signing_profile
        .as_deref()
        .zip(arguments.signing_bucket.as_deref());
    let publication = Publication {
        regions: &arguments.regions,
        share_with: arguments.share_with.as_deref(),
        signer: signer.map(|(profile, bucket)| Signer { profile, bucket }),
        layers: &layers,
        output: &project::target().join("publish"),
        aws: &|| Command::new("aws"),
    };
    let published = publication.publish()?;
    println!("{}", table(&published));
    println!(
        "the table, sums and bills of materials are in {}",
        publication.output.display()
    );
    Ok(())
}

/// One layer version.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) region: String,
    pub(crate) architecture: &'static str,
    pub(crate) arn: String,
    /// As AWS tells it: base64 of the zip's SHA-256.
    pub(crate) sha256: String,
    /// It was there already, with the same bytes.
    pub(crate) is_old: bool,
}

/// The zips that were built.
fn zips(layers: &Path) -> Result<Vec<(Architecture, PathBuf)>> {
    let zips: Vec<(Architecture, PathBuf)> = Architecture::ALL
        .into_iter()
        .map(|architecture| {
            let name = format!("credenza-layer-{}.zip", architecture.name());
            (architecture, layers.join(name))
        })
        .filter(|(_, zip)| zip.exists())
        .collect();
    ensure!(
        !zips.is_empty(),
        "no layer in {}: `cargo xtask layer`",
        layers.display()
    );
    Ok(zips)
}

/// A layer's name; each architecture has a layer of its own, because its bytes differ.
fn name(architecture: Architecture) -> String {
    format!("credenza-{}", architecture.name().replace('_', "-"))
}

impl Publication<'_> {
    /// Publishes everything and writes the table.
    pub(crate) fn publish(&self) -> Result<Vec<Published>> {
        let mut published = Vec::new();
        for (index, region) in self.regions.iter().enumerate() {
            for (architecture, zip) in zips(self.layers)? {
                let one = self.one(region, architecture, &zip)?;
                let word = if one.is_old {
                    "already there"
                } else {
                    "published"
                };
                let count = self.regions.len();
                println!("publish: {}/{count} {word}: {}", index + 1, one.arn);
                published.push(one);
            }
        }
        self.write(&published)?;
        Ok(published)
    }

    fn one(&self, region: &str, architecture: Architecture, zip: &Path) -> Result<Published> {
        let layer = name(architecture);
        let digest = digest(zip)?;
        let made = |arn: &str, is_old| Published {
            region: region.to_owned(),
            architecture: architecture.name(),
            arn: arn.to_owned(),
            sha256: digest.clone(),
            is_old,
        };
        let query = "LayerVersions[0].LayerVersionArn";
        let newest = self.text(
            region,
            &[
                "lambda",
                "list-layer-versions",
                "--layer-name",
                &layer,
                "--query",
                query,
            ],
        )?;
        if newest.starts_with("arn:") && self.sha256_of(region, &newest)? == digest {
            return Ok(made(&newest, true));
        }
        let arn = self.new_version(region, architecture, &layer, zip)?;
        if self.signer.is_none() {
            let told = self.sha256_of(region, &arn)?;
            ensure!(
                told == digest,
                "{arn} has the hash {told}, and the zip has {digest}"
            );
        }
        if let Some(principal) = self.share_with {
            let number = arn.rsplit(':').next().unwrap_or_default();
            self.text(
                region,
                &[
                    "lambda",
                    "add-layer-version-permission",
                    "--layer-name",
                    &layer,
                    "--version-number",
                    number,
                    "--statement-id",
                    "use",
                    "--principal",
                    principal,
                    "--action",
                    "lambda:GetLayerVersion",
                ],
            )?;
        }
        Ok(made(&arn, false))
    }

    /// Publishes a zip, signed where somebody signs; gives the new version's ARN.
    fn new_version(
        &self,
        region: &str,
        architecture: Architecture,
        layer: &str,
        zip: &Path,
    ) -> Result<String> {
        let content = match self.signer {
            Some(signer) => self.signed(region, signer, zip)?,
            None => vec![
                "--zip-file".to_owned(),
                format!("fileb://{}", zip.display()),
            ],
        };
        let version = env!("CARGO_PKG_VERSION");
        let description = format!("credenza {version}, runtime protection");
        let mut words = vec![
            "lambda",
            "publish-layer-version",
            "--layer-name",
            layer,
            "--description",
            &description,
            "--license-info",
            "Apache-2.0",
            "--compatible-architectures",
            architecture.name(),
            "--query",
            "LayerVersionArn",
        ];
        words.extend(content.iter().map(String::as_str));
        self.text(region, &words)
    }

    fn sha256_of(&self, region: &str, arn: &str) -> Result<String> {
        let mut parts = arn.rsplit(':');
        let (Some(version), Some(layer)) = (parts.next(), parts.next()) else {
            bail!("`{arn}` is no ARN of a layer version");
        };
        self.text(
            region,
            &[
                "lambda",
                "get-layer-version",
                "--layer-name",
                layer,
                "--version-number",
                version,
                "--query",
                "Content.CodeSha256",
            ],
        )
    }

    /// Signs a zip through a bucket; gives where the signed one lies.
    ///
    /// The emulator knows no Signer, so these calls are as AWS documents them and are not tested.
    fn signed(&self, region: &str, signer: Signer<'_>, zip: &Path) -> Result<Vec<String>> {
        let bucket = signer.bucket.replace("{region}", region);
        let file = zip
            .file_name()
            .and_then(|name| name.to_str())
            .context("a zip without a name")?;
        let key = format!("unsigned/{file}");
        let path = zip.display().to_string();
        let version = self.text(
            region,
            &[
                "s3api",
                "put-object",
                "--bucket",
                &bucket,
                "--key",
                &key,
                "--body",
                &path,
                "--query",
                "VersionId",
            ],
        )?;
        ensure!(
            version != "None",
            "{bucket} keeps no versions, and AWS Signer needs them"
        );
        let source = format!("s3={{bucketName={bucket},key={key},version={version}}}");
        let target = format!("s3={{bucketName={bucket},prefix=signed/}}");
        let job = self.text(
            region,
            &[
                "signer",
                "start-signing-job",
                "--source",
                &source,
                "--destination",
                &target,
                "--profile-name",
                signer.profile,
                "--query",
                "jobId",
            ],
        )?;
        self.text(
            region,
            &["signer", "wait", "successful-signing-job", "--job-id", &job],
        )?;
        let key = self.text(
            region,
            &[
                "signer",
                "describe-signing-job",
                "--job-id",
                &job,
                "--query",
                "signedObject.s3.key",
            ],
        )?;
        Ok(vec![
            "--content".to_owned(),
            format!("S3Bucket={bucket},S3Key={key}"),
        ])
    }

    /// Calls the AWS CLI; gives the text that it prints.
    fn text(&self, region: &str, words: &[&str]) -> Result<String> {
        let mut aws = (self.aws)();
        aws.env("AWS_PAGER", "")
            .args(["--region", region, "--output", "text"])
            .args(words);
        let output = aws.output().context("cannot start the AWS CLI (`aws`)")?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("`aws {}` in {region}: {why}", words.join(" "));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Writes the table, for people and for programs, and what proves the zips.
    fn write(&self, published: &[Published]) -> Result<()> {
        fs::create_dir_all(self.output)?;
        fs::write(self.output.join("arns.md"), table(published))?;
        let rows: Vec<Value> = published
            .iter()
            .map(|one| {
                json!({
                    "region": one.region,
                    "architecture": one.architecture,
                    "arn": one.arn,
                    "sha256": one.sha256,
                })
            })
            .collect();
        fs::write(
            self.output.join("arns.json"),
            serde_json::to_string_pretty(&rows)? + "\n",
        )?;
        let sums = self.layers.join("SHA256SUMS");
        if sums.exists() {
            fs::copy(sums, self.output.join("SHA256SUMS"))?;
        }
        for architecture in Architecture::ALL {
            let tree = self.layers.join(architecture.name());
            let bill = tree.join("opt/credenza/sbom.cdx.json");
            if bill.exists() {
                let name = format!("sbom-{}.cdx.json", architecture.name());
                fs::copy(bill, self.output.join(name))?;
            }
        }
        Ok(())
    }
}

/// Base64 of a file's SHA-256, as AWS tells a layer's.
fn digest(file: &Path) -> Result<String> {
    use sha2::Digest as _;
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(base64(&sha2::Sha256::digest(bytes)))
}

/// Bytes as AWS takes and tells them.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let at = usize::try_from(value).unwrap_or(0);
            text.push(if digit > chunk.len() {
                '='
            } else {
                char::from(DIGITS[at])
            });
        }
    }
    text
}

/// The ARNs as a page.
fn table(published: &[Published]) -> String {
    let mut text = "| region | architecture | ARN |\n|---|---|---|\n".to_owned();
    for one in published {
        let _ = writeln!(
            text,
            "| {} | {} | `{}` |",
            one.region, one.architecture, one.arn
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Published, base64, table};

    #[test]
    fn hashes_are_spelled_as_aws_spells_them() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (&[0xff; 4], "/////w=="),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_version() {
        let one = Published {
            region: "eu-west-1".into(),
            architecture: "arm64",
            arn: "arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:3".into(),
            sha256: String::new(),
            is_old: false,
        };
        let text = table(&[one.clone(), one]);
        assert_eq!(text.matches("| eu-west-1 | arm64 | `arn:").count(), 2);
    }
}
