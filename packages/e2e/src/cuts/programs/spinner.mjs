// Draws a spinner as command-line tools do: on one line, over and over, with the cursor hidden, above a log that scrolls.
// It stands still from one `p` to the next, and ends at a `q`.
const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".split("");
let count = 0;
let isStill = false;
process.stdout.write("\x1b[?25l");
const timer = setInterval(() => {
  if (isStill) return;
  count++;
  if (count % 7 === 0) process.stdout.write(`\r\x1b[K\x1b[32m✔️\x1b[39m step ${count} – done\n`);
  process.stdout.write(`\r\x1b[K\x1b[36m${frames[count % frames.length]}\x1b[39m working on step ${count} …`);
}, 10);
process.stdin.setRawMode?.(true);
process.stdin.on("data", (key) => {
  if (key.includes("p")) isStill = !isStill;
  if (!key.includes("q")) return;
  clearInterval(timer);
  process.stdout.write("\r\x1b[K\x1b[?25hfinished\n", () => process.exit(0));
});
