import { findOutsideTool, type ToolRun } from '../support/outside-tool.ts';

/** Debian's package `prometheus` has it; `.ci/run` installs it where it can. */
const tool = findOutsideTool('promtool', ['--version'], 'apt-get install prometheus');

export const hasPromtool = tool.isPresent;

export function promtool(args: readonly string[], input = ''): Promise<ToolRun> {
  return tool.run(args, input);
}
