// `helm test`: attaches with a token that nobody has signed. The gateway must refuse it with 4401, which it says only when it
// can be reached, is not draining, and has fetched the keys that tokens are verified with; without those it says 4503.
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = [part({ alg: "RS256", typ: "attach+jwt", kid: "helm-test" }), part({}), "AAAA"].join(".");
const url = `${process.env.GATEWAY_URL}/ws/00000000-0000-4000-8000-000000000000`;
const waitMilliseconds = 10_000;

const code = await new Promise((resolve) => {
  const socket = new WebSocket(url, ["tty", `bearer.${token}`]);
  socket.addEventListener("close", (event) => resolve(event.code));
  setTimeout(resolve, waitMilliseconds, "nothing in 10 s");
});
const advice = {
  1006: "it cannot be reached: are its pods ready, and do NetworkPolicies admit this pod?",
  1012: "it is draining: try again",
  4503: "it has no keys to verify tokens with: is CLISCALE_JWKS_URL right, and reachable from the gateway's pods?",
};
if (code === 4401) console.log("the gateway answers, and has its keys");
else console.error(`the gateway answered ${code} instead of 4401: ${advice[code] ?? "see its log"}`);
process.exit(code === 4401 ? 0 : 1);
