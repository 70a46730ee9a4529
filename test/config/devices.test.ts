import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { deviceNames, deviceOf, fillFromDevice, taskNames } from "../../src/config/devices.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";

describe("devices and tasks", () => {
  test("are the three microcontrollers with their memories and the three tasks", () => {
    const memories = deviceNames().map((name) => [name, deviceOf(name, "test").memory]);
    expect(memories).toEqual([
      ["stm32f412", { sram: 256, flash: 1024 }],
      ["stm32f746", { sram: 320, flash: 1024 }],
      ["stm32h743", { sram: 512, flash: 2048 }],
    ]);
    expect(taskNames()).toEqual(["face", "imagenet", "vww"]);
  });

  test("fill the budgets, in bytes of 1024 a kB, and the capability", () => {
    const config = parseConfig({ device: "stm32f746", task: "imagenet" }, "test");
    expect(config.name).toBe("stm32f746-imagenet");
    expect(config.budgets).toEqual({ sramLive: 327_680, flash: 1_048_576, layers: 47 });
    expect(config.capability).toBe("cmix-nn");
    expect(config.classes).toBe(1000);
    expect(config.input).toEqual({ resolution: 160, channels: 3 });
  });

  test("give way, key by key, to what is set by hand", () => {
    const config = parseConfig(
      { device: "stm32f746", task: "imagenet", budgets: { sramLive: 200_000, bitops: 5e9 }, capability: "cmsis-nn" },
      "test",
    );
    expect(config.budgets).toEqual({ sramLive: 200_000, flash: 1_048_576, layers: 47, bitops: 5e9 });
    expect(config.capability).toBe("cmsis-nn");
    expect(config.space.start[1].nbitsA).toEqual([8, 8, 8]);
    expect(config.space.start[1].nbitsW).toEqual([4, 4, 4]);
  });

  test("fill a stored configuration in again without changing it", () => {
    for (const device of deviceNames()) {
      for (const task of taskNames()) {
        const config = parseConfig({ device, task }, "test");
        expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
      }
    }
  });

  test("that do not exist are errors with the nearest name", () => {
    expect(() => fillFromDevice({ device: "stm32f764" }, "mine.yaml")).toThrow(
      'mine.yaml: device: unknown device "stm32f764"; did you mean stm32f746?',
    );
    expect(() => fillFromDevice({ task: "wvw" }, "mine.yaml")).toThrow('unknown task "wvw"; did you mean vww?');
    expect(() => fillFromDevice({ device: 746 }, "mine.yaml")).toThrow("device: expected a name, got 746");
  });

  test("have a preset for every pair, and its stage weights fit its start network", () => {
    for (const device of deviceNames()) {
      for (const task of taskNames()) {
        const name = `${device}-${task}`;
        expect(presetNames()).toContain(name);
        const config = parseConfig(presetValue(name), name);
        expect([config.device, config.task, config.search.evaluations]).toEqual([device, task, 500_000]);
        const stages = config.space.start.filter((block, i) => i > 0 && block.s === 2).length + 1;
        expect(config.score.stageWeights).toHaveLength(stages);
      }
    }
  });
});
