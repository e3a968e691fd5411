// A function over aws-lambda-ric whose answer is its event, buffered and streamed.
// It never waits longer than its mode says.
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import * as pages from "./pages.mjs";
import * as secrets from "./secrets_of_its_own.mjs";

const mode = process.env.ECHO_MODE ?? "echo";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The client parses the event before the handler; its text exists only here.
const parse = JSON.parse;
let parsed = [];
JSON.parse = (text, ...rest) => {
  const value = parse(text, ...rest);
  if (typeof text === "string") parsed.push({ text, value });
  return value;
};

function textOf(event) {
  // Headers are parsed as well, so the text is the one whose value came as the event.
  const text = parsed.find(({ value }) => value === event)?.text ?? "";
  parsed = [];
  return text;
}

function record(id, text) {
  if (!process.env.ECHO_RECORD) return;
  const bytes = Buffer.from(text, "utf8");
  const digest = createHash("sha256").update(bytes).digest("hex");
  appendFileSync(process.env.ECHO_RECORD, `${id} ${digest} ${bytes.length}\n`);
}

export const handler = async (event, context) => {
  record(context.awsRequestId, textOf(event));
  if (mode === "error") throw new Error("x".repeat(Number(process.env.ECHO_ERROR_CHARACTERS ?? 20)));
  if (mode === "pages") return pages.answer(event);
  if (mode === "secrets") return secrets.answer(event);
  if (mode === "sleep") await wait(200);
  if (mode === "pid") return { pid: process.pid };
  if (mode === "environment") {
    return Object.fromEntries(Object.keys(event).map((key) => [key, process.env[key] ?? null]));
  }
  return event;
};

export const streaming = globalThis.awslambda?.streamifyResponse(
  async (event, stream, context) => {
    const text = textOf(event);
    record(context.awsRequestId, text);
    if (mode === "prelude") {
      stream = awslambda.HttpResponseStream.from(stream, {
        statusCode: 201,
        headers: { "content-type": "text/plain", "x-own": "1" },
        cookies: ["a=b"],
      });
    }
    if (mode === "pages") {
      stream = await pages.stream(event, stream, wait);
    } else if (mode === "secrets") {
      stream = await secrets.stream(event, stream, wait);
    } else if (mode === "paced" || mode === "prelude") {
      for (let index = 0; index < 10; index += 1) {
        stream.write(`chunk ${index}\n`);
        await wait(50);
      }
    } else if (mode === "failing") {
      stream.write("the beginning");
      await wait(50);
      throw new Error("the middle broke");
    } else {
      stream.write(text);
    }
    stream.end();
    await stream.finished?.();
  },
);
