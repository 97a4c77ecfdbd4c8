import type { TargetedEvent } from 'preact';
import type { ConsoleClient } from '../../shared/contract/console.ts';
import { selectChanged } from '../changed-fields.ts';
import { hrefOf } from '../route.ts';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Amount, readAmount } from './fields.tsx';
import { Action, ActionResult, perform } from './result.tsx';

interface Props {
  readonly client: ConsoleClient;
  /** Of the client, in the console's API. */
  readonly path: string;
}

const PLACE = 'self-service';

/** What a client may change of itself under its own keys: an operator limits that, or turns it off. */
export function SelfService({ client: { id, name, selfService }, path }: Props) {
  const t = texts.value.selfService;
  const { enabled } = selfService;
  const turnOff = () =>
    ask({
      place: PLACE,
      title: t.offTitle(name),
      consequence: t.offConsequence,
      confirm: t.offConfirm,
      method: 'PATCH',
      path,
      body: () => ({ selfService: false }),
      done: t.offDone,
    });
  const turnOn = () => perform(PLACE, { method: 'PATCH', path, body: { selfService: true }, done: t.onDone });
  return (
    <section class="panel" aria-labelledby="self-service">
      <h2 id="self-service">
        {t.title} <span class={`badge ${enabled ? 'healthy' : 'failing'}`}>{enabled ? t.on : t.off}</span>
      </h2>
      <p class="help">{t.help}</p>
      <Limits selfService={selfService} path={path} />
      <p class="actions">
        <ActionResult place={PLACE} />
        <a href={hrefOf('activity', null, { actor: id })}>{t.whatItDid}</a>
        <Action onClick={enabled ? turnOff : turnOn}>{enabled ? t.turnOff : t.turnOn}</Action>
      </p>
    </section>
  );
}

function Limits({ selfService, path }: Pick<ConsoleClient, 'selfService'> & Pick<Props, 'path'>) {
  const t = texts.value.selfService;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = {
      maxApiKeys: readAmount(form, 'maxApiKeys'),
      maxEndpoints: readAmount(form, 'maxEndpoints'),
    };
    const body = selectChanged(given, selfService);
    await perform(PLACE, { method: 'PATCH', path, body, done: t.saved });
  };
  return (
    <form class="settings" onSubmit={submit}>
      <Amount
        name="maxApiKeys"
        label={t.maxApiKeys}
        help={t.maxApiKeysHelp}
        min={0}
        max={1_000}
        value={selfService.maxApiKeys}
      />
      <Amount
        name="maxEndpoints"
        label={t.maxEndpoints}
        help={t.maxEndpointsHelp}
        min={0}
        max={100}
        value={selfService.maxEndpoints}
      />
      <p class="actions broad">
        <Action submit>{t.save}</Action>
      </p>
    </form>
  );
}
