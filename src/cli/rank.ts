import { type BitMove, bestTrade, bitMoves, perUnit, resources } from "../bits/rank.ts";
import { type BitsSubject, bitsOptions, readSubjects } from "./bits-input.ts";
import { type Command, DEFAULT_ARCHIVE, flag, flagOption, print, printJson } from "./command.ts";
import { table } from "./render/format.ts";

export const rankCommand: Command = {
  positionals: { structures: `an archive, or a file as for qes score; ${DEFAULT_ARCHIVE} if left out` },
  options: { ...bitsOptions, json: flag("print a JSON array on stdout") },
  examples: [["qes rank best.txt --config stm32f746-imagenet", "which layer to give a bit to, which to take one from"]],
  async run(args) {
    const rows = (await readSubjects(args)).map(rank);
    if (flagOption(args, "json")) printJson(rows.map(jsonOf));
    else for (const row of rows) print(render(row));
    return 0;
  },
};

function rank({ name, network, steps, legalBits, score }: BitsSubject) {
  const moves = bitMoves(network, steps, score);
  const trades = resources.map(({ name: resource, unit }) => ({ resource, unit, ...bestTrade(moves, resource) }));
  return { name, legalBits, moves, trades };
}

type Row = ReturnType<typeof rank>;

function jsonOf({ name, legalBits, moves, trades }: Row) {
  const plain = (move: BitMove) => ({ ...move, from: pairText(move.from), to: pairText(move.to) });
  return {
    name,
    legalBits,
    moves: moves.map((move) => ({
      ...plain(move),
      perKiBFlash: perUnit(move, "flash") ?? null,
      perKiBSram: perUnit(move, "sram") ?? null,
      perMBitOp: perUnit(move, "bitops") ?? null,
    })),
    trades: trades.map(({ give, take, ...trade }) => ({
      ...trade,
      give: give ? plain(give) : null,
      take: take ? plain(take) : null,
    })),
  };
}

function render({ name, legalBits, moves, trades }: Row): string {
  const cell = (value: number | undefined) => (value === undefined ? "-" : value.toPrecision(4));
  const half = (up: boolean) =>
    table([
      ["layer", "step", up ? "gain" : "loss", "per KiB flash", "per KiB SRAM", "per MBitOp"],
      ...moves
        .filter((move) => move.up === up)
        .sort(
          (x, y) => (up ? -1 : 1) * ((perUnit(x, "bitops") ?? 0) - (perUnit(y, "bitops") ?? 0)) || x.layer - y.layer,
        )
        .map((move) => [
          layerText(move),
          stepText(move),
          move.score.toFixed(4),
          ...resources.map((resource) => cell(perUnit(move, resource.name))),
        ]),
    ]);
  const lines = trades.map(({ resource, unit, give, take }) => {
    const part = (move: BitMove | undefined, verb: string) =>
      move === undefined
        ? `no layer to ${verb}`
        : `${verb} ${layerText(move)} (${stepText(move)}, ${perUnit(move, resource)!.toPrecision(4)} a ${unit})`;
    return `${resource}: ${part(give, "give a step to")}; ${part(take, "take one from")}`;
  });
  return [
    `${name}: legal bits ${legalBits}`,
    "score a step up gains, the most per MBitOp first",
    half(true),
    "",
    "score a step down loses, the least per MBitOp first",
    half(false),
    "",
    ...lines,
    "",
  ].join("\n");
}

function layerText({ block, inner }: BitMove): string {
  return `block ${block} layer ${inner}`;
}

function stepText({ from, to }: BitMove): string {
  return `${pairText(from)} -> ${pairText(to)}`;
}

/** a/w. */
function pairText(pair: number): string {
  return `${pair >> 4}/${pair & 15}`;
}
