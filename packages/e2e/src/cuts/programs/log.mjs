// Prints a long log, a batch at each `n`: as many lines as BATCH says, over some two seconds. It ends at a `q`.
const batch = Number(process.env.BATCH);
const step = Math.ceil(batch / 100);
let count = 0;
let due = 0;
const timer = setInterval(() => {
  const lines = [];
  for (let left = step; left > 0 && count < due; left--) {
    count++;
    lines.push(
      `\x1b[3${count % 8}m${String(count).padStart(6)}\x1b[m a line of a build log – ünïcödé 世界 👩🏽‍💻🇩🇪 ${"·".repeat(count % 37)}`,
    );
  }
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}, 20);
process.stdin.setRawMode?.(true);
process.stdin.on("data", (key) => {
  if (key.includes("n")) due += batch;
  if (!key.includes("q")) return;
  clearInterval(timer);
  process.stdout.write(`${count} lines\n`, () => process.exit(0));
});
