import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createQuestions } from '../../cli/questions.ts';

const never = new AbortController().signal;

function open() {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  return { stdin, stderr, questions: createQuestions(stdin, stderr) };
}

describe('questions', () => {
  it('are asked on standard error and answered line by line', async () => {
    const { stdin, stderr, questions } = open();
    const first = questions.ask('One? ', never);
    stdin.write('1\n');
    expect(await first).toBe('1');
    const second = questions.ask('Two? ', never);
    stdin.write('2\n');
    expect(await second).toBe('2');
    stderr.end();
    expect(await text(stderr)).toBe('One? Two? ');
  });

  it('take answers that were pasted at once, one after the other', async () => {
    const { stdin, stderr, questions } = open();
    const first = questions.ask('One? ', never);
    stdin.write('1\n2\n3\n');
    expect(await first).toBe('1');
    expect(await questions.ask('Two? ', never)).toBe('2');
    expect(await questions.ask('Three? ', never)).toBe('3');
    stderr.end();
    expect(await text(stderr)).toBe('One? Two? \nThree? \n');
  });

  it('end with the signal they were asked under', async () => {
    const { questions } = open();
    const stop = new AbortController();
    const answer = questions.ask('One? ', stop.signal);
    stop.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });
});
