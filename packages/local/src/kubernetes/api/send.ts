import type { ServerResponse } from "node:http";

export function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
  response.end(`${JSON.stringify(body)}\n`);
}

export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
}
