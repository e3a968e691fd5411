// The layer as a construct, and an aspect that puts it on every function of a stack.
// It never touches a function that opted out, an image, or one that has another wrapper already.
import { existsSync } from "node:fs";
import { Annotations } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

const WRAPPER = "/opt/credenza-wrapper";
const OPTED_OUT = Symbol.for("credenza.opted-out");

/** Both layer versions of one build; the one of a function's architecture is chosen for it. */
export class Credenza extends Construct {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {{ folder: string, mode?: "off" | "monitor" | "block" }} props
   *   `folder` holds the layer zips; `mode` is `monitor` unless said otherwise.
   */
  constructor(scope, id, { folder, mode = "monitor" }) {
    super(scope, id);
    this.folder = folder;
    this.mode = mode;
    this.versions = new Map();
  }

  /** The layer version for an architecture, made when it is first needed. */
  version(architecture) {
    const name = architecture.name;
    if (!this.versions.has(name)) {
      const zip = `${this.folder}/credenza-layer-${name}.zip`;
      if (!existsSync(zip)) {
        throw new Error(`${zip} is missing: build it with \`cargo xtask layer\``);
      }
      const version = new lambda.LayerVersion(this, name, {
        code: lambda.Code.fromAsset(zip),
        compatibleArchitectures: [architecture],
        description: "credenza: runtime protection",
      });
      this.versions.set(name, version);
    }
    return this.versions.get(name);
  }

  /** Puts the layer on one function. */
  protect(fn) {
    fn.addLayers(this.version(fn.architecture));
    fn.addEnvironment("AWS_LAMBDA_EXEC_WRAPPER", WRAPPER);
    fn.addEnvironment("CREDENZA_MODE", this.mode);
  }

  /** Leaves one function as it is, whatever an aspect says. */
  static optOut(fn) {
    fn[OPTED_OUT] = true;
  }
}

/** Puts the layer on every function below the construct that it is added to. */
export class CredenzaEverywhere {
  /** @param {Credenza} credenza */
  constructor(credenza) {
    this.credenza = credenza;
    this.seen = new Set();
  }

  visit(node) {
    if (!(node instanceof lambda.Function) || node[OPTED_OUT] || this.seen.has(node)) {
      return;
    }
    this.seen.add(node);
    const why = this.obstacle(node);
    if (why) {
      Annotations.of(node).addWarningV2("credenza:left-out", `no credenza layer: ${why}`);
      return;
    }
    this.credenza.protect(node);
  }

  /** Why a function cannot simply have the layer, if it cannot. */
  obstacle(fn) {
    if (fn instanceof lambda.DockerImageFunction || fn.runtime === lambda.Runtime.FROM_IMAGE) {
      return "an image takes no layers; copy the tree into it (deploy/image)";
    }
    if (fn.runtime.family === lambda.RuntimeFamily.OTHER) {
      return "an OS-only runtime ignores the wrapper; see deploy/os-only";
    }
    const variables = fn.environment ?? {};
    if ("AWS_LAMBDA_EXEC_WRAPPER" in variables) {
      return "it has a wrapper already; name that one in CREDENZA_NEXT_WRAPPER";
    }
    return undefined;
  }
}
