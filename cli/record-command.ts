import { type Command, Option } from 'commander';
import type { RecordLanguage } from '../shared/contract/record-of-processing.ts';
import { describeProcessing, renderRecordOfProcessing } from '../shared/processing/record-of-processing.ts';
import type { CliContext } from './context.ts';

/** `veriqueue record-of-processing`: what the deployment keeps where, how long and why. */
export function addRecordCommand(program: Command, context: CliContext): void {
  program
    .command('record-of-processing')
    .description('print what is kept where, how long and why, by the settings of the environment: Markdown')
    .addOption(new Option('--language <language>', 'en or zh').choices(['en', 'zh']).default('en'))
    .action(({ language }: { readonly language: RecordLanguage }) => {
      const record = describeProcessing(context.processing, language, context.now());
      const page = renderRecordOfProcessing(record);
      context.terminal.show({ language, page }, page);
    });
}
