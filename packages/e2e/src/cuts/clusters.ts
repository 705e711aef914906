/**
 * Grapheme clusters of every kind, and parts of some: what joins depends on what stands before it. The rules:
 * https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules
 */
export const clusters = {
  accent: "e\u0301",
  accents: "a\u0308\u0323",
  wideAccent: "世\u0301",
  lonelyAccent: "\u0301",
  family: "👨\u200d👩\u200d👧\u200d👦",
  coder: "👩🏽\u200d💻",
  rainbow: "🏳\ufe0f\u200d🌈",
  skinTone: "👍🏽",
  flag: "🇩🇪",
  flags: "🇩🇪🇫🇷🇯🇵",
  halfFlag: "🇩",
  keycap: "1\ufe0f\u20e3",
  digitWide: "7\ufe0f",
  heart: "❤\ufe0f",
  heartText: "❤",
  copyright: "©\ufe0f",
  tagFlag: "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
  joiner: "\u200d",
  openJoiner: "👩\u200d",
  letterJoiner: "a\u200d",
  jamo: "\u1112\u1161\u11ab",
  jamoParts: "각\u11a8",
  lonelyVowel: "\u1161",
  prepend: "\u0600\u0661",
  prependWide: "\u0600世",
  lonelyPrepend: "\u0600",
  spacingMark: "\u0915\u093f",
  voiced: "か\u3099",
  widenedLetter: "a\u3099",
  variation: "葛\u{e0100}",
} as const;

export type ClusterName = keyof typeof clusters;

/** How many columns each takes that is whole, and has a width that nobody disputes. */
export const columnsOf: Partial<Record<ClusterName, number>> = {
  accent: 1,
  accents: 1,
  wideAccent: 2,
  family: 2,
  coder: 2,
  rainbow: 2,
  skinTone: 2,
  flag: 2,
  flags: 6,
  halfFlag: 1,
  keycap: 2,
  heart: 2,
  heartText: 1,
  tagFlag: 2,
  jamo: 2,
  spacingMark: 1,
  voiced: 2,
  variation: 2,
};

export const allClusters: readonly string[] = Object.values(clusters);
