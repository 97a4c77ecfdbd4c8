import { useComputed } from '@preact/signals';
import { ask } from './parts/confirm.tsx';
import { Action, ActionResult } from './parts/result.tsx';
import { timeZone } from './preferences.tsx';
import { snapshot } from './state.tsx';
import { computeStatusSentence } from './status-sentence.ts';
import { texts, wordOf } from './texts/texts.tsx';

/** Whether to get up, in one glance. */
export function Status() {
  const now = snapshot.value;
  const zone = timeZone();
  const moment = { now: Date.now(), ...(zone === undefined ? {} : { timeZone: zone }) };
  const sentence = now && computeStatusSentence(now, moment, texts.value);
  // Read out when the lane changes, not whenever a number does.
  const changed = useComputed(() => snapshot.value?.lane.status ?? '');
  const t = texts.value.status;
  return (
    <section class={`status ${sentence?.tone ?? 'unknown'}`} aria-labelledby="status">
      <div>
        <h1 id="status">{sentence?.text ?? texts.value.looking}</h1>
        <p class="advice">{sentence?.advice ?? ''}</p>
        <p class="unseen" role="status">
          {changed.value === '' ? '' : t.changed(wordOf(changed.value))}
        </p>
      </div>
      {now && (
        <p class="actions">
          <ActionResult place="lane" />
          {now.lane.status !== 'running' && (
            <Action loud onClick={askToResume}>
              {t.resume}
            </Action>
          )}
          {now.lane.status !== 'paused' && <Action onClick={askToPause}>{t.pause}</Action>}
        </p>
      )}
    </section>
  );
}

function askToPause() {
  const t = texts.value.status;
  ask({
    place: 'lane',
    title: t.pauseTitle,
    consequence: t.pauseConsequence,
    confirm: t.pauseConfirm,
    field: { label: t.pauseReason, help: t.pauseHelp },
    path: '/lane/pause',
    body: (reason) => ({ reason }),
    done: t.pauseDone,
  });
}

function askToResume() {
  const t = texts.value.status;
  ask({
    place: 'lane',
    title: t.resumeTitle,
    consequence: t.resumeConsequence,
    confirm: t.resumeConfirm,
    path: '/lane/resume',
    done: t.resumeDone,
  });
}
