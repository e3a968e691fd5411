// A function that gives its own key away, buffered and streamed, in every way of writing.
// It never says anything else, so that whatever leaves is the key.
const key = process.env.AWS_SECRET_ACCESS_KEY ?? "";
const base64 = (text) => Buffer.from(text).toString("base64");
const each = (spell) => (text) => [...text].map((sign) => spell(sign.charCodeAt(0))).join("");
const hex = (code) => code.toString(16).padStart(2, "0");
const signs = { "+": "&#43;", "/": "&#x2F;", "=": "&#x3D;" };

const ways = {
  plain: (text) => text,
  reversed: (text) => [...text].reverse().join(""),
  json: (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "json all": each((code) => `\\u00${hex(code)}`),
  url: encodeURIComponent,
  "url all": each((code) => `%${hex(code)}`),
  html: (text) => text.replace(/[+/=]/g, (sign) => signs[sign]),
  "html all": each((code) => `&#x${hex(code)};`),
  hex: each(hex),
  "hex capitals": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  base64,
  "base64 behind one": (text) => base64(`a${text}`),
  "base64 behind two": (text) => base64(`ab${text}`),
  "base64 for urls": (text) => Buffer.from(text).toString("base64url"),
  "base64 twice": (text) => base64(base64(text)),
  "json in json": (text) => JSON.stringify(JSON.stringify({ key: text })),
};

const http = (body, others = {}) => ({ statusCode: 200, headers: {}, body, ...others });

const parts = {
  text: (text) => text,
  document: (text) => ({ rows: [{ key: text }] }),
  body: http,
  "json body": (text) => http(JSON.stringify({ deep: JSON.stringify({ key: text }) })),
  "base64 body": (text) => http(base64(text), { isBase64Encoded: true }),
  header: (text) => http("", { headers: { "x-own": text } }),
  cookie: (text) => http("", { cookies: [text] }),
};

export const answer = ({ way, part }) => {
  const text = ways[way](key);
  if (part === "error") throw new Error(`no database at ${text}`);
  if (part === "error type") {
    const error = new Error("a message");
    error.name = text;
    throw error;
  }
  return parts[part](text);
};

// The same in two pieces, behind a prelude or without one; or in the error that ends a stream.
export const stream = async ({ way, part, split }, stream, wait) => {
  const text = ways[way](key);
  let out = stream;
  if (part !== "rows") {
    const headers = part === "header" ? { "x-own": text } : {};
    out = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers });
  }
  if (part === "error") {
    out.write("data: none\n");
    await wait(2);
    throw new Error(`no database at ${text}`);
  }
  const body = part === "header" ? "data: none\n" : `data: ${text}\n`;
  for (const piece of [body.slice(0, split), body.slice(split)]) {
    if (piece) out.write(piece);
    await wait(2);
  }
  return out;
};
