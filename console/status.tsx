import { useComputed } from '@preact/signals';
import { ask } from './confirm.tsx';
import { formatWord } from './format.ts';
import { snapshot } from './state.tsx';
import { computeStatusSentence } from './status-sentence.ts';

/** Whether to get up, in one glance. */
export function Status() {
  const now = snapshot.value;
  const sentence = now && computeStatusSentence(now, { now: Date.now() });
  // Read out when the lane changes, not whenever a number does.
  const changed = useComputed(() => snapshot.value?.lane.status ?? '');
  return (
    <section class={`status ${sentence?.tone ?? 'unknown'}`} aria-labelledby="status">
      <div>
        <h2 id="status">{sentence?.text ?? 'Looking…'}</h2>
        <p class="advice">{sentence?.advice ?? ''}</p>
        <p class="unseen" role="status">
          {changed.value === '' ? '' : `The lane is ${formatWord(changed.value)}.`}
        </p>
      </div>
      {now && (
        <p class="actions">
          {now.lane.status !== 'running' && (
            <button type="button" onClick={askToResume}>
              Resume…
            </button>
          )}
          {now.lane.status !== 'paused' && (
            <button type="button" class="quiet" onClick={askToPause}>
              Pause…
            </button>
          )}
        </p>
      )}
    </section>
  );
}

function askToPause() {
  ask({
    title: 'Pause the lane?',
    consequence:
      'Nothing more is asked of the upstream until an operator resumes it. Submissions are accepted and wait.',
    confirm: 'Pause',
    field: { kind: 'text', label: 'Reason', help: 'Operators and clients read it.' },
    path: '/lane/pause',
    body: (reason) => ({ reason }),
    done: 'Paused, as asked.',
  });
}

function askToResume() {
  ask({
    title: 'Resume the lane?',
    consequence:
      'Ends a pause, a hold or a slow phase at once. If the cause is still there, the lane closes again after a few attempts.',
    confirm: 'Resume',
    path: '/lane/resume',
    done: 'Resumed, as asked.',
  });
}
