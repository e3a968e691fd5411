//! `credenza attach` and `detach`: a plan for the functions of an account, and its execution.
//! It never changes anything without `--apply` and a yes, or `--yes`.
mod arguments;
mod question;
mod template;
mod told;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use credenza_attach::aws::{Account, Lambda, Pace, Refusal};
use credenza_attach::configuration::Configuration;
use credenza_attach::fleet::{self, Fleet, Selection};
use credenza_attach::journal::{Broken, Entry, Journal, What};
use credenza_attach::layer::{Architecture, LayerArn};
use credenza_attach::plan::{self, Planned, Step, Wish};
use credenza_attach::undo;
use credenza_attach::work::{Outcome as Fate, Patience, Work};

pub(crate) use arguments::{AttachArguments, DetachArguments};
use arguments::{How, Where, Which};

use crate::Outcome;
use crate::arguments::Format;
use crate::failure::Failure;
use crate::goes_on;
use crate::paint::Painter;
use told::Told;

/// What would be done with a function, given what the journal knows of it.
type Decide<'a> = &'a (dyn Fn(&Configuration, Option<&Entry>) -> (Step, Vec<String>) + Sync);

/// Puts the layer on functions, or says what would be done.
pub(crate) fn attach(
    arguments: &AttachArguments,
    format: Format,
    painter: &Painter,
) -> Result<Outcome> {
    let subjects = arguments.subjects.iter();
    let (templates, names): (Vec<&String>, Vec<&String>) =
        subjects.partition(|subject| template::is_template(subject));
    if !templates.is_empty() {
        if !names.is_empty() || arguments.which.all {
            let fix = "name templates in one command, and functions in another";
            let reason = "functions are named as well";
            return Err(Failure::new(templates.first().map_or("", |one| one), reason, fix).into());
        }
        return template::run(&templates, &for_templates(arguments)?);
    }
    let selection = selection(&arguments.subjects, &arguments.which)?;
    let lambda = lambda(&arguments.account)?;
    let wish = Wish {
        layers: layers(Some(&lambda), &arguments.layer)?,
        mode: arguments.mode.map(|mode| mode.mode().name().to_owned()),
        chains: arguments.chain,
    };
    let decide =
        |configuration: &Configuration, _: Option<&Entry>| plan::attach(configuration, &wish);
    let fleet = fleet::read(&lambda, &selection, &question::progress);
    let fleet = fleet.map_err(|refusal| refused(&refusal))?;
    let round = Round {
        what: What::Attach,
        lambda: &lambda,
        decide: &decide,
        how: &arguments.how,
        skips_owned: arguments.unmanaged,
        format,
        painter,
    };
    round.run(&fleet)
}

/// What is wanted of functions in templates; an account is asked only where no layer is named.
fn for_templates(arguments: &AttachArguments) -> Result<Wish> {
    let lambda = if arguments.layer.is_empty() {
        Some(lambda(&arguments.account)?)
    } else {
        None
    };
    Ok(Wish {
        layers: layers(lambda.as_ref(), &arguments.layer)?,
        mode: arguments.mode.map(|mode| mode.mode().name().to_owned()),
        chains: arguments.chain,
    })
}

/// Brings functions back to what they were, or says what would be done.
pub(crate) fn detach(
    arguments: &DetachArguments,
    format: Format,
    painter: &Painter,
) -> Result<Outcome> {
    let mut selection = selection(&arguments.subjects, &arguments.which)?;
    let lambda = lambda(&arguments.account)?;
    let journal = Journal::read(&arguments.how.journal);
    let journal = journal.map_err(|broken| unusable(&arguments.how, &broken))?;
    let in_journal = journal.functions(&lambda.region);
    if selection.names.is_empty() && !arguments.lost_journal {
        if in_journal.is_empty() && !journal.is_undone(&lambda.region) {
            let place = arguments.how.journal.display();
            let reason = format!("no function in {} is in this journal", lambda.region);
            let fix = "name the journal of `attach` with --journal, or add --lost-journal";
            return Err(Failure::new(place, reason, fix).into());
        }
        selection.names = in_journal.into_iter().map(str::to_owned).collect();
    }
    let guesses = arguments.lost_journal;
    let decide = |configuration: &Configuration, entry: Option<&Entry>| {
        let owed = entry.and_then(Entry::owed);
        let by_name = || guesses.then(|| undo::unknown(configuration)).flatten();
        match owed.or_else(by_name) {
            Some(done) => undo::detach(configuration, &done),
            None if guesses => (
                Step::Keep("nothing of ours is on it".to_owned()),
                Vec::new(),
            ),
            None => (
                Step::Leave("it is not in the journal".to_owned()),
                Vec::new(),
            ),
        }
    };
    // A run that ended in the middle may have been done but for its last word.
    let is_done = selection.names.is_empty() && !guesses;
    let fleet = if is_done {
        Fleet::default()
    } else {
        let fleet = fleet::read(&lambda, &selection, &question::progress);
        fleet.map_err(|refusal| refused(&refusal))?
    };
    let round = Round {
        what: What::Detach,
        lambda: &lambda,
        decide: &decide,
        how: &arguments.how,
        skips_owned: false,
        format,
        painter,
    };
    round.run(&fleet)
}

/// A plan, and what becomes of it.
struct Round<'a> {
    what: What,
    lambda: &'a Lambda,
    decide: Decide<'a>,
    how: &'a How,
    /// Whether functions that a tool deploys are left.
    skips_owned: bool,
    format: Format,
    painter: &'a Painter,
}

impl Round<'_> {
    fn run(&self, fleet: &Fleet) -> Result<Outcome> {
        let changes = self.how.apply || self.how.yes;
        let is_heard = io::stdin().is_terminal() && io::stdout().is_terminal();
        if self.how.apply && !self.how.yes && !is_heard {
            let fix = "add --yes, or look at the plan without --apply";
            return Err(Failure::new("--apply", "there is no terminal to ask at", fix).into());
        }
        // A journal that is in use or damaged stops the work before it begins.
        let journal = if changes {
            Journal::open(&self.how.journal)
        } else {
            Journal::read(&self.how.journal)
        };
        let journal = journal.map_err(|broken| unusable(self.how, &broken))?;
        let decide = |one: &Configuration| (self.decide)(one, journal.entry(&one.arn));
        let mut planned = fleet::plan(self.lambda, fleet, &decide, &question::progress);
        question::done();
        if self.skips_owned {
            planned.iter_mut().for_each(leave_owned);
        }
        let mut told = Told {
            what: self.what,
            region: &self.lambda.region,
            planned: &planned,
            unread: &fleet.unread,
            fates: None,
            journal: &self.how.journal,
        };
        let has_work = planned
            .iter()
            .any(|one| matches!(one.step, Step::Change(_)));
        let is_text = self.format == Format::Text;
        if is_text {
            goes_on(
                io::stdout()
                    .lock()
                    .write_all(told.plan(self.painter).as_bytes()),
            )?;
        }
        let is_wanted =
            changes && (self.how.yes || !has_work || question::asked(self.what, &planned)?);
        if is_wanted {
            told.fates = Some(self.carry_out(journal, &planned)?);
        }
        let text = if is_text {
            told.outcome(self.painter, changes)
        } else {
            told.json()
        };
        goes_on(io::stdout().lock().write_all(text.as_bytes()))?;
        Ok(if told.is_clean() {
            Outcome::Clean
        } else {
            Outcome::Findings
        })
    }

    fn carry_out(&self, journal: Journal, planned: &[Planned]) -> Result<Vec<Fate>> {
        let ends = AtomicBool::new(false);
        let work = Work {
            lambda: self.lambda,
            journal: Mutex::new(journal),
            what: self.what,
            decide: &|one, entry| (self.decide)(one, entry).0,
            patience: Patience::default(),
            watch: &question::progress,
            ends: &ends,
        };
        let fates = question::until_interrupted(&ends, || work.all(planned))?;
        question::done();
        Ok(fates)
    }
}

/// A function that a tool deploys is left to that tool.
fn leave_owned(one: &mut Planned) {
    if let (Step::Change(_), Some(owner)) = (&one.step, &one.owner) {
        let tool = owner.tool.name();
        one.step = Step::Leave(format!("{tool} deploys it ({})", owner.stack));
    }
}

/// Which functions are meant; to mean none is a mistake.
fn selection(subjects: &[String], which: &Which) -> Result<Selection> {
    let mut names = subjects.to_vec();
    if let Some(file) = &which.from {
        names.extend(listed(file)?);
    }
    let narrows = !which.prefix.is_empty() || !which.tag.is_empty();
    if names.is_empty() && !which.all && !narrows {
        let fix = "name functions, or say --all, --from FILE, --prefix P or --tag NAME=VALUE";
        return Err(Failure::new("functions", "none is named", fix).into());
    }
    if which.all && !names.is_empty() {
        let fix = "leave out --all, or the names";
        return Err(Failure::new("--all", "functions are named as well", fix).into());
    }
    let tags = which.tag.iter().map(|tag| match tag.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (tag.clone(), None),
    });
    Ok(Selection {
        names,
        prefixes: which.prefix.clone(),
        tags: tags.collect(),
        except: which.except.clone(),
    })
}

/// Names in a file, one a line.
fn listed(file: &str) -> Result<Vec<String>> {
    let mut text = String::new();
    let read = if file == "-" {
        io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    let fix = "name a file with a function's name or ARN in each line";
    read.map_err(|error| Failure::new(file, error, fix))?;
    let lines = text.lines();
    let names = lines.map(|line| line.split('#').next().unwrap_or_default().trim().to_owned());
    let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(Failure::new(file, "it names no function", fix).into());
    }
    Ok(names)
}

fn lambda(account: &Where) -> Result<Lambda> {
    // Limit: the platform allows 15 calls a second, emulators any number.
    let pace = Pace::new(account.rate, Duration::from_millis(500));
    let named = Account {
        region: account.region.clone(),
        profile: account.profile.clone(),
        endpoint: account.endpoint_url.clone(),
    };
    let variables = |name: &str| std::env::var(name).ok();
    let lambda = Lambda::new(&named, Box::new(variables), pace);
    Ok(lambda.map_err(|reason| {
        let fix = "name a region and who asks: --region, --profile, or the AWS_ variables; \
                   `aws configure` or `aws sso login` makes a profile";
        Failure::new("account", reason, fix)
    })?)
}

/// The layer of each architecture: those that are named, or else the newest of the account.
fn layers(lambda: Option<&Lambda>, named: &[String]) -> Result<BTreeMap<Architecture, LayerArn>> {
    let mut layers = BTreeMap::new();
    for text in named {
        let (arn, architectures) = layer(lambda, text)?;
        layers.extend(architectures.into_iter().map(|one| (one, arn.clone())));
    }
    if let (true, Some(lambda)) = (named.is_empty(), lambda) {
        for one in Architecture::ALL {
            let newest = lambda.newest(one).map_err(|refusal| refused(&refusal))?;
            layers.extend(newest.map(|arn| (one, arn)));
        }
    }
    if layers.is_empty() {
        let region = lambda.map_or("it", |lambda| lambda.region.as_str());
        let reason = format!("no version of it is in {region}");
        let fix = "publish it (docs/layer.md), or name one with --layer";
        return Err(Failure::new("layer", reason, fix).into());
    }
    Ok(layers)
}

/// A version of a layer, and what it is for.
fn layer(lambda: Option<&Lambda>, text: &str) -> Result<(LayerArn, Vec<Architecture>)> {
    let fix = "give it as arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, one for each \
               architecture";
    let arn = LayerArn::read(text);
    let arn = arn.ok_or_else(|| Failure::new(text, "it is no ARN of a layer's version", fix))?;
    if let Some(lambda) = lambda.filter(|lambda| lambda.region != arn.region) {
        let (there, here) = (&arn.region, &lambda.region);
        let reason = format!("it is in {there}, and the functions are in {here}");
        return Err(Failure::new(text, reason, "publish it there: docs/layer.md").into());
    }
    let mut told: Vec<Architecture> = arn.architecture().into_iter().collect();
    if let (true, Some(lambda)) = (told.is_empty(), lambda) {
        told = lambda
            .architectures(&arn)
            .map_err(|refusal| refused(&refusal))?;
    }
    if told.is_empty() {
        let reason = "neither its name nor its publisher says for which architecture it is";
        let fix = "call it credenza-x86-64 or credenza-arm64";
        return Err(Failure::new(text, reason, fix).into());
    }
    Ok((arn, told))
}

fn refused(refusal: &Refusal) -> Failure {
    let fix = "see that the caller may do what deploy/cli/policy.json lists, and that the address \
               can be reached";
    question::done();
    Failure::new("Lambda API", refusal, fix)
}

fn unusable(how: &How, broken: &Broken) -> Failure {
    let fix = match broken {
        Broken::Busy => "wait until the other run has ended",
        Broken::Io(_) => "name a file that can be read and written with --journal",
        Broken::Line(_) => "name the journal that `attach` wrote with --journal",
    };
    Failure::new(how.journal.display(), broken, fix)
}
