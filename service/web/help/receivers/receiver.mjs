// Receives Loa's webhooks.   npm install standardwebhooks
// LOA_SECRET=whsec_... PORT=9000 node receiver.mjs
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Webhook } = createRequire(import.meta.url)("standardwebhooks");
const webhook = new Webhook(process.env.LOA_SECRET);
const seen = new Set(); // ids that were dealt with; keep them in your database, for 90 days
const newest = new Map(); // post: its newest state; keep it in your database

// Your work: put the post into your document system, and do the rest later.
function take({ type, data: post }) {
  if (!type.startsWith("post.")) return console.log(type); // subscription.test, and types to come
  const state = 2 * post.revision + (type === "post.withdrawn" ? 1 : 0);
  if (state < (newest.get(post.id) ?? 0)) return; // an older state that came late
  newest.set(post.id, state);
  console.log(type, post.id, post.revision, post.title);
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  try {
    webhook.verify(body, request.headers); // the text as it came, before any parsing
  } catch {
    return response.writeHead(401).end("wrong signature");
  }
  const message = JSON.parse(body);
  if (message.type === "subscription.confirm") {
    return response.writeHead(200).end(message.data.challenge);
  }
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    take(message);
    seen.add(id);
  }
  return response.writeHead(204).end();
});

const port = Number(process.env.PORT ?? 9000);
server.listen(port, process.env.HOST ?? "127.0.0.1", () => console.log("listening"));
