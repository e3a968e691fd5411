"use strict";
// A plugin that puts the credenza layer on every function of a service.
// It never touches a function that opted out, an image, or one that has another wrapper already.

const WRAPPER = "/opt/credenza-wrapper";
const MODES = ["off", "monitor", "block"];

class Credenza {
  constructor(serverless, options, { log } = {}) {
    this.serverless = serverless;
    this.warn = (text) => (log ? log.warning(text) : serverless.cli.log(`Warning: ${text}`));
    const attach = () => this.attach();
    this.hooks = {
      "before:package:initialize": attach,
      "before:deploy:function:initialize": attach,
    };
  }

  /** `custom.credenza` of the service: `layers` by architecture, `mode`, `exclude`. */
  settings() {
    const own = (this.serverless.service.custom ?? {}).credenza ?? {};
    const mode = own.mode ?? "monitor";
    if (!MODES.includes(mode)) {
      throw new Error(`custom.credenza.mode is "${mode}"; expected ${MODES.join(", ")}`);
    }
    if (!own.layers) {
      throw new Error("custom.credenza.layers is missing: an ARN for each architecture in use");
    }
    return { layers: own.layers, mode, exclude: own.exclude ?? [] };
  }

  attach() {
    const { layers, mode, exclude } = this.settings();
    const { provider, functions } = this.serverless.service;
    for (const [name, fn] of Object.entries(functions ?? {})) {
      if (exclude.includes(name)) {
        continue;
      }
      const architecture = fn.architecture ?? provider.architecture ?? "x86_64";
      const why = this.obstacle(fn, provider, layers[architecture], architecture);
      if (why) {
        this.warn(`${name}: no credenza layer: ${why}`);
        continue;
      }
      fn.layers = [...(fn.layers ?? provider.layers ?? []), layers[architecture]];
      fn.environment = {
        ...(fn.environment ?? {}),
        AWS_LAMBDA_EXEC_WRAPPER: WRAPPER,
        CREDENZA_MODE: mode,
      };
    }
  }

  /** Why a function cannot simply have the layer, if it cannot. */
  obstacle(fn, provider, arn, architecture) {
    if (fn.image) {
      return "an image takes no layers; copy the tree into it (deploy/image)";
    }
    const runtime = fn.runtime ?? provider.runtime ?? "";
    if (runtime.startsWith("provided")) {
      return "an OS-only runtime ignores the wrapper; see deploy/os-only";
    }
    const variables = { ...(provider.environment ?? {}), ...(fn.environment ?? {}) };
    if (variables.AWS_LAMBDA_EXEC_WRAPPER) {
      return "it has a wrapper already; name that one in CREDENZA_NEXT_WRAPPER";
    }
    if (!arn) {
      return `custom.credenza.layers has no ARN for ${architecture}`;
    }
    return undefined;
  }
}

module.exports = Credenza;
