// A stack of three functions: two are protected by the aspect, one has opted out.
// It never deploys anything by itself: `npx cdk deploy` does.
import { fileURLToPath } from "node:url";
import { App, Aspects, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Credenza, CredenzaEverywhere } from "../lib/credenza.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const app = new App();
const stack = new Stack(app, "Orders");

const orders = (id, architecture) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.PYTHON_3_13,
    architecture,
    handler: "app.handler",
    code: lambda.Code.fromAsset(at("../../function"), { exclude: ["__pycache__"] }),
    memorySize: 256,
  });
orders("OrdersX86", lambda.Architecture.X86_64);
orders("OrdersArm", lambda.Architecture.ARM_64);
Credenza.optOut(orders("Untouched", lambda.Architecture.X86_64));

const mode = app.node.tryGetContext("mode") ?? "monitor";
const folder = app.node.tryGetContext("layers") ?? at("../../../target/layer");
Aspects.of(stack).add(new CredenzaEverywhere(new Credenza(stack, "Credenza", { folder, mode })));

app.synth();
