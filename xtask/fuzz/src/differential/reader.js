// Every string that JSON.parse sees in each document of a batch; it never judges one.
//
// The way in and out is that of reader.py. A document is read as the runtime's client reads an
// event: as UTF-8 whose wrong bytes are replaced, and to its first zero byte.
"use strict";
const fs = require("fs");

const REFUSED = 0xffffffff;
const DOCUMENT = 0x80000000;
const LEVELS = 12;

function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function bytesOf(text) {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const bytes = [];
  for (const char of text) {
    const code = char.codePointAt(0);
    if (code >= 0xd800 && code < 0xe000) {
      bytes.push(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      bytes.push(...Buffer.from(char, "utf8"));
    }
  }
  return Buffer.from(bytes);
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function strings(value, level, out) {
  const stack = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    if (typeof next === "string") {
      string(next, level, out);
    } else if (Array.isArray(next)) {
      for (const member of next) stack.push(member);
    } else if (next !== null && typeof next === "object") {
      for (const name of Object.keys(next)) stack.push(name, next[name]);
    }
  }
}

function isFull(value) {
  if (typeof value === "string") return value.length > 0;
  return value !== null && typeof value === "object" && Object.keys(value).length > 0;
}

// Python's literals are none here, but what holds them is opened as Python opens it.
function plain(text) {
  return text.replace(/([[,:\s])(NaN|-?Infinity)(?=[\],}\s])/g, "$1null");
}

function string(text, level, out) {
  const inner = level < LEVELS && /^\s*[{["]/.test(text) ? parsed(plain(text)) ?? parsed(text) : null;
  const isDocument = inner !== null && isFull(inner.value);
  const bytes = bytesOf(text);
  out.push(number(bytes.length | (isDocument ? DOCUMENT : 0)), bytes);
  if (isDocument) strings(inner.value, level + 1, out);
}

function answer(data) {
  const end = data.indexOf(0);
  const read = parsed(data.toString("utf8")) ?? (end >= 0 ? parsed(data.toString("utf8", 0, end)) : null);
  if (read === null) return number(REFUSED);
  const out = [];
  strings(read.value, 0, out);
  return Buffer.concat([number(out.length / 2), ...out]);
}

function take(size) {
  const data = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    let count;
    try {
      count = fs.readSync(0, data, filled, size - filled, null);
    } catch (error) {
      if (error.code === "EAGAIN") continue;
      throw error;
    }
    if (count === 0) return null;
    filled += count;
  }
  return data;
}

function give(data) {
  let given = 0;
  while (given < data.length) {
    try {
      given += fs.writeSync(1, data, given);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

for (let head = take(4); head !== null; head = take(4)) {
  const inputs = [];
  for (let count = head.readUInt32LE(); count > 0; count -= 1) {
    const size = take(4).readUInt32LE();
    inputs.push(size > 0 ? take(size) : Buffer.alloc(0));
  }
  for (const input of inputs) give(answer(input));
}
