// A full-width interface made with Ink: a list that grows above, a status that is drawn anew below, keys that change it.
import { Box, render, Static, Text, useApp, useInput, useStdout } from "ink";
import { createElement as h, useEffect, useState } from "react";

function Tasks() {
  const { exit } = useApp();
  const { stdout } = useStdout();
  const [ticks, setTicks] = useState(0);
  const [typed, setTyped] = useState("");
  const done = Array.from({ length: Math.floor(ticks / 5) }, (_, index) => `task ${index} ✔ 完了 👨‍👩‍👧‍👦🇯🇵`);
  useEffect(() => {
    const timer = setInterval(() => setTicks((before) => before + 1), 20);
    return () => clearInterval(timer);
  }, []);
  useInput((input) => {
    if (input === "q") exit();
    else setTyped((before) => (before + input).slice(-30));
  });
  return h(
    Box,
    { flexDirection: "column" },
    h(Static, { items: done }, (item) => h(Text, { key: item, color: "green" }, item)),
    h(
      Box,
      { borderStyle: "round", borderColor: "cyan", width: Math.min(stdout.columns ?? 80, 60), flexDirection: "column" },
      h(Text, { bold: true }, `tick ${ticks}`),
      h(Text, { dimColor: true, wrap: "truncate" }, `typed: ${typed}`),
    ),
  );
}

render(h(Tasks));
