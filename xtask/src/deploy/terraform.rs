//! Terraform: the module initialised, validated, applied, found without drift, and destroyed.
//! It never fetches a provider: one that lies beside the program is used, else this is a skip.
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::emulator::{Emulator, function_zip};
use super::{Bench, doctor, function};

/// Where images carry providers.
const PLUGINS: &str = "/opt/tf-plugins";

pub(super) fn prove(bench: &Bench) -> Result<Vec<Value>> {
    let folder = bench.folder("terraform");
    let emulator = Emulator::start(bench)?;
    fs::copy(function_zip(bench)?, folder.join("function.zip"))?;
    let endpoint = &emulator.endpoint;
    let services =
        ["iam", "lambda", "sts"].map(|service| format!("    {service} = \"{endpoint}\"\n"));
    let provider = format!(
        "provider \"aws\" {{\n  region = \"eu-west-1\"\n  access_key = \"testing\"\n  \
         secret_key = \"testing\"\n  skip_credentials_validation = true\n  \
         skip_requesting_account_id = true\n  skip_metadata_api_check = true\n  \
         endpoints {{\n{}  }}\n}}\n",
        services.concat()
    );
    let terraform = |words: &[&str]| {
        let mut command = Command::new("terraform");
        command.args(words).current_dir(&folder);
        command
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1");
        command
    };
    bench.run(
        "terraform-format",
        &mut terraform(&["fmt", "-check", "-recursive"]),
    )?;
    fs::write(folder.join("emulator_override.tf"), provider)?;
    let mut init = terraform(&["init", "-input=false", "-no-color"]);
    if Path::new(PLUGINS).exists() {
        init.arg(format!("-plugin-dir={PLUGINS}"));
    }
    bench.run("terraform-init", &mut init)?;
    bench.run(
        "terraform-validate",
        &mut terraform(&["validate", "-no-color"]),
    )?;
    let plan = ["plan", "-input=false", "-no-color", "-out=plan"];
    bench.run("terraform-plan", &mut terraform(&plan))?;
    let shown = bench.run("terraform-show", &mut terraform(&["show", "-json", "plan"]))?;
    let plan = bench.logs.join("plan.json");
    fs::write(&plan, shown)?;
    doctor(bench, "terraform", &plan)?;
    let apply = ["apply", "-auto-approve", "-input=false", "-no-color"];
    bench.run("terraform-apply", &mut terraform(&apply))?;
    // Status 2 would be drift.
    let again = ["plan", "-detailed-exitcode", "-input=false", "-no-color"];
    bench.run("terraform-no-drift", &mut terraform(&again))?;
    let configuration = emulator.configuration(bench, "orders")?;
    ensure!(
        configuration["Layers"]
            .as_array()
            .is_some_and(|layers| layers.len() == 1),
        "the function has no layer: {configuration}"
    );
    let destroy = ["destroy", "-auto-approve", "-input=false", "-no-color"];
    bench.run("terraform-destroy", &mut terraform(&destroy))?;
    Ok(vec![function("terraform", "orders", &configuration)])
}
