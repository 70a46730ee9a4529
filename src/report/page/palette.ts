/** Colours in light and in dark. Marks stand 3:1 against the card, text 4.5:1, and the three of a chart are told apart whatever the eye. */
export const palette = {
  page: ["#f6f7f2", "#12161b"],
  card: ["#ffffff", "#1a2027"],
  soft: ["#f3f4ef", "#232b34"],
  rule: ["#dfe1da", "#37424e"],
  ink: ["#14161a", "#f0f2f4"],
  quiet: ["#53595f", "#aab4be"],
  first: ["#174f91", "#7fb5f2"],
  second: ["#5087c8", "#3d78b8"],
  third: ["#bd7409", "#e0a040"],
  limit: ["#a4470b", "#f0925a"],
  good: ["#17714b", "#58c593"],
  bad: ["#a32a1c", "#f08a7c"],
} as const;
