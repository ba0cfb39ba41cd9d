// Passes requests on to a server with the token that it wants, because the conformance suite cannot send one.
// usage: node with-token.mjs PORT, which prints the port that it listens on; the token is in ATERA_MCP_TOKEN
import { createServer, request } from "node:http";

const port = process.argv[2];
const authorization = `Bearer ${process.env.ATERA_MCP_TOKEN}`;
const proxy = createServer((asked, answered) => {
  const headers = { ...asked.headers, authorization };
  const passed = request({ host: "127.0.0.1", port, method: asked.method, path: asked.url, headers }, (answer) => {
    answered.writeHead(answer.statusCode, answer.headers);
    answer.pipe(answered);
  });
  passed.on("error", () => answered.destroy());
  answered.on("close", () => passed.destroy());
  asked.pipe(passed);
});
proxy.listen(0, "127.0.0.1", () => console.log(proxy.address().port));
